// @ts-check
/** A chosen command with a field for each of its options: required ones at once, the others when asked for. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useEntityOptions } from './components.js';
import { html } from './html.js';
import { Icon } from './icons.js';
import { complete } from './interactions.js';
import { Select } from './select.js';
import { localDescription, localName, optionTree, optionValue, problemsOf } from './slash.js';
import { discordLocale, t } from './text.js';

/** @typedef {import('./slash.js').Entry} Entry */
/** @typedef {import('./slash.js').CommandOption} CommandOption */
/** @typedef {import('./slash.js').Values} Values */

/** Select components of the same kind as an option's type. @type {Record<number, number>} */
const ENTITY = { 6: 5, 7: 8, 8: 6, 9: 7 };

/**
 * @param {object} props
 * @param {Entry} props.entry
 * @param {Values} props.initial
 * @param {string} props.channelId
 * @param {(values: Values) => void} props.onRun
 * @param {() => void} props.onCancel
 */
export function CommandForm({ entry, initial, channelId, onRun, onCancel }) {
  const [values, setValues] = useState(initial);
  const [added, setAdded] = useState(Object.keys(initial));
  const [isTried, setTried] = useState(Object.keys(initial).length > 0);
  const root = useRef(/** @type {HTMLFormElement | null} */ (null));
  const shown = entry.options.filter((option) => option.required || added.includes(option.name));
  const more = entry.options.filter((option) => !shown.includes(option));
  const problems = problemsOf(entry, values);

  const focusField = (/** @type {string} */ name) => {
    const field = root.current?.querySelector(`#option-${name}`);
    if (field instanceof HTMLElement) field.focus();
  };
  useEffect(() => {
    const first = shown.find((option) => values[option.name] === undefined) ?? shown[0];
    if (first !== undefined) focusField(first.name);
    else root.current?.querySelector('button.run')?.dispatchEvent(new Event('focus'));
    const run = root.current?.querySelector('button.run');
    if (first === undefined && run instanceof HTMLElement) run.focus();
  }, []);

  const run = () => {
    setTried(true);
    const [wrong] = Object.keys(problems);
    if (wrong === undefined) onRun(values);
    else focusField(wrong);
  };
  return html`<form
    class="command-form"
    ref=${root}
    aria-label=${`/${entry.label}`}
    onSubmit=${(/** @type {Event} */ event) => {
      event.preventDefault();
      run();
    }}
    onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'Escape') onCancel();
    }}
  >
    <header>
      <strong>/${entry.label}</strong>
      <span>${entry.description}</span>
      <button type="button" class="icon-button" aria-label=${t('cancel')} title=${t('cancel')} onClick=${onCancel}><${Icon} name="close" /></button>
    </header>
    ${shown.map(
      (option) => html`<${OptionField}
        key=${option.name}
        option=${option}
        value=${values[option.name]}
        problem=${isTried ? problems[option.name] : undefined}
        entry=${entry}
        values=${values}
        channelId=${channelId}
        onChange=${(/** @type {string | number | boolean | undefined} */ value) => {
          const { [option.name]: _, ...rest } = values;
          setValues(value === undefined || value === '' ? rest : { ...rest, [option.name]: value });
        }}
        onEnter=${run}
      />`,
    )}
    <footer>
      <div class="more-options">
        ${more.map(
          (option) => html`<button
            type="button"
            class="chip"
            key=${option.name}
            title=${localDescription(option, discordLocale())}
            onClick=${() => {
              setAdded([...added, option.name]);
              setTimeout(() => focusField(option.name));
            }}
          >+ ${localName(option, discordLocale())}</button>`,
        )}
      </div>
      <button type="submit" class="button primary run">${t('run')}</button>
    </footer>
  </form>`;
}

/**
 * @param {object} props
 * @param {CommandOption} props.option
 * @param {string | number | boolean | undefined} props.value
 * @param {string | undefined} props.problem
 * @param {Entry} props.entry
 * @param {Values} props.values
 * @param {string} props.channelId
 * @param {(value: string | number | boolean | undefined) => void} props.onChange
 * @param {() => void} props.onEnter
 */
function OptionField({ option, value, problem, entry, values, channelId, onChange, onEnter }) {
  const id = `option-${option.name}`;
  const entities = useEntityOptions(ENTITY[option.type] ?? 5);
  const label = localName(option, discordLocale());
  const describe = localDescription(option, discordLocale());
  const hint = [describe, rangeOf(option)].filter(Boolean).join(' ');
  const choices = choicesOf(option, entities);
  return html`<div class=${problem ? 'form-field wrong' : 'form-field'}>
    <label for=${id}>${label}${option.required ? '' : html` <small>${t('optional')}</small>`}</label>
    ${
      choices !== null
        ? html`<${Select}
            id=${id}
            keeps
            min=${option.required ? 1 : 0}
            options=${choices.map((choice) => ({ ...choice, default: choice.value === String(value ?? '') }))}
            placeholder=${t('select_placeholder')}
            label=${label}
            onChoose=${(/** @type {string[]} */ [chosen]) => onChange(chosen === undefined ? undefined : optionValue(option, chosen, discordLocale()))}
          />`
        : html`<${TextField} id=${id} option=${option} value=${value} entry=${entry} values=${values} channelId=${channelId} onChange=${onChange} onEnter=${onEnter} hintId=${`${id}-hint`} />`
    }
    <p class="hint" id=${`${id}-hint`}>${problem ? html`<b>${t(`problem_${problem}`)}</b> ` : ''}${hint}</p>
  </div>`;
}

/**
 * The closed list an option offers; null for what is typed freely.
 * @param {CommandOption} option
 * @param {import('./select.js').Option[]} entities
 * @returns {{ value: string, label: string }[] | null}
 */
function choicesOf(option, entities) {
  if (option.choices?.length)
    return option.choices.map((choice) => ({ value: String(choice.value), label: localName(choice, discordLocale()) }));
  if (option.type === 5)
    return [
      { value: 'true', label: t('yes') },
      { value: 'false', label: t('no') },
    ];
  return ENTITY[option.type] === undefined ? null : entities;
}

/** @param {CommandOption} option */
function rangeOf(option) {
  const { min_value: least, max_value: most } = option;
  if (least !== undefined && most !== undefined) return t('range', { least, most });
  return '';
}

/**
 * @param {object} props
 * @param {string} props.id
 * @param {string} props.hintId
 * @param {CommandOption} props.option
 * @param {string | number | boolean | undefined} props.value
 * @param {Entry} props.entry
 * @param {Values} props.values
 * @param {string} props.channelId
 * @param {(value: string | number | boolean | undefined) => void} props.onChange
 * @param {() => void} props.onEnter
 */
function TextField({ id, hintId, option, value, entry, values, channelId, onChange, onEnter }) {
  const [raw, setRaw] = useState(value === undefined ? '' : String(value));
  const [choices, setChoices] = useState(/** @type {{ name: string, value: string | number }[]} */ ([]));
  const [active, setActive] = useState(-1);
  const timer = useRef(0);
  const asked = useRef(0);
  const isNumber = option.type === 4 || option.type === 10;

  const ask = (/** @type {string} */ typed) => {
    if (!option.autocomplete) return;
    clearTimeout(timer.current);
    timer.current = setTimeout(async () => {
      const number = ++asked.current;
      const given = { ...values, [option.name]: isNumber ? optionValue(option, typed, discordLocale()) : typed };
      const found = await complete(channelId, entry.command, optionTree(entry, given, option.name));
      if (number !== asked.current) return;
      setChoices(
        found.map((choice) => ({
          name: localName({ ...choice, name_localizations: choice.name_localizations ?? null }, discordLocale()),
          value: choice.value,
        })),
      );
      setActive(-1);
    }, 200);
  };
  useEffect(() => () => clearTimeout(timer.current), []);
  const type = (/** @type {string} */ typed) => {
    setRaw(typed);
    onChange(typed.trim() === '' ? undefined : optionValue(option, typed, discordLocale()));
    ask(typed);
  };
  const choose = (/** @type {{ name: string, value: string | number }} */ choice) => {
    asked.current++;
    setRaw(choice.name);
    onChange(choice.value);
    setChoices([]);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (choices.length > 0 && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
      event.preventDefault();
      setActive((active + (event.key === 'ArrowDown' ? 1 : choices.length - 1) + choices.length) % choices.length);
    } else if (choices.length > 0 && event.key === 'Escape') {
      event.stopPropagation();
      setChoices([]);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      const chosen = choices[active];
      if (chosen !== undefined) choose(chosen);
      else onEnter();
    }
  };
  const shared = {
    id,
    value: raw,
    'aria-describedby': hintId,
    onKeyDown,
    onInput: (/** @type {{ currentTarget: { value: string } }} */ event) => type(event.currentTarget.value),
    onFocus: () => ask(raw),
    ...(option.autocomplete && {
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-expanded': choices.length > 0,
      'aria-controls': `${id}-list`,
      'aria-activedescendant': active >= 0 ? `${id}-${active}` : undefined,
      autocomplete: 'off',
    }),
  };
  return html`<div class="completing">
    ${isNumber || option.autocomplete ? html`<input ...${shared} type="text" inputmode=${isNumber ? 'decimal' : 'text'} />` : html`<textarea ...${shared} rows="2" maxlength=${option.max_length ?? 6000}></textarea>`}
    ${
      choices.length > 0 &&
      html`<div class="completions" role="listbox" id=${`${id}-list`}>
        ${choices.map(
          (choice, index) => html`<div
            key=${choice.value}
            id=${`${id}-${index}`}
            role="option"
            aria-selected=${index === active}
            class=${index === active ? 'active' : ''}
            onPointerMove=${() => setActive(index)}
            onPointerDown=${(/** @type {PointerEvent} */ event) => event.preventDefault()}
            onClick=${() => choose(choice)}
          >${choice.name}</div>`,
        )}
      </div>`
    }
  </div>`;
}
