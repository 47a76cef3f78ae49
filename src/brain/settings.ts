/** Generation settings made whole with their defaults, and checked before anything runs. */
import { UserError } from '../errors.ts';
import type { GenerationSettings } from './types.ts';

export const defaultGeneration = {
  maxNewTokens: 100,
  temperature: 0.7,
  topK: 50,
  topP: 0.9,
  repetitionPenalty: 1.2,
  greedy: false,
} as const;

/** What each number may be; the bounds keep arithmetic finite, they are no advice. */
const limits = {
  maxNewTokens: [1, 100_000],
  temperature: [0.01, 100],
  topK: [0, 1_000_000],
  topP: [0, 1],
  repetitionPenalty: [0.01, 100],
} as const;

/** @throws UserError generation_setting_wrong. */
export function completeSettings(settings: GenerationSettings): Required<GenerationSettings> {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const complete: Required<GenerationSettings> = { ...defaultGeneration, seed: settings.seed, ...given };
  for (const [setting, [lowest, highest]] of Object.entries(limits)) {
    const value = complete[setting as keyof typeof limits];
    const whole = setting === 'maxNewTokens' || setting === 'topK';
    if (!(value >= lowest && value <= highest) || (whole && !Number.isInteger(value)))
      throw new UserError('generation_setting_wrong', { setting, value, lowest, highest });
  }
  return complete;
}
