/** Fine-tuning: the loop. */
export { LR_SCHEDULER_TYPES, type LrSchedulerType } from './schedule.ts';
export {
  defaultTrainingArguments,
  type StepLog,
  type TrainerCheckpoint,
  type TrainerHooks,
  type TrainingArguments,
  type TrainingRow,
  type TrainOutcome,
  type TrainSummary,
  train,
} from './trainer.ts';
