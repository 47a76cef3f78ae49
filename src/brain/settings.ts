/** Generation settings made whole with their defaults, and checked before anything runs. */
import { UserError } from '../errors.ts';
import { isJsonObject, type ModelSource } from '../formats/index.ts';
import type { DrawingSettings, GenerationSettings } from './types.ts';

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

const NAMES = {
  temperature: 'temperature',
  topK: 'top_k',
  topP: 'top_p',
  repetitionPenalty: 'repetition_penalty',
} as const satisfies Record<keyof DrawingSettings, string>;

/**
 * How a model's own generation_config.json has it drawn from, where it says `do_sample`, as transformers takes it. What is missing, or
 * no number that can be drawn with, is left out.
 */
export function ownDrawing({ generationConfig }: ModelSource): DrawingSettings {
  if (!isJsonObject(generationConfig) || generationConfig.do_sample !== true) return {};
  const own: DrawingSettings = {};
  for (const [setting, name] of Object.entries(NAMES) as [keyof DrawingSettings, string][]) {
    const value = generationConfig[name];
    if (typeof value === 'number' && isWithin(setting, value)) own[setting] = value;
  }
  return own;
}

/** @param own the model's. @throws UserError generation_setting_wrong. */
export function completeSettings(
  settings: GenerationSettings,
  own: DrawingSettings = {},
): Required<GenerationSettings> {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  const complete: Required<GenerationSettings> = { ...defaultGeneration, ...own, seed: settings.seed, ...given };
  for (const setting of Object.keys(limits) as (keyof typeof limits)[]) {
    const value = complete[setting];
    const [lowest, highest] = limits[setting];
    if (!isWithin(setting, value)) throw new UserError('generation_setting_wrong', { setting, value, lowest, highest });
  }
  return complete;
}

function isWithin(setting: keyof typeof limits, value: number): boolean {
  const [lowest, highest] = limits[setting];
  const whole = setting === 'maxNewTokens' || setting === 'topK';
  return value >= lowest && value <= highest && (!whole || Number.isInteger(value));
}
