/** JSON files of a model folder: small, read under a limit, every failure said with the file's name. */
import { readFileSync, statSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** The largest that really occurs is a sharded index of some 60,000 tensors, about 6 MB. */
const LIMIT_BYTES = 64 * 1024 * 1024;

export type JsonObject = Record<string, unknown>;

/** The object in the file at `path`, or null where there is no such file. */
export function readJsonObject(path: string): JsonObject | null {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) return null;
  if (size > LIMIT_BYTES) throw new UserError('json_too_large', { path, bytes: size, limit: LIMIT_BYTES });
  const value = parse(path);
  if (!isJsonObject(value)) throw new UserError('json_unreadable', { path, problem: 'no {…}' });
  return value;
}

function parse(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const problem = error instanceof Error ? error.message.slice(0, 120) : '';
    throw new UserError('json_unreadable', { path, problem }, { cause: error });
  }
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
