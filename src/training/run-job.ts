/**
 * One training job from its row to its end: which weights to start from, what to train for, the steps and checkpoints
 * written down as they happen, the new version, the push. Killed at any instant it can be run again and ends with the same
 * bytes. One copy of the weights is in memory at a time: the session that measures is opened after the training graph was
 * let go, and that of the new version after that of the old one. Only *reward* asks the brain while it trains; both map
 * the same file then.
 */
import { type Brain, type BrainVersion, openBrain, type Precision } from '../brain/index.ts';
import { defaultLora, initLora, type LoraConfig, mergeLora, openTrainable, type Trainable } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { decodeAdapter, encodeAdapter, readSafetensors, writeSafetensorsBySha256 } from '../formats/index.ts';
import { type JobRow, LeaseLostError, type Store, type VersionContent } from '../store/index.ts';
import { keepChart } from './chart.ts';
import { dropCheckpoints, loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { objectiveOf, type PlannedObjective } from './objectives.ts';
import { measurePush } from './push.ts';
import { CLASSIC_ARGUMENTS } from './recipes.ts';
import { stepsFor, type TrainOutcome, trainFor } from './trainer.ts';
import { loadVersion } from './versions.ts';

export interface JobContext {
  store: Store;
  job: JobRow;
  /** The worker's name: every write checks that the job is still its own. */
  worker: string;
  /** Whether to put the work in a safe place and leave. */
  isStopAsked(): boolean;
  /** Something about the job changed: a nudge for whoever shows it. */
  changed(): void;
  threads?: number;
  /** How the bot serves the brain meanwhile. */
  precision?: Precision;
}

/** What a finished job keeps of its training, beside the steps. */
export interface JobSummary {
  /** Seconds; like the two rates after it, of the attempt that ended the job. */
  trainRuntime: number;
  trainSamplesPerSecond: number;
  trainStepsPerSecond: number;
  trainLoss: number;
  epoch: number;
  peakMemoryMb: number;
  steps: number;
  totalSteps: number;
  /** Tokens an epoch learns from, and those at the beginning of the text that did not fit the model's window. */
  tokens: number;
  cutTokens: number;
  /** Stopped before its end, keeping what it had learned. */
  stoppedEarly: boolean;
  /** The loss curve as PNG, by its name within the data folder; null where it could not be drawn. */
  chart: string | null;
}

/** A tenth of a long job is redone at most; a short one checkpoints at every step. */
const CHECKPOINTS_A_JOB = 10;

/**
 * Runs a claimed job to its end, or gives it back where `isStopAsked`. A UserError on the way ends the job as failed, the
 * version in use unchanged. Throws for bugs: the process should break, the attempt counts.
 */
export async function runJob(context: JobContext): Promise<void> {
  const { store, job, worker } = context;
  try {
    await work(context);
  } catch (error) {
    if (error instanceof UserError)
      store.jobs.fail(job.id, worker, { identifier: error.identifier, context: error.context });
    // Cancelled, forgotten or taken over: whoever did it has written down what becomes of the job.
    else if (!(error instanceof LeaseLostError)) throw error;
  }
  const { state } = store.jobs.get(job.id) ?? {};
  if (state !== 'queued' && state !== 'running') dropCheckpoints(store.folder, job.id);
}

async function work(context: JobContext): Promise<void> {
  const { store, job, worker } = context;
  const resume = loadCheckpoint(store.folder, job.id, job.checkpointFile);
  if (job.cancelMode === 'keep' && resume === null) return store.jobs.abandon(job.id, worker);
  const measured = await trainAndMeasure(context, resume);
  if (measured === null) return;
  const { content, summary, push } = measured;
  // Drawn last, when the memory of all else is free again.
  const chart = await keepChart(store, job);
  store.jobs.finish(job.id, worker, {
    version: { note: job.payload.recipe, ...content },
    summary: { ...summary, chart },
    push: { ...push },
  });
}

async function trainAndMeasure(context: JobContext, resume: ReturnType<typeof loadCheckpoint>) {
  const { store, job, threads, precision } = context;
  const { base, probe } = job.payload;
  // The bot's packed weights are in memory anyway.
  const repack = precision === 'float32';
  const options = { dataFolder: store.folder, threads, sessions: 1, repack };
  const brain = await openBrain(base, precision === undefined ? options : { ...options, besideServing: precision });
  try {
    const start = startOf(context);
    const trained = await trainVersion(context, brain, start, resume);
    return trained && { ...trained, push: await measurePush(brain, probe, start, trained.result) };
  } finally {
    await brain.dispose();
  }
}

/** The version training starts from. */
function startOf({ store, job }: JobContext): BrainVersion {
  const version = job.fromVersionId === null ? undefined : store.versions.get(job.fromVersionId);
  if (version !== undefined && version.base !== job.payload.base)
    throw new UserError('job_base_differs', {
      number: version.number,
      base: job.payload.base,
      versionBase: version.base,
    });
  return loadVersion(store, job.fromVersionId);
}

interface Trained {
  content: VersionContent;
  result: BrainVersion;
  summary: Omit<JobSummary, 'chart'>;
}

/** Trains until the end, or returns null where there is nothing to keep: given back, or ended without a step. */
async function trainVersion(
  context: JobContext,
  brain: Brain,
  start: BrainVersion,
  resume: ReturnType<typeof loadCheckpoint>,
): Promise<Trained | null> {
  const { store, job, worker } = context;
  const { trainable, lora } = await openStart(context, brain, start);
  try {
    const { weightsFile } = start;
    const planned = objectiveOf(job.payload, {
      ...{ brain, trainable, lora },
      ...(weightsFile === undefined ? {} : { weightsFile }),
    });
    // What opening left behind would lie beside the activations; asked for where the process lets us.
    globalThis.gc?.();
    const { outcome, summary, totalSteps } = await trainPlanned(context, trainable, planned, resume);
    if (outcome === 'paused') store.jobs.release(job.id, worker);
    if (outcome === 'paused') return null;
    if (summary.steps === 0) store.jobs.abandon(job.id, worker);
    if (summary.steps === 0) return null;
    const { tokens, cutTokens } = planned;
    const stoppedEarly = outcome === 'cancelled';
    return {
      ...keep(store, start, trainable, lora),
      summary: { ...summary, totalSteps, tokens, cutTokens, stoppedEarly },
    };
  } finally {
    await trainable.dispose();
  }
}

/**
 * The trainable a job starts with. LoRA goes on with the start's adapter where it has one; full training takes the adapter
 * into the weights first.
 */
async function openStart(
  { job, threads }: JobContext,
  { config, weightsFile, frozenFile }: Brain,
  start: BrainVersion,
) {
  const { method, lora: wish, seed } = job.payload;
  if (method === 'full') {
    const file = start.weightsFile ?? weightsFile;
    const { adapter } = start;
    const weights = adapter
      ? mergeLora(config, readSafetensors(file).tensors, adapter.lora, adapter.tensors)
      : { file };
    return { trainable: await openTrainable(config, weights, { threads, method }), lora: null };
  }
  const lora = start.adapter?.lora ?? defaultLora(config, wish.r, wish.alpha);
  const adapter = start.adapter?.tensors ?? initLora(config, lora, seed);
  const base = { file: start.weightsFile ?? frozenFile };
  return { trainable: await openTrainable(config, base, { threads, method, lora, adapter }), lora };
}

async function trainPlanned(
  { store, job, worker, isStopAsked, changed }: JobContext,
  trainable: Trainable,
  { objective }: PlannedObjective,
  resume: ReturnType<typeof loadCheckpoint>,
): Promise<Pick<TrainOutcome, 'outcome' | 'summary'> & { totalSteps: number }> {
  const args = { ...CLASSIC_ARGUMENTS, seed: job.payload.seed, ...job.payload.args };
  const totalSteps = stepsFor(objective.samples, args);
  const { outcome, summary } = await trainFor(trainable, objective, args, {
    ...(resume === null ? {} : { resume }),
    checkpointEvery: Math.max(1, Math.floor(totalSteps / CHECKPOINTS_A_JOB)),
    shouldStop() {
      const row = store.jobs.get(job.id);
      if (row?.state !== 'running' || row.worker !== worker) throw new LeaseLostError(job.id, worker);
      if (row.cancelMode === 'keep') return 'cancel';
      return isStopAsked() ? 'pause' : 'continue';
    },
    async onStep(log) {
      store.jobs.step(job.id, worker, log);
      changed();
      // onnxruntime may compute within the turn: without a pause the wish to stop would never be heard.
      await new Promise((resolve) => setImmediate(resolve));
    },
    onCheckpoint(checkpoint) {
      const file = saveCheckpoint(store.folder, job.id, checkpoint);
      store.jobs.checkpoint(job.id, worker, file);
      dropCheckpoints(store.folder, job.id, file);
    },
  });
  return { outcome, summary, totalSteps };
}

/** Makes a version of what was trained: an adapter's bytes, or a file of weights named by its hash. */
function keep(
  store: Store,
  start: BrainVersion,
  trainable: Trainable,
  lora: LoraConfig | null,
): { content: VersionContent; result: BrainVersion } {
  const tensors = trainable.trainedTensors();
  if (lora === null) {
    const { path, file, sha256 } = writeSafetensorsBySha256(store.files.weightsFolder, tensors, { format: 'pt' });
    return { content: { weightsFile: file, weightsSha256: sha256 }, result: { weightsFile: path } };
  }
  const adapter = encodeAdapter(lora, tensors);
  const { weightsFile } = start;
  const result = { adapter: decodeAdapter(adapter), ...(weightsFile === undefined ? {} : { weightsFile }) };
  return { content: { adapter }, result };
}
