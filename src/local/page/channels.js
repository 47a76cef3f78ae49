// @ts-check
/** Opening channels and threads, reading on in them, and what has been read. */
import { addPage, awaitPage, emptyHistory, oldestOf, putSending } from './history.js';
import { rest } from './rest.js';
import { changeHistory, getState, setState } from './state.js';
import { recall, remember } from './storage.js';
import { t } from './text.js';
import { attempt, showNote } from './toasts.js';

/** @typedef {import('./state.js').Message} Message */

const PAGE = 50;
const FOLLOW_MS = 20_000;

export function openFirstChannel() {
  const wanted = /^#\/channel\/(\d+)$/.exec(location.hash)?.[1];
  const { channels } = getState();
  const top = Object.values(channels)
    .filter((channel) => channel.type === 0)
    .sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
  const channel = (wanted !== undefined ? channels[wanted] : undefined) ?? top[0];
  if (channel !== undefined) openChannel(channel.id, true);
}

/**
 * @param {string} id
 * @param {boolean} [replace] in the browser's history
 */
export function openChannel(id, replace = false) {
  const { unread, channels, readUpTo } = getState();
  if (channels[id] === undefined) return;
  const hash = `#/channel/${id}`;
  if (location.hash !== hash) history[replace ? 'replaceState' : 'pushState'](null, '', hash);
  const lastRead = recall(`read:${id}`) ?? '';
  setState({ channelId: id, drawer: null, unread: { ...unread, [id]: 0 }, readUpTo: { ...readUpTo, [id]: lastRead } });
  markRead(id);
  const known = getState().histories[id];
  if (!known?.isLoaded && !known?.early) void attempt(() => loadOlder(id));
}

/** The browser's back and forward buttons. */
export function openFromAddress() {
  const id = /^#\/channel\/(\d+)$/.exec(location.hash)?.[1];
  if (id !== undefined && id !== getState().channelId) openChannel(id, true);
}

/** @param {string} id */
export function markRead(id) {
  const { channels, unread } = getState();
  const last = channels[id]?.last_message_id;
  if (last) remember(`read:${id}`, last);
  if (unread[id]) setState({ unread: { ...unread, [id]: 0 } });
}

/** The page of messages before those we have. @param {string} channelId */
export async function loadOlder(channelId) {
  const known = getState().histories[channelId] ?? emptyHistory();
  const oldest = known.isLoaded ? oldestOf(known) : undefined;
  changeHistory(channelId, awaitPage);
  const before = oldest === undefined ? '' : `&before=${oldest.id}`;
  const finish = (/** @type {Message[] | null} */ page) => changeHistory(channelId, (now) => addPage(now, page, PAGE));
  await rest('GET', `/channels/${channelId}/messages?limit=${PAGE}${before}`).then(finish, (error) => {
    finish(null);
    throw error;
  });
}

/** After a session that could not be resumed: what is shown is fetched anew; what was not sent yet stays. */
export async function reloadHistories() {
  const { channelId, histories } = getState();
  const unsent = (channelId === null ? [] : (histories[channelId]?.list ?? [])).filter(
    (each) => each.sending || each.failed,
  );
  setState({ histories: {}, waiting: {} });
  if (channelId === null) return;
  for (const message of unsent) changeHistory(channelId, (history) => putSending(history, message));
  if (getState().channels[channelId] === undefined) openFirstChannel();
  else await attempt(() => loadOlder(channelId));
}

/** @param {string} parentId */
export async function loadArchived(parentId) {
  // Only a list of what is over: the classroom works without it.
  const answer = await rest('GET', `/channels/${parentId}/threads/archived/public?limit=100`).catch(() => ({
    threads: [],
  }));
  const found = answer.threads.map((/** @type {any} */ thread) => [thread.id, thread]);
  setState({ channels: { ...getState().channels, ...Object.fromEntries(found) } });
}

/** A thread that our own command opened is followed; another's is pointed out. @param {import('./state.js').Channel} thread */
export function followThread(thread) {
  const { me, channelId } = getState();
  if (thread.parent_id !== channelId && !isRecent(thread.parent_id)) return;
  if (isRecent(thread.parent_id)) {
    lastCommand = { channelId: '', at: 0 };
    openChannel(thread.id);
  } else if (thread.owner_id !== me?.id) {
    showNote(t('thread_opened', { name: thread.name }), { label: t('open'), run: () => openChannel(thread.id) });
  }
}

let lastCommand = { channelId: '', at: 0 };

/** From now on, for a while, a thread opened here is taken for the answer to our doing. @param {string} channelId */
export function expectThread(channelId) {
  lastCommand = { channelId, at: Date.now() };
}

/** @param {string | null} channelId */
function isRecent(channelId) {
  return lastCommand.channelId === channelId && Date.now() - lastCommand.at < FOLLOW_MS;
}
