/** Writes with a model in a process of its own, token by token, and prints what it took: `node measure-decoding.ts FOLDER VERSION PRECISION`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrainVersion, openBrain, type Precision } from '../../src/brain/index.ts';
import { defaultLora, initLora } from '../../src/engine/index.ts';

const [folder = '', version = 'base', precision = 'float32'] = process.argv.slice(2);
const PROMPT = 32;
const TOKENS = 64;

const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-'));
const options = { dataFolder, precision: precision as Precision };
// The weights are packed at the first opening, once for all.
const visitor = await openBrain(folder, options);
await visitor.logprobs([1, 2]);
await visitor.dispose();

const opening = performance.now();
const brain = await openBrain(folder, options);
const openMs = performance.now() - opening;
const lora = defaultLora(brain.config);
const adapter = { lora, tensors: initLora(brain.config, lora, 1) };
const used: BrainVersion = version === 'base' ? {} : { adapter };
const promptIds = Array.from({ length: PROMPT }, (_, i) => (i * 7919) % brain.config.vocabSize);

async function write(): Promise<{ firstMs: number; tokensPerSecond: number }> {
  const times = [performance.now()];
  const settings = { maxNewTokens: TOKENS, greedy: true, repetitionPenalty: 1, seed: 1 };
  await brain.generate(promptIds, settings, used, () => times.push(performance.now()));
  const [start, first, last] = [times[0]!, times[1]!, times.at(-1)!];
  return { firstMs: first - start, tokensPerSecond: (1000 * (times.length - 2)) / (last - first) };
}

const cold = await write();
const warm = [await write(), await write(), await write()].sort((a, b) => a.tokensPerSecond - b.tokensPerSecond)[1]!;
console.log(
  JSON.stringify({
    openMs,
    coldFirstMs: cold.firstMs,
    warmFirstMs: warm.firstMs,
    tokensPerSecond: warm.tokensPerSecond,
    residentMb: process.memoryUsage().rss / 2 ** 20,
  }),
);
await brain.dispose();
rmSync(dataFolder, { recursive: true, force: true });
