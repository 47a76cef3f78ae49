// @ts-check
/** An open channel or thread: its messages, who is writing, and the composer. */
import { useEffect, useState } from 'preact/hooks';
import { loadOlder, markRead } from './channels.js';
import { Composer } from './composer.js';
import { useFollow } from './follow.js';
import { compareIds } from './history.js';
import { html } from './html.js';
import { Icon } from './icons.js';
import { Dots, Message } from './message.js';
import { nameOfId } from './names.js';
import { StartButton, useStartEntry } from './sitting.js';
import { getState, useStore } from './state.js';
import { locale, plural, t } from './text.js';
import { dayLine } from './time.js';
import { attempt } from './toasts.js';

const GROUP_MS = 7 * 60_000;

/** @typedef {import('./state.js').Message} MessageData */
/** @typedef {import('./state.js').Channel} ChannelData */

export function Channel() {
  const channelId = useStore((state) => state.channelId);
  const channel = useStore((state) => (channelId === null ? undefined : state.channels[channelId]));
  const history = useStore((state) => (channelId === null ? undefined : state.histories[channelId]));
  const readUpTo = useStore((state) => (channelId === null ? '' : (state.readUpTo[channelId] ?? '')));
  if (channel === undefined || channelId === null) return html`<main class="channel" id="main"></main>`;
  return html`<main class="channel" id="main" tabindex="-1">
    <${History} key=${channelId} channel=${channel} history=${history} readUpTo=${readUpTo} />
    <${Underway} channelId=${channelId} />
    <${Composer} channel=${channel} />
  </main>`;
}

/** @param {{ channel: ChannelData, history: import('./state.js').History | undefined, readUpTo: string }} props */
function History({ channel, history, readUpTo }) {
  const [isLoading, setLoading] = useState(false);
  const unread = useStore((state) => state.unread[channel.id] ?? 0);
  const endRequests = useStore((state) => state.endRequests);
  const isAtEnd = useStore((state) => state.isAtEnd);
  const list = history?.list ?? [];
  const place = useFollow({ firstId: list[0]?.id ?? '', lastId: list.at(-1)?.id ?? '', endRequests });

  useEffect(() => {
    const look = () => {
      if (document.visibilityState === 'visible' && isAtEnd) markRead(channel.id);
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => document.removeEventListener('visibilitychange', look);
  }, [list.length, channel.id, isAtEnd]);

  const older = async () => {
    if (isLoading) return;
    setLoading(true);
    await attempt(() => loadOlder(channel.id));
    setLoading(false);
  };
  const onScroll = () => {
    place.onScroll();
    if ((place.box.current?.scrollTop ?? 0) < 80 && history?.hasMore) void older();
  };
  return html`<div class="history-frame">
    <div class="history" ref=${place.box} onScroll=${onScroll} tabindex="0" role="region" aria-label=${t('messages_of', { name: channel.name })}>
      <div class="history-inner">
        ${!history?.isLoaded && history?.early !== null && html`<p class="loading"><span class="spinner" /> ${t('loading')}</p>`}
        ${!history?.isLoaded && history?.early === null && html`<button type="button" class="button secondary older" onClick=${older}>${t('try_again')}</button>`}
        ${history?.hasMore && html`<button type="button" class="button secondary older" aria-busy=${isLoading ? 'true' : undefined} onClick=${older}>${t('older')}</button>`}
        ${history?.isLoaded && !history.hasMore && html`<${Beginning} channel=${channel} isEmpty=${list.length === 0} />`}
        <ol class="messages">${rows(list, readUpTo)}</ol>
      </div>
    </div>
    ${
      place.isAway &&
      html`<button type="button" class=${unread > 0 ? 'jump counted' : 'jump'} aria-label=${t('to_end')} title=${t('to_end')} onClick=${place.showNewest}>
        <${Icon} name="down" />${unread > 0 && html`<span>${plural('new_messages', unread)}</span>`}
      </button>`
    }
  </div>`;
}

/**
 * Messages with the lines between days and before what is new.
 * @param {readonly MessageData[]} list
 * @param {string} readUpTo
 */
function rows(list, readUpTo) {
  /** @type {unknown[]} */
  const drawn = [];
  const me = getState().me?.id;
  let isNewMarked = readUpTo === '';
  list.forEach((message, index) => {
    const before = list[index - 1];
    const isNewDay =
      before === undefined || new Date(before.timestamp).toDateString() !== new Date(message.timestamp).toDateString();
    if (isNewDay)
      drawn.push(
        html`<li class="day" key=${`day-${message.id}`}><span>${dayLine(message.timestamp, locale())}</span></li>`,
      );
    const isNew = !isNewMarked && !message.sending && message.author.id !== me && compareIds(message.id, readUpTo) > 0;
    if (isNew) {
      isNewMarked = true;
      if (index > 0) drawn.push(html`<li class="new-line" key="new"><span>${t('new')}</span></li>`);
    }
    const isFollowing = !isNewDay && !isNew && before !== undefined && follows(before, message);
    drawn.push(
      html`<${Message} key=${message.author.id === me && message.nonce ? message.nonce : message.id} message=${message} isFollowing=${isFollowing} />`,
    );
  });
  return drawn;
}

/** @param {MessageData} before @param {MessageData} message */
function follows(before, message) {
  const isOrdinary = (/** @type {MessageData} */ each) => each.type === 0 && !((each.flags ?? 0) & 64);
  return (
    before.author.id === message.author.id &&
    isOrdinary(before) &&
    isOrdinary(message) &&
    Date.parse(message.timestamp) - Date.parse(before.timestamp) < GROUP_MS
  );
}

/** What stands above the first message: in an empty channel, what to do first. @param {{ channel: ChannelData, isEmpty: boolean }} props */
function Beginning({ channel, isEmpty }) {
  const entry = useStartEntry();
  if (!isEmpty || channel.type !== 0) {
    return html`<header class="beginning"><h2>${channel.type === 0 ? `#${channel.name}` : channel.name}</h2><p>${t('beginning')}</p>${channel.type === 0 && html`<${StartButton} channelId=${channel.id} />`}</header>`;
  }
  return html`<section class="welcome">
    <span class="welcome-sign"><${Icon} name="sprout" /></span>
    <h2>${t('welcome_title', { name: channel.name })}</h2>
    <p>${t('welcome_text')}</p>
    <ol class="steps">
      <li><b>${t('step_start_title')}</b><span>${entry === undefined ? t('step_start_wait') : t('step_start')}</span></li>
      <li><b>${t('step_say_title')}</b><span>${t('step_say')}</span></li>
      <li><b>${t('step_rate_title')}</b><span>${t('step_rate')}</span></li>
    </ol>
    ${entry !== undefined && html`<${StartButton} channelId=${channel.id} large /><p class="or">${t('or_type')} <code>/${entry.label}</code></p>`}
  </section>`;
}

/** Who is writing, and our own command while its answer is awaited. @param {{ channelId: string }} props */
function Underway({ channelId }) {
  const typing = useStore((state) => state.typing[channelId]);
  const waiting = useStore((state) =>
    Object.values(state.waiting).find((each) => each.channelId === channelId && each.kind !== 'component'),
  );
  const names = Object.keys(typing ?? {}).map(nameOfId);
  const line =
    names.length === 0
      ? ''
      : names.length > 3
        ? t('typing_many')
        : t(names.length === 1 ? 'typing_one' : 'typing_other', { names: names.join(', ') });
  return html`<div class="underway" aria-live="off">
    ${waiting !== undefined ? html`<span><span class="spinner" /> ${t('waiting', { name: waiting.label })}</span>` : line && html`<span><${Dots} /> ${line}</span>`}
  </div>`;
}
