/** What the words mean: short lessons in the reader's language, with the reader's own numbers where there are some. */
import { LOCALES, type Locale, t, tDynamic } from '../i18n/index.ts';
import { LESSON_TERMS, type LessonTerm, plainName, termNamed, termsLike } from './terms.ts';

export { LESSON_TERMS, type LessonTerm } from './terms.ts';

export interface Lesson {
  readonly term: LessonTerm;
  readonly title: string;
  /** Three to five sentences, and one more if it quotes the reader's numbers. */
  readonly text: string;
}

/** The reader's own numbers, as far as there are any: their last reply and their last training. */
export interface LessonNumbers {
  /** Metrics of the last reply, 0 to 1; BERTScore as F1. */
  readonly rougeL?: number;
  readonly bleu?: number;
  readonly meteor?: number;
  readonly bertScore?: number;
  /** Of the last training: first and last step, then the summary. */
  readonly firstLoss?: number;
  readonly lastLoss?: number;
  readonly lastGradNorm?: number;
  readonly firstLearningRate?: number;
  readonly epochs?: number;
  readonly trainRuntime?: number;
  readonly trainSamplesPerSecond?: number;
  readonly trainStepsPerSecond?: number;
  readonly trainLoss?: number;
  /** Of the last training with the recipe concerned. */
  readonly firstMargin?: number;
  readonly lastMargin?: number;
  readonly firstReward?: number;
  readonly lastReward?: number;
  readonly kl?: number;
  /** How many times less likely the rated reply became. */
  readonly timesLess?: number;
  readonly repliesLearnt?: number;
  /** The class's line between good enough and not. */
  readonly threshold?: number;
  /** The most tokens a reply of the class's may have. */
  readonly maxNewTokens?: number;
}

/** The value of each {{parameter}} of a term's sentence with numbers. */
const QUOTED: Record<LessonTerm, Readonly<Record<string, keyof LessonNumbers>>> = {
  overfitting: { first: 'firstLoss', last: 'lastLoss' },
  rouge_l: { value: 'rougeL' },
  bleu: { value: 'bleu' },
  meteor: { value: 'meteor' },
  bertscore: { value: 'bertScore' },
  token_limit: { value: 'maxNewTokens' },
  epoch: { value: 'epochs' },
  loss: { first: 'firstLoss', last: 'lastLoss' },
  grad_norm: { value: 'lastGradNorm' },
  learning_rate: { value: 'firstLearningRate' },
  train_runtime: { value: 'trainRuntime' },
  throughput: { samples: 'trainSamplesPerSecond', steps: 'trainStepsPerSecond' },
  train_loss: { value: 'trainLoss' },
  preference: { first: 'firstMargin', last: 'lastMargin' },
  push_away: { value: 'timesLess' },
  replay: { value: 'repliesLearnt' },
  reward: { first: 'firstReward', last: 'lastReward' },
  baseline: { value: 'threshold' },
  kl: { value: 'kl' },
};

export type LessonSearch =
  | { readonly found: true; readonly lesson: Lesson }
  /** `near`: titles, the likeliest first; `message`: the same in a sentence. */
  | { readonly found: false; readonly near: readonly string[]; readonly message: string };

const NEAR_NAMES = 3;

/** Finds a lesson by any of its names, in any case, with or without accents and hyphens, in English or Portuguese. */
export function findLesson(name: string, locale: Locale, numbers?: LessonNumbers): LessonSearch {
  const term = termNamed(name) ?? termTitled(name);
  if (term !== undefined) return { found: true, lesson: lesson(term, locale, numbers) };
  const near = nearLessons(name, locale).slice(0, NEAR_NAMES);
  return { found: false, near, message: t(locale, 'lessons:unknown', { term: name, near: near.join(', ') }) };
}

/** Completion hands a whole title back, in the language it was shown in. */
function termTitled(title: string): LessonTerm | undefined {
  const plain = plainName(title);
  return LESSON_TERMS.find((term) => LOCALES.some((locale) => plainName(lessonTitle(term, locale)) === plain));
}

/** Titles of all lessons, those most like what was typed first: for completion while typing. */
export function nearLessons(typed: string, locale: Locale): string[] {
  const terms = typed.trim() === '' ? LESSON_TERMS : termsLike(typed);
  return terms.map((term) => lessonTitle(term, locale));
}

/** One lesson; where `numbers` holds what its last sentence quotes, that sentence is added. */
export function lesson(term: LessonTerm, locale: Locale, numbers: LessonNumbers = {}): Lesson {
  const text = tDynamic(locale, `lessons:${term}_text`);
  const quote = quotation(term, locale, numbers);
  return { term, title: lessonTitle(term, locale), text: quote === null ? text : `${text} ${quote}` };
}

export function lessonTitle(term: LessonTerm, locale: Locale): string {
  return tDynamic(locale, `lessons:${term}_title`);
}

function quotation(term: LessonTerm, locale: Locale, numbers: LessonNumbers): string | null {
  const format = new Intl.NumberFormat(locale, { maximumSignificantDigits: 3 });
  const values: Record<string, string> = {};
  for (const [parameter, name] of Object.entries(QUOTED[term])) {
    const value = numbers[name];
    if (value === undefined || !Number.isFinite(value)) return null;
    values[parameter] = format.format(value);
  }
  return tDynamic(locale, `lessons:${term}_numbers`, values);
}
