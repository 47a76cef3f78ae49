/** bert_score 0.3.13 over a small RoBERTa: 123 pairs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bertScore } from '../../src/scoring/index.ts';
import { openRoberta } from './roberta.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'shared', 'golden', 'roberta');
const absent = !existsSync(folder);
if (absent) console.info('skipped: the golden answers are kept beside the project, in ../shared, and are not here');

test('special tokens weigh nothing in a mean, yet may be what a word finds most similar', () => {
  const [east, north, between] = [
    [1, 0],
    [0, 2],
    [0.6, 0.8],
  ].map((vector) => Float32Array.from(vector)) as [Float32Array, Float32Array, Float32Array];
  const candidate = { vectors: [east, north], special: [false, true] };
  const reference = { vectors: [between, east], special: [false, true] };
  const { precision, recall, f1 } = bertScore(candidate, reference);
  expect([precision, recall, f1].map((value) => value.toFixed(6))).toEqual(['1.000000', '0.800000', '0.888889']);
  expect(bertScore({ vectors: [north], special: [true] }, reference)).toEqual({ precision: 0, recall: 0, f1: 0 });
});

describe.skipIf(absent)('BERTScore', () => {
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));

  test('the encoder of this test gives the hidden states of transformers', () => {
    const { input_ids, hidden_states }: { input_ids: number[]; hidden_states: number[][][] } = json('forward.json');
    const states = openRoberta(folder).hiddenStates(input_ids);
    expect(states).toHaveLength(hidden_states.length);
    const expected = hidden_states.flat(2);
    const actual = states.flatMap((layer) => layer.flatMap((vector) => [...vector]));
    expect(Math.max(...actual.map((value, index) => Math.abs(value - expected[index]!)))).toBeLessThan(1e-4);
  });

  test('equals bert_score on all 123 pairs', () => {
    type Case = { reference: string; hypothesis: string } & Record<'precision' | 'recall' | 'f1', number>;
    const { num_layers, cases }: { num_layers: number; cases: Case[] } = json('bertscore.json');
    expect(cases).toHaveLength(123);
    const roberta = openRoberta(folder);
    const offenders = cases.flatMap((golden) => {
      const [said, known] = [golden.hypothesis, golden.reference].map((text) => roberta.vectors(text, num_layers));
      const score = bertScore(said!, known!);
      const close = (['precision', 'recall', 'f1'] as const).every((key) => Math.abs(score[key] - golden[key]) <= 1e-5);
      return close ? [] : [{ ...golden, score }];
    });
    expect(offenders).toEqual([]);
  });
});
