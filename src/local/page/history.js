// @ts-check
/**
 * What is known of a channel's messages, oldest first, and what each event and each fetched page makes of it. Events may
 * overtake a page that was asked for before them: what they said about its messages is kept until it comes. Pure: no requests,
 * no state, so that every order of things can be tested.
 */

/** @typedef {import('./state.js').Message} Message */
/**
 * @typedef {object} History
 * @property {Message[]} list own messages on their way stand at the end
 * @property {boolean} isLoaded the newest page has come
 * @property {boolean} hasMore there are older ones
 * @property {Record<string, Message | null> | null} early while a page is awaited: messages changed (or gone) meanwhile
 */

/** @returns {History} */
export function emptyHistory() {
  return { list: [], isLoaded: false, hasMore: false, early: null };
}

/** @param {Message} message */
function isOnItsWay(message) {
  return message.sending === true || message.failed !== undefined;
}

/** The oldest message that the server knows. @param {History} history */
export function oldestOf(history) {
  return history.list.find((message) => !isOnItsWay(message));
}

/**
 * A page has been asked for.
 * @param {History} history
 * @returns {History}
 */
export function awaitPage(history) {
  return { ...history, early: history.early ?? {} };
}

/**
 * The page has come (null: it could not be had).
 * @param {History} history
 * @param {readonly Message[] | null} page newest first, as the server sends it
 * @param {number} size of a full page
 * @returns {History}
 */
export function addPage(history, page, size) {
  if (page === null) return { ...history, early: null };
  const early = history.early ?? {};
  const have = new Set(history.list.map(({ id }) => id));
  const older = page
    .filter(({ id }) => !have.has(id) && early[id] !== null)
    .map((message) => ({ ...message, ...early[message.id] }));
  return { list: inOrder([...older, ...history.list]), isLoaded: true, hasMore: page.length === size, early: null };
}

/** @param {readonly Message[]} list */
function inOrder(list) {
  const known = list.filter((message) => !isOnItsWay(message));
  return [...known.sort((a, b) => compareIds(a.id, b.id)), ...list.filter(isOnItsWay)];
}

/** Ids are numbers too large for JavaScript's. @param {string} a @param {string} b */
export function compareIds(a, b) {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * A new message; of our own it takes the place of the one on its way.
 * @param {History} history
 * @param {Message} message
 * @returns {History}
 */
export function addMessage(history, message) {
  const others = history.list.filter((each) => each.id !== message.id && !isSameSending(each, message));
  return { ...history, list: inOrder([...others, message]) };
}

/** @param {Message} each @param {Message} message */
function isSameSending(each, message) {
  return isOnItsWay(each) && message.nonce !== undefined && String(each.nonce) === String(message.nonce);
}

/**
 * @param {History} history
 * @param {Message} message
 * @returns {History}
 */
export function changeMessage(history, message) {
  if (history.list.some(({ id }) => id === message.id)) {
    return { ...history, list: history.list.map((each) => (each.id === message.id ? { ...each, ...message } : each)) };
  }
  return history.early === null ? history : { ...history, early: { ...history.early, [message.id]: message } };
}

/**
 * @param {History} history
 * @param {readonly string[]} ids
 * @returns {History}
 */
export function removeMessages(history, ids) {
  const list = history.list.filter(({ id }) => !ids.includes(id));
  const gone = Object.fromEntries(ids.map((id) => [id, null]));
  return { ...history, list, early: history.early === null ? null : { ...history.early, ...gone } };
}

/**
 * Our own message, shown before the server has it; also as refused.
 * @param {History} history
 * @param {Message} draft
 * @returns {History}
 */
export function putSending(history, draft) {
  return { ...history, list: [...history.list.filter((each) => !isSameSending(each, draft)), draft] };
}

/**
 * The server's answer to a sending; the gateway may have brought the message before.
 * @param {History} history
 * @param {string} nonce
 * @param {Message} message
 * @returns {History}
 */
export function finishSending(history, nonce, message) {
  const isThere = history.list.some(({ id }) => id === message.id);
  if (isThere) return { ...history, list: history.list.filter((each) => !isSameSending(each, { ...message, nonce })) };
  return addMessage(history, { ...message, nonce });
}
