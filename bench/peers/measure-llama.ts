/**
 * Writes tokens with llama.cpp, greedily, in a process of its own, and prints what it took, as measure-decoding.ts does:
 * `node measure-llama.ts MODULE FILE PROMPT_IDS TOKENS THREADS`. MODULE is the address of node-llama-cpp.
 */
import { peakMemory } from '../../src/training/peak-memory.ts';

/** What is used of node-llama-cpp, which is no dependency of ours. */
interface NodeLlamaCpp {
  getLlama(options: object): Promise<{
    loadModel(options: object): Promise<{
      createContext(options: object): Promise<{
        getSequence(): {
          evaluate(tokens: number[], options: object): AsyncIterable<number>;
          clearHistory(): Promise<void>;
        };
      }>;
    }>;
    dispose(): Promise<void>;
  }>;
}

const [module = '', file = '', prompt = '[]', tokens = '64', threads = '2'] = process.argv.slice(2);
const RUNS = 4;

const opening = performance.now();
const { getLlama }: NodeLlamaCpp = await import(module);
const llama = await getLlama({ gpu: false, build: 'never', maxThreads: Number(threads), logLevel: 'error' });
const model = await llama.loadModel({ modelPath: file });
const context = await model.createContext({ threads: Number(threads), contextSize: 512 });
const loadMs = performance.now() - opening;
const promptIds: number[] = JSON.parse(prompt);

const sequence = context.getSequence();
const runs: { firstMs: number; tokensPerSecond: number; outputIds: number[] }[] = [];
for (let i = 0; i < RUNS; i++) {
  await sequence.clearHistory();
  const outputIds: number[] = [];
  const times: number[] = [];
  const start = performance.now();
  for await (const token of sequence.evaluate(promptIds, { temperature: 0, yieldEogToken: true })) {
    times.push(performance.now());
    outputIds.push(token);
    if (outputIds.length === Number(tokens)) break;
  }
  const [first, last] = [times[0]!, times.at(-1)!];
  runs.push({ firstMs: first - start, tokensPerSecond: (1000 * (times.length - 1)) / (last - first), outputIds });
}
// The first run also touches all memory for the first time.
const median = runs.slice(1).sort((a, b) => a.tokensPerSecond - b.tokensPerSecond)[(RUNS - 1) >> 1]!;
console.log(JSON.stringify({ loadMs, ...median, peakMb: peakMemory() / 2 ** 20 }));
await llama.dispose();
