/**
 * Trains a model of sprout's width and depth with @genai-fi/nanogpt on TensorFlow.js' plain JavaScript backend and prints its speed:
 * `node measure-nanogpt.ts ENTRY VOCABULARY LAYERS WIDTH HEADS LENGTH STEPS`.
 *
 * Its first architecture, as the second one's RMSNorm has no kernel for the CPU. A feed-forward layer of two matrices and four
 * times the width: as many weights as sprout's three of 2.7 times.
 */
import { readdirSync } from 'node:fs';
import { peakMemory } from '../../../src/training/peak-memory.ts';

const [entry = '', ...numbers] = process.argv.slice(2);
const [vocabSize, nLayer, nEmbed, nHead, blockSize, steps] = numbers.map(Number) as [
  number,
  number,
  number,
  number,
  number,
  number,
];

interface Job {
  history: { step: number; duration: number; totalTokens: number; trainingMetrics: { loss: number } }[] | null;
}

interface Llm {
  getNumParams(): number;
  on(event: 'status', listener: (status: string) => void): void;
  on(event: 'error', listener: (error: unknown) => void): void;
  readonly status: string;
  training: {
    on(event: 'progress', listener: (job: Job) => void): void;
    on(event: 'error', listener: (id: string, error: Error) => void): void;
    job(options: object, data: Uint16Array[], datasets: object[]): Promise<unknown>;
  };
}

// Its bundle holds an empty `util` where TensorFlow.js' own part for Node looks for TextEncoder; a web worker's finds its own.
Object.assign(globalThis, { WorkerGlobalScope: class {} });
const { TeachableLLM } = (await import(entry)) as {
  TeachableLLM: { selectBackend(name: 'cpu'): Promise<void>; create(tokeniser: 'bpe', config: object): Llm };
};
const kernels = new URL('ops/cpu/', entry);
for (const file of readdirSync(kernels)) if (file.endsWith('.js')) await import(new URL(file, kernels).href);
await TeachableLLM.selectBackend('cpu');

const model = {
  modelType: 'GenAI_NanoGPT_v1',
  useRope: true,
  vocabSize,
  blockSize,
  nLayer,
  nHead,
  nEmbed,
  mlpFactor: 4,
};
const llm = TeachableLLM.create('bpe', model);
const fail = (error: unknown): never => {
  console.error(error instanceof Error ? error : new Error(String(error)));
  process.exit(1);
};
llm.on('error', fail);
llm.training.on('error', (_, error) => fail(error));
while (llm.status === 'warmup') await new Promise((resolve) => setTimeout(resolve, 20));

llm.training.on('progress', ({ history }) => {
  const last = history!.at(-1)!;
  // The first step also compiles.
  if (last.step < steps) return;
  const [first] = history!;
  const tokensPerSecond = (1000 * (last.totalTokens - first!.totalTokens)) / (last.duration - first!.duration);
  const losses = history!.map(({ trainingMetrics }) => trainingMetrics.loss);
  console.log(
    JSON.stringify({ tokensPerSecond, parameters: llm.getNumParams(), losses, peakMb: peakMemory() / 2 ** 20 }),
  );
  process.exit(0);
});
const ids = Uint16Array.from({ length: (steps + 8) * blockSize }, (_, i) => (i * 7919) % vocabSize);
const options = { method: { type: 'pretraining' }, batchSize: 1, maxEpochs: 100, logInterval: 1, learningRate: 1e-3 };
await llm.training.job(options, [ids], [{ id: 'ids', name: 'ids', conversational: false }]);
