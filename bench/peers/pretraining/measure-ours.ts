/**
 * Takes sprout's training steps in a process of its own and prints what they gave and took:
 * `node measure-ours.ts FOLDER muon|adamw ROWS STEPS THREADS [--profile]`.
 */
import { peakMemory } from '../../../src/training/peak-memory.ts';
import { type Profile, profileSessions } from '../../engine/profile.ts';
import { medianOf } from '../pairs.ts';
import { type Step, takeSteps } from './steps.ts';

const [folder = '', optimizer, rows, steps, threads] = process.argv.slice(2);
const profiler = process.argv.includes('--profile') ? profileSessions() : undefined;
let profile: Profile | undefined;
const taken = await takeSteps(folder, {
  muon: optimizer === 'muon',
  batchSize: Number(rows),
  steps: Number(steps),
  threads: Number(threads),
  whileOpen: () => (profile = profiler?.read()),
});
// The first step also touches all memory for the first time.
const median = (part: Exclude<keyof Step, 'loss'>) => medianOf(taken.slice(1).map((step) => step[part]));
console.log(
  JSON.stringify({
    losses: taken.map(({ loss }) => loss),
    gradientsMs: median('gradientsMs'),
    normMs: median('normMs'),
    optimizerMs: median('optimizerMs'),
    stepMs: median('stepMs'),
    peakMb: peakMemory() / 2 ** 20,
    profile,
  }),
);
