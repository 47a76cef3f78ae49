// @ts-check
/** What a gateway event changes in the state. */
import { followThread, loadArchived, openFirstChannel, reloadHistories } from './channels.js';
import { addMessage, changeMessage, removeMessages } from './history.js';
import { loadCommands } from './interactions.js';
import { messageText, nameOf } from './names.js';
import { changeHistory, getState, setState } from './state.js';
import { t } from './text.js';
import { showError } from './toasts.js';

const TYPING_MS = 10_000;
/** A pinned message, an opened thread: nobody's words. */
const SYSTEM_LINES = [6, 18];

/** @typedef {import('./state.js').Message} Message */
/** @typedef {import('./state.js').Channel} Channel */

/** @type {Record<string, (data: any) => void>} */
const handlers = {
  READY: ({ user }) => setState({ me: user }),
  GUILD_CREATE: enterGuild,
  CHANNEL_CREATE: putChannel,
  CHANNEL_UPDATE: putChannel,
  CHANNEL_DELETE: removeChannel,
  THREAD_CREATE: (thread) => {
    putChannel(thread);
    if (thread.newly_created) followThread(thread);
  },
  THREAD_UPDATE: putChannel,
  THREAD_DELETE: removeChannel,
  GUILD_MEMBER_ADD: putMember,
  GUILD_MEMBER_UPDATE: (member) => {
    putMember(member);
    if (member.user.id === getState().me?.id) void loadCommands();
  },
  GUILD_MEMBER_REMOVE: ({ user }) => {
    const { [user.id]: _, ...members } = getState().members;
    setState({ members });
  },
  PRESENCE_UPDATE: ({ user, status }) =>
    setState({ online: { ...getState().online, [user.id]: status !== 'offline' } }),
  TYPING_START: ({ channel_id, user_id }) => {
    const { typing } = getState();
    setState({ typing: { ...typing, [channel_id]: { ...typing[channel_id], [user_id]: Date.now() + TYPING_MS } } });
    setTimeout(() => forgetTyping(channel_id, user_id, false), TYPING_MS + 50);
  },
  MESSAGE_CREATE: messageCame,
  MESSAGE_UPDATE: (message) => change(message.channel_id, (history) => changeMessage(history, message)),
  MESSAGE_DELETE: ({ id, channel_id }) => change(channel_id, (history) => removeMessages(history, [id])),
  MESSAGE_DELETE_BULK: ({ ids, channel_id }) => change(channel_id, (history) => removeMessages(history, ids)),
  INTERACTION_SUCCESS: ({ nonce }) => stopWaiting(nonce),
  INTERACTION_FAILURE: ({ nonce }) => {
    if (stopWaiting(nonce)) showError(t('interaction_failed'));
  },
  INTERACTION_MODAL_CREATE: (modal) => {
    stopWaiting(modal.nonce);
    setState({ modal });
  },
  GUILD_APPLICATION_COMMAND_INDEX_UPDATE: () => void loadCommands(),
};

/** Events that others wait for (completions of a command's option). @type {Set<(name: string, data: any) => void>} */
export const eventListeners = new Set();

/**
 * @param {string} name
 * @param {any} data
 */
export function applyEvent(name, data) {
  handlers[name]?.(data);
  for (const listener of [...eventListeners]) listener(name, data);
}

/** @param {any} guild */
function enterGuild(guild) {
  const isFirst = getState().phase !== 'ready';
  setState({
    guild: { id: guild.id, name: guild.name, roles: guild.roles },
    channels: byId([...guild.channels, ...guild.threads, ...archivedKnown()], (channel) => channel.id),
    members: byId(guild.members, (/** @type {any} */ member) => member.user.id),
    online: Object.fromEntries(guild.presences.map((/** @type {any} */ presence) => [presence.user.id, true])),
    phase: 'ready',
  });
  void loadCommands();
  for (const channel of guild.channels) void loadArchived(channel.id);
  if (isFirst) openFirstChannel();
  else void reloadHistories();
}

/** Archived threads are not among the guild's; those we have looked at stay. */
function archivedKnown() {
  return Object.values(getState().channels).filter((channel) => channel.thread_metadata?.archived);
}

/**
 * @template T
 * @param {readonly T[]} list
 * @param {(item: T) => string} key
 * @returns {Record<string, T>}
 */
function byId(list, key) {
  return Object.fromEntries(list.map((item) => [key(item), item]));
}

/** @param {Channel} channel */
function putChannel(channel) {
  const { channels } = getState();
  setState({ channels: { ...channels, [channel.id]: { ...channels[channel.id], ...channel } } });
}

/** @param {Channel} channel */
function removeChannel({ id }) {
  const { channels, channelId } = getState();
  const rest = Object.fromEntries(
    Object.entries(channels).filter(([key, each]) => key !== id && each.parent_id !== id),
  );
  setState({ channels: rest });
  if (channelId !== null && rest[channelId] === undefined) openFirstChannel();
}

/** @param {import('./state.js').Member} member */
function putMember(member) {
  setState({ members: { ...getState().members, [member.user.id]: member } });
}

/** @param {Message} message */
function messageCame(message) {
  const { channelId, channels } = getState();
  change(message.channel_id, (history) => addMessage(history, message));
  const channel = channels[message.channel_id];
  if (channel !== undefined)
    setState({ channels: { ...channels, [channel.id]: { ...channel, last_message_id: message.id } } });
  forgetTyping(message.channel_id, message.author.id, true);
  if (message.author.id === getState().me?.id || SYSTEM_LINES.includes(message.type)) return;
  if (message.channel_id === channelId)
    setState({ announcement: `${nameOf(message.author)}: ${messageText(message)}` });
  if (!isSeen(message)) {
    const { unread } = getState();
    setState({ unread: { ...unread, [message.channel_id]: (unread[message.channel_id] ?? 0) + 1 } });
  }
}

/** Whether a new message comes before somebody's eyes; an answer to our own doing is brought there. @param {Message} message */
function isSeen(message) {
  const { me, channelId, isAtEnd, endRequests } = getState();
  if (message.channel_id !== channelId) return false;
  const isAnswer = message.interaction_metadata?.user.id === me?.id;
  if (isAnswer) setState({ endRequests: endRequests + 1 });
  return document.visibilityState === 'visible' && (isAnswer || isAtEnd);
}

/**
 * Of a channel that nobody has opened yet nothing is kept.
 * @param {string} channelId
 * @param {(history: import('./history.js').History) => import('./history.js').History} make
 */
function change(channelId, make) {
  if (getState().histories[channelId] !== undefined) changeHistory(channelId, make);
}

/**
 * @param {string} channelId
 * @param {string} userId
 * @param {boolean} now even if the ten seconds are not over
 */
function forgetTyping(channelId, userId, now) {
  const { typing } = getState();
  const until = typing[channelId]?.[userId];
  if (until === undefined || (!now && until > Date.now())) return;
  const { [userId]: _, ...rest } = typing[channelId] ?? {};
  setState({ typing: { ...typing, [channelId]: rest } });
}

/**
 * @param {string} nonce
 * @returns {boolean} whether we waited for it
 */
export function stopWaiting(nonce) {
  const { [nonce]: known, ...waiting } = getState().waiting;
  if (known === undefined) return false;
  setState({ waiting });
  return true;
}
