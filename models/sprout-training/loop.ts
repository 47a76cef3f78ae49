/** The training loop: rows in, a falling loss out; stoppable at any step, resumable as if it had not been stopped. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseModelConfig, randomWeights, type Trainable } from '../../src/engine/index.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { modelConfig } from './config.ts';
import { evaluate, type Validation } from './evaluate.ts';
import { RowStream } from './packing.ts';
import type { Prepared } from './prepare.ts';
import { learningRate } from './schedule.ts';
import { batchOf, openStart, TRAINING, takeStep } from './step.ts';

export interface LoopOptions {
  steps: number;
  /** Step from which the learning rate cools down. */
  cooldownFrom: number;
  checkpointFile: string;
  curveFile: string;
  threads: number;
  /** Asked before every step. */
  shouldStop: (step: number) => boolean;
  /** Gets each line of the curve as it is written. */
  report: (line: string) => void;
  /** config.json of the model; sprout's unless said. */
  model?: { vocab_size: number } & ({ n_positions: number } | { max_position_embeddings: number });
  /** Rows of a batch; those of `TRAINING` unless said. */
  rows?: number;
}

const LOG_EVERY = 10;
const VALIDATE_EVERY = 250;
const CHECKPOINT_SECONDS = 180;

export async function trainSprout(prepared: Prepared, options: LoopOptions): Promise<{ step: number; done: boolean }> {
  const { model = modelConfig, rows: batchSize = TRAINING.rows } = options;
  const config = parseModelConfig(model);
  const length = 'n_positions' in model ? model.n_positions : model.max_position_embeddings;
  const batchTokens = batchSize * length;
  const trainable = await openStart(config, randomWeights(config, TRAINING.seed), { threads: options.threads });
  const saved = loadCheckpoint(options.checkpointFile);
  let step = saved?.step ?? 0;
  if (saved) trainable.importState(saved.state);
  const rows = new RowStream(prepared.training, prepared.encode, length, TRAINING.seed);
  rows.skip(step * batchSize);
  forgetCurveAfter(options.curveFile, step);
  const log = (entry: object) => {
    const line = JSON.stringify(entry, (_, value) =>
      typeof value === 'number' ? Number(value.toPrecision(6)) : value,
    );
    appendFileSync(options.curveFile, `${line}\n`);
    options.report(line);
  };
  const save = () => saveCheckpoint(options.checkpointFile, { step, state: trainable.exportState() });

  const { peak, warmupSteps } = TRAINING;
  const schedule = { peak, warmupSteps, cooldownFrom: options.cooldownFrom, steps: options.steps };
  let losses = 0;
  let logged = { step, time: performance.now() };
  let savedAt = performance.now();
  while (step < options.steps && !options.shouldStop(step)) {
    const rate = learningRate(step, schedule);
    losses += await takeStep(trainable, batchOf(rows.take(batchSize), batchSize), rate);
    step++;
    if (step % LOG_EVERY === 0) {
      const seconds = (performance.now() - logged.time) / 1000;
      const taken = step - logged.step;
      log({
        step,
        tokens: step * batchTokens,
        loss: losses / taken,
        learning_rate: rate,
        tokens_per_second: (taken * batchTokens) / seconds,
      });
      losses = 0;
      logged = { step, time: performance.now() };
    }
    if (step % VALIDATE_EVERY === 0 && step < options.steps) {
      log({ step, validation: await validate(trainable, prepared, length, QUICK) });
      logged.time = performance.now();
    }
    if (performance.now() - savedAt > CHECKPOINT_SECONDS * 1000) {
      save();
      savedAt = performance.now();
    }
  }
  save();
  const done = step >= options.steps;
  if (done) log({ step, validation: await validate(trainable, prepared, length) });
  await trainable.dispose();
  return { step, done };
}

/** A glance between steps: every sixth document of what is told most by. */
const QUICK = { every: 6, names: ['en', 'tatoeba-pt', 'own-pt'] };

/** Everything held out, by name, or some of it. Names without documents are left out. */
async function validate(
  trainable: Trainable,
  { heldOut, encode }: Prepared,
  length: number,
  { every, names }: { every: number; names: readonly string[] } = { every: 1, names: Object.keys(heldOut) },
): Promise<Record<string, Validation>> {
  const result: Record<string, Validation> = {};
  for (const name of names) {
    const documents = heldOut[name]!.filter((_, index) => index % every === 0);
    if (documents.length > 0) result[name] = await evaluate(trainable, documents, encode, length);
  }
  return result;
}

/** A run resumed from a checkpoint takes some steps again: their old lines go. */
function forgetCurveAfter(file: string, step: number): void {
  if (!existsSync(file)) return;
  const lines = readFileSync(file, 'utf8').split('\n');
  const kept = lines.filter((line) => line !== '' && JSON.parse(line).step <= step);
  writeFileSync(file, kept.map((line) => `${line}\n`).join(''));
}
