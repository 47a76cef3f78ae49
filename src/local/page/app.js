// @ts-check
/** The page's entry: texts first, then the door or the classroom. */
import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { Channel } from './channel.js';
import { openFromAddress } from './channels.js';
import { html } from './html.js';
import { Icon } from './icons.js';
import { Join } from './join.js';
import { Members } from './members.js';
import { ModalHost } from './modal.js';
import { start } from './session.js';
import { Sidebar } from './sidebar.js';
import { StartButton } from './sitting.js';
import { getState, setState, useStore } from './state.js';
import { loadTexts, preferredLocale, t } from './text.js';
import { hideToast } from './toasts.js';

function App() {
  const phase = useStore((state) => state.phase);
  const version = useStore((state) => state.localeVersion);
  const connection = useStore((state) => state.connection);
  if (phase === 'joining') return html`<${Join} key=${version} /><${Toasts} />`;
  if (phase !== 'ready')
    return html`<main class="starting" aria-busy="true"><span class="spinner large" /><p>${connection === 'reconnecting' ? t('reconnecting') : t('connecting')}</p></main>`;
  return html`<${Classroom} key=${version} />`;
}

function Classroom() {
  const drawer = useStore((state) => state.drawer);
  const connection = useStore((state) => state.connection);
  const announcement = useStore((state) => state.announcement);
  useTitle();
  const close = () => setState({ drawer: null });
  return html`<div class=${`classroom ${drawer === null ? '' : `show-${drawer}`}`} onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && drawer !== null && close()}>
    <a class="skip" href="#main" onClick=${skip}>${t('skip')}</a>
    <aside class="sidebar" aria-label=${t('channels')}><${Sidebar} /></aside>
    <div class="middle">
      <${Header} />
      ${connection === 'reconnecting' && html`<p class="banner" role="status"><span class="spinner" /> ${t('reconnecting')}</p>`}
      <${Channel} />
    </div>
    <aside class="members" aria-label=${t('members')}><${Members} /></aside>
    <button type="button" class="shade" tabindex="-1" aria-label=${t('close')} onClick=${close}></button>
    <${ModalHost} />
    <${Toasts} />
    <p class="unseen" role="status" aria-live="polite">${announcement}</p>
  </div>`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.querySelector('textarea')?.focus();
}

function Header() {
  const channel = useStore((state) => (state.channelId === null ? undefined : state.channels[state.channelId]));
  const parent = useStore((state) => (channel?.parent_id ? state.channels[channel.parent_id] : undefined));
  const here = useStore((state) => Object.values(state.online).filter(Boolean).length);
  const unread = useStore((state) => Object.values(state.unread).some((count) => count > 0));
  return html`<header class="channel-head">
    <button type="button" class=${`icon-button open-channels ${unread ? 'has-unread' : ''}`} aria-label=${t('channels')} onClick=${() => setState({ drawer: 'channels' })}><${Icon} name="menu" /></button>
    <h2>${parent !== undefined && html`<small>#${parent.name}</small>`}<span>${channel?.type === 0 ? '#' : ''}${channel?.name ?? ''}</span></h2>
    ${channel?.type === 0 && html`<span class="head-start"><${StartButton} channelId=${channel.id} /></span>`}
    ${channel?.topic && html`<p class="topic">${channel.topic}</p>`}
    <button type="button" class="icon-button open-members" aria-label=${t('members')} onClick=${toggleMembers}><${Icon} name="people" /><span class="here-count">${here}</span></button>
  </header>`;
}

function toggleMembers() {
  const isWide = matchMedia('(min-width: 1100px)').matches;
  if (isWide) document.documentElement.classList.toggle('members-hidden');
  else setState({ drawer: getState().drawer === 'members' ? null : 'members' });
}

/** The number of unread messages in the tab's title. */
function useTitle() {
  const name = useStore((state) => state.guild?.name ?? '');
  const count = useStore((state) => Object.values(state.unread).reduce((sum, each) => sum + each, 0));
  useEffect(() => {
    document.title = `${count > 0 ? `(${count}) ` : ''}${name === '' ? '' : `${name} · `}Brain Factory`;
  }, [name, count]);
}

function Toasts() {
  const toasts = useStore((state) => state.toasts);
  return html`<div class="toasts" aria-live="assertive">
    ${toasts.map(
      ({
        id,
        kind,
        text,
        action,
      }) => html`<div key=${id} class=${`toast ${kind}`} role=${kind === 'error' ? 'alert' : 'status'}>
        <${Icon} name=${kind === 'error' ? 'warning' : 'sprout'} />
        <p>${text}</p>
        ${
          action &&
          html`<button type="button" class="link" onClick=${() => {
            hideToast(id);
            action.run();
          }}>${action.label}</button>`
        }
        <button type="button" class="icon-button" aria-label=${t('close')} onClick=${() => hideToast(id)}><${Icon} name="close" /></button>
      </div>`,
    )}
  </div>`;
}

await loadTexts(preferredLocale());
addEventListener('popstate', openFromAddress);
addEventListener('hashchange', openFromAddress);
const root = document.getElementById('app');
if (root !== null) render(html`<${App} />`, root);
start();
