// @ts-check
/** What a person can do: come in, open a channel, write, use commands, click, fill in forms. All of it over the protocol. */
import { applyEvent, eventListeners, stopWaiting } from './events.js';
import { Gateway } from './gateway.js';
import { amTeacher } from './names.js';
import { RestError, rest, savedToken, saveToken } from './rest.js';
import { getState, resetState, setState } from './state.js';
import { discordLocale, t } from './text.js';
import { attempt, explain, showError, showNote } from './toasts.js';

/** @typedef {import('./state.js').Message} Message */
/** @typedef {{ type: number, name: string, value?: string | number | boolean, focused?: boolean, options?: any[] }} Option */

const PAGE = 50;
const FOLLOW_MS = 20_000;
const RETURN_CODE_MS = 20_000;
const CLICK_TYPES = { command: 2, component: 3, autocomplete: 4, modal: 5 };

/** @type {Gateway | null} */
let gateway = null;
let lastNonce = 0;

function newNonce() {
  lastNonce = Math.max(Date.now(), lastNonce + 1);
  return `${lastNonce}${Math.floor(Math.random() * 1e6)}`.slice(0, 25);
}

// Coming and going

/** Goes on with the saved token, or asks for a name. */
export function start() {
  const token = savedToken();
  if (token === null) setState({ phase: 'joining' });
  else connect(token);
}

/** @param {{ global_name: string, invite: string, teacher_code?: string }} form */
export async function join(form) {
  const answer = await rest('POST', '/auth/register', form);
  localStorage.setItem('return_code', answer.return_code);
  saveToken(answer.token);
  connect(answer.token);
  showNote(t('return_code_note', { code: answer.return_code }), undefined, RETURN_CODE_MS);
}

/** @param {{ login: string, password: string, invite: string }} form */
export async function comeBack(form) {
  const answer = await rest('POST', '/auth/login', form);
  localStorage.setItem('return_code', form.password.toUpperCase());
  saveToken(answer.token);
  connect(answer.token);
}

/** @param {string} token */
function connect(token) {
  setState({ phase: 'connecting' });
  gateway?.close();
  gateway = new Gateway(token, {
    event: applyEvent,
    connection: (isOnline) => setState({ connection: isOnline ? 'online' : 'reconnecting' }),
    expelled: leaveHere,
  });
}

function leaveHere() {
  gateway?.close();
  gateway = null;
  saveToken(null);
  localStorage.removeItem('return_code');
  history.replaceState(null, '', location.pathname);
  resetState();
}

export async function logOut() {
  await rest('POST', '/auth/logout').catch(() => undefined);
  leaveHere();
}

export async function eraseMe() {
  if (await attempt(() => rest('DELETE', '/users/@me'))) leaveHere();
}

export async function sendLocale() {
  if (savedToken() !== null)
    await rest('PATCH', '/users/@me/settings', { locale: discordLocale() }).catch(() => undefined);
}

export async function loadCommands() {
  const { guild } = getState();
  if (guild === null) return;
  const index = await rest('GET', `/guilds/${guild.id}/application-command-index`).catch(() => null);
  if (index === null) return;
  setState({ commands: index.application_commands, applicationId: index.applications[0]?.id ?? '' });
  if (amTeacher()) {
    const invites = await rest('GET', `/guilds/${guild.id}/invites`).catch(() => []);
    setState({ joinCode: invites[0]?.code ?? '' });
  }
}

/** A new join code; the old one stops working. */
export async function renewJoinCode() {
  const { guild, joinCode } = getState();
  if (guild === null) return;
  await attempt(() => rest('DELETE', `/invites/${joinCode}`));
  await loadCommands();
}

// Channels

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
  const lastRead = localStorage.getItem(`read:${id}`) ?? '';
  setState({ channelId: id, drawer: null, unread: { ...unread, [id]: 0 }, readUpTo: { ...readUpTo, [id]: lastRead } });
  markRead(id);
  if (getState().histories[id] === undefined) void attempt(() => loadOlder(id));
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
  if (last) localStorage.setItem(`read:${id}`, last);
  if (unread[id]) setState({ unread: { ...unread, [id]: 0 } });
}

/** The page of messages before those we have. @param {string} channelId */
export async function loadOlder(channelId) {
  const known = getState().histories[channelId];
  const first = known?.list.find((message) => !message.sending && !message.failed);
  const before = first === undefined ? '' : `&before=${first.id}`;
  const older = await rest('GET', `/channels/${channelId}/messages?limit=${PAGE}${before}`);
  const { histories } = getState();
  const now = histories[channelId]?.list ?? [];
  const have = new Set(now.map((message) => message.id));
  const fresh = older.reverse().filter((/** @type {Message} */ message) => !have.has(message.id));
  setState({ histories: { ...histories, [channelId]: { list: [...fresh, ...now], hasMore: older.length === PAGE } } });
}

/** After a session that could not be resumed: what is shown is fetched anew. */
export async function reloadHistories() {
  const { channelId, histories } = getState();
  const unsent =
    channelId === null ? [] : (histories[channelId]?.list ?? []).filter((message) => message.sending || message.failed);
  setState({ histories: {}, waiting: {} });
  if (channelId === null) return;
  if (getState().channels[channelId] === undefined) openFirstChannel();
  else await attempt(() => loadOlder(channelId));
  const loaded = getState().histories[channelId];
  if (loaded !== undefined && unsent.length > 0) {
    setState({ histories: { ...getState().histories, [channelId]: { ...loaded, list: [...loaded.list, ...unsent] } } });
  }
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

/** @param {string | null} channelId */
function isRecent(channelId) {
  return lastCommand.channelId === channelId && Date.now() - lastCommand.at < FOLLOW_MS;
}

// Writing

/**
 * Shows a message at once and sends it; a refused one stays, to be sent again.
 * @param {string} channelId
 * @param {string} content
 * @param {readonly File[]} files
 */
export async function sendMessage(channelId, content, files = []) {
  const { me } = getState();
  if (me === null) return;
  const nonce = newNonce();
  /** @type {any} */
  const draft = {
    id: `sending-${nonce}`,
    nonce,
    channel_id: channelId,
    author: me,
    content,
    embeds: [],
    components: [],
    mentions: [],
    attachments: [],
    timestamp: new Date().toISOString(),
    edited_timestamp: null,
    flags: 0,
    type: 0,
    sending: true,
  };
  replaceSending(channelId, nonce, draft);
  setState({ endRequests: getState().endRequests + 1 });
  try {
    const message = await rest(
      'POST',
      `/channels/${channelId}/messages`,
      { content, nonce, enforce_nonce: true },
      files,
    );
    finishSending(channelId, nonce, message);
  } catch (error) {
    replaceSending(channelId, nonce, { ...draft, sending: false, failed: explain(error) });
  }
}

/** @param {Message} message */
export function sendAgain(message) {
  dropSending(message);
  void sendMessage(message.channel_id, message.content);
}

/** @param {Message} message */
export function dropSending(message) {
  const { histories } = getState();
  const known = histories[message.channel_id];
  if (known === undefined) return;
  setState({
    histories: {
      ...histories,
      [message.channel_id]: { ...known, list: known.list.filter((each) => each.id !== message.id) },
    },
  });
}

/**
 * @param {string} channelId
 * @param {string} nonce
 * @param {Message} draft
 */
function replaceSending(channelId, nonce, draft) {
  const { histories } = getState();
  const known = histories[channelId] ?? { list: [], hasMore: false };
  const list = [...known.list.filter((each) => each.nonce !== nonce), draft];
  setState({ histories: { ...histories, [channelId]: { ...known, list } } });
}

/**
 * The answer to the request may come before or after the gateway's event; both lead to one message.
 * @param {string} channelId
 * @param {string} nonce
 * @param {Message} message
 */
function finishSending(channelId, nonce, message) {
  const { histories } = getState();
  const known = histories[channelId];
  if (known === undefined) return;
  const isThere = known.list.some((each) => each.id === message.id);
  const list = isThere
    ? known.list.filter((each) => each.nonce !== nonce || each.id === message.id)
    : known.list.map((each) => (each.nonce === nonce && each.sending ? message : each));
  setState({ histories: { ...histories, [channelId]: { ...known, list } } });
}

/** @param {Message} message */
export function deleteMessage(message) {
  return attempt(() => rest('DELETE', `/channels/${message.channel_id}/messages/${message.id}`));
}

/**
 * @param {Message} message
 * @param {string} content
 */
export function editMessage(message, content) {
  return attempt(() => rest('PATCH', `/channels/${message.channel_id}/messages/${message.id}`, { content }));
}

let typingSentAt = 0;

/** Tells others that we write, at most every eight seconds. @param {string} channelId */
export function tellTyping(channelId) {
  if (Date.now() - typingSentAt < 8000) return;
  typingSentAt = Date.now();
  void rest('POST', `/channels/${channelId}/typing`).catch(() => undefined);
}

// Interactions

/**
 * @param {'command' | 'component' | 'modal'} kind
 * @param {string} channelId
 * @param {unknown} data
 * @param {{ label: string, messageId?: string, customId?: string }} about
 */
async function interact(kind, channelId, data, about) {
  const { guild, applicationId, waiting } = getState();
  const nonce = newNonce();
  const body = {
    type: CLICK_TYPES[kind],
    application_id: applicationId,
    guild_id: guild?.id,
    channel_id: channelId,
    nonce,
    data,
    ...(about.messageId !== undefined && { message_id: about.messageId }),
  };
  setState({ waiting: { ...waiting, [nonce]: { kind, channelId, since: Date.now(), ...about } } });
  try {
    await rest('POST', '/interactions', body);
  } catch (error) {
    stopWaiting(nonce);
    throw error;
  }
}

/**
 * @param {string} channelId
 * @param {{ id: string, name: string }} command
 * @param {Option[]} options
 * @param {string} label what was typed, to show while waiting
 */
export async function runCommand(channelId, command, options, label) {
  lastCommand = { channelId, at: Date.now() };
  await interact('command', channelId, { id: command.id, name: command.name, type: 1, options }, { label });
}

/**
 * @param {Message} message
 * @param {{ type: number, custom_id: string }} component
 * @param {string[]} [values]
 */
export async function useComponent(message, component, values) {
  lastCommand = { channelId: message.channel_id, at: Date.now() };
  const data = {
    component_type: component.type,
    custom_id: component.custom_id,
    ...(values !== undefined && { values }),
  };
  try {
    await interact('component', message.channel_id, data, {
      label: '',
      messageId: message.id,
      customId: component.custom_id,
    });
  } catch (error) {
    showError(explain(error));
  }
}

/**
 * @param {import('./state.js').Modal} modal
 * @param {any[]} components
 */
export async function submitModal(modal, components) {
  lastCommand = { channelId: modal.channel_id, at: Date.now() };
  await interact(
    'modal',
    modal.channel_id,
    { id: modal.id, custom_id: modal.custom_id, components },
    { label: modal.title },
  );
  setState({ modal: null });
}

/**
 * Completions for the option one is typing in; empty when the bot does not answer in time.
 * @param {string} channelId
 * @param {{ id: string, name: string }} command
 * @param {Option[]} options
 * @returns {Promise<{ name: string, value: string | number, name_localizations?: Record<string, string> | null }[]>}
 */
export function complete(channelId, command, options) {
  const { guild, applicationId } = getState();
  const nonce = newNonce();
  return new Promise((resolve) => {
    const finish = (/** @type {any[]} */ choices) => {
      eventListeners.delete(listen);
      clearTimeout(timer);
      resolve(choices);
    };
    const listen = (/** @type {string} */ name, /** @type {any} */ data) => {
      if (data?.nonce !== nonce) return;
      if (name === 'APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE') finish(data.choices);
      if (name === 'INTERACTION_FAILURE') finish([]);
    };
    const timer = setTimeout(() => finish([]), 4000);
    eventListeners.add(listen);
    const data = { id: command.id, name: command.name, type: 1, options };
    const body = {
      type: CLICK_TYPES.autocomplete,
      application_id: applicationId,
      guild_id: guild?.id,
      channel_id: channelId,
      nonce,
      data,
    };
    rest('POST', '/interactions', body).catch(() => finish([]));
  });
}

// A teacher's work

/** @param {string} userId */
export async function newReturnCode(userId) {
  const { guild } = getState();
  const answer = await rest('POST', `/guilds/${guild?.id}/members/${userId}/return-code`);
  return String(answer.return_code);
}

/**
 * @param {string} userId
 * @param {boolean} teacher
 */
export function setTeacher(userId, teacher) {
  const { guild } = getState();
  const role = guild?.roles.find((each) => each.id !== guild.id && (BigInt(each.permissions) & 32n) !== 0n);
  return attempt(() =>
    rest('PATCH', `/guilds/${guild?.id}/members/${userId}`, { roles: teacher && role ? [role.id] : [] }),
  );
}

/** @param {string} userId */
export function removeFromClass(userId) {
  return attempt(() => rest('DELETE', `/guilds/${getState().guild?.id}/members/${userId}`));
}

export { RestError };
