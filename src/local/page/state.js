// @ts-check
/** All that the page shows, in one object; changes replace parts of it, and whoever uses a part is drawn again. */
import { useEffect, useState } from 'preact/hooks';
import { emptyHistory } from './history.js';

/** @typedef {import('discord-api-types/v10').APIMessage} ApiMessage */
/** @typedef {import('discord-api-types/v10').APIApplicationCommand} Command */

/**
 * @typedef {object} Channel
 * @property {string} id
 * @property {number} type
 * @property {string} name
 * @property {string | null} parent_id
 * @property {number} [position]
 * @property {string | null} [topic]
 * @property {string | null} [last_message_id]
 * @property {string} [owner_id]
 * @property {{ archived: boolean, locked: boolean }} [thread_metadata]
 */
/** @typedef {{ id: string, username: string, global_name: string | null, bot?: boolean }} User */
/** @typedef {{ user: User, roles: string[] }} Member */
/** @typedef {{ id: string, name: string, permissions: string }} Role */
/**
 * A message, or one of our own on its way (`sending`) or refused (`failed`).
 * @typedef {ApiMessage & { nonce?: string | number, sending?: boolean, failed?: string }} Message
 */
/** @typedef {import('./history.js').History} History */
/** @typedef {{ id: string, custom_id: string, title: string, channel_id: string, components: any[] }} Modal */
/** @typedef {{ kind: 'command' | 'component' | 'modal', channelId: string, label: string, messageId?: string, customId?: string, since: number }} Waiting */
/** @typedef {{ id: number, kind: 'error' | 'note', text: string, action?: { label: string, run: () => void } }} Toast */

const initial = {
  phase: /** @type {'starting' | 'joining' | 'connecting' | 'ready'} */ ('starting'),
  connection: /** @type {'online' | 'reconnecting'} */ ('online'),
  localeVersion: 0,
  me: /** @type {User | null} */ (null),
  guild: /** @type {{ id: string, name: string, roles: Role[] } | null} */ (null),
  channels: /** @type {Record<string, Channel>} */ ({}),
  members: /** @type {Record<string, Member>} */ ({}),
  online: /** @type {Record<string, boolean>} */ ({}),
  histories: /** @type {Record<string, History>} */ ({}),
  typing: /** @type {Record<string, Record<string, number>>} */ ({}),
  commands: /** @type {Command[]} */ ([]),
  applicationId: '',
  channelId: /** @type {string | null} */ (null),
  unread: /** @type {Record<string, number>} */ ({}),
  /** The last message read before the channel was opened: the line "new" stands after it. */
  readUpTo: /** @type {Record<string, string>} */ ({}),
  modal: /** @type {Modal | null} */ (null),
  waiting: /** @type {Record<string, Waiting>} */ ({}),
  toasts: /** @type {Toast[]} */ ([]),
  drawer: /** @type {'channels' | 'members' | null} */ (null),
  joinCode: '',
  /** Text another part of the page wants written in the composer ("/session start"). */
  draft: /** @type {{ text: string } | null} */ (null),
  announcement: '',
  /** Grows when the newest message is to be shown, wherever one reads. */
  endRequests: 0,
  /** Whether the newest message is in view. */
  isAtEnd: true,
};

/** @typedef {typeof initial} State */

/** @type {State} */
let state = initial;
/** @type {Set<() => void>} */
const listeners = new Set();

export function getState() {
  return state;
}

/** @param {Partial<State>} changes */
export function setState(changes) {
  state = { ...state, ...changes };
  for (const listener of [...listeners]) listener();
}

/**
 * Changes what is known of a channel's messages.
 * @param {string} channelId
 * @param {(history: History) => History} change
 */
export function changeHistory(channelId, change) {
  const before = state.histories[channelId] ?? emptyHistory();
  setState({ histories: { ...state.histories, [channelId]: change(before) } });
}

/** Back to before anybody joined (the language stays). */
export function resetState() {
  setState({ ...initial, localeVersion: state.localeVersion, phase: 'joining' });
}

/**
 * The part of the state that `select` picks; the component is drawn again when that part changes.
 * @template T
 * @param {(state: State) => T} select
 * @returns {T}
 */
export function useStore(select) {
  const [, redraw] = useState(0);
  const value = select(state);
  useEffect(() => {
    let last = value;
    const check = () => {
      const next = select(state);
      if (Object.is(next, last)) return;
      last = next;
      redraw((count) => count + 1);
    };
    check();
    listeners.add(check);
    return () => {
      listeners.delete(check);
    };
  });
  return value;
}
