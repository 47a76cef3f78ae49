/** Brains: models that are loaded, asked, and swapped between their versions. */
import type { Brain, BrainOptions, EncoderModel, EncoderOptions } from './types.ts';

export {
  BertScorer,
  type BertScorerOptions,
  bertScoreLayer,
  EXACT_ENCODERS,
  type FoundModel,
} from './bert-scorer.ts';
export { guessChoices, guessLanguage } from './guess.ts';
export { type Located, locate, modelName, pinnedSprout } from './locate.ts';
export { closedIds, control, controlIds, promptBudget, talkIds, type Utterance } from './prompt.ts';
export { guessEmotion, guessIntent } from './rules.ts';
export { defaultGeneration } from './settings.ts';
export * from './types.ts';

/**
 * Opens a model: 'sprout', a folder in Hugging Face's layout, or a model of the hub that is in its cache, by its name.
 * @throws UserError for a missing or damaged part, an architecture that is not known, tensors that do not fit.
 */
export async function openBrain(source: string, options: BrainOptions): Promise<Brain> {
  // onnxruntime is 25 MB and a tenth of a second: only those who open a brain load it.
  const { loadBrain } = await import('./brain.ts');
  return loadBrain(source, options);
}

/** Opens an encoder (BERT, RoBERTa), from the same sources and with the same errors as `openBrain`. */
export async function openEncoderModel(source: string, options: EncoderOptions): Promise<EncoderModel> {
  const { loadEncoder } = await import('./encoder.ts');
  return loadEncoder(source, options);
}

export type AnyModel = { kind: 'brain'; model: Brain } | { kind: 'encoder'; model: EncoderModel };

/** Opens whichever of the two a source holds. */
export async function openAnyModel(source: string, options: BrainOptions): Promise<AnyModel> {
  const { isEncoder } = await import('./encoder.ts');
  if (isEncoder(source)) return { kind: 'encoder', model: await openEncoderModel(source, options) };
  return { kind: 'brain', model: await openBrain(source, options) };
}
