/**
 * `npm run bench [-- NAME …]`: every claim of speed and memory as a table. A bench is a file `bench/**\/*.bench.ts` whose
 * default export is an async function returning one or more tables. Figures are of this machine at this moment:
 * compare rows of one run, not runs.
 *
 * `npm run bench -- --peers [NAME …] [--pairs=3] [--profile]`: PyTorch, peft, llama.cpp and nanogpt beside us instead; what they need
 * is installed into data/peers (BENCH_PEERS_FOLDER: another folder) when Python and a network are there.
 */
import { globSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type BenchTable, formatTable } from './table.ts';

const { values, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: 'boolean', default: false },
    pairs: { type: 'string', default: '3' },
    profile: { type: 'boolean', default: false },
    // Of `recipes` and `teach`, which read them themselves.
    model: { type: 'string' },
    rows: { type: 'string' },
    said: { type: 'string' },
    chains: { type: 'string' },
    held: { type: 'string' },
    ways: { type: 'string' },
    after: { type: 'string' },
    seeds: { type: 'string' },
  },
});

const pairs = Number(values.pairs);
if (!Number.isInteger(pairs) || pairs < 1) {
  console.error(`--pairs takes a whole number from 1 on, not ${values.pairs}`);
  process.exit(2);
}

async function* benches(): AsyncGenerator<BenchTable> {
  const files = globSync('**/*.bench.ts', { cwd: import.meta.dirname })
    .toSorted()
    .filter((file) => wanted.length === 0 || wanted.some((name) => file.includes(name)));
  for (const file of files) {
    const bench: { default: () => Promise<BenchTable | BenchTable[]> } = await import(
      pathToFileURL(path.join(import.meta.dirname, file)).href
    );
    yield* [await bench.default()].flat();
  }
}

async function* peers(): AsyncGenerator<BenchTable> {
  const { comparePeers } = await import('./peers/compare.ts');
  yield* comparePeers({ names: wanted, pairs, profile: values.profile });
}

console.log(
  `${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}\n`,
);
let tables = 0;
for await (const table of values.peers ? peers() : benches()) {
  console.log(formatTable(table));
  tables++;
}
if (tables === 0) {
  console.error(`no bench is called ${wanted.join(', ')}`);
  process.exit(2);
}
