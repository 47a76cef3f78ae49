/**
 * What people type, read once and for all: turns, ratings, corrections. Text stays as it was written (emoji, right-to-left,
 * joiners); only what no reader could see at its ends goes, and what UTF-8 cannot hold.
 */
import { UserError } from '../errors.ts';

/** Longest turn, in Unicode code points: what Discord's text fields take. */
export const MAX_TURN_LENGTH = 4000;

/** Spaces, control and format characters (zero-width ones among them), and the letters that are drawn as nothing. */
const INVISIBLE = '\\p{White_Space}\\p{Cc}\\p{Cf}\\u115F\\u1160\\u2800\\u3164\\uFFA0\\u034F\\p{Variation_Selector}';
const ONLY_INVISIBLE = new RegExp(`^[${INVISIBLE}]*$`, 'u');
// Joiners at the ends may belong to an emoji or a script; plain spaces and controls never do.
const EDGES = /^[\p{White_Space}\p{Cc}\uFEFF\u200B]+|[\p{White_Space}\p{Cc}\uFEFF\u200B]+$/gu;
// Control characters but tab and line feed: no keyboard makes them, no reader sees them.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
const CONTROLS = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/gu;

/**
 * A sentence somebody said, ready to be stored.
 * @throws UserError turn_empty when there is nothing a reader could see; turn_too_long above 4,000 characters.
 */
export function readTurnText(raw: string): string {
  const text = readText(raw);
  if (text === null) throw new UserError('turn_empty');
  const length = codePoints(text);
  if (length > MAX_TURN_LENGTH) throw new UserError('turn_too_long', { length, limit: MAX_TURN_LENGTH });
  return text;
}

/** A better answer somebody wrote. @throws UserError correction_empty, correction_too_long. */
export function readCorrection(raw: string): string {
  const text = readText(raw);
  if (text === null) throw new UserError('correction_empty');
  const length = codePoints(text);
  if (length > MAX_TURN_LENGTH) throw new UserError('correction_too_long', { length, limit: MAX_TURN_LENGTH });
  return text;
}

/**
 * A rating from 0.0 to 1.0; "0,5" is half.
 * @throws UserError rating_empty, rating_not_a_number {value}, rating_out_of_range {value}.
 */
export function readRating(raw: string | number): number {
  const typed = String(raw).trim();
  if (ONLY_INVISIBLE.test(typed)) throw new UserError('rating_empty');
  const value = typeof raw === 'number' ? raw : parseDecimal(typed);
  const quoted = [...typed].slice(0, 20).join('');
  if (value === null || !Number.isFinite(value)) throw new UserError('rating_not_a_number', { value: quoted });
  if (value < 0 || value > 1) throw new UserError('rating_out_of_range', { value: quoted });
  return value === 0 ? 0 : value;
}

/** A decimal number with a point or a comma, "1e-4" too; null when it is none. */
export function parseDecimal(raw: string): number | null {
  // A true minus sign is what some keyboards type.
  const text = raw.trim().replace(',', '.').replace('\u2212', '-');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i.test(text) ? Number(text) : null;
}

function readText(raw: string): string | null {
  const text = raw.toWellFormed().replace(/\r\n?/g, '\n').replace(CONTROLS, '').replace(EDGES, '');
  return ONLY_INVISIBLE.test(text) ? null : text;
}

function codePoints(text: string): number {
  return [...text].length;
}
