/**
 * Takes training steps in a process of its own and prints where the time went:
 * `node measure-training.ts MODEL FILE METHOD BATCH LENGTH [THREADS] [--profile]`.
 */
import { openTrainable } from '../../src/engine/index.ts';
import { peakMemory } from '../../src/training/peak-memory.ts';
import { configOf } from './models.ts';
import { profileSessions } from './profile.ts';

const args = process.argv.slice(2).filter((argument) => argument !== '--profile');
const [model = '', file = '', method = 'full', batchSize = '1', length = '64', threads] = args;
const STEPS = 4;

const profiler = process.argv.includes('--profile') ? profileSessions() : undefined;
const config = configOf(model);
const opening = performance.now();
const trainable = await openTrainable(
  config,
  { file },
  {
    method: method === 'lora' ? 'lora' : 'full',
    ...(threads === undefined ? {} : { threads: Number(threads) }),
  },
);
const loadMs = performance.now() - opening;

const tokens = Number(batchSize) * Number(length);
const inputIds = Int32Array.from({ length: tokens }, (_, i) => (i * 7919) % config.vocabSize);
const batch = {
  inputIds,
  labels: inputIds,
  attentionMask: new Int32Array(tokens).fill(1),
  batchSize: Number(batchSize),
  length: Number(length),
};
// A row's first token is predicted by nothing.
const predicted = tokens - Number(batchSize);
const steps: { gradients: number; norm: number; optimizer: number }[] = [];
const losses: number[] = [];
for (let i = 0; i <= STEPS; i++) {
  const start = performance.now();
  losses.push(await trainable.forwardBackward(batch, predicted));
  const gradients = performance.now();
  await trainable.clipGradNorm(1);
  const norm = performance.now();
  await trainable.optimizerStep(5e-5, 0);
  // The first step also touches all memory for the first time.
  if (i > 0) steps.push({ gradients: gradients - start, norm: norm - gradients, optimizer: performance.now() - norm });
}
const median = (part: keyof (typeof steps)[number]) =>
  steps.map((step) => step[part]).sort((a, b) => a - b)[STEPS >> 1]!;
const peakMb = peakMemory() / 2 ** 20;
console.log(
  JSON.stringify({
    loadMs,
    gradientsMs: median('gradients'),
    normMs: median('norm'),
    optimizerMs: median('optimizer'),
    tokens,
    losses,
    peakMb,
    profile: profiler?.read(),
  }),
);
