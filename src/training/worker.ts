/**
 * The training process: takes one job, does it, leaves, so that all its memory goes back. Started by the supervisor, at
 * low priority, as a process because onnxruntime crashes in threads. Asked to stop, or with its bot gone, it puts the work
 * in a safe place and leaves. Exit code 0: the job has ended or waits again; else this process broke, and the job is tried
 * again.
 */
import { constants, setPriority } from 'node:os';
import { openStore } from '../store/index.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type JobChanged, STOP } from './messages.ts';
import { runJob } from './run-job.ts';
import { parseWorkerArguments } from './worker-options.ts';

try {
  setPriority(constants.priority.PRIORITY_LOW);
} catch {
  // Some systems do not let a process step back; it trains all the same.
}

const { dataFolder, worker, leaseMs, beatMs, threads, precision } = parseWorkerArguments(process.argv.slice(2));
const stop = { asked: false };
const askToStop = () => {
  stop.asked = true;
};
process.on('message', (message) => {
  if (message === STOP) askToStop();
});
// The bot was killed: nobody will ask.
process.on('disconnect', askToStop);
// Ctrl+C in a terminal reaches the worker as well as the bot.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, askToStop);
// With the bot gone nobody reads what is said.
process.stderr.on('error', () => {});

const store = openStore({ folder: dataFolder, migrate: false });
const job = store.jobs.claim(worker, leaseMs);
if (job !== null) {
  const heartbeat = startHeartbeat({ dataFolder, jobId: job.id, worker, leaseMs, beatMs });
  const changed = () => tell({ jobId: job.id });
  await changed();
  await runJob({
    store,
    job,
    worker,
    isStopAsked: () => stop.asked,
    changed,
    ...(threads === undefined ? {} : { threads }),
    ...(precision === undefined ? {} : { precision }),
  });
  await heartbeat.stop();
  await changed();
}
store.close();
// Whatever onnxruntime still holds must not keep the process.
process.exit(0);

/** Resolves when the message is on its way, or when there is nobody to hear it. */
function tell(message: JobChanged): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, () => resolve());
    else resolve();
  });
}
