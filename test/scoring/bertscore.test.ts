/** The arithmetic alone; test/brain/encoder.test.ts holds it against bert_score, with the hidden states of an encoder. */
import { expect, test } from 'vitest';
import { bertScore, bestBertScore } from '../../src/scoring/index.ts';

const [east, north, between] = [
  [1, 0],
  [0, 2],
  [0.6, 0.8],
].map((vector) => Float32Array.from(vector)) as [Float32Array, Float32Array, Float32Array];

test('special tokens weigh nothing in a mean, yet may be what a word finds most similar', () => {
  const candidate = { vectors: [east, north], special: [false, true] };
  const reference = { vectors: [between, east], special: [false, true] };
  const { precision, recall, f1 } = bertScore(candidate, reference);
  expect([precision, recall, f1].map((value) => value.toFixed(6))).toEqual(['1.000000', '0.800000', '0.888889']);
  expect(bertScore({ vectors: [north], special: [true] }, reference)).toEqual({ precision: 0, recall: 0, f1: 0 });
});

test('of several references the highest precision, recall and F1 count, each by itself', () => {
  const words = (...vectors: Float32Array[]) => ({ vectors, special: vectors.map(() => false) });
  const candidate = words(east, north);
  const references = [words(east), words(between, north, east)];
  const [first, second] = references.map((reference) => bertScore(candidate, reference));
  expect(first!.recall).toBeGreaterThan(second!.recall);
  expect(first!.precision).toBeLessThan(second!.precision);
  const { precision, recall, f1 } = bestBertScore(candidate, references);
  expect([precision, recall, f1]).toEqual([second!.precision, first!.recall, Math.max(first!.f1, second!.f1)]);
  expect(() => bestBertScore(candidate, [])).toThrow(RangeError);
});
