// @ts-check
/** Channels with their threads, and under them who one is: name, language, light, the way out. */
import { useEffect, useState } from 'preact/hooks';
import { openChannel } from './channels.js';
import { html } from './html.js';
import { Icon } from './icons.js';
import { Avatar } from './message.js';
import { isTeacher, nameOf } from './names.js';
import { eraseMe, logOut } from './session.js';
import { setState, useStore } from './state.js';
import { recall } from './storage.js';
import { LanguageSwitch, ThemeSwitch } from './switches.js';
import { plural, t } from './text.js';

/** @typedef {import('./state.js').Channel} ChannelData */

export function Sidebar() {
  const channels = useStore((state) => state.channels);
  const guild = useStore((state) => state.guild);
  const all = Object.values(channels);
  const top = all.filter((channel) => channel.type === 0).sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  return html`<div class="sidebar-inner">
    <header class="sidebar-head">
      <img src="/icon.svg" alt="" width="36" height="36" />
      <h1>${guild?.name}</h1>
      <button type="button" class="icon-button drawer-close" aria-label=${t('close')} onClick=${() => setState({ drawer: null })}><${Icon} name="close" /></button>
    </header>
    <nav class="channels" aria-label=${t('channels')}>
      ${top.map((channel) => html`<${ChannelGroup} key=${channel.id} channel=${channel} threads=${all.filter((each) => each.parent_id === channel.id)} />`)}
    </nav>
    <${Me} />
  </div>`;
}

/** @param {{ channel: ChannelData, threads: ChannelData[] }} props */
function ChannelGroup({ channel, threads }) {
  const [isOpen, setOpen] = useState(false);
  const active = threads.filter((thread) => !thread.thread_metadata?.archived).sort((a, b) => (a.id < b.id ? 1 : -1));
  const archived = threads.filter((thread) => thread.thread_metadata?.archived).sort((a, b) => (a.id < b.id ? 1 : -1));
  return html`<div class="channel-group">
    <${ChannelLink} channel=${channel} />
    ${active.map((thread) => html`<${ChannelLink} key=${thread.id} channel=${thread} />`)}
    ${
      archived.length > 0 &&
      html`<button type="button" class="archived-toggle" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}><${Icon} name="chevron" /> ${t('earlier_threads')} (${archived.length})</button>`
    }
    ${isOpen && archived.map((thread) => html`<${ChannelLink} key=${thread.id} channel=${thread} />`)}
  </div>`;
}

/** @param {{ channel: ChannelData }} props */
function ChannelLink({ channel }) {
  const isOpen = useStore((state) => state.channelId === channel.id);
  const unread = useStore((state) => state.unread[channel.id] ?? 0);
  const isThread = channel.type !== 0;
  const isUnread = unread > 0 || (!isOpen && hasNewSince(channel));
  const classes = ['channel-link', isThread ? 'thread' : '', isOpen ? 'open' : '', isUnread ? 'unread' : ''];
  return html`<button type="button" class=${classes.filter(Boolean).join(' ')} aria-current=${isOpen ? 'page' : undefined} onClick=${() => openChannel(channel.id)}>
    <${Icon} name=${isThread ? 'thread' : 'hash'} />
    <span class="channel-name">${channel.name}</span>
    ${unread > 0 && html`<span class="count" aria-label=${plural('new_messages', unread)}>${unread > 99 ? '99+' : unread}</span>`}
  </button>`;
}

/** Whether something came while one was away. @param {ChannelData} channel */
function hasNewSince(channel) {
  const read = recall(`read:${channel.id}`);
  return (
    read !== null &&
    channel.last_message_id !== null &&
    channel.last_message_id !== undefined &&
    channel.last_message_id > read
  );
}

function Me() {
  const me = useStore((state) => state.me);
  const member = useStore((state) => (state.me === null ? undefined : state.members[state.me.id]));
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    if (!isOpen) return undefined;
    const close = (/** @type {Event} */ event) => {
      if (event.target instanceof Element && event.target.closest('.me') === null) setOpen(false);
    };
    document.addEventListener('pointerdown', close);
    return () => document.removeEventListener('pointerdown', close);
  }, [isOpen]);
  if (me === null) return null;
  const returnCode = recall('return_code');
  return html`<div class="me" onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === 'Escape' && setOpen(false)}>
    ${
      isOpen &&
      html`<div class="me-menu" role="group" aria-label=${t('your_menu')}>
        ${returnCode && html`<p class="return-code"><span>${t('return_code')}</span><code>${returnCode}</code><small>${t('return_code_why')}</small></p>`}
        <div class="switches"><${LanguageSwitch} /><${ThemeSwitch} /></div>
        <button type="button" class="menu-item" onClick=${() => void logOut()}><${Icon} name="leave" /> ${t('log_out')}</button>
        <button type="button" class="menu-item danger" onClick=${() => confirm(t('erase_question')) && void eraseMe()}><${Icon} name="trash" /> ${t('erase_me')}</button>
      </div>`
    }
    <button type="button" class="me-button" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>
      <${Avatar} user=${me} />
      <span class="me-name"><b>${nameOf(me)}</b><small>${isTeacher(member) ? t('teacher') : t('student')}</small></span>
      <${Icon} name="more" />
    </button>
  </div>`;
}
