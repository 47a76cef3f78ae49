/** What must hold of any two texts, whatever people type: bounds, identity, symmetry, and an answer at all. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bertScore,
  meteor,
  rouge,
  scoreReply,
  sentenceBleu,
  splitOnSpace,
  tokenReport,
} from '../../src/scoring/index.ts';

/** Any UTF-16 text at all, lone surrogates included, mixed with words that match often. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc
    .array(fc.constantFrom('the', 'cars', 'car', 'auto', 'você', 'ran', '.', '😀', '\ud83d', '\u200f', 'Σ'))
    .map((w) => w.join(' ')),
);
const METRICS = ['rouge1', 'rouge2', 'rougeL', 'bleu', 'meteor'] as const;

describe('any two texts', () => {
  test('give five numbers from 0 to 1, in both languages', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.constantFrom('en' as const, 'pt' as const), (a, b, language) => {
        const scores = scoreReply(a, b, language);
        for (const metric of METRICS) expect(scores[metric] >= 0 && scores[metric] <= 1 + 1e-12).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('give the same ROUGE F-measures the other way round', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        const [there, back] = [rouge(a, b), rouge(b, a)];
        for (const name of ['rouge1', 'rouge2', 'rougeL'] as const) {
          expect(there[name].fmeasure).toBeCloseTo(back[name].fmeasure, 12);
          expect(there[name].precision).toBe(back[name].recall);
        }
      }),
    );
  });

  test('have a token table as long as the longer text, between the two bounds', () => {
    fc.assert(
      fc.property(anyText, anyText, (expected, generated) => {
        const { total, rows } = tokenReport(expected, generated, { maxScore: 1 });
        const right = rows.filter((row) => row.expected !== '').length;
        expect(rows.length).toBeGreaterThanOrEqual(right);
        expect(Math.abs(total)).toBeLessThanOrEqual(rows.length / Math.max(right, 1) + 1e-9);
        expect(rows.every((row) => row.status.code !== 'correct' || row.expected === row.generated)).toBe(true);
      }),
    );
  });
});

describe('a text against itself', () => {
  test('is all correct and earns the whole score', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const { total, rows } = tokenReport(text, text, { maxScore: 1 });
        expect(rows.every((row) => row.status.code === 'correct')).toBe(true);
        expect(total).toBeCloseTo(rows.length === 0 ? 0 : 1, 9);
      }),
    );
  });

  test('has BLEU 1 from four words on, and one unbroken METEOR run', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const words = splitOnSpace(text).length;
        if (words >= 4) expect(sentenceBleu(text, text)).toBeCloseTo(1, 12);
        // Matching from the end pairs equal words place by place, so all of it is one run.
        if (words > 0) expect(meteor(text, text).score).toBeCloseTo(1 - 0.5 / words ** 3, 12);
      }),
    );
  });
});

describe('texts made to hang a scorer', () => {
  const WORST: Record<string, string> = {
    'ten thousand line breaks': '\n'.repeat(10_000),
    'one word of four thousand letters': 'a'.repeat(4000),
    'endings within endings': 'es'.repeat(2000),
    'a run of y': `${'y'.repeat(3996)}ing`,
    'two thousand one-letter words': 'a '.repeat(2000),
    'two thousand different words': Array.from({ length: 800 }, (_, index) => index.toString(36)).join(' '),
    'a sentence with dozens of meanings a word': 'break run take get set go '.repeat(150),
    'right to left and zero width': 'שלום \u200b\u200d\u202e مرحبا '.repeat(200),
    'lone surrogates': '\ud800'.repeat(4000),
    'four thousand faces': '😀'.repeat(2000),
  };
  test.each(Object.keys(WORST))('%s', (name) => {
    const text = WORST[name]!;
    for (const other of Object.values(WORST)) {
      for (const language of ['en', 'pt'] as const) {
        const scores = scoreReply(text, other, language);
        expect(METRICS.every((metric) => Number.isFinite(scores[metric]))).toBe(true);
      }
      expect(Number.isFinite(tokenReport(text, other).total)).toBe(true);
    }
  });
});

describe('BERTScore', () => {
  const vector = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 });
  const text = fc.array(
    vector
      .filter((values) => values.some((value) => Math.abs(value) > 0.01))
      .map((values) => Float32Array.from(values)),
    { minLength: 1, maxLength: 6 },
  );
  const asText = (vectors: Float32Array[]) => ({ vectors, special: vectors.map(() => false) });

  test('of a text against itself is 1, and swapping the texts swaps precision and recall', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(bertScore(asText(a), asText(a)).f1).toBeCloseTo(1, 6);
        const [there, back] = [bertScore(asText(a), asText(b)), bertScore(asText(b), asText(a))];
        expect(there.precision).toBe(back.recall);
        expect(there.precision).toBeLessThanOrEqual(1 + 1e-6);
      }),
    );
  });

  test('of an empty text is 0, and special tokens weigh nothing but can be found', () => {
    const [one, other] = [Float32Array.of(1, 0), Float32Array.of(0, 1)];
    const empty = { vectors: [one], special: [true] };
    expect(bertScore(empty, asText([one]))).toEqual({ precision: 0, recall: 0, f1: 0 });
    const mixed = { vectors: [one, other], special: [true, false] };
    expect(bertScore(asText([one]), mixed)).toEqual({ precision: 1, recall: 0, f1: 0 });
  });
});
