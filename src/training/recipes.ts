/**
 * The recipes: ways to make a training of what happened in a sitting; docs/recipes.md tells them apart. *classic* is the
 * original teaching script's: everything said in the session so far, people's sentences and the model's replies alike,
 * joined by spaces into one row, never reset; batch 1, AdamW at 5e-5 falling linearly to 0 over 3 epochs, gradients clipped
 * at 1. It rewards nothing and punishes nothing: the rejected reply is part of the text it learns, which is why every job
 * measures the push (push.ts). The others are objectives of their own: guided.ts, preference.ts, reward.ts.
 */
import { UserError } from '../errors.ts';
import { JOB_RECIPES, type JobMaterial, type JobRecipe } from '../store/index.ts';
import type { Leash } from './leash.ts';
import type { TrainingArguments, TrainingRow } from './trainer.ts';

export const RECIPES = JOB_RECIPES;
export type Recipe = JobRecipe;

/** Replies that *reward* draws for a prompt at each step. */
export const DRAWS = 4;

/** The original's settings, each under the Trainer's name. */
export const CLASSIC_ARGUMENTS = Object.freeze({
  learningRate: 5e-5,
  numTrainEpochs: 3,
  perDeviceTrainBatchSize: 1,
  gradientAccumulationSteps: 1,
  weightDecay: 0,
  warmupSteps: 0,
  lrSchedulerType: 'linear',
  maxGradNorm: 1,
} as const satisfies Partial<TrainingArguments>);

/** More than a job has samples: each step looks at all of them, so that what pulls apart is weighed together. */
const ALL_AT_ONCE = 64;

/** Sprout's layers: the settings were measured on it. */
const MEASURED_LAYERS = 6;

/**
 * What a recipe trains with where a class sets nothing else; the rest is classic's. Measured on sprout (docs/LOG.md: classic's
 * 2026-11-23, the others' 2026-11-26): gentle enough that five jobs in a row leave most of what the brain knew, strong enough
 * that the rated reply falls and the better answer rises in 20 jobs of 20. On a leash (leash.ts) guided goes further, until what
 * it was taught is said (2026-11-27: ten of ten after three trainings, on sprout and on SmolLM2); all weights have none. A deeper
 * model's rate is lower by as much as it has more layers (`depthShare`), but for the original's own; on a leash, which holds it
 * back by itself, by the root of that.
 * @param model.layers blocks of the model that is trained.
 * @param material what the job learns from; absent for classic.
 */
export function recipeArguments(
  recipe: Recipe,
  method: 'full' | 'lora',
  model: { layers: number },
  material?: Pick<JobMaterial, 'kind' | 'beta'>,
): Pick<TrainingArguments, 'learningRate' | 'numTrainEpochs'> & Partial<TrainingArguments> {
  const full = method === 'full';
  const share = depthShare(model.layers);
  const leashed = leashBeta(method, material) !== undefined;
  const isFar = leashed || material?.kind === 'drawn';
  switch (recipe) {
    case 'classic':
      return { learningRate: full ? CLASSIC_ARGUMENTS.learningRate : 1e-3 * share, numTrainEpochs: 3 };
    case 'guided':
    case 'preference':
    case 'reward':
      return isFar
        ? {
            learningRate: 2e-3 * (leashed ? Math.sqrt(share) : share),
            numTrainEpochs: 30,
            gradientAccumulationSteps: ALL_AT_ONCE,
          }
        : { learningRate: (full ? 2e-5 : 5e-4) * share, numTrainEpochs: 5, gradientAccumulationSteps: ALL_AT_ONCE };
  }
}

/** The beta of guided's leash (leash.ts), where a job trains on one and goes as far as it allows: it asks for one, and an adapter. */
export function leashBeta(method: 'full' | 'lora', material?: Pick<JobMaterial, 'kind' | 'beta'>): number | undefined {
  return method === 'lora' && material?.kind === 'replies' ? material.beta : undefined;
}

/** Guided's leash for a class's beta: DPO's own 0.1 is a strength of 3 in a model of sprout's depth (docs/LOG.md, 2026-11-26). */
const LEASH_PER_BETA = 30;

/**
 * How guided's leash is set for a model of so many layers. In a deeper one each anchor takes longer, and a step looks at fewer:
 * thirty steps at two each have seen all forty. And it pulls less: SmolLM2 (thirty layers) said five of ten answers after three
 * trainings at a strength of 3, and ten at 0.6, for no more of the rest (docs/LOG.md, 2026-11-27).
 */
export function leashSettings(layers: number, beta: number): Pick<Leash, 'strength' | 'anchorsAStep'> {
  const share = depthShare(layers);
  return { strength: LEASH_PER_BETA * beta * share, anchorsAStep: Math.max(2, Math.round(8 * share)) };
}

/**
 * How much of the rate a model of so many layers takes. In a job's few steps AdamW moves every weight by about the rate,
 * however small its gradient: neither clipping nor a loss that has had enough holds it back. What the layers add to the
 * residual stream adds up, so a model of twice the depth goes as far at half the rate (to first order; Yang et al. 2023,
 * *Tensor Programs VI*, scale rates with depth for the same reason; measured in docs/LOG.md, 2026-11-26). Never above 1:
 * models shallower than sprout were not measured.
 */
function depthShare(layers: number): number {
  return Math.min(1, MEASURED_LAYERS / layers);
}

/** The text a classic job trains on: each utterance in the order it was said. */
export function classicText(utterances: readonly string[]): string {
  return utterances
    .map((utterance) => utterance.trim())
    .filter((utterance) => utterance !== '')
    .join(' ');
}

export interface ClassicRows {
  rows: TrainingRow[];
  /** Tokens trained on. */
  tokens: number;
  /** Tokens at the beginning that did not fit the model's window. */
  cutTokens: number;
}

/**
 * One row of the text's tokens; a text longer than `window` keeps its last `window` tokens, the newest ones.
 * @throws UserError training_text_short: with fewer than two tokens there is no next token to learn.
 */
export function classicRows(ids: readonly number[], window: number): ClassicRows {
  if (ids.length < 2) throw new UserError('training_text_short', { tokens: ids.length });
  const kept = ids.slice(-window);
  return { rows: [{ inputIds: kept }], tokens: kept.length, cutTokens: ids.length - kept.length };
}
