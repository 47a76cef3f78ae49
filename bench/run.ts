/**
 * `npm run bench [-- NAME …]`: every claim of speed and memory as a table. A bench is a file `bench/**\/*.bench.ts` whose
 * default export is an async function returning one or more tables. Figures are of this machine at this moment:
 * compare rows of one run, not runs.
 */
import { globSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BenchTable, formatTable } from './table.ts';

const wanted = process.argv.slice(2);
const files = globSync('**/*.bench.ts', { cwd: import.meta.dirname })
  .toSorted()
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)));

if (files.length === 0) {
  console.error(`no bench is called ${wanted.join(', ')}`);
  process.exit(2);
}

console.log(
  `${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}\n`,
);
for (const file of files) {
  const bench: { default: () => Promise<BenchTable | BenchTable[]> } = await import(
    pathToFileURL(path.join(import.meta.dirname, file)).href
  );
  for (const table of [await bench.default()].flat()) console.log(formatTable(table));
}
