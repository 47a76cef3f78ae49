/** Serves random weights in a process of its own, token by token, and prints what it took: `node measure-decoding.ts MODEL FILE ADAPTER`. */
import { defaultLora, initLora, openServing } from '../../src/engine/index.ts';
import { configOf } from './models.ts';

const [name = '', file = '', adapted = ''] = process.argv.slice(2);
const PROMPT = 32;
const TOKENS = 64;

const config = configOf(name);
const opening = performance.now();
const model = await openServing(config, { weightsFile: file });
const loadMs = performance.now() - opening;
if (adapted === 'adapter') {
  const lora = defaultLora(config);
  model.setAdapter({ lora, tensors: initLora(config, lora, 1) });
}

async function decode(): Promise<{ firstMs: number; tokensPerSecond: number }> {
  const start = performance.now();
  const decoder = model.startDecoding(PROMPT + TOKENS);
  await decoder.read(Array.from({ length: PROMPT }, (_, i) => (i * 7919) % config.vocabSize));
  const first = performance.now();
  for (let length = PROMPT; length < PROMPT + TOKENS; length++) await decoder.read([length]);
  return { firstMs: first - start, tokensPerSecond: (1000 * TOKENS) / (performance.now() - first) };
}

const cold = await decode();
const warm = [await decode(), await decode(), await decode()].sort((a, b) => a.tokensPerSecond - b.tokensPerSecond)[1]!;
console.log(
  JSON.stringify({
    loadMs,
    coldFirstMs: cold.firstMs,
    warmFirstMs: warm.firstMs,
    tokensPerSecond: warm.tokensPerSecond,
    peakMb: process.resourceUsage().maxRSS / 1024,
  }),
);
await model.dispose();
