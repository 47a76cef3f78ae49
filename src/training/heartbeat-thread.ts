/** The thread behind heartbeat.ts: renews the lease, sleeps, again, until told to stop or the job is no longer its own. */
import { workerData } from 'node:worker_threads';
import { UserError } from '../errors.ts';
import { openStore } from '../store/index.ts';
import type { HeartbeatOptions } from './heartbeat.ts';

export interface HeartbeatData extends HeartbeatOptions {
  /** [1] once the beating is to end. */
  stopped: Int32Array<SharedArrayBuffer>;
}

const { dataFolder, jobId, worker, leaseMs, beatMs, stopped }: HeartbeatData = workerData;
const store = openStore({ folder: dataFolder, migrate: false });
try {
  while (beat() === 'ok' && Atomics.wait(stopped, 0, 0, beatMs) === 'timed-out');
} finally {
  store.close();
}

/** A busy database or a full disk may have passed by the next beat; the lease allows for two that fail. */
function beat(): 'ok' | 'over' {
  try {
    return store.jobs.beat(jobId, worker, leaseMs) === 'lost' ? 'over' : 'ok';
  } catch (error) {
    if (error instanceof UserError) return 'ok';
    throw error;
  }
}
