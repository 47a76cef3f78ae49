/** Serves random weights in a process of its own, token by token, and prints what it took: `node measure-decoding.ts MODEL FILE ADAPTER`. */
import { architectureOf, defaultLora, initLora, openServing } from '../../src/engine/index.ts';
import { int64Tensor, Tensor } from '../../src/engine/session.ts';
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

const { keyValueHeads, headSize } = architectureOf(config);
const empty = new Tensor('float32', new Float32Array(0), [1, keyValueHeads, 0, headSize]);
async function decode(): Promise<{ firstMs: number; tokensPerSecond: number }> {
  const session = model.transformersSession;
  let cache: Record<string, Tensor> = Object.fromEntries(
    session.inputNames.filter((input) => input.startsWith('past')).map((input) => [input, empty]),
  );
  let firstMs = 0;
  let start = performance.now();
  for (let length = PROMPT; length <= PROMPT + TOKENS; length++) {
    const fresh = length === PROMPT ? PROMPT : 1;
    const { logits, ...present } = await session.run({
      input_ids: int64Tensor(new Int32Array(fresh).fill(length), [1, fresh]),
      attention_mask: int64Tensor(new Int32Array(length).fill(1), [1, length]),
      position_ids: int64Tensor(
        Int32Array.from({ length: fresh }, (_, i) => length - fresh + i),
        [1, fresh],
      ),
      ...cache,
    });
    if (logits === undefined) throw new Error('no logits');
    cache = Object.fromEntries(
      Object.entries(present).map(([output, value]) => [output.replace('present', 'past_key_values'), value]),
    );
    if (length === PROMPT) {
      firstMs = performance.now() - start;
      start = performance.now();
    }
  }
  return { firstMs, tokensPerSecond: (1000 * TOKENS) / (performance.now() - start) };
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
