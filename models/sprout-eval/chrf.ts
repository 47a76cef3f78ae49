/**
 * chrF2 (Popović 2015) of a whole corpus, as sacrebleu 2.6.0's CHRF() counts it: character n-grams of 1 to 6 with all white
 * space removed, one reference a sentence, counts added up over the sentences, precision and recall averaged over the orders,
 * recall weighed twice (beta 2).
 */
import { splitOnSpace } from '../../src/scoring/index.ts';

const ORDERS = [1, 2, 3, 4, 5, 6];
const BETA_SQUARED = 4;

export interface Translation {
  hypothesis: string;
  reference: string;
}

/** @returns 0 to 100. */
export function chrf(translations: readonly Translation[]): number {
  let precision = 0;
  let recall = 0;
  let counted = 0;
  for (const order of ORDERS) {
    const { said, wanted, matched } = countMatches(translations, order);
    // An order that no sentence is long enough for tells nothing.
    if (said === 0 || wanted === 0) continue;
    precision += matched / said;
    recall += matched / wanted;
    counted++;
  }
  if (precision === 0 || recall === 0) return 0;
  precision /= counted;
  recall /= counted;
  return (100 * (1 + BETA_SQUARED) * precision * recall) / (BETA_SQUARED * precision + recall);
}

function countMatches(translations: readonly Translation[], order: number) {
  const totals = { said: 0, wanted: 0, matched: 0 };
  for (const { hypothesis, reference } of translations) {
    const wanted = ngrams(reference, order);
    // What is said beside an empty reference is not held against it: sacrebleu's own rule.
    if (wanted.size === 0) continue;
    const said = ngrams(hypothesis, order);
    totals.said += sum(said.values());
    totals.wanted += sum(wanted.values());
    for (const [ngram, count] of said) totals.matched += Math.min(count, wanted.get(ngram) ?? 0);
  }
  return totals;
}

/** How often each run of `order` characters stands in the text. */
function ngrams(text: string, order: number): Map<string, number> {
  const characters = [...splitOnSpace(text).join('')];
  const counts = new Map<string, number>();
  for (let start = 0; start + order <= characters.length; start++) {
    const ngram = characters.slice(start, start + order).join('');
    counts.set(ngram, (counts.get(ngram) ?? 0) + 1);
  }
  return counts;
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
