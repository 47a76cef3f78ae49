/** bert_score 0.3.13 over a small RoBERTa: 123 pairs. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bertScore } from '../../src/scoring/index.ts';
import { openRoberta } from './roberta.ts';

const folder = join(import.meta.dirname, '..', '..', '..', 'shared', 'golden', 'roberta');
const absent = !existsSync(folder);
if (absent) console.info('skipped: the golden answers are kept beside the project, in ../shared, and are not here');

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
