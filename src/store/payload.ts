/**
 * What a job carries: all a worker needs to train and to measure the push, so that the same job gives the same brain
 * whenever it runs. The shapes repeat the Trainer's and the brain's on purpose: the store is a leaf and imports neither.
 */
import type { ErrorContext, UserError } from '../errors.ts';

/** Why a job failed: a UserError's identifier and context, worded when it is shown. */
export interface JobError {
  identifier: UserError['identifier'];
  context: ErrorContext;
}

/** One optimiser step, as the Trainer logs it. */
export interface StepLog {
  step: number;
  totalSteps: number;
  loss: number;
  gradNorm: number;
  learningRate: number;
  epoch: number;
  /** What else the recipe measured in this step, under TRL's names. */
  metrics?: Readonly<Record<string, number>>;
}

export interface JobTrainingArguments {
  learningRate: number;
  numTrainEpochs: number;
  perDeviceTrainBatchSize: number;
  gradientAccumulationSteps: number;
  weightDecay: number;
  warmupSteps: number;
  lrSchedulerType: 'linear' | 'constant' | 'cosine';
  maxGradNorm: number;
  shuffle: boolean;
  seed: number;
  maxSteps: number;
  maxLength: number;
}

export interface JobGenerationSettings {
  maxNewTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  repetitionPenalty: number;
  seed: number;
  greedy?: boolean;
}

/** A reply to learn, or with a weight below 0 to unlearn. The ids of prompts and replies are people's words, too. */
export interface JobReply {
  promptIds: number[];
  replyIds: number[];
  /** −1 to 1. */
  weight: number;
}

/** A better and a worse reply to one prompt; without a better one, the worse is pushed away alone. */
export interface JobPreference {
  promptIds: number[];
  chosenIds?: number[];
  rejectedIds: number[];
}

/** What a recipe other than classic learns from. */
export type JobMaterial =
  /** `beta` asks for a leash to the base (training/leash.ts). */
  | { kind: 'replies'; replies: JobReply[]; beta?: number }
  | { kind: 'preferences'; preferences: JobPreference[]; beta: number }
  /** Replies people heard and rated. */
  | {
      kind: 'ratings';
      replies: { promptIds: number[]; replyIds: number[]; reward: number }[];
      baseline: number;
      beta: number;
    }
  /** Replies drawn while training, each compared with `target` by the token table. */
  | {
      kind: 'drawn';
      tasks: { promptIds: number[]; target: string }[];
      maxScore: number;
      halfReward: number | null;
      maxNewTokens: number;
      beta: number;
    };

export const JOB_RECIPES = Object.freeze(['classic', 'guided', 'preference', 'reward'] as const);
export type JobRecipe = (typeof JOB_RECIPES)[number];

export interface JobPayload {
  /** The brain's name, pinned where it can be: 'sprout@…', 'owner/name@…', or a folder. */
  base: string;
  recipe: JobRecipe;
  method: 'full' | 'lora';
  lora: { r: number; alpha: number };
  args: Partial<JobTrainingArguments>;
  seed: number;
  /** The words the classic recipe trains on, else ''; emptied when one of their writers asks to be forgotten. */
  trainingText: string;
  /** What the other recipes train on; taken out when one of those it comes from asks to be forgotten. */
  material?: JobMaterial;
  /**
   * Ids of the members whose words or judgements it trains on: the version will have learned from them. Forgetting finds a job by
   * these, and by its session, for the probe may hold words of others too.
   */
  memberIds: string[];
  /** Ids of the turns whose words it holds, in order, where known. */
  turnIds?: string[];
  /** The rated reply, measured before and after. */
  probe: {
    promptIds: number[];
    replyIds: number[];
    correctionIds?: number[];
    generation: JobGenerationSettings;
  };
}
