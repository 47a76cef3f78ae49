/**
 * Text the way Python's `str` and `re` see it, since the metrics we must equal are written in Python. JavaScript's `\w`
 * knows ASCII alone, its `\s` has U+FEFF but not U+001C to U+001F or U+0085, and its lengths count UTF-16 units.
 *
 * - `\w` is `str.isalnum()` or an underscore: the letters (L*), and whatever has a numeric value, which is N*. The
 *   numeric letters of CJK are letters already. Combining marks are not word characters.
 * - `\s` is `str.isspace()`: bidirectional class WS, B or S, or category Zs.
 * - `lower()` is Unicode's full mapping with the final sigma rule, and JavaScript's `toLowerCase()` is the same.
 */
const WORD_CHARACTER = '\\p{L}\\p{N}_';
const SPACE_CHARACTER = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

const WORD_OR_SYMBOL = new RegExp(`[${WORD_CHARACTER}]+|[^${WORD_CHARACTER}${SPACE_CHARACTER}]`, 'gu');
const NOT_SPACE = new RegExp(`[^${SPACE_CHARACTER}]+`, 'gu');
const AROUND = new RegExp(`^[${SPACE_CHARACTER}]+|[${SPACE_CHARACTER}]+$`, 'gu');

/** `re.findall(r'\w+|[^\w\s]', text)`: words, and every other visible character alone. */
export function wordsAndSymbols(text: string): string[] {
  return text.match(WORD_OR_SYMBOL) ?? [];
}

/** `text.split()`: what stands between runs of white space. */
export function splitOnSpace(text: string): string[] {
  return text.match(NOT_SPACE) ?? [];
}

/** `text.strip()`. */
export function strip(text: string): string {
  return text.replace(AROUND, '');
}

/** `round(value, 4)`: correctly rounded from the exact binary value, ties to the even digit. */
export function roundTo4(value: number): number {
  // The only doubles exactly half way between two four-digit decimals are odd multiples of 1/32.
  const isTie = Number.isInteger(value * 32) && !Number.isInteger(value * 16);
  if (!isTie) return Number(value.toFixed(4));
  const below = Math.floor(value * 10_000);
  return (below % 2 === 0 ? below : below + 1) / 10_000;
}
