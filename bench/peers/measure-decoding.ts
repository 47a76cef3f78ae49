/**
 * Writes tokens as the product does, greedily through the cache, in a process of its own, and prints what it took:
 * `node measure-decoding.ts MODEL PROMPT_IDS TOKENS THREADS [PRECISION]`. MODEL is whatever openBrain takes; PRECISION is
 * float32, or stored: in the 4 to 8 bits they have in the file.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { openBrain } from '../../src/brain/index.ts';
import { peakMemory } from '../../src/training/peak-memory.ts';

const [source = '', prompt = '[]', tokens = '64', threads = '2', precision = 'float32'] = process.argv.slice(2);
const RUNS = 4;

const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-'));
const opening = performance.now();
const brain = await openBrain(source, {
  dataFolder,
  threads: Number(threads),
  precision: precision === 'stored' ? 'quantised' : 'float32',
});
const loadMs = performance.now() - opening;
const promptIds: number[] = JSON.parse(prompt);

const runs: { firstMs: number; tokensPerSecond: number; outputIds: number[] }[] = [];
for (let i = 0; i < RUNS; i++) {
  const times: number[] = [];
  const start = performance.now();
  const { outputIds } = await brain.generate(
    promptIds,
    { maxNewTokens: Number(tokens), greedy: true, repetitionPenalty: 1, seed: 1 },
    {},
    () => times.push(performance.now()),
  );
  const [first, last] = [times[0]!, times.at(-1)!];
  runs.push({ firstMs: first - start, tokensPerSecond: (1000 * (times.length - 1)) / (last - first), outputIds });
}
// The first run also touches all memory for the first time.
const median = runs.slice(1).sort((a, b) => a.tokensPerSecond - b.tokensPerSecond)[(RUNS - 1) >> 1]!;
const peakMb = peakMemory() / 2 ** 20;
await brain.dispose();
rmSync(dataFolder, { recursive: true, force: true });
console.log(JSON.stringify({ loadMs, ...median, peakMb }));
