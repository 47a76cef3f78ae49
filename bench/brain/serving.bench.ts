/** How long until sprout answers, how fast it writes, what it weighs in memory: measured in a process of its own. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { BenchTable } from '../table.ts';

export default async function serving(): Promise<BenchTable> {
  const script = path.join(import.meta.dirname, 'measure-serving.ts');
  const output = execFileSync(process.execPath, [script, 'sprout'], { encoding: 'utf8' });
  const rows: BenchTable['rows'] = JSON.parse(output);
  return {
    title: 'Serving sprout',
    note: 'One process, as many threads as the brain takes by itself; resident memory includes pages shared with others.',
    rows,
  };
}
