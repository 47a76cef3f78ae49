/** A helper of the optimiser: waits for a task, takes its share of the chunks, says so, waits again. */
import { workerData } from 'node:worker_threads';
import { openKernels } from './adamw-kernels.ts';
import { CONTROL, type Shared, work } from './adamw-pool.ts';

const shared = workerData as Shared;
const { control, memories } = shared;
const kernels = memories.map(openKernels);

let seen = Atomics.load(control, CONTROL.generation);
const number = Atomics.add(control, CONTROL.ready, 1);
for (;;) {
  Atomics.wait(control, CONTROL.generation, seen);
  seen = Atomics.load(control, CONTROL.generation);
  if (number >= Atomics.load(control, CONTROL.members)) continue;
  work(shared, kernels, Atomics.load(control, CONTROL.task));
  Atomics.sub(control, CONTROL.busy, 1);
  Atomics.notify(control, CONTROL.busy);
}
