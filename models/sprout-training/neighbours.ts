/**
 * Portuguese conversation is scarce, single sentences are not. Here two sentences that share their rarest words follow
 * one another as if someone had answered, questions first ("Você gosta de música?" → "Eu gosto de música clássica."):
 * not a real talk, but it teaches to stay with a subject.
 */
import type { TrainingDocument } from './documents.ts';

/** At most this many sentences may hold a word that counts as a link. */
const COMMON = 300;
const NEIGHBOURS = 2;

export function similarPairs(sentences: readonly string[]): TrainingDocument[] {
  const unique = [...new Set(sentences)];
  const words = unique.map((sentence) => [...new Set(sentence.toLowerCase().match(/\p{L}{3,}/gu) ?? [])]);
  const holders = new Map<string, number[]>();
  for (const [index, list] of words.entries()) {
    for (const word of list) {
      const holding = holders.get(word);
      if (holding) holding.push(index);
      else holders.set(word, [index]);
    }
  }
  const rarity = (word: string) => Math.log(unique.length / holders.get(word)!.length);

  return unique.flatMap((sentence, index) => {
    const scores = new Map<number, number>();
    for (const word of words[index]!) {
      const holding = holders.get(word)!;
      if (holding.length > COMMON) continue;
      for (const other of holding) scores.set(other, (scores.get(other) ?? 0) + rarity(word));
    }
    scores.delete(index);
    // A reply is better not a question, and not a long one.
    const ranked = [...scores]
      .filter(([other]) => !unique[other]!.endsWith('?') && !repeats(sentence, unique[other]!))
      .map(([other, score]) => ({ other, score: score / Math.sqrt(4 + words[other]!.length) }))
      .sort((a, b) => b.score - a.score || a.other - b.other);
    return ranked
      .slice(0, sentence.endsWith('?') ? 2 * NEIGHBOURS : NEIGHBOURS)
      .map(({ other }): TrainingDocument => ({ language: 'pt', turns: [sentence, unique[other]!] }));
  });
}

/** Two wordings of one sentence are no dialogue. */
function repeats(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => new Set(text.toLowerCase().match(/\p{L}+/gu) ?? []));
  const shared = [...first!].filter((word) => second!.has(word)).length;
  return shared > 0.75 * Math.min(first!.size, second!.size);
}
