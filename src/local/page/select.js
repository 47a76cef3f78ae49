// @ts-check
/**
 * A select as Discord has it: options with an explanation and a sign, one or several to be chosen. A button opens a list
 * (ARIA's "select-only combobox"); arrows move, Enter or the space bar chooses, Escape closes.
 */
import { useEffect, useRef, useState } from 'preact/hooks';
import { html } from './html.js';
import { Icon } from './icons.js';
import { t } from './text.js';

/** @typedef {{ value: string, label: string, description?: string | null, emoji?: { name?: string | null } | null, default?: boolean }} Option */

/**
 * @param {object} props
 * @param {readonly Option[]} props.options
 * @param {string} [props.placeholder]
 * @param {number} [props.min]
 * @param {number} [props.max]
 * @param {boolean} [props.disabled]
 * @param {boolean} [props.busy] an answer is awaited
 * @param {string} [props.label] for those who do not see
 * @param {string} [props.id]
 * @param {(values: string[]) => void} props.onChoose
 * @param {boolean} [props.keeps] shows what was chosen (a form); otherwise it goes back to the defaults
 */
export function Select({ options, placeholder, min = 1, max = 1, disabled, busy, label, id, onChoose, keeps }) {
  const defaults = options.filter((option) => option.default).map((option) => option.value);
  const defaultKey = defaults.join('\n');
  const [isOpen, setOpen] = useState(false);
  const [chosen, setChosen] = useState(defaults);
  const [active, setActive] = useState(0);
  const [opensUp, setOpensUp] = useState(false);
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  const listId = useRef(`list-${Math.random().toString(36).slice(2)}`).current;
  const isMulti = max > 1;

  useEffect(() => setChosen(defaults), [defaultKey]);
  useEffect(() => {
    if (!isOpen) return undefined;
    const outside = (/** @type {Event} */ event) => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) close(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  });
  useEffect(() => {
    if (isOpen) box.current?.querySelector(`#${listId}-${active}`)?.scrollIntoView({ block: 'nearest' });
  }, [isOpen, active]);

  const open = () => {
    if (disabled || busy) return;
    setOpensUp(hasMoreRoomAbove(box.current));
    setActive(
      Math.max(
        0,
        options.findIndex((option) => chosen.includes(option.value)),
      ),
    );
    setOpen(true);
  };
  const close = (/** @type {boolean} */ refocus) => {
    setOpen(false);
    if (isMulti && !keeps && chosen.join('\n') !== defaultKey && chosen.length >= min) onChoose(chosen);
    if (refocus) box.current?.querySelector('button')?.focus();
  };
  const toggle = (/** @type {string} */ value) => {
    if (!isMulti) {
      const next = chosen.includes(value) && min === 0 && keeps ? [] : [value];
      if (keeps) setChosen(next);
      setOpen(false);
      box.current?.querySelector('button')?.focus();
      onChoose(next);
      return;
    }
    const next = chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value].slice(-max);
    setChosen(next);
    if (keeps) onChoose(next);
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (!isOpen) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        open();
      }
      return;
    }
    const last = options.length - 1;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => setActive(Math.min(last, active + 1)),
      ArrowUp: () => setActive(Math.max(0, active - 1)),
      Home: () => setActive(0),
      End: () => setActive(last),
      Enter: () => toggle(options[active]?.value ?? ''),
      ' ': () => toggle(options[active]?.value ?? ''),
      Escape: () => close(true),
      Tab: () => close(false),
    };
    const action = keys[event.key];
    if (action === undefined) return;
    if (event.key !== 'Tab') {
      event.preventDefault();
      event.stopPropagation();
    }
    action();
  };

  // Beside the list, where it is a sheet over the page.
  const onClick = (/** @type {Event} */ event) => {
    if (isOpen && event.target === box.current) close(true);
  };

  const shown = options.filter((option) => chosen.includes(option.value));
  const text =
    shown.length === 0 ? (placeholder ?? t('select_placeholder')) : shown.map((option) => option.label).join(', ');
  return html`<div class=${`select ${isOpen ? 'open' : ''} ${opensUp ? 'up' : ''}`} ref=${box} onKeyDown=${onKeyDown} onClick=${onClick}>
    <button
      type="button"
      id=${id}
      class=${`select-button ${shown.length === 0 ? 'empty' : ''}`}
      role="combobox"
      aria-haspopup="listbox"
      aria-expanded=${isOpen}
      aria-controls=${listId}
      aria-activedescendant=${isOpen ? `${listId}-${active}` : undefined}
      aria-label=${label === undefined ? undefined : `${label}: ${text}`}
      aria-busy=${busy ? 'true' : undefined}
      disabled=${disabled}
      onClick=${() => (isOpen ? close(true) : open())}
    >
      <span class="select-text">${shown.length === 1 ? sign(shown[0]) : ''}${text}</span>
      ${busy ? html`<span class="spinner" />` : html`<${Icon} name="chevron" />`}
    </button>
    ${
      isOpen &&
      html`<div class="select-list" role="listbox" id=${listId} aria-label=${label ?? placeholder} aria-multiselectable=${isMulti ? 'true' : undefined}>
        ${options.map(
          (option, index) => html`<div
            key=${option.value}
            id=${`${listId}-${index}`}
            class=${`select-option ${index === active ? 'active' : ''}`}
            role="option"
            aria-selected=${chosen.includes(option.value)}
            onPointerMove=${() => setActive(index)}
            onClick=${() => toggle(option.value)}
          >
            <span class="select-option-text">
              <span>${sign(option)}${option.label}</span>
              ${option.description && html`<small>${option.description}</small>`}
            </span>
            ${chosen.includes(option.value) && html`<${Icon} name="check" />`}
          </div>`,
        )}
        ${isMulti && html`<button type="button" class="button primary select-done" onClick=${() => close(true)}>${t('done')}</button>`}
      </div>`
    }
  </div>`;
}

const LIST_HEIGHT = 310;

/** Whether the list would be cut off below, and less so above. @param {HTMLElement | null} element */
function hasMoreRoomAbove(element) {
  if (element === null) return false;
  const place = element.getBoundingClientRect();
  const frame = element.closest('.history')?.getBoundingClientRect() ?? { top: 0, bottom: innerHeight };
  const below = frame.bottom - place.bottom;
  return below < LIST_HEIGHT && place.top - frame.top > below;
}

/** @param {Option | undefined} option */
function sign(option) {
  const name = option?.emoji?.name;
  return name ? html`<span class="emoji" aria-hidden="true">${name}</span> ` : '';
}
