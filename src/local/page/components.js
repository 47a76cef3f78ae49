// @ts-check
/** The components of a message: rows of buttons and selects, and the V2 kinds (text, sections, media, containers). */

import { AttachmentImage } from './attachments.js';
import { html } from './html.js';
import { useComponent } from './interactions.js';
import { Markdown } from './markdown-view.js';
import { nameOf } from './names.js';
import { Select } from './select.js';
import { useStore } from './state.js';
import { t } from './text.js';

/** @typedef {import('./state.js').Message} Message */

const STYLES = ['', 'primary', 'secondary', 'success', 'danger', 'link'];

/** @param {{ message: Message }} props */
export function Components({ message }) {
  const { components = [] } = message;
  if (components.length === 0) return null;
  return html`<div class="components">${components.map((component) => html`<${Component} key=${component.id} component=${component} message=${message} />`)}</div>`;
}

/** @param {{ component: any, message: Message }} props */
function Component({ component, message }) {
  const children = () =>
    component.components.map(
      (/** @type {any} */ each) => html`<${Component} key=${each.id} component=${each} message=${message} />`,
    );
  switch (component.type) {
    case 1:
      return html`<div class="component-row">${children()}</div>`;
    case 2:
      return html`<${Button} button=${component} message=${message} />`;
    case 3:
      return html`<${MessageSelect} select=${component} options=${component.options} message=${message} />`;
    case 5:
    case 6:
    case 7:
    case 8:
      return html`<${EntitySelect} select=${component} message=${message} />`;
    case 9:
      return html`<div class="section"><div>${children()}</div><${Component} component=${component.accessory} message=${message} /></div>`;
    case 10:
      return html`<${Markdown} text=${component.content} />`;
    case 11:
      return html`<${AttachmentImage} image=${{ ...component.media, description: component.description }} small />`;
    case 12:
      return html`<div class="gallery">${component.items.map((/** @type {any} */ item) => html`<${AttachmentImage} image=${{ ...item.media, description: item.description }} />`)}</div>`;
    case 13:
      return html`<a class="file" href=${component.file.url} download>${component.name ?? t('download')}</a>`;
    case 14:
      return component.divider === false ? html`<div class="gap" />` : html`<hr />`;
    case 17:
      return html`<div class="container" style=${accent(component.accent_color)}>${children()}</div>`;
    default:
      return null;
  }
}

/** @param {number | null | undefined} colour */
export function accent(colour) {
  return colour === null || colour === undefined
    ? undefined
    : { '--accent': `#${colour.toString(16).padStart(6, '0')}` };
}

/**
 * Whether this person's use of a component is on its way.
 * @param {Message} message
 * @param {string} customId
 */
function useBusy(message, customId) {
  return useStore((state) =>
    Object.values(state.waiting).some((each) => each.messageId === message.id && each.customId === customId),
  );
}

/** @param {{ button: any, message: Message }} props */
function Button({ button, message }) {
  const isBusy = useBusy(message, button.custom_id);
  const label = html`${button.emoji?.name && html`<span class="emoji" aria-hidden="true">${button.emoji.name}</span>`}${button.label && html`<span>${button.label}</span>`}`;
  const style = `button ${STYLES[button.style] ?? 'secondary'}`;
  if (button.style === 5) {
    return html`<a class=${style} href=${button.url} target="_blank" rel="noopener noreferrer nofollow">${label}</a>`;
  }
  const click = () => {
    if (!isBusy) void useComponent(message, button);
  };
  return html`<button type="button" class=${style} disabled=${button.disabled} aria-busy=${isBusy ? 'true' : undefined} onClick=${click}>
    ${label}${isBusy && html`<span class="spinner" />`}
  </button>`;
}

/** @param {{ select: any, options: import('./select.js').Option[], message: Message }} props */
function MessageSelect({ select, options, message }) {
  const isBusy = useBusy(message, select.custom_id);
  return html`<${Select}
    options=${options}
    placeholder=${select.placeholder}
    label=${select.placeholder ?? t('select_placeholder')}
    min=${select.min_values ?? 1}
    max=${select.max_values ?? 1}
    disabled=${select.disabled}
    busy=${isBusy}
    onChoose=${(/** @type {string[]} */ values) => void useComponent(message, select, values)}
  />`;
}

/** A select whose options are the class's people, roles or channels. @param {{ select: any, message: Message }} props */
function EntitySelect({ select, message }) {
  const options = useEntityOptions(select.type);
  return html`<${MessageSelect} select=${select} options=${options} message=${message} />`;
}

/** @param {number} type @returns {import('./select.js').Option[]} */
export function useEntityOptions(type) {
  const members = useStore((state) => state.members);
  const guild = useStore((state) => state.guild);
  const channels = useStore((state) => state.channels);
  const people = Object.values(members).map((member) => ({ value: member.user.id, label: nameOf(member.user) }));
  const roles = (guild?.roles ?? []).map((role) => ({ value: role.id, label: role.name }));
  if (type === 8) return Object.values(channels).map((channel) => ({ value: channel.id, label: `#${channel.name}` }));
  if (type === 5) return people;
  return type === 6 ? roles : [...people, ...roles];
}
