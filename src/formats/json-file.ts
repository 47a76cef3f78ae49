/** JSON files of a model folder: small, read under a limit, every failure said with the file's name. */
import { UserError } from '../errors.ts';
import { readTextFile } from './text-file.ts';

export type JsonObject = Record<string, unknown>;

/** What a file may hold before it is believed. */
export interface JsonLimits {
  readonly bytes: number;
  /** Values, those inside of others counted too. */
  readonly values: number;
}

/** The largest that really occurs is a sharded index of some 60,000 tensors, about 6 MB. */
const LIMITS: JsonLimits = { bytes: 16 * 1024 * 1024, values: 250_000 };
/** The largest vocabularies in use (262,000 pieces, 515,000 merges) take about 35 MB. */
export const VOCABULARY_LIMITS: JsonLimits = { bytes: 64 * 1024 * 1024, values: 4_000_000 };
/** Real files nest six deep or so. */
const NESTING_LIMIT = 64;

const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
/** [ and {; each is closed by the character after the next. */
const BRACKET = 0x5b;
const BRACE = 0x7b;

/** The object in the file at `path`, or null where there is no such file. @throws UserError json_unreadable, text_too_large. */
export function readJsonObject(path: string, limits: JsonLimits = LIMITS): JsonObject | null {
  const text = readTextFile(path, limits.bytes);
  if (text === null) return null;
  const excess = findExcess(text, limits.values);
  if (excess !== null) throw new UserError('json_unreadable', { path, problem: excess });
  const value = parse(text, path);
  if (!isJsonObject(value)) throw new UserError('json_unreadable', { path, problem: 'no {…}' });
  return value;
}

/** Counted beforehand: millions of brackets would become millions of objects before anything could be refused. */
function findExcess(text: string, valueLimit: number): string | null {
  let values = 1;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) at = endOfString(text, at);
    else if (character === COMMA) values += 1;
    else if (character === BRACKET || character === BRACE) {
      values += 1;
      depth += 1;
    } else if (character === BRACKET + 2 || character === BRACE + 2) depth -= 1;
    if (depth > NESTING_LIMIT) return `> ${NESTING_LIMIT} × [ {`;
    if (values > valueLimit) return `> ${valueLimit} × ,`;
  }
  return null;
}

/** Where the string that begins at `start` has its closing quote; the end of the text where it has none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) return at;
    if (character === BACKSLASH) at += 1;
  }
  return text.length;
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
