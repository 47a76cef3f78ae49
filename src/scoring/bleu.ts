/**
 * Sentence BLEU, equal to NLTK's `sentence_bleu([reference.split()], hypothesis.split(),
 * smoothing_function=SmoothingFunction().method1)`: four n-gram orders of equal weight, always four, so a perfect reply of
 * one word scores 0.178; an order without any match counts 0.1 matches instead of none.
 */
import { splitOnSpace } from './python-text.ts';
import { countGrams } from './rouge.ts';

const ORDERS = [1, 2, 3, 4] as const;
const SMOOTHED_ZERO = 0.1;

/** BLEU of one reply against one reference, 0 to 1. Words are what stands between white space; case counts. */
export function sentenceBleu(reference: string, hypothesis: string): number {
  const wanted = splitOnSpace(reference);
  const given = splitOnSpace(hypothesis);
  const logs: number[] = [];
  for (const order of ORDERS) {
    const matches = clippedMatches(countGrams(wanted, order), countGrams(given, order));
    if (order === 1 && matches === 0) return 0;
    const grams = Math.max(1, given.length - order + 1);
    logs.push(Math.log((matches === 0 ? SMOOTHED_ZERO : matches) / grams) / ORDERS.length);
  }
  const brevity = given.length > wanted.length ? 1 : Math.exp(1 - wanted.length / given.length);
  return brevity * Math.exp(exactSum(logs));
}

/** Matches of each n-gram, at most as often as the reference has it. */
function clippedMatches(wanted: ReadonlyMap<string, number>, given: ReadonlyMap<string, number>): number {
  let matches = 0;
  for (const [gram, count] of given) matches += Math.min(count, wanted.get(gram) ?? 0);
  return matches;
}

/** Python's `math.fsum`: Shewchuk's partial sums, so that the order of the terms costs nothing. */
function exactSum(values: readonly number[]): number {
  const partials: number[] = [];
  for (const value of values) {
    let x = value;
    let kept = 0;
    for (const partial of partials) {
      const [large, small] = Math.abs(x) < Math.abs(partial) ? [partial, x] : [x, partial];
      const high = large + small;
      const low = small - (high - large);
      if (low !== 0) partials[kept++] = low;
      x = high;
    }
    partials.length = kept;
    partials.push(x);
  }
  return partials.reduceRight((total, partial) => total + partial, 0);
}
