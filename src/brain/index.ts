/** Brains: models that are loaded, asked, and swapped between their versions. */
import type { Brain, BrainOptions } from './types.ts';

export { guessChoices, guessLanguage } from './guess.ts';
export { promptBudget } from './prompt.ts';
export { guessEmotion, guessIntent } from './rules.ts';
export { defaultGeneration } from './settings.ts';
export * from './types.ts';

/**
 * Opens a model: 'sprout', a folder in Hugging Face's layout, or a model of the hub that is in its cache, by its name.
 * @throws UserError for a missing or damaged part, an architecture that is not known, tensors that do not fit.
 */
export async function openBrain(source: string, options: BrainOptions): Promise<Brain> {
  // onnxruntime and transformers.js are 60 MB and a tenth of a second: only those who open a brain load them.
  const { loadBrain } = await import('./brain.ts');
  return loadBrain(source, options);
}
