/** One job of a recipe outside a classroom: the class's own material, objective, settings and loop, and what it did. */
import { readCorpus } from '../../models/sprout-training/corpus.ts';
import { ownHeldOut } from '../../models/sprout-training/documents.ts';
import { type Brain, type BrainVersion, closedIds } from '../../src/brain/index.ts';
import { copyTensors, defaultLora, initLora, type LoraConfig, openTrainable } from '../../src/engine/index.ts';
import { writeSafetensors } from '../../src/formats/index.ts';
import type { JobPayload } from '../../src/store/index.ts';
import { recipeArguments } from '../../src/training/index.ts';
import type { Objective } from '../../src/training/objective.ts';
import { objectiveOf } from '../../src/training/objectives.ts';
import { type StepLog, type TrainingArguments, trainFor } from '../../src/training/trainer.ts';

export interface Ran {
  log: StepLog[];
  version: BrainVersion;
  seconds: number;
}

export type Job = Pick<JobPayload, 'recipe' | 'material' | 'trainingText' | 'seed'>;

/** What a job is run with instead of what a class has by itself. */
export interface JobChanges {
  /** Default: rank 8, alpha 16, every linear layer. */
  lora?: LoraConfig;
  args?: Partial<TrainingArguments>;
  /** Instead of the recipe's own over the material. */
  objective?: (settings: { args: Partial<TrainingArguments> }) => Objective;
}

/** Held-out exchanges a language. */
const HELD_OUT = 36;

/** Trains LoRA r = 8 with the recipe's own settings, from the base or from an adapter. */
export async function runJob(brain: Brain, job: Job, from: BrainVersion = {}, changes: JobChanges = {}): Promise<Ran> {
  const began = performance.now();
  const lora = from.adapter?.lora ?? changes.lora ?? defaultLora(brain.config, 8, 16);
  const adapter = from.adapter?.tensors ?? initLora(brain.config, lora, job.seed);
  const trainable = await openTrainable(brain.config, { file: brain.weightsFile }, { method: 'lora', lora, adapter });
  try {
    const defaults = recipeArguments(job.recipe, 'lora', brain.info(), job.material);
    const args = { ...defaults, ...changes.args, seed: job.seed };
    const objective =
      changes.objective?.({ args }) ?? objectiveOf({ ...job, args }, { brain, trainable, lora }).objective;
    const { log } = await trainFor(trainable, objective, args);
    const version = { adapter: { lora, tensors: copyTensors(trainable.trainedTensors()) } };
    return { log, version, seconds: (performance.now() - began) / 1000 };
  } finally {
    await trainable.dispose();
  }
}

/** The same with all weights, from the base; the new ones are written to `file`. */
export async function runFullJob(brain: Brain, job: Job, file: string): Promise<Ran> {
  const began = performance.now();
  const trainable = await openTrainable(brain.config, { file: brain.weightsFile }, { method: 'full' });
  try {
    const args = { ...recipeArguments(job.recipe, 'full', brain.info(), job.material), seed: job.seed };
    const { objective } = objectiveOf({ ...job, args }, { brain, trainable, lora: null });
    const { log } = await trainFor(trainable, objective, args);
    writeSafetensors(file, trainable.trainedTensors(), {});
    return { log, version: { weightsFile: file }, seconds: (performance.now() - began) / 1000 };
  } finally {
    await trainable.dispose();
  }
}

export interface Exchange {
  promptIds: readonly number[];
  replyIds: readonly number[];
}

/** ln p of the whole reply. */
export async function logp(brain: Brain, { promptIds, replyIds }: Exchange, version: BrainVersion): Promise<number> {
  const logprobs = await brain.logprobs([...promptIds, ...replyIds], version);
  return logprobs.slice(promptIds.length - 1).reduce((sum, value) => sum + value, 0);
}

/** First exchanges of dialogues that sprout's training holds out and no job here trains on, the languages in turn. */
export async function heldOut(brain: Brain): Promise<Exchange[]> {
  const { 'own-pt': pt, 'own-en': en } = ownHeldOut(readCorpus());
  const [inPortuguese, inEnglish] = [spread(pt, HELD_OUT), spread(en, HELD_OUT)];
  const held: Exchange[] = [];
  for (const { language, turns } of inPortuguese.flatMap((document, at) => [document, inEnglish[at]!]))
    held.push({
      promptIds: await brain.promptIds([], turns[0]!, { language }),
      replyIds: closedIds(brain.tokenizer, turns[1]!),
    });
  return held;
}

/** So many of all, evenly. */
export function spread<T>(all: readonly T[], count: number): T[] {
  const few = Math.min(count, all.length);
  return Array.from({ length: few }, (_, at) => all[Math.floor((at * all.length) / few)]!);
}

/** Mean −ln p of a token of the replies. */
export async function lossOn(brain: Brain, exchanges: readonly Exchange[], version: BrainVersion): Promise<number> {
  let [nll, tokens] = [0, 0];
  for (const exchange of exchanges) {
    nll -= await logp(brain, exchange, version);
    tokens += exchange.replyIds.length;
  }
  return nll / tokens;
}
