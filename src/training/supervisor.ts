/**
 * The bot's side of training: starts a worker process when a job waits and none runs, frees the job of a worker that died,
 * and asks it to leave when the bot goes down. A worker takes one job and exits, so that its memory goes back. Everything
 * that counts stands in the database; a worker left by a bot that was killed is noticed by its lease and left to end.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { Precision } from '../brain/index.ts';
import type { Store } from '../store/index.ts';
import { sweepCheckpoints } from './checkpoint.ts';
import { isJobChanged, STOP } from './messages.ts';
import { BEAT_MS, LEASE_MS, type WorkerOptions, workerArguments } from './worker-options.ts';

export interface SupervisorOptions {
  store: Store;
  dataFolder: string;
  /** Called after something about a job changed: a step, its end. */
  onChange(jobId: string): void;
  logger: Pick<Logger, 'info' | 'warn' | 'error'>;
  /** Threads a worker computes with; absent: as many as onnxruntime takes by itself. */
  threads?: number;
  /** How the bot serves the brain: a worker shares its memory where it can. */
  precision?: Precision;
  /** The figures below are for tests; unset they are those of the design. */
  leaseMs?: number;
  beatMs?: number;
  /** How often the database is looked at without being asked: for leases that ran out. */
  lookMs?: number;
  /** How long `stop` waits for the worker's checkpoint. */
  graceMs?: number;
}

export interface Supervisor {
  /** Look at the queue now: a job was queued, cancelled or retried. */
  wake(): void;
  /** Lets the worker put its work in a safe place; resolves when no worker runs. No worker is started any more. */
  stop(): Promise<void>;
  /** Process id of the running worker, or null. */
  workerPid(): number | null;
}

const LOOK_MS = 5_000;
/** The longest step measured (GPT-2 124M, all weights, 1024 tokens) takes about 10 s, its checkpoint 5 s. */
const GRACE_MS = 30_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
const WORKER_FILE = fileURLToPath(new URL('./worker.ts', import.meta.url));
/** V8 lets new objects fill 100 MB and more before it looks which are used; 1 MB costs a twentieth of a short job's time. */
const SMALL_HEAP = ['--max-semi-space-size=1'] as const;
/** Enough of what a worker said to find the bug. */
const LAST_WORDS_LENGTH = 4_000;

export function startSupervisor(options: SupervisorOptions): Supervisor {
  const supervisor = new WorkerSupervisor(options);
  supervisor.wake();
  return supervisor;
}

class WorkerSupervisor implements Supervisor {
  readonly #options: SupervisorOptions;
  readonly #look: NodeJS.Timeout;
  #child: ChildProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  /** Workers that broke without a job in their hands, one after another: the machine's fault, so wait before the next. */
  #failedStarts = 0;
  #notBefore = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    const { store, dataFolder } = options;
    sweepCheckpoints(dataFolder, (jobId) => ['queued', 'running'].includes(store.jobs.get(jobId)?.state ?? ''));
    this.#look = setInterval(() => this.wake(), options.lookMs ?? LOOK_MS);
    this.#look.unref();
  }

  workerPid(): number | null {
    return this.#child?.pid ?? null;
  }

  wake(): void {
    if (this.#stopping || this.#child !== null || Date.now() < this.#notBefore) return;
    const { jobs } = this.#options.store;
    const waiting = this.#asked(() => {
      jobs.freeExpired();
      const open = jobs.list();
      return open.some((job) => job.state === 'queued') && open.every((job) => job.state !== 'running');
    });
    if (waiting === true) this.#start();
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#look);
    const child = this.#child;
    if (child === null) return;
    if (child.connected) child.send(STOP, () => {});
    const deadline = setTimeout(() => child.kill('SIGKILL'), this.#options.graceMs ?? GRACE_MS);
    await this.#ended;
    clearTimeout(deadline);
  }

  #start(): void {
    const { dataFolder, threads, precision, leaseMs = LEASE_MS, beatMs = BEAT_MS, logger, onChange } = this.#options;
    const worker = `worker ${randomUUID()}`;
    const asked: WorkerOptions = {
      ...{ dataFolder, worker, leaseMs, beatMs },
      ...(threads === undefined ? {} : { threads }),
      ...(precision === undefined ? {} : { precision }),
    };
    // The bot's secrets are none of the worker's business.
    const { DISCORD_TOKEN: _, ...env } = process.env;
    const child = fork(WORKER_FILE, workerArguments(asked), {
      env,
      // The trainer asks for its memory back between training and measuring.
      execArgv: [...SMALL_HEAP, '--expose-gc'],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child = child;
    logger.info({ worker, workerPid: child.pid }, 'worker started');
    let jobId: string | null = null;
    let lastWords = '';
    child.stderr?.on('data', (text: Buffer) => {
      lastWords = (lastWords + text.toString()).slice(-LAST_WORDS_LENGTH);
    });
    child.on('message', (message: unknown) => {
      if (!isJobChanged(message)) return;
      jobId = message.jobId;
      onChange(jobId);
    });
    this.#ended = new Promise((resolve) => {
      const end = (how: { code?: number | null; signal?: string | null; error?: Error }) => {
        if (this.#child !== child) return;
        this.#child = null;
        if (how.code === 0 && lastWords === '') logger.info({ worker, jobId }, 'worker left');
        else if (how.code === 0) logger.warn({ worker, jobId, lastWords }, 'worker left with a complaint');
        else logger.error({ worker, jobId, ...how, lastWords }, 'worker died');
        this.#afterwards(worker, jobId, how.code === 0);
        resolve();
      };
      // 'close' comes after the last words were read; 'error' alone when the process could not be started.
      child.on('close', (code, signal) => end({ code, signal }));
      child.on('error', (error) => {
        if (child.pid === undefined) end({ error });
      });
    });
  }

  #afterwards(worker: string, jobId: string | null, left: boolean): void {
    this.#asked(() => this.#options.store.jobs.workerDied(worker));
    this.#failedStarts = left || jobId !== null ? 0 : this.#failedStarts + 1;
    const pause = this.#failedStarts === 0 ? 0 : FIRST_PAUSE_MS * 2 ** (this.#failedStarts - 1);
    this.#notBefore = Date.now() + Math.min(pause, LONGEST_PAUSE_MS);
    if (jobId !== null) this.#options.onChange(jobId);
    this.wake();
  }

  /** The database may be busy or the disk full: said in the log, and asked again at the next look. */
  #asked<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the training queue cannot be reached');
      return undefined;
    }
  }
}
