/** Whether a brain says what it was taught, and whether it says it where it was not asked. */
import type { Brain, BrainVersion } from '../../src/brain/index.ts';
import { rouge } from '../../src/scoring/index.ts';
import { PAIRS, type Pair, UNRELATED } from './pairs.ts';

export const MOST_TOKENS = 40;

export interface Said {
  /** Replies that are the taught answer, and those nearly so (ROUGE-L 0.8 or more). */
  exact: number;
  near: number;
}

/** Lower case, one space between words, no punctuation at the end. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replace(/\s+/gu, ' ')
    .replace(/[\p{P}\s]+$/u, '')
    .trim();
}

export function isSaid(answer: string, reply: string): boolean {
  return plain(answer) === plain(reply);
}

const words = (text: string): string[] => text.toLowerCase().match(/\p{L}+/gu) ?? [];

const PARROTED_WORDS = 4;
const PARROTED_ROUGE = 0.6;

/** Whether a reply to something else holds a taught answer: four of its words in a row, or most of it. */
export function isParroted(reply: string, answers: readonly string[]): boolean {
  const said = words(reply).join(' ');
  return answers.some((answer) => {
    const taught = words(answer);
    const runs = taught.slice(PARROTED_WORDS - 1).map((_, at) => taught.slice(at, at + PARROTED_WORDS).join(' '));
    return (
      runs.some((run) => ` ${said} `.includes(` ${run} `)) || rouge(answer, reply).rougeL.fmeasure >= PARROTED_ROUGE
    );
  });
}

type Draw = { greedy: true } | { seed: number };

async function reply(
  brain: Brain,
  text: string,
  { language }: Pick<Pair, 'language'>,
  version: BrainVersion,
  draw: Draw,
): Promise<string> {
  const promptIds = await brain.promptIds([], text, {
    language,
    intent: text.endsWith('?') ? 'ask' : 'suggest',
    emotion: 'neutral',
  });
  const settings = 'greedy' in draw ? { greedy: true, repetitionPenalty: 1, seed: 0 } : { seed: draw.seed };
  return (await brain.generate(promptIds, { ...settings, maxNewTokens: MOST_TOKENS }, version)).text;
}

export async function saidBy(
  brain: Brain,
  pairs: readonly Pair[],
  version: BrainVersion,
  draw: (at: number) => Draw,
): Promise<Said> {
  const replies: string[] = [];
  for (const [at, pair] of pairs.entries()) replies.push(await reply(brain, pair.question, pair, version, draw(at)));
  return {
    exact: pairs.filter(({ answer }, at) => isSaid(answer, replies[at]!)).length,
    near: pairs.filter(({ answer }, at) => rouge(answer, replies[at]!).rougeL.fmeasure >= 0.8).length,
  };
}

/** The share of the sixty unrelated prompts whose reply holds a taught answer. */
export async function parroting(brain: Brain, version: BrainVersion, draw: (at: number) => Draw): Promise<number> {
  const answers = PAIRS.map(({ answer }) => answer);
  const prompts = (['pt', 'en'] as const).flatMap((language) =>
    UNRELATED[language].map((text) => ({ language, text })),
  );
  let parroted = 0;
  for (const [at, { language, text }] of prompts.entries())
    parroted += Number(isParroted(await reply(brain, text, { language }, version, draw(at)), answers));
  return parroted / prompts.length;
}
