/**
 * Custom ids: what a button, select or modal says when it is used. One place makes and reads them.
 * "bf:rate:TURN": the mark that it is ours, the action, then the action's fields in the order of the table below.
 */
import { LIMITS } from './limits.ts';

/** Every action a component can ask for, with the names of what it carries. */
export const ACTION_FIELDS = Object.freeze({
  // a sitting
  speak: ['session'],
  speak_form: ['session'],
  stop_session: ['session'],
  stop_countdown: ['session'],
  keep: ['session', 'keep'],
  retry: ['session'],
  skip: ['session'],
  consent: ['granted'],
  // a turn
  intent: ['turn'],
  emotion: ['turn'],
  language: ['turn'],
  rate: ['turn'],
  exact: ['turn'],
  exact_form: ['turn'],
  better: ['turn'],
  better_form: ['turn'],
  why: ['turn'],
  again: ['turn'],
  prefer: ['turn', 'try'],
  // a person
  forget: ['member'],
  declare: ['class'],
} as const);

export type Action = keyof typeof ACTION_FIELDS;
type FieldsOf<A extends Action> = Record<(typeof ACTION_FIELDS)[A][number], string>;
export type CustomId<A extends Action = Action> = { [K in A]: { action: K } & FieldsOf<K> }[A];

const MARK = 'bf';

/** @throws Error when the id would be longer than Discord takes: ids of ours are UUIDs and snowflakes, so that is a bug. */
export function encodeCustomId(id: CustomId): string {
  const values: Record<string, string> = id;
  const fields = ACTION_FIELDS[id.action].map((name) => encodeURIComponent(values[name]!));
  const text = [MARK, id.action, ...fields].join(':');
  if (text.length > LIMITS.customId) throw new Error(`custom id of ${text.length} > ${LIMITS.customId}: ${text}`);
  return text;
}

/** What `text` asks for, or null when it is none of ours or of a form we no longer (or do not yet) know. */
export function parseCustomId(text: string): CustomId | null {
  const [mark, action, ...values] = text.split(':');
  if (mark !== MARK || action === undefined || !isAction(action)) return null;
  const names: readonly string[] = ACTION_FIELDS[action];
  if (values.length !== names.length) return null;
  const decoded = values.map(decode);
  if (decoded.includes(null)) return null;
  // The table above says which fields an action has; the compiler cannot follow it through the loop.
  return { action, ...Object.fromEntries(names.map((name, index) => [name, decoded[index]])) } as CustomId;
}

const isAction = (name: string): name is Action => Object.hasOwn(ACTION_FIELDS, name);

function decode(value: string): string | null {
  try {
    return decodeURIComponent(value);
  } catch {
    return null;
  }
}
