/**
 * The arithmetic of BERTScore, equal to `bert_score` 0.3.13 without idf weights and without baseline rescaling. Whoever
 * calls brings the token vectors (a hidden layer of a model of theirs): every model gives other numbers, so a score means
 * something only beside the name of its model.
 */
export interface TokenVectors {
  /** One vector a token, all of one length. */
  readonly vectors: readonly Float32Array[];
  /** Whether that token is the model's own (`<s>`, `</s>`, eos) and no part of the text. */
  readonly special: readonly boolean[];
}

export interface BertScore {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/**
 * Each token of one text looks for its most similar token (cosine) in the other; the means are precision (candidate's
 * tokens) and recall (reference's). Special tokens weigh nothing, yet may be what a word finds most similar.
 */
export function bertScore(candidate: TokenVectors, reference: TokenVectors): BertScore {
  const candidateUnits = candidate.vectors.map(toUnitLength);
  const referenceUnits = reference.vectors.map(toUnitLength);
  const candidateWords = words(candidateUnits, candidate.special);
  const referenceWords = words(referenceUnits, reference.special);
  if (candidateWords.length === 0 || referenceWords.length === 0) return { precision: 0, recall: 0, f1: 0 };
  const precision = meanOfBest(candidateWords, referenceUnits);
  const recall = meanOfBest(referenceWords, candidateUnits);
  const f1 = (2 * precision * recall) / (precision + recall);
  return { precision, recall, f1: Number.isNaN(f1) ? 0 : f1 };
}

/** Against several references: the highest precision, recall and F1, each by itself, as bert_score gives them. */
export function bestBertScore(candidate: TokenVectors, references: readonly TokenVectors[]): BertScore {
  const scores = references.map((reference) => bertScore(candidate, reference));
  if (scores.length === 0) throw new RangeError('a candidate needs a reference to be compared with');
  const highest = (key: keyof BertScore) => Math.max(...scores.map((score) => score[key]));
  return { precision: highest('precision'), recall: highest('recall'), f1: highest('f1') };
}

function words(units: readonly Float64Array[], special: readonly boolean[]): Float64Array[] {
  return units.filter((_, index) => special[index] !== true);
}

function meanOfBest(from: readonly Float64Array[], to: readonly Float64Array[]): number {
  let sum = 0;
  for (const vector of from) sum += to.reduce((best, other) => Math.max(best, dot(vector, other)), -Infinity);
  return sum / from.length;
}

function toUnitLength(vector: Float32Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return Float64Array.from(vector, (value) => value / length);
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) throw new Error(`vectors of ${a.length} and ${b.length} numbers cannot be compared`);
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += a[index]! * b[index]!;
  return sum;
}
