/** What every bench returns, and how it is printed: a title, one row a measurement, figures already rounded for reading. */
export interface BenchTable {
  title: string;
  /** What the figures mean and how they were taken, in a line. */
  note?: string;
  rows: Record<string, string | number>[];
}

/** A Markdown table, so that a result can be pasted into docs/LOG.md as it is. */
export function formatTable({ title, note, rows }: BenchTable): string {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? '')))];
  const widths = columns.map((_, index) => Math.max(3, ...cells.map((row) => row[index]!.length)));
  const line = (row: string[]) => `| ${row.map((cell, index) => cell.padEnd(widths[index]!)).join(' | ')} |`;
  const [head, ...body] = cells;
  const rule = `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`;
  return [`## ${title}`, ...(note ? [note] : []), '', line(head!), rule, ...body.map(line), ''].join('\n');
}
