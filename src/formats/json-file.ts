/** JSON files of a model folder: small, read under a limit, every failure said with the file's name. */
import { UserError } from '../errors.ts';
import { readTextFile } from './text-file.ts';

/** The largest that really occurs is a sharded index of some 60,000 tensors, about 6 MB. */
const LIMIT_BYTES = 16 * 1024 * 1024;
/** Real files nest six deep or so. */
const NESTING_LIMIT = 64;

export type JsonObject = Record<string, unknown>;

/** The object in the file at `path`, or null where there is no such file. @throws UserError json_unreadable, text_too_large. */
export function readJsonObject(path: string, limit: number = LIMIT_BYTES): JsonObject | null {
  const text = readTextFile(path, limit);
  if (text === null) return null;
  if (nesting(text) > NESTING_LIMIT)
    throw new UserError('json_unreadable', { path, problem: `> ${NESTING_LIMIT} × [ {` });
  const value = parse(text, path);
  if (!isJsonObject(value)) throw new UserError('json_unreadable', { path, problem: 'no {…}' });
  return value;
}

/** Counted beforehand: millions of brackets would become millions of objects before anything could be refused. */
function nesting(text: string): number {
  let deepest = 0;
  let depth = 0;
  let isString = false;
  for (let at = 0; at < text.length && deepest <= NESTING_LIMIT; at++) {
    const character = text[at];
    if (isString) {
      if (character === '\\') at += 1;
      else if (character === '"') isString = false;
    } else if (character === '"') isString = true;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth);
    else if (character === ']' || character === '}') depth -= 1;
  }
  return deepest;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const problem = error instanceof Error ? error.message.slice(0, 120) : '';
    throw new UserError('json_unreadable', { path, problem }, { cause: error });
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
