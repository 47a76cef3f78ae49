/** The token table: what was expected beside what came, where it stands, and what it earns; and the same in words. */
import { type Locale, t } from '../../i18n/index.ts';
import type { TokenReport } from '../../scoring/index.ts';
import { signed } from '../format.ts';
import type { Attachment } from '../payload.ts';
import { bar, cell, codeBlock } from '../text.ts';

type TokenRow = TokenReport['rows'][number];

/** More rows than these go into an attachment: a phone shows about as many without scrolling. */
const MOST_ROWS = 12;
const WORD = 11;
const PLACE = 6;
const REWARD = 7;

export interface TokenTable {
  /** For the message: aligned, short, with the legend under it. */
  block: string;
  /** What came of it for who does not read tables: counts, as a total says little (a long reply may lose hundreds). */
  inWords: string;
  /** All rows, when the message could not hold them. */
  file: Attachment | null;
}

export function tokenTable(report: TokenReport, locale: Locale): TokenTable {
  // A line that says "one more" takes as much room as that one.
  const most = report.rows.length === MOST_ROWS + 1 ? MOST_ROWS + 1 : MOST_ROWS;
  const shown = report.rows.slice(0, most).map((row) => line(row, locale));
  const more = report.rows.length - shown.length;
  const lines = [heading(locale, WORD), ...shown];
  if (more > 0) lines.push(t(locale, 'discord:more', { count: more }));
  lines.push(totalLine(report, locale, WORD));
  const block = `${codeBlock(lines)}\n-# ${t(locale, 'discord:table_legend')}`;
  return { block, inWords: inWords(report, locale), file: more > 0 ? wholeTable(report, locale) : null };
}

function totalLine(report: TokenReport, locale: Locale, width: number): string {
  // It may have more digits than any reward.
  const total = cell(signed(locale, report.total), PLACE + 1 + REWARD, 'right');
  return [cell(t(locale, 'discord:column_total'), 2 * width + 1), total].join(' ');
}

/**
 * How many tokens of the reply stand in their place, elsewhere, and nowhere in the sentence; and how many it lacks. The
 * bar is full for the very same sentence, and counts a token in another place as half of one.
 */
function inWords({ rows }: TokenReport, locale: Locale): string {
  const given = rows.filter(({ generated }) => generated !== '');
  const count = (code: TokenRow['status']['code']) => given.filter(({ status }) => status.code === code).length;
  const values = { right: count('correct'), elsewhere: count('misplaced'), absent: count('absent') };
  const share = rows.length === 0 ? 0 : (values.right + values.elsewhere / 2) / rows.length;
  const missing = rows.length - given.length;
  const words = [t(locale, 'discord:table_in_words', values)];
  if (missing > 0) words.push(t(locale, 'discord:table_missing', { count: missing }));
  return `${bar(share)} **${words.join(' · ')}**`;
}

function heading(locale: Locale, width: number): string {
  const words = [t(locale, 'discord:column_expected'), t(locale, 'discord:column_generated')];
  const place = cell(t(locale, 'discord:column_place'), PLACE);
  const reward = cell(t(locale, 'discord:column_reward'), REWARD, 'right');
  return [...words.map((word) => cell(word, width)), place, reward].join(' ');
}

function line(row: TokenRow, locale: Locale, width = WORD): string {
  const reward = cell(signed(locale, row.reward), REWARD, 'right');
  return [cell(row.expected, width), cell(row.generated, width), cell(place(row), PLACE), reward].join(' ');
}

/** "✓ 3" in place; "5→2" stands at 5, belongs at 2; "✗" not in the sentence. */
function place({ status }: TokenRow): string {
  if (status.code === 'correct') return `✓ ${status.position}`;
  return status.code === 'misplaced' ? `${status.position}→${status.shouldBe}` : '✗';
}

const FILE_WORD = 24;
/** A reply has at most a few hundred tokens; a sentence of 4000 characters could have 4000. */
const MOST_FILE_ROWS = 5000;

function wholeTable(report: TokenReport, locale: Locale): Attachment {
  const rows = report.rows.slice(0, MOST_FILE_ROWS).map((row) => line(row, locale, FILE_WORD));
  const text = [
    heading(locale, FILE_WORD),
    ...rows,
    totalLine(report, locale, FILE_WORD),
    '',
    t(locale, 'discord:table_legend'),
    '',
  ].join('\n');
  return {
    name: 'tokens.txt',
    data: new TextEncoder().encode(text),
    description: t(locale, 'discord:table_file'),
  };
}
