/** Training: the Trainer's loop, the recipes, the worker process and who watches over it, what a training did. */
export type { TrainingRow } from './collator.ts';
export type { Objective } from './objective.ts';
export { preference, preferenceRows } from './preference.ts';
export { measurePush, type Probe, type PushResult, UNCHANGED_NATS, VERDICTS, type Verdict } from './push.ts';
export {
  CLASSIC_ARGUMENTS,
  classicRows,
  classicText,
  DRAWS,
  RECIPES,
  type Recipe,
  recipeArguments,
} from './recipes.ts';
export { rowLogprobs } from './reference.ts';
export { LR_SCHEDULER_TYPES, type LrSchedulerType, learningRateAt } from './schedule.ts';
export { supervised } from './supervised.ts';
export { type Supervisor, type SupervisorOptions, startSupervisor } from './supervisor.ts';
export {
  defaultTrainingArguments,
  type StepLog,
  type TrainerCheckpoint,
  type TrainerHooks,
  type TrainingArguments,
  type TrainOutcome,
  type TrainSummary,
  train,
  trainFor,
} from './trainer.ts';
export { loadVersion } from './versions.ts';
