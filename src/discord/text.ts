/**
 * Texts of members and models on their way into a message: cleaned of what disarranges it, escaped, cut between graphemes.
 * Everything here returns text that shows what was written and does nothing else.
 */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** What people perceive as characters, in order. */
export function splitGraphemes(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment);
}

/** Code units kept of one grapheme: the longest emoji sequences need about 25, stacked combining marks have no end. */
const GRAPHEME_UNITS = 32;

// Control characters, characters without width (but not the joiners and tags that emoji and some scripts need), and those
// that turn the reading direction around: they would carry over into what stands beside the text.
const DISTURBING = /(?!\n|\u200C|\u200D|[\u{E0020}-\u{E007F}])[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** Same words, without what disarranges a message: at most one empty line in a row, no invisible or turning characters. */
export function clean(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(/\t/g, ' ')
    .replace(DISTURBING, '')
    .replace(/\n\s*\n/g, '\n\n')
    .trim();
}

// Discord shows any ASCII punctuation after a backslash as itself. Those that begin something anywhere or at a line's start.
const MARKDOWN = /[\\*_~`|>#+\-[\]<]/g;

/** `text` so that Discord shows it as it is: no formatting, no mention, no emoji code. */
export function escapeMarkdown(text: string): string {
  return text.replace(MARKDOWN, '\\$&').replace(/@/g, '@\u200B');
}

/** Addresses stay readable, but nobody can click on what a member or a model made up. */
const breakLinks = (text: string): string => text.replaceAll('://', ':\u200B//');

/** First graphemes of `text`, each passed through `each`, as many as fit in `limit` code units with the "…" that marks a cut. */
export function truncate(text: string, limit: number, each: (grapheme: string) => string = (same) => same): string {
  const parts: string[] = [];
  let length = 0;
  /** How many parts still leave room for the "…". */
  let safe = 0;
  for (const { segment } of graphemes.segment(text)) {
    const part = each(segment.length > GRAPHEME_UNITS ? segment.slice(0, GRAPHEME_UNITS).toWellFormed() : segment);
    if (length + part.length > limit) return `${parts.slice(0, safe).join('')}…`;
    parts.push(part);
    length += part.length;
    if (length < limit) safe = parts.length;
  }
  return parts.join('');
}

/** Members' and models' words, ready to stand in a message: cleaned, at most `lines` lines, escaped, cut at `limit`. */
export function quoted(text: string, limit: number, empty: string, lines = 20): string {
  const cleaned = breakLinks(clean(text));
  if (cleaned === '') return empty;
  const all = cleaned.split('\n');
  const kept = all.length > lines ? `${all.slice(0, lines).join('\n')}…` : cleaned;
  return truncate(kept, limit, escapeMarkdown);
}

/** Members' and models' words where Discord formats nothing (a footer, a label, code): one line, not escaped. */
export function inline(text: string, limit: number, empty = '·'): string {
  const line = oneLine(text);
  return truncate(line === '' ? empty : line, limit, (grapheme) => (grapheme === '@' ? '@\u200B' : grapheme));
}

const oneLine = (text: string): string => clean(text).replace(/\s+/g, ' ');

const WIDE =
  /^(?:\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|[\uFF01-\uFF60])/u;
const NO_WIDTH = /^(?:\p{M}|\u200C|\u200D)+$/u;

/** Columns a text takes in a monospaced font: wide letters and emoji two, lone marks none. An estimate: fonts differ. */
export function displayWidth(text: string): number {
  return splitGraphemes(text).reduce((sum, one) => sum + (NO_WIDTH.test(one) ? 0 : WIDE.test(one) ? 2 : 1), 0);
}

/** One line of exactly `width` columns. */
export function cell(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  let line = '';
  let used = 0;
  const parts = splitGraphemes(oneLine(text));
  const whole = displayWidth(parts.join(''));
  for (const part of parts) {
    const clipped = part.length > GRAPHEME_UNITS ? part.slice(0, GRAPHEME_UNITS).toWellFormed() : part;
    const columns = displayWidth(clipped);
    if (used + columns > (whole > width ? width - 1 : width)) break;
    line += clipped;
    used += columns;
  }
  if (whole > width) {
    line += '…';
    used += 1;
  }
  const space = ' '.repeat(Math.max(0, width - used));
  return align === 'left' ? line + space : space + line;
}

/** A block of monospaced lines. Backticks inside cannot end it. */
export function codeBlock(lines: readonly string[]): string {
  return `\`\`\`\n${lines.join('\n').replace(/``/g, '`\u200B`')}\n\`\`\``;
}

/** "▰▰▰▱▱": how much of `1` a value is. Values outside 0…1 count as the nearest end. */
export function bar(value: number, cells = 10): string {
  const share = Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
  const filled = Math.round(share * cells);
  return '▰'.repeat(filled) + '▱'.repeat(cells - filled);
}
