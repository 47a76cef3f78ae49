/**
 * Signs of life from a thread of its own, over its own connection to the database: the training thread may be inside
 * onnxruntime for longer than the lease, and would be taken for dead. The thread only renews; whether to stop is asked
 * by the training thread between two steps.
 */
import { Worker } from 'node:worker_threads';
import type { HeartbeatData } from './heartbeat-thread.ts';

export interface HeartbeatOptions {
  dataFolder: string;
  jobId: string;
  worker: string;
  /** How long the job stays this worker's without a beat. */
  leaseMs: number;
  beatMs: number;
}

export interface Heartbeat {
  /** Resolves when the thread has closed its connection and ended. */
  stop(): Promise<void>;
}

/** Starts beating at once. A thread that breaks brings the process down: without beats the job is somebody else's soon. */
export function startHeartbeat(options: HeartbeatOptions): Heartbeat {
  const stopped = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  const workerData: HeartbeatData = { ...options, stopped };
  const thread = new Worker(new URL('./heartbeat-thread.ts', import.meta.url), {
    workerData,
    execArgv: [],
    // A thread brings a heap of its own; this one only renews a row.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  });
  const ended = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  return {
    stop() {
      Atomics.store(stopped, 0, 1);
      Atomics.notify(stopped, 0);
      return ended;
    },
  };
}
