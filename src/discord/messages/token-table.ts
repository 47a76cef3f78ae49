/** The token table: what was expected beside what came, where it stands, and what it earns. */

import { type Locale, t } from '../../i18n/index.ts';
import type { TokenReport } from '../../scoring/index.ts';
import { signed } from '../format.ts';
import type { Attachment } from '../payload.ts';
import { cell, codeBlock } from '../text.ts';

type TokenRow = TokenReport['rows'][number];

/** More rows than these go into an attachment: a phone shows about as many without scrolling. */
const MOST_ROWS = 12;
const WORD = 11;
const PLACE = 6;
const REWARD = 7;

export interface TokenTable {
  /** For the message: aligned, short, with the legend under it. */
  block: string;
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
  const block = `${codeBlock(lines)}\n-# ${t(locale, 'discord:table_legend')}`;
  return { block, file: more > 0 ? wholeTable(report, locale) : null };
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
  const total = `${t(locale, 'discord:column_total')} ${signed(locale, report.total)}`;
  const text = [heading(locale, FILE_WORD), ...rows, '', total, t(locale, 'discord:table_legend'), ''].join('\n');
  return {
    name: 'tokens.txt',
    data: new TextEncoder().encode(text),
    description: t(locale, 'discord:table_file'),
  };
}
