/** Brains: models that are loaded, asked, and swapped between their versions. */
export { openBrain } from './brain.ts';
export { guessChoices, guessLanguage } from './guess.ts';
export { promptBudget } from './prompt.ts';
export { guessEmotion, guessIntent } from './rules.ts';
export { defaultGeneration } from './settings.ts';
export * from './types.ts';
