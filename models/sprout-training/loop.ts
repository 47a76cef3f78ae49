/** The training loop: rows in, a falling loss out; stoppable at any step, resumable as if it had not been stopped. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openTrainable, parseModelConfig, randomWeights, type Trainable } from '../../src/engine/index.ts';
import { loadCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { modelConfig } from './config.ts';
import { evaluate } from './evaluate.ts';
import { labelsOf, RowStream } from './packing.ts';
import type { Prepared } from './prepare.ts';
import { learningRate } from './schedule.ts';
import { WINDOW } from './tokenizer.ts';

export interface LoopOptions {
  steps: number;
  /** Step from which the learning rate cools down. */
  cooldownFrom: number;
  checkpointFile: string;
  curveFile: string;
  threads: number;
  shouldStop: () => boolean;
}

const SEED = 1;
const ROWS = 16;
const TOKENS = ROWS * WINDOW;
const PEAK = 1e-3;
const WARMUP_STEPS = 100;
const WEIGHT_DECAY = 0.1;
const LOG_EVERY = 10;
const VALIDATE_EVERY = 250;
const CHECKPOINT_SECONDS = 180;

export async function trainSprout(prepared: Prepared, options: LoopOptions): Promise<{ step: number; done: boolean }> {
  const config = parseModelConfig(modelConfig);
  const trainable = await openTrainable(config, randomWeights(config, SEED), {
    method: 'full',
    threads: options.threads,
    adamw: { beta1: 0.9, beta2: 0.95 },
  });
  const rows = new RowStream(prepared.training, prepared.encode, WINDOW, SEED);
  const saved = loadCheckpoint(options.checkpointFile);
  let step = saved?.step ?? 0;
  if (saved) {
    trainable.importState(saved.state);
    rows.skip(step * ROWS);
  }
  forgetCurveAfter(options.curveFile, step);
  const log = (entry: object) => {
    const line = JSON.stringify(entry, (_, value) =>
      typeof value === 'number' ? Number(value.toPrecision(6)) : value,
    );
    appendFileSync(options.curveFile, `${line}\n`);
    console.log(line);
  };
  const save = () => saveCheckpoint(options.checkpointFile, { step, state: trainable.exportState() });

  const schedule = { peak: PEAK, warmupSteps: WARMUP_STEPS, cooldownFrom: options.cooldownFrom, steps: options.steps };
  let losses = 0;
  let logged = { step, time: performance.now() };
  let savedAt = performance.now();
  while (step < options.steps && !options.shouldStop()) {
    const rate = learningRate(step, schedule);
    losses += await takeStep(trainable, rows, rate);
    step++;
    if (step % LOG_EVERY === 0) {
      const seconds = (performance.now() - logged.time) / 1000;
      const taken = step - logged.step;
      log({
        step,
        tokens: step * TOKENS,
        loss: losses / taken,
        learning_rate: rate,
        tokens_per_second: (taken * TOKENS) / seconds,
      });
      losses = 0;
      logged = { step, time: performance.now() };
    }
    if (step % VALIDATE_EVERY === 0 && step < options.steps) {
      const some = (documents: typeof prepared.heldOut) => documents.filter((_, index) => index % 6 === 0);
      log({
        step,
        validation: {
          mixed: await evaluate(trainable, some(prepared.heldOut), prepared.encode),
          pt: await evaluate(trainable, some(prepared.heldOutPortuguese), prepared.encode),
        },
      });
      logged.time = performance.now();
    }
    if (performance.now() - savedAt > CHECKPOINT_SECONDS * 1000) {
      save();
      savedAt = performance.now();
    }
  }
  save();
  const done = step >= options.steps;
  if (done) log({ step, validation: await validateAll(trainable, prepared) });
  await trainable.dispose();
  return { step, done };
}

async function takeStep(trainable: Trainable, rows: RowStream, rate: number): Promise<number> {
  const inputIds = new Int32Array(TOKENS);
  for (let row = 0; row < ROWS; row++) inputIds.set(rows.next(), row * WINDOW);
  const labels = labelsOf(inputIds);
  // The first token of a row has nothing before it, so nothing predicts it.
  const predicted = labels.filter((label, index) => label !== -100 && index % WINDOW !== 0).length;
  const attentionMask = new Int32Array(TOKENS).fill(1);
  const batch = { inputIds, labels, attentionMask, batchSize: ROWS, length: WINDOW };
  const loss = await trainable.forwardBackward(batch, predicted);
  if (!Number.isFinite(loss)) throw new Error(`the loss became ${loss}`);
  await trainable.clipGradNorm(1);
  await trainable.optimizerStep(rate, WEIGHT_DECAY);
  return loss;
}

/** Everything held out: the mix the PyTorch script uses, then language by language. */
async function validateAll(trainable: Trainable, { heldOut, heldOutPortuguese, encode }: Prepared) {
  const of = (language: string) => heldOut.filter((document) => document.language === language);
  return {
    mixed: await evaluate(trainable, heldOut, encode),
    en: await evaluate(trainable, of('en'), encode),
    pt: await evaluate(trainable, heldOutPortuguese, encode),
    'en-pt': await evaluate(trainable, of('en-pt'), encode),
    'pt-en': await evaluate(trainable, of('pt-en'), encode),
  };
}

/** A run resumed from a checkpoint takes some steps again: their old lines go. */
function forgetCurveAfter(file: string, step: number): void {
  if (!existsSync(file)) return;
  const lines = readFileSync(file, 'utf8').split('\n');
  const kept = lines.filter((line) => line !== '' && JSON.parse(line).step <= step);
  writeFileSync(file, kept.map((line) => `${line}\n`).join(''));
}
