/**
 * One reader under damaged files, in a process of its own: so that a crash is seen, and so that memory can be weighed. Started
 * by formats.ts. Either `FORMAT mutants COUNT SEED`, or `FORMAT file PATH` for one file. Prints its result as JSON.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { peakMemory } from '../../src/training/peak-memory.ts';
import { attempt, fuzz } from '../formats/fuzz.ts';
import { FUZZED_FORMATS } from '../formats/fuzzed-formats.ts';

const [name, kind, what, seed] = process.argv.slice(2);
const format = FUZZED_FORMATS.find((candidate) => candidate.name === name);
if (format === undefined || what === undefined) throw new Error(`no format ${name}`);
const folder = mkdtempSync(path.join(tmpdir(), 'formats-drill-'));
try {
  format.prepare?.(folder);
  // The compiler's and the first reading's own memory is not the damaged file's.
  for (const whole of format.seeds()) for (let i = 0; i < 20; i++) format.read(whole, folder);
  const work =
    kind === 'file'
      ? (
          (bytes) => () =>
            attempt(format, bytes, folder)
        )(readFileSync(what))
      : () => fuzz(format, folder, { mutants: Number(what), seed: Number(seed) });
  const before = process.memoryUsage.rss();
  const result = work();
  const extraMb = Math.max(0, peakMemory() - before) / 2 ** 20;
  console.log(JSON.stringify({ ...result, extraMb }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
