// @ts-check
/** Sending, changing and deleting one's own messages. */
import { newNonce, rest } from './rest.js';
import { getState, setState } from './state.js';
import { attempt, explain } from './toasts.js';

/** @typedef {import('./state.js').Message} Message */

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
