// @ts-check
/** Sending, changing and deleting one's own messages. */
import { finishSending, putSending, removeMessages } from './history.js';
import { newNonce, rest } from './rest.js';
import { changeHistory, getState, setState } from './state.js';
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
  changeHistory(channelId, (history) => putSending(history, draft));
  setState({ endRequests: getState().endRequests + 1 });
  try {
    const message = await rest(
      'POST',
      `/channels/${channelId}/messages`,
      { content, nonce, enforce_nonce: true },
      files,
    );
    changeHistory(channelId, (history) => finishSending(history, nonce, message));
  } catch (error) {
    const refused = { ...draft, sending: false, failed: explain(error) };
    changeHistory(channelId, (history) => putSending(history, refused));
  }
}

/** @param {Message} message */
export function sendAgain(message) {
  dropSending(message);
  void sendMessage(message.channel_id, message.content);
}

/** @param {Message} message */
export function dropSending(message) {
  changeHistory(message.channel_id, (history) => removeMessages(history, [message.id]));
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
