/** Every measurement of a brain, one after the other. The same brain and material give the same numbers. */
import type { Brain } from '../../src/brain/index.ts';
import type { Validation } from '../sprout-training/evaluate.ts';
import {
  type FirstTokenShift,
  type LabelLikelihood,
  type LabelShare,
  measureFirstTokenShifts,
  measureLabelLikelihood,
  measureLabelShares,
} from './conditioning.ts';
import { measureHeldOut } from './held-out.ts';
import type { Material } from './material.ts';
import { prompts as fixedPrompts, type Prompt } from './prompts.ts';
import { type Answer, answer } from './replies.ts';
import { measureSpeech, type Speech, type SpeechOfReplies, speechOf, unknownWords } from './speech.ts';
import { measureTranslation, type TranslationScore } from './translation.ts';
import { openWordLists } from './words.ts';

export interface Evaluation {
  model: string;
  parameters: number;
  /** What was not measured, and why. */
  missing: string[];
  heldOut: Record<string, Validation>;
  speech: SpeechOfReplies[];
  /** People's held-out sentences judged alike: what a perfect brain would get. */
  people: Speech[];
  /** The commonest words of the replies that do not exist. */
  unknown: Record<'pt' | 'en', string[]>;
  translation: Record<'en-pt' | 'pt-en', TranslationScore> | null;
  labelShares: LabelShare[];
  labelLikelihood: LabelLikelihood[];
  firstTokens: FirstTokenShift[];
  answers: Answer[];
}

export interface EvaluationOptions {
  /** Gets the name of each measurement as it begins. */
  report?: (step: string) => void;
  prompts?: readonly Prompt[];
  /** Of the sampled replies; the first one's are those to read. */
  seeds?: readonly number[];
  /** Of the replies under each label. */
  labelSeeds?: readonly number[];
  /** Held-out replies a language whose likelihood is compared. */
  labelledReplies?: number;
  /** People's sentences a language. */
  sentences?: number;
}

export async function evaluateBrain(
  brain: Brain,
  { heldOut, pairs, names, missing }: Material,
  {
    report = () => {},
    prompts = fixedPrompts,
    seeds = [1, 2, 3, 4, 5],
    labelSeeds = [1, 2, 3],
    labelledReplies = 100,
    sentences = 1000,
  }: EvaluationOptions = {},
): Promise<Evaluation> {
  const chat = prompts.filter(({ language }) => language === 'pt' || language === 'en');
  const lists = await openWordLists(names);
  report('the forty prompts');
  const answers = await answer(brain, prompts, seeds);
  const speech = await measureSpeech(answers, lists);
  const people: Speech[] = [];
  for (const [name, language] of [
    ['own-pt', 'pt'],
    ['tatoeba-pt', 'pt'],
    ['own-en', 'en'],
    ['en', 'en'],
  ] as const) {
    const said = heldOut[name]?.flatMap(({ turns }) => turns).slice(0, sentences) ?? [];
    if (said.length > 0) people.push({ ...(await speechOf(said, language, lists)), language: name });
  }
  const unknown = unknownWords(answers, lists);
  report('held-out documents');
  const validations = await measureHeldOut(brain, heldOut);
  report('translation');
  const translation = pairs.length > 0 ? await measureTranslation(brain, pairs) : null;
  report('labels, sampled');
  const labelShares = await measureLabelShares(brain, chat, labelSeeds);
  report('labels, by likelihood');
  const labelled = [...(heldOut['own-pt'] ?? []), ...(heldOut['own-en'] ?? [])];
  const labelLikelihood: LabelLikelihood[] = [];
  for (const place of ['reply', 'sentence', 'tone'] as const)
    labelLikelihood.push(...(await measureLabelLikelihood(brain, labelled, place, labelledReplies)));
  const firstTokens = await measureFirstTokenShifts(brain, chat);
  return {
    model: brain.name,
    parameters: brain.info().parameters,
    missing,
    heldOut: validations,
    speech,
    people,
    unknown,
    translation,
    labelShares,
    labelLikelihood,
    firstTokens,
    answers,
  };
}
