/** What a brain says to the forty prompts, asked as the product asks: with the intent and emotion it guesses for each. */
import { type Brain, guessEmotion, guessIntent } from '../../src/brain/index.ts';
import type { Prompt } from './prompts.ts';

export interface Answer extends Prompt {
  greedy: string;
  /** One a seed, at the product's settings. */
  sampled: string[];
}

export async function answer(brain: Brain, prompts: readonly Prompt[], seeds: readonly number[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [index, { language, text }] of prompts.entries()) {
    const choices = { language, intent: guessIntent(text), emotion: guessEmotion(text) };
    const ids = await brain.promptIds([], text, choices);
    const { text: greedy } = await brain.generate(ids, { greedy: true, seed: 0 });
    const sampled: string[] = [];
    for (const seed of seeds) sampled.push((await brain.generate(ids, { seed: seedOf(seed, index) })).text);
    answers.push({ language, text, greedy, sampled });
  }
  return answers;
}

/** Each prompt draws numbers of its own: with the same ones for all, many replies would begin alike. */
export function seedOf(seed: number, prompt: number): number {
  return seed * 1000 + prompt;
}
