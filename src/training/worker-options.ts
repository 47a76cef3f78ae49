/** How a worker is called: `worker.ts <JSON of WorkerOptions>`. One argument, so that no path needs quoting. */
import type { Precision } from '../brain/index.ts';

export interface WorkerOptions {
  dataFolder: string;
  /** A name no other worker ever has. */
  worker: string;
  leaseMs: number;
  beatMs: number;
  threads?: number;
  /** How the bot serves the brain. */
  precision?: Precision;
}

/** Two beats may fail before the job counts as abandoned. */
export const LEASE_MS = 30_000;
export const BEAT_MS = 10_000;

export function workerArguments(options: WorkerOptions): string[] {
  return [JSON.stringify(options)];
}

export function parseWorkerArguments([text = '']: readonly string[]): WorkerOptions {
  // Written by `workerArguments` of the same version, so only its presence is checked.
  const options: WorkerOptions = JSON.parse(text);
  if (typeof options.dataFolder !== 'string') throw new TypeError(`no data folder in ${text}`);
  return options;
}
