// @ts-check
/** A form the bot opened (a modal): text inputs, selects, radio buttons and checkboxes under their labels. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useEntityOptions } from './components.js';
import { html } from './html.js';
import { Icon } from './icons.js';
import { submitModal } from './interactions.js';
import { Markdown } from './markdown-view.js';
import { RestError } from './rest.js';
import { Select } from './select.js';
import { setState, useStore } from './state.js';
import { t } from './text.js';
import { explain, showError } from './toasts.js';

const LABEL = 18;
const TEXT_DISPLAY = 10;
const TEXT_INPUT = 4;
const STRING_SELECT = 3;
const RADIO_GROUP = 21;
const CHECKBOX_GROUP = 22;
const CHECKBOX = 23;

export function ModalHost() {
  const modal = useStore((state) => state.modal);
  return modal === null ? null : html`<${Modal} key=${modal.id} modal=${modal} />`;
}

/**
 * A line of the form: its label and the one input under it.
 * @param {any} component
 */
function lineOf(component) {
  if (component.type === LABEL)
    return { label: component.label, description: component.description, input: component.component };
  const [input] = component.components ?? [];
  return input === undefined ? null : { label: input.label, description: null, input };
}

/** @param {{ modal: import('./state.js').Modal }} props */
function Modal({ modal }) {
  const dialog = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [values, setValues] = useState(() => initialValues(modal));
  const [wrong, setWrong] = useState(/** @type {Record<number, string>} */ ({}));
  const [isSending, setSending] = useState(false);

  useEffect(() => {
    dialog.current?.showModal();
    const first = dialog.current?.querySelector('input, textarea, .select-button');
    if (first instanceof HTMLElement) first.focus();
  }, []);

  const close = () => setState({ modal: null });
  const send = async () => {
    setSending(true);
    const components = modal.components
      .filter((component) => component.type !== TEXT_DISPLAY)
      .map((component) => filled(component, values));
    try {
      await submitModal(modal, components);
    } catch (error) {
      setSending(false);
      const fields = error instanceof RestError ? fieldsOf(error) : {};
      setWrong(fields);
      if (Object.keys(fields).length === 0) showError(explain(error));
    }
  };
  return html`<dialog
    ref=${dialog}
    class="modal"
    aria-labelledby="modal-title"
    onCancel=${close}
    onClose=${close}
  >
    <form
      onSubmit=${(/** @type {Event} */ event) => {
        event.preventDefault();
        void send();
      }}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void send();
      }}
    >
      <header>
        <h2 id="modal-title">${modal.title}</h2>
        <button type="button" class="icon-button" aria-label=${t('cancel')} onClick=${close}><${Icon} name="close" /></button>
      </header>
      <div class="modal-body">
        ${modal.components.map((component, index) => {
          if (component.type === TEXT_DISPLAY) return html`<${Markdown} text=${component.content} />`;
          const line = lineOf(component);
          if (line === null) return null;
          const set = (/** @type {unknown} */ value) =>
            setValues((before) => ({ ...before, [line.input.custom_id]: value }));
          return html`<${Line} key=${line.input.custom_id} line=${line} value=${values[line.input.custom_id]} wrong=${wrong[index]} onChange=${set} />`;
        })}
      </div>
      <footer>
        <button type="button" class="button secondary" onClick=${close}>${t('cancel')}</button>
        <button type="submit" class="button primary" disabled=${isSending} aria-busy=${isSending ? 'true' : undefined}>
          ${t('send_form')}${isSending && html`<span class="spinner" />`}
        </button>
      </footer>
    </form>
  </dialog>`;
}

/** @param {import('./state.js').Modal} modal @returns {Record<string, any>} */
function initialValues(modal) {
  const inputs = modal.components.flatMap((component) => lineOf(component)?.input ?? []);
  return Object.fromEntries(inputs.map((input) => [input.custom_id, initialValue(input)]));
}

/** @param {any} input */
function initialValue(input) {
  const defaults = (input.options ?? [])
    .filter((/** @type {any} */ option) => option.default)
    .map((/** @type {any} */ option) => option.value);
  if (input.type === TEXT_INPUT) return input.value ?? '';
  if (input.type === RADIO_GROUP) return defaults[0] ?? null;
  return input.type === CHECKBOX ? input.default === true : defaults;
}

/**
 * @param {any} component
 * @param {Record<string, any>} values
 */
function filled(component, values) {
  const fill = (/** @type {any} */ input) => {
    const value = values[input.custom_id];
    const shared = { type: input.type, custom_id: input.custom_id };
    return Array.isArray(value) ? { ...shared, values: value } : { ...shared, value };
  };
  if (component.type === LABEL) return { type: LABEL, component: fill(component.component) };
  return { type: 1, components: component.components.map(fill) };
}

/** Which line is at fault and why. @param {RestError} error @returns {Record<number, string>} */
function fieldsOf(error) {
  const found = Object.entries(error.fields).flatMap(([path, code]) => {
    const index = /^data\.components\.(\d+)/.exec(path)?.[1];
    return index === undefined ? [] : [[Number(index), code]];
  });
  return Object.fromEntries(found);
}

/** @type {Record<string, string>} */
const PROBLEMS = {
  BASE_TYPE_MIN_LENGTH: 'problem_too_short',
  BASE_TYPE_MAX_LENGTH: 'problem_too_long',
  BASE_TYPE_REQUIRED: 'problem_required',
  SELECT_COMPONENT_VALUES_COUNT: 'problem_required',
};

/** @param {{ line: NonNullable<ReturnType<typeof lineOf>>, value: any, wrong: string | undefined, onChange: (value: unknown) => void }} props */
function Line({ line, value, wrong, onChange }) {
  const { input, label, description } = line;
  const id = `modal-${input.id ?? input.custom_id}`;
  const isOptional = input.required === false;
  return html`<div class=${wrong ? 'form-field wrong' : 'form-field'}>
    <label for=${id} id=${`${id}-label`}>${label}${isOptional ? html` <small>${t('optional')}</small>` : ''}</label>
    ${description && html`<p class="hint" id=${`${id}-hint`}>${description}</p>`}
    <${Input} id=${id} input=${input} label=${label} value=${value} onChange=${onChange} />
    ${wrong && html`<p class="hint" role="alert"><b>${t(PROBLEMS[wrong] ?? 'problem_choice')}</b></p>`}
  </div>`;
}

/** @param {{ id: string, input: any, label: string, value: any, onChange: (value: any) => void }} props */
function Input({ id, input, label, value, onChange }) {
  const entities = useEntityOptions(input.type);
  const typed = (/** @type {{ currentTarget: { value: string } }} */ event) => onChange(event.currentTarget.value);
  switch (input.type) {
    case TEXT_INPUT: {
      const shared = {
        id,
        value,
        placeholder: input.placeholder ?? '',
        maxlength: input.max_length ?? 4000,
        minlength: value === '' ? undefined : input.min_length,
        required: input.required !== false,
        onInput: typed,
      };
      return input.style === 2
        ? html`<textarea ...${shared} rows="4"></textarea>`
        : html`<input type="text" autocomplete="off" ...${shared} />`;
    }
    case RADIO_GROUP:
      return html`<div role="radiogroup" aria-labelledby=${`${id}-label`} class="choices">
        ${input.options.map((/** @type {any} */ option) => html`<label class="choice"><input type="radio" name=${id} checked=${value === option.value} onChange=${() => onChange(option.value)} /><span>${option.label}${option.description && html`<small>${option.description}</small>`}</span></label>`)}
      </div>`;
    case CHECKBOX_GROUP: {
      const toggle = (/** @type {string} */ each) =>
        onChange(value.includes(each) ? value.filter((/** @type {string} */ one) => one !== each) : [...value, each]);
      return html`<div role="group" aria-labelledby=${`${id}-label`} class="choices">
        ${input.options.map((/** @type {any} */ option) => html`<label class="choice"><input type="checkbox" checked=${value.includes(option.value)} onChange=${() => toggle(option.value)} /><span>${option.label}${option.description && html`<small>${option.description}</small>`}</span></label>`)}
      </div>`;
    }
    case CHECKBOX:
      return html`<label class="choice"><input id=${id} type="checkbox" checked=${value} onChange=${() => onChange(!value)} /><span>${t('yes')}</span></label>`;
    default: {
      const options = input.type === STRING_SELECT ? input.options : entities;
      return html`<${Select} id=${id} keeps options=${options} placeholder=${input.placeholder} label=${label} min=${input.required === false ? 0 : (input.min_values ?? 1)} max=${input.max_values ?? 1} onChoose=${onChange} />`;
    }
  }
}
