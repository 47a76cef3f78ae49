/**
 * A first guess at how a message was meant, shown for the speaker to change. The language is told from telling letters and
 * short everyday words first, which statistics get wrong, then by tinyld between English and Portuguese alone; its light
 * table (14 MB in memory instead of 51) is loaded when first needed. Intent and emotion come from the rules in rules.ts.
 */
import { guessEmotion, guessIntent } from './rules.ts';
import type { Choices } from './types.ts';

const portuguese =
  /[ãõçâêôà]|(?<![\p{L}])(oi|olá|ola|tchau|sim|não|nao|você|vc|vcs|tá|tô|né|eu|meu|minha|seu|sua|é|uma|isso|isto|esse|essa|muito|tudo|bem|bom|boa|dia|obrigad[oa]|valeu|legal|kk+|rs+|blz|beleza|por ?que|pq|quem|qual|onde|como vai|que|gosto|quero|tenho|está|estou|o|os|um|de|da|das|dos|em|na|nas|nos|para|pra|por|com|ele|ela|eles|elas|já|até|mais|se|foi|são|também|lá|aí|sério)(?![\p{L}])/giu;
const english =
  /(?<![\p{L}])(hi|hey|hello|yes|yeah|^no$|nope|ok|okay|the|is|are|am|you|your|my|i'?m|i|it'?s|what|who|why|how|where|and|not|does|don'?t|do you|can|want|like|love|lol|thanks|bye|cool|nice|good|this|that|of|to|was|he|she|we|they|have|has|with|for|on|in|it)(?![\p{L}])/giu;

/** @param fallback the language of a text that tells nothing ("123", "😀"). */
export async function guessLanguage(text: string, fallback: 'en' | 'pt' = 'en'): Promise<'en' | 'pt'> {
  const lead = countOf(portuguese, text) - countOf(english, text);
  if (lead !== 0) return lead > 0 ? 'pt' : 'en';
  const { detect } = await import('tinyld/light');
  const guess = detect(text, { only: ['en', 'pt'] });
  return guess === 'en' || guess === 'pt' ? guess : fallback;
}

export async function guessChoices(text: string, fallback: 'en' | 'pt' = 'en'): Promise<Choices> {
  return { language: await guessLanguage(text, fallback), intent: guessIntent(text), emotion: guessEmotion(text) };
}

function countOf(pattern: RegExp, text: string): number {
  return text.match(pattern)?.length ?? 0;
}
