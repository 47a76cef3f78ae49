/** `messages` of a conversation, as typed or as a row has them. */
import type { ChatMessage } from '../brain/index.ts';
import { isObject } from './jsonl.ts';

/** The messages, or null where `value` is no list of {role, content}, or an empty one. */
export function readMessages(value: unknown): ChatMessage[] | null {
  if (!Array.isArray(value) || value.length === 0) return null;
  const messages: unknown[] = value;
  return messages.every(isMessage) ? messages.map(({ role, content }) => ({ role, content })) : null;
}

function isMessage(value: unknown): value is ChatMessage {
  return isObject(value) && typeof value.role === 'string' && typeof value.content === 'string';
}
