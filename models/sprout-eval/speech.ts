/** Replies as speech: how varied, in which language, of words that exist or not. */
import { type Diversity, diversityOf, meanDiversity } from './diversity.ts';
import { answerLanguage } from './prompts.ts';
import type { Answer } from './replies.ts';
import { type WordLists, wordsOf } from './words.ts';

export interface Speech {
  /** What was said, to which sentences: "pt" to Portuguese ones … */
  language: string;
  replies: number;
  /** Mean words a reply. */
  words: number;
  /** The share of replies in the language they should be in; an empty one is in none. */
  inLanguage: number;
  /** The share of words that exist in that language. */
  exist: number;
}

export interface SpeechOfReplies extends Speech {
  how: 'greedy' | 'sampled';
  /** Of as many replies as there are prompts; of sampled ones the mean over the seeds. */
  diversity: Diversity;
}

/** A row for each language of the prompts and each way of replying. */
export async function measureSpeech(answers: readonly Answer[], lists: WordLists): Promise<SpeechOfReplies[]> {
  const result: SpeechOfReplies[] = [];
  for (const language of new Set(answers.map((answer) => answer.language))) {
    const asked = answers.filter((answer) => answer.language === language);
    const samplings = asked[0]!.sampled.map((_, seed) => asked.map(({ sampled }) => sampled[seed]!));
    for (const [how, sets] of [
      ['greedy', [asked.map(({ greedy }) => greedy)]],
      ['sampled', samplings],
    ] as const) {
      const speech = await speechOf(sets.flat(), answerLanguage(language), lists);
      result.push({ ...speech, language, how, diversity: meanDiversity(sets.map(diversityOf)) });
    }
  }
  return result;
}

/** @param target the language the texts should be in. */
export async function speechOf(texts: readonly string[], target: 'pt' | 'en', lists: WordLists): Promise<Speech> {
  const words = texts.flatMap(wordsOf);
  let inLanguage = 0;
  for (const text of texts) if ((await lists.languageOf(text)) === target) inLanguage++;
  return {
    language: target,
    replies: texts.length,
    words: words.length / texts.length,
    inLanguage: inLanguage / texts.length,
    exist: words.filter((word) => lists.exists(word, target)).length / Math.max(1, words.length),
  };
}

/** The commonest words that do not exist, to look at: invented by the brain, or missing from the dictionary. */
export function unknownWords(answers: readonly Answer[], lists: WordLists, most = 30): Record<'pt' | 'en', string[]> {
  const result: Record<'pt' | 'en', string[]> = { pt: [], en: [] };
  for (const target of ['pt', 'en'] as const) {
    const counts = new Map<string, number>();
    for (const { language, greedy, sampled } of answers.filter(({ language }) => answerLanguage(language) === target))
      for (const word of wordsOf([greedy, ...sampled].join(' ').toLowerCase()))
        if (!lists.exists(word, answerLanguage(language))) counts.set(word, (counts.get(word) ?? 0) + 1);
    result[target] = [...counts]
      .sort((a, b) => b[1] - a[1])
      .slice(0, most)
      .map(([word]) => word);
  }
  return result;
}
