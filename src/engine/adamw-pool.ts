/**
 * The optimiser over all trained tensors at once. A step over a hundred million numbers keeps one processor busy for a
 * while, so big models share it among threads: the numbers lie in shared memory, cut into chunks of fixed size that
 * threads take as they get free. Every chunk gives the same bytes whoever works on it, and sums are added in chunk order.
 */
import { Worker } from 'node:worker_threads';
import { type AdamWStep, adamwNumbers } from './adamw.ts';
import { type AdamWKernels, openKernels } from './adamw-kernels.ts';
import { type OptimizedTensor, type OptimizerMemory, paddedBytes } from './optimizer-memory.ts';

const TASKS = Object.freeze({ squares: 0, step: 1, accumulate: 2 });

/**
 * Where the threads meet: tasks begun so far, the one to do, the chunk to take next, helpers still at work, helpers that
 * have started, helpers that take part in the task (one that starts in its midst waits for the next).
 */
export const CONTROL = Object.freeze({ generation: 0, task: 1, next: 2, busy: 3, ready: 4, members: 5 });

/** A helper needs milliseconds for its last chunk; silent for so long, it is gone. */
const PATIENCE_MS = 60_000;

export interface Shared extends OptimizerMemory {
  readonly control: Int32Array;
  /** One AdamWStep, in the order of STEP_KEYS. */
  readonly step: Float64Array;
  /** Σ gradient² of each chunk. */
  readonly squares: Float64Array;
}

const STEP_KEYS = [
  'learningRate',
  'weightDecay',
  'step',
  'gradientScale',
  'beta1',
  'beta2',
  'epsilon',
] as const satisfies (keyof AdamWStep)[];

/** 256 KB of each array: small enough to balance, large enough that taking one costs nothing. A multiple of a vector. */
const CHUNK = 2 ** 16;

/** Below this many numbers (one thread steps through them in 0.04 s) a helper's 25 MB are not worth it. */
const SHARED_FROM = 2 ** 24;

export class AdamWPool {
  readonly #shared: Shared;
  readonly #helpers: Worker[] = [];

  readonly #kernels: readonly AdamWKernels[];

  /** @param threads in all, this one included. @param sharedFrom numbers from which on helpers are started. */
  constructor({ memories, tensors }: OptimizerMemory, threads: number, sharedFrom = SHARED_FROM) {
    const total = tensors.reduce((sum, { parameter }) => sum + parameter.length, 0);
    this.#kernels = memories.map(openKernels);
    this.#shared = {
      memories,
      tensors,
      control: new Int32Array(new SharedArrayBuffer(4 * Object.keys(CONTROL).length)),
      step: new Float64Array(new SharedArrayBuffer(8 * STEP_KEYS.length)),
      squares: new Float64Array(new SharedArrayBuffer(8 * chunkCount(tensors))),
    };
    for (let i = 1; total >= sharedFrom && i < threads; i++) {
      const helper = new Worker(new URL('./adamw-thread.ts', import.meta.url), { workerData: this.#shared });
      // A process whose work is done may end although its helpers wait for more.
      helper.unref();
      this.#helpers.push(helper);
    }
  }

  /** Helper threads started. */
  get started(): number {
    return this.#helpers.length;
  }

  /** Helper threads ready to take part. */
  get helpers(): number {
    return Atomics.load(this.#shared.control, CONTROL.ready);
  }

  /** Σ gradient² over all tensors, in double precision. */
  squares(): number {
    this.#run(TASKS.squares);
    return this.#shared.squares.reduce((sum, value) => sum + value, 0);
  }

  /** Adds every tensor's scratch to its gradient. */
  accumulate(): void {
    this.#run(TASKS.accumulate);
  }

  step(step: AdamWStep): void {
    for (const [i, key] of STEP_KEYS.entries()) this.#shared.step[i] = step[key];
    this.#run(TASKS.step);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }

  #run(task: number): void {
    const { control } = this.#shared;
    const members = Atomics.load(control, CONTROL.ready);
    Atomics.store(control, CONTROL.members, members);
    Atomics.store(control, CONTROL.busy, members);
    Atomics.store(control, CONTROL.task, task);
    Atomics.store(control, CONTROL.next, 0);
    Atomics.add(control, CONTROL.generation, 1);
    Atomics.notify(control, CONTROL.generation);
    work(this.#shared, this.#kernels, task);
    for (let busy = Atomics.load(control, CONTROL.busy); busy > 0; busy = Atomics.load(control, CONTROL.busy)) {
      const answer = Atomics.wait(control, CONTROL.busy, busy, PATIENCE_MS);
      if (answer === 'timed-out') throw new Error(`${busy} of the optimiser's ${members} helper threads do not answer`);
    }
  }
}

/** Takes chunks until none is left. @param kernels one a memory. */
export function work(
  { tensors, control, step, squares }: Shared,
  kernels: readonly AdamWKernels[],
  task: number,
): void {
  const options = Object.fromEntries(STEP_KEYS.map((key, i) => [key, step[i]!])) as Record<
    (typeof STEP_KEYS)[number],
    number
  >;
  let first = 0; // number of the tensor's first chunk
  let chunk = Atomics.add(control, CONTROL.next, 1);
  for (const { parameter, gradient, scratch, expAvg, expAvgSq, decays, optimizer, memory } of tensors) {
    const kernel = kernels[memory]!;
    const numbers = adamwNumbers(options, decays);
    const count = Math.ceil(gradient.length / CHUNK);
    for (; chunk < first + count; chunk = Atomics.add(control, CONTROL.next, 1)) {
      const start = 4 * CHUNK * (chunk - first);
      const bytes = Math.min(4 * CHUNK, paddedBytes(gradient.length) - start);
      const at = (values: Float32Array): number => values.byteOffset + start;
      if (task === TASKS.squares) squares[chunk] = kernel.squares(at(gradient), at(gradient) + bytes);
      else if (task === TASKS.accumulate) kernel.accumulate(at(gradient), at(scratch), at(gradient) + bytes);
      else if (optimizer === 'adamw')
        kernel.step(at(parameter), at(gradient), at(expAvg), at(expAvgSq), at(parameter) + bytes, ...numbers);
    }
    first += count;
  }
}

function chunkCount(tensors: readonly OptimizedTensor[]): number {
  return tensors.reduce((sum, { gradient }) => sum + Math.ceil(gradient.length / CHUNK), 0);
}
