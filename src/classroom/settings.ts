/**
 * What a class may set, its bounds, and why each default is what it is. Values come from forms as text ("0,5" is half in
 * Portuguese) or as numbers; unknown names are refused, so that a typing mistake never looks like a change.
 */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { LOCALES, type Locale } from '../i18n/index.ts';
import { RECIPES, type Recipe } from '../training/index.ts';
import { parseDecimal } from './input.ts';
import type { SessionRules } from './state.ts';

export interface ClassSettings {
  /** A rating below it trains. */
  threshold: number;
  turnsPerIteration: number;
  /** 0: until somebody stops. */
  iterations: number;
  recipe: Recipe;
  method: 'lora' | 'full';
  loraR: number;
  loraAlpha: number;
  /** Of the first step; null: the recipe's own for its method, as the next. */
  learningRate: number | null;
  epochs: number | null;
  /** How hard the model is held near what it was (*preference*) or near its base (*reward*). */
  beta: number;
  /** What *reward* goes by: the class's ratings, or the token table of replies drawn anew. */
  rewardSource: (typeof REWARD_SOURCES)[number];
  maxNewTokens: number;
  temperature: number;
  topK: number;
  topP: number;
  repetitionPenalty: number;
  /** Reward of a perfect reply in the token table. */
  maxScore: number;
  /** Reward of one token that stands in another place; null: half of what it earns in its place. */
  halfReward: number | null;
  /** Whose eyes BERTScore sees with: the brain's own, or the encoder that bert_score takes. */
  bertscore: 'stand-in' | 'exact';
  /** Whether a student may start a sitting. */
  studentsMayStart: boolean;
  /** Discord role whose members are teachers; null: only who may manage the server. */
  teacherRoleId: string | null;
  locale: Locale;
}

export const REWARD_SOURCES = Object.freeze(['rating', 'table'] as const);

export type SettingName = keyof ClassSettings;

export const defaultSettings: Readonly<ClassSettings> = Object.freeze({
  threshold: 0.6,
  turnsPerIteration: 5,
  iterations: 0,
  // Of ten answers it says nine after one training and ten after three; classic says none (docs/LOG.md, 2026-11-27).
  recipe: 'guided',
  // A step costs a quarter of the memory and time of a full one.
  method: 'lora',
  loraR: 8,
  loraAlpha: 16,
  learningRate: null,
  epochs: null,
  // DPO's own; measured for both recipes (docs/LOG.md, 2026-11-26).
  beta: 0.1,
  rewardSource: 'rating',
  // The original's generation settings.
  maxNewTokens: 100,
  temperature: 0.7,
  topK: 50,
  topP: 0.9,
  repetitionPenalty: 1.2,
  // The original's totals go from -25 to 25.
  maxScore: 25,
  halfReward: null,
  // The encoder is 1.4 GB to download and about 1 GB of memory: much for a school's computer.
  bertscore: 'stand-in',
  // Trying it out should need no teacher.
  studentsMayStart: true,
  teacherRoleId: null,
  locale: 'en',
});

/** The countdown between turns: long enough to press Stop, as in the original. */
export const COUNTDOWN_MS = 5_000;

interface Bounds {
  min: number;
  max: number;
  whole?: boolean;
}

/** Settings that are numbers: smallest and largest value, both allowed. */
export const NUMBER_BOUNDS = Object.freeze({
  threshold: { min: 0, max: 1 },
  turnsPerIteration: { min: 1, max: 50, whole: true },
  iterations: { min: 0, max: 100, whole: true },
  loraR: { min: 1, max: 64, whole: true },
  loraAlpha: { min: 1, max: 128, whole: true },
  learningRate: { min: 1e-6, max: 1e-2 },
  epochs: { min: 1, max: 60, whole: true },
  beta: { min: 0.01, max: 2 },
  maxNewTokens: { min: 1, max: 200, whole: true },
  temperature: { min: 0, max: 2 },
  topK: { min: 0, max: 1000, whole: true },
  topP: { min: 0.01, max: 1 },
  repetitionPenalty: { min: 1, max: 3 },
  maxScore: { min: 1, max: 100 },
  halfReward: { min: 0, max: 100 },
} as const satisfies Partial<Record<SettingName, Bounds>>);

const CHOICES = Object.freeze({
  recipe: RECIPES,
  method: ['lora', 'full'],
  bertscore: ['stand-in', 'exact'],
  rewardSource: REWARD_SOURCES,
  locale: LOCALES,
  studentsMayStart: ['true', 'false'],
} as const satisfies Partial<Record<SettingName, readonly string[]>>);

const within = (name: keyof typeof NUMBER_BOUNDS) => {
  const { min, max, whole }: Bounds = NUMBER_BOUNDS[name];
  const number = z.number().min(min).max(max);
  return whole ? number.int() : number;
};

const settingsSchema = z.strictObject({
  threshold: within('threshold'),
  turnsPerIteration: within('turnsPerIteration'),
  iterations: within('iterations'),
  recipe: z.enum(CHOICES.recipe),
  method: z.enum(CHOICES.method),
  loraR: within('loraR'),
  loraAlpha: within('loraAlpha'),
  learningRate: within('learningRate').nullable(),
  epochs: within('epochs').nullable(),
  beta: within('beta'),
  rewardSource: z.enum(CHOICES.rewardSource),
  maxNewTokens: within('maxNewTokens'),
  temperature: within('temperature'),
  topK: within('topK'),
  topP: within('topP'),
  repetitionPenalty: within('repetitionPenalty'),
  maxScore: within('maxScore'),
  halfReward: within('halfReward').nullable(),
  bertscore: z.enum(CHOICES.bertscore),
  studentsMayStart: z.boolean(),
  teacherRoleId: z
    .string()
    .regex(/^\d{1,20}$/)
    .nullable(),
  locale: z.enum(LOCALES),
}) satisfies z.ZodType<ClassSettings>;

export const SETTING_NAMES: readonly SettingName[] = settingsSchema.keyof().options;

/**
 * `changes` as settings: numbers and booleans may come as text, a decimal comma is a point.
 * @throws UserError setting_unknown, setting_not_a_number, setting_out_of_range, setting_not_whole, setting_not_a_choice,
 *   setting_role_wrong: the first that is wrong; nothing is changed then.
 */
export function parseSettings(changes: Record<string, unknown>): Partial<ClassSettings> {
  const read = Object.entries(changes).map(([name, value]) => [name, readValue(name, value)]);
  return settingsSchema.partial().parse(Object.fromEntries(read));
}

/** What may be set for one sitting alone, by whoever starts it. */
const SESSION_SETTINGS = Object.freeze(['threshold', 'turnsPerIteration', 'iterations', 'method'] as const);

/** Settings for one sitting. @throws UserError setting_unknown for others, and those of `parseSettings`. */
export function parseSessionOverrides(overrides: Record<string, unknown>): Partial<ClassSettings> {
  const wrong = Object.keys(overrides).find((name) => !SESSION_SETTINGS.some((known) => known === name));
  if (wrong !== undefined)
    throw new UserError('setting_unknown', {
      setting: shortened(wrong),
      known: [...SESSION_SETTINGS, 'model'].join(', '),
    });
  return parseSettings(overrides);
}

/** Settings as stored (unknown or outdated ones are skipped), over the defaults. */
export function completeSettings(stored: Record<string, unknown>, base?: Partial<ClassSettings>): ClassSettings {
  const known = Object.entries(stored).filter(
    ([name, value]) => isSettingName(name) && settingsSchema.shape[name].safeParse(value).success,
  );
  return { ...defaultSettings, ...base, ...settingsSchema.partial().parse(Object.fromEntries(known)) };
}

/** What a sitting's state machine needs of the settings. */
export function sessionRules(settings: ClassSettings, countdownMs = COUNTDOWN_MS): SessionRules {
  const { threshold, turnsPerIteration, iterations } = settings;
  return { threshold, turnsPerIteration, iterations, countdownMs };
}

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settingsSchema.shape, name);
}

function readValue(setting: string, value: unknown): unknown {
  if (!isSettingName(setting))
    throw new UserError('setting_unknown', { setting: shortened(setting), known: SETTING_NAMES.join(', ') });
  const text = typeof value === 'string' ? value.trim() : value;
  if (text === null || text === '') {
    if (NULLABLE.has(setting)) return null;
  }
  if (isNumberSetting(setting)) return readNumber(setting, text);
  if (setting === 'teacherRoleId') {
    if (!settingsSchema.shape.teacherRoleId.safeParse(text).success)
      throw new UserError('setting_role_wrong', { value: shortened(value) });
    return text;
  }
  const choices: readonly string[] = CHOICES[setting];
  if (!choices.includes(String(text)))
    throw new UserError('setting_not_a_choice', { setting, value: shortened(value), choices: choices.join(', ') });
  return setting === 'studentsMayStart' ? String(text) === 'true' : text;
}

/** Settings that may be left to the program. */
const NULLABLE: ReadonlySet<SettingName> = new Set(['teacherRoleId', 'halfReward', 'learningRate', 'epochs']);

function readNumber(setting: keyof typeof NUMBER_BOUNDS, value: unknown): number {
  const number = typeof value === 'number' ? value : parseDecimal(String(value ?? ''));
  if (number === null || !Number.isFinite(number))
    throw new UserError('setting_not_a_number', { setting, value: shortened(value) });
  const { min, max, whole }: Bounds = NUMBER_BOUNDS[setting];
  if (number < min || number > max)
    throw new UserError('setting_out_of_range', { setting, value: shortened(value), min, max });
  if (whole && !Number.isInteger(number))
    throw new UserError('setting_not_whole', { setting, value: shortened(value) });
  return number;
}

function isNumberSetting(name: string): name is keyof typeof NUMBER_BOUNDS {
  return Object.hasOwn(NUMBER_BOUNDS, name);
}

/** What somebody typed, short enough to be quoted back. */
function shortened(value: unknown): string {
  const text = String(value);
  return text.length > 40 ? `${[...text].slice(0, 39).join('')}…` : text;
}
