/**
 * ROUGE-1, ROUGE-2 and ROUGE-L, equal to google-research's `rouge_score` 0.1.2 with `use_stemmer=True`. Its tokens are
 * ASCII: every other character separates, so "você" is read as "voc". F is the plain harmonic mean (no beta), and
 * ROUGE-L takes the whole text as one sequence (line breaks do not matter).
 */
import { porterStem } from './porter.ts';

export interface PrecisionRecall {
  readonly precision: number;
  readonly recall: number;
  readonly fmeasure: number;
}

export interface Rouge {
  readonly rouge1: PrecisionRecall;
  readonly rouge2: PrecisionRecall;
  readonly rougeL: PrecisionRecall;
}

/** `RougeScorer(['rouge1', 'rouge2', 'rougeL'], use_stemmer=True).score(reference, hypothesis)`. */
export function rouge(reference: string, hypothesis: string): Rouge {
  const wanted = rougeTokens(reference);
  const given = rougeTokens(hypothesis);
  return {
    rouge1: overlap(countGrams(wanted, 1), countGrams(given, 1)),
    rouge2: overlap(countGrams(wanted, 2), countGrams(given, 2)),
    rougeL: ratios(longestCommonSubsequence(wanted, given), wanted.length, given.length),
  };
}

/** Lower-case runs of a–z and 0–9; those longer than three letters are stemmed. */
export function rougeTokens(text: string): string[] {
  const tokens = text.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return tokens.map((token) => (token.length > 3 ? porterStem(token) : token)).filter((token) => token !== '');
}

/** How often each run of `size` tokens occurs; the tokens hold no space, so a space can join them. */
export function countGrams(tokens: readonly string[], size: number): Map<string, number> {
  const counts = new Map<string, number>();
  for (let start = 0; start + size <= tokens.length; start += 1) {
    const gram = tokens.slice(start, start + size).join(' ');
    counts.set(gram, (counts.get(gram) ?? 0) + 1);
  }
  return counts;
}

function overlap(wanted: ReadonlyMap<string, number>, given: ReadonlyMap<string, number>): PrecisionRecall {
  let shared = 0;
  for (const [gram, count] of wanted) shared += Math.min(count, given.get(gram) ?? 0);
  return ratios(shared, sum(wanted.values()), sum(given.values()));
}

function ratios(shared: number, wanted: number, given: number): PrecisionRecall {
  const precision = shared / Math.max(given, 1);
  const recall = shared / Math.max(wanted, 1);
  const fmeasure = precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0;
  return { precision, recall, fmeasure };
}

/** Length of the longest common subsequence; one row of the table at a time, so memory grows with one text only. */
function longestCommonSubsequence(a: readonly string[], b: readonly string[]): number {
  const row = new Uint32Array(b.length + 1);
  for (const token of a) {
    let diagonal = 0;
    for (let column = 1; column <= b.length; column += 1) {
      const above = row[column]!;
      row[column] = token === b[column - 1] ? diagonal + 1 : Math.max(above, row[column - 1]!);
      diagonal = above;
    }
  }
  return row[b.length]!;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
