/**
 * The first token after a context of 200 tokens, when another class's adapter was in use before and when the same one was,
 * in a process of its own: `node measure-swap.ts MODEL THREADS`. Prints both and the median of their ratios, taken in pairs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrainVersion, openBrain } from '../../src/brain/index.ts';
import { defaultLora, initLora } from '../../src/engine/index.ts';
import { medianOf } from './pairs.ts';

const [source = '', threads = '2'] = process.argv.slice(2);
const CONTEXT = 200;
const PAIRS = 12;

const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-'));
const brain = await openBrain(source, { dataFolder, threads: Number(threads) });
const lora = defaultLora(brain.config);
const versions = [1, 2].map(
  (seed): BrainVersion => ({ adapter: { lora, tensors: initLora(brain.config, lora, seed) } }),
);

let context = 0;
async function firstToken(version: BrainVersion): Promise<number> {
  // Another context each time, so that nothing but the adapter can be kept from the call before.
  const ids = Array.from(
    { length: CONTEXT },
    (_, i) => (((i + 1) * 7919 + ++context) % 50_000) % brain.config.vocabSize,
  );
  const start = performance.now();
  await brain.generate(ids, { maxNewTokens: 1, greedy: true, repetitionPenalty: 1, seed: 1 }, version);
  return performance.now() - start;
}

for (const version of versions) await firstToken(version);
const swapped: number[] = [];
const kept: number[] = [];
for (let pair = 0; pair < PAIRS; pair++) {
  const version = versions[pair % 2]!;
  swapped.push(await firstToken(version));
  kept.push(await firstToken(version));
}
await brain.dispose();
rmSync(dataFolder, { recursive: true, force: true });
const ratio = medianOf(swapped.map((ms, pair) => ms / kept[pair]!));
console.log(JSON.stringify({ swappedMs: medianOf(swapped), keptMs: medianOf(kept), ratio }));
