/**
 * The token table: the reply laid beside the sentence a person expected, word by word, each word with a reward. The
 * semantics are those of the Portuguese teaching script this project descends from: lower case, Python's `\w+|[^\w\s]`,
 * positions counted from 1; a token in its place earns `maxScore / expected tokens`, one that stands elsewhere earns
 * `halfReward`, one that is not expected at all (or not there) costs what a right one earns.
 */
import { roundTo4, wordsAndSymbols } from './python-text.ts';

export type TokenStatus =
  | { readonly code: 'correct'; readonly position: number }
  | { readonly code: 'misplaced'; readonly position: number; readonly shouldBe: number }
  | { readonly code: 'absent' };

export interface TokenRow {
  /** '' where the expected sentence has ended. */
  readonly expected: string;
  /** '' where the reply has ended. */
  readonly generated: string;
  readonly status: TokenStatus;
  /** Rounded to 4 decimals, as it is shown; the total adds the exact rewards. */
  readonly reward: number;
}

export interface TokenReport {
  readonly total: number;
  readonly rows: readonly TokenRow[];
}

export interface TokenReportOptions {
  /** What a perfect reply earns in all. 25 unless given. */
  readonly maxScore?: number;
  /** What a token standing elsewhere earns. Half of a right token's reward unless given. */
  readonly halfReward?: number;
}

export const DEFAULT_MAX_SCORE = 25;

/** Compares a reply with the expected sentence, token by token; total between −maxScore and maxScore for equal lengths. */
export function tokenReport(expected: string, generated: string, options: TokenReportOptions = {}): TokenReport {
  const wanted = wordsAndSymbols(expected.toLowerCase());
  const given = wordsAndSymbols(generated.toLowerCase());
  const right = wanted.length === 0 ? 0 : (options.maxScore ?? DEFAULT_MAX_SCORE) / wanted.length;
  const elsewhere = options.halfReward ?? right / 2;
  const firstPlace = new Map<string, number>();
  for (const [index, token] of wanted.entries()) if (!firstPlace.has(token)) firstPlace.set(token, index + 1);

  const rows: TokenRow[] = [];
  let total = 0;
  for (let index = 0; index < Math.max(wanted.length, given.length); index += 1) {
    const status = statusOf(given[index], wanted[index], index + 1, firstPlace);
    // 0 - right, not -right: Python's int 0 has no sign.
    const reward = status.code === 'correct' ? right : status.code === 'misplaced' ? elsewhere : 0 - right;
    total += reward;
    rows.push({
      expected: wanted[index] ?? '',
      generated: given[index] ?? '',
      status,
      reward: roundTo4(reward),
    });
  }
  return { total, rows };
}

/** The status in the words of the original script, which the golden answers and the command line keep. */
export function statusInPortuguese(status: TokenStatus): string {
  if (status.code === 'correct') return `posição ${status.position} correta`;
  if (status.code === 'misplaced') return `posição ${status.position} incorreta (deveria ser ${status.shouldBe})`;
  return 'ausente';
}

function statusOf(
  given: string | undefined,
  wanted: string | undefined,
  position: number,
  firstPlace: ReadonlyMap<string, number>,
): TokenStatus {
  if (given === undefined) return { code: 'absent' };
  if (given === wanted) return { code: 'correct', position };
  const shouldBe = firstPlace.get(given);
  return shouldBe === undefined ? { code: 'absent' } : { code: 'misplaced', position, shouldBe };
}
