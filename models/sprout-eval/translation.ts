/** Greedy translations of the held-out Tatoeba pairs, both ways. */
import type { Brain } from '../../src/brain/index.ts';
import { chrf } from './chrf.ts';

export interface Pair {
  en: string;
  pt: string;
}

export interface TranslationScore {
  pairs: number;
  /** chrF2 of what the brain says, 0 to 100. */
  chrf: number;
  /** The same of saying the sentence back untranslated: what no translation at all gets. */
  copied: number;
  /** The first few, to read. */
  examples: { source: string; reference: string; said: string }[];
}

/** Sentences of Tatoeba are short; what goes on longer has lost its way. */
const MAX_NEW_TOKENS = 60;
const EXAMPLES = 5;

export async function measureTranslation(
  brain: Brain,
  pairs: readonly Pair[],
): Promise<Record<'en-pt' | 'pt-en', TranslationScore>> {
  const toPortuguese = pairs.map(({ en, pt }) => ({ source: en, reference: pt }));
  const toEnglish = pairs.map(({ en, pt }) => ({ source: pt, reference: en }));
  return {
    'en-pt': await translateAll(brain, 'en-pt', toPortuguese),
    'pt-en': await translateAll(brain, 'pt-en', toEnglish),
  };
}

async function translateAll(
  brain: Brain,
  language: 'en-pt' | 'pt-en',
  sentences: readonly { source: string; reference: string }[],
): Promise<TranslationScore> {
  const translated: TranslationScore['examples'] = [];
  for (const { source, reference } of sentences) {
    const ids = await brain.promptIds([], source, { language }, MAX_NEW_TOKENS);
    const { text } = await brain.generate(ids, { greedy: true, seed: 0, maxNewTokens: MAX_NEW_TOKENS });
    translated.push({ source, reference, said: text });
  }
  return {
    pairs: sentences.length,
    chrf: chrf(translated.map(({ reference, said }) => ({ hypothesis: said, reference }))),
    copied: chrf(sentences.map(({ source, reference }) => ({ hypothesis: source, reference }))),
    examples: translated.slice(0, EXAMPLES),
  };
}
