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

export interface JobPayload {
  /** 'sprout' or a model folder. */
  base: string;
  recipe: 'classic';
  method: 'full' | 'lora';
  lora: { r: number; alpha: number };
  args: Partial<JobTrainingArguments>;
  seed: number;
  /** The words it trains on; emptied when one of their writers asks to be forgotten. */
  trainingText: string;
  /**
   * Ids of the members whose words `trainingText` holds: the version will have learned from them. Forgetting finds a job by
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
