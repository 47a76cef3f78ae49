/**
 * The optimiser over all trained tensors at once. A step over a hundred million numbers is bound by one processor's
 * arithmetic, so big models share it among threads: the numbers lie in shared memory, cut into chunks of fixed size that
 * threads take as they get free. Every chunk gives the same bytes whoever works on it, and sums are added in chunk order.
 */
import { Worker } from 'node:worker_threads';
import { type AdamWStep, adamwUpdate, sumOfSquares } from './adamw.ts';

export interface OptimizedTensor {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly expAvg: Float32Array;
  readonly expAvgSq: Float32Array;
  readonly decays: boolean;
}

const TASKS = Object.freeze({ squares: 0, step: 1 });

/**
 * Where the threads meet: tasks begun so far, the one to do, the chunk to take next, helpers still at work, helpers that
 * have started, helpers that take part in the task (one that starts in its midst waits for the next).
 */
export const CONTROL = Object.freeze({ generation: 0, task: 1, next: 2, busy: 3, ready: 4, members: 5 });

/** A helper needs milliseconds for its last chunk; silent for so long, it is gone. */
const PATIENCE_MS = 60_000;

export interface Shared {
  readonly tensors: readonly OptimizedTensor[];
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

/** 1 MB of each array: small enough to balance, large enough that taking one costs nothing. */
const CHUNK = 2 ** 18;

/** Below this many numbers (one thread steps through them in 0.07 s) a helper's 25 MB are not worth it. */
const SHARED_FROM = 2 ** 24;

/** Memory for `count` numbers that threads may share, when a model of `total` numbers needs threads at all. */
export function allocate(count: number, total: number): Float32Array {
  return total < SHARED_FROM ? new Float32Array(count) : new Float32Array(new SharedArrayBuffer(4 * count));
}

/** Gives an array's memory back now; V8 would let it lie until its heap is full. Memory that threads share has to wait. */
export function free(array: Float32Array): void {
  if (array.buffer instanceof ArrayBuffer) array.buffer.transfer(0);
}

export class AdamWPool {
  readonly #shared: Shared;
  readonly #helpers: Worker[] = [];

  /** @param threads in all, this one included. */
  constructor(tensors: readonly OptimizedTensor[], threads: number) {
    const shareable = tensors.some(({ parameter }) => parameter.buffer instanceof SharedArrayBuffer);
    this.#shared = {
      tensors,
      control: new Int32Array(new SharedArrayBuffer(4 * Object.keys(CONTROL).length)),
      step: new Float64Array(new SharedArrayBuffer(8 * STEP_KEYS.length)),
      squares: new Float64Array(new SharedArrayBuffer(8 * chunkCount(tensors))),
    };
    for (let i = 1; shareable && i < threads; i++) {
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
    work(this.#shared, task);
    for (let busy = Atomics.load(control, CONTROL.busy); busy > 0; busy = Atomics.load(control, CONTROL.busy)) {
      const answer = Atomics.wait(control, CONTROL.busy, busy, PATIENCE_MS);
      if (answer === 'timed-out') throw new Error(`${busy} of the optimiser's ${members} helper threads do not answer`);
    }
  }
}

/** Takes chunks until none is left. */
export function work({ tensors, control, step, squares }: Shared, task: number): void {
  const options = Object.fromEntries(STEP_KEYS.map((key, i) => [key, step[i]!])) as Record<
    (typeof STEP_KEYS)[number],
    number
  >;
  let first = 0; // number of the tensor's first chunk
  let chunk = Atomics.add(control, CONTROL.next, 1);
  for (const { parameter, gradient, expAvg, expAvgSq, decays } of tensors) {
    const count = Math.ceil(gradient.length / CHUNK);
    const own: AdamWStep = decays ? options : { ...options, weightDecay: 0 };
    for (; chunk < first + count; chunk = Atomics.add(control, CONTROL.next, 1)) {
      const start = (chunk - first) * CHUNK;
      const end = Math.min(start + CHUNK, gradient.length);
      if (task === TASKS.squares) squares[chunk] = sumOfSquares(gradient, start, end);
      else adamwUpdate(parameter, gradient, expAvg, expAvgSq, own, start, end);
    }
    first += count;
  }
}

function chunkCount(tensors: readonly OptimizedTensor[]): number {
  return tensors.reduce((sum, { gradient }) => sum + Math.ceil(gradient.length / CHUNK), 0);
}
