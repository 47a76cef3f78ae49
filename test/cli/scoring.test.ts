import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brain, goldenJson, goldenLines, jsonLines, shared, sharedAbsent } from './brain.ts';

const METRICS = ['rouge1', 'rouge2', 'rougeL', 'bleu', 'meteor'] as const;
type Scores = Record<(typeof METRICS)[number], number>;

describe.skipIf(sharedAbsent)('on the golden answers', () => {
  test('score writes the five numbers of all 813 pairs, in their order', async () => {
    const { lines, status } = await brain(['score', join(shared, 'golden', 'metrics.jsonl')]);
    const golden = goldenLines<Scores>('metrics.jsonl');
    expect(status).toBe(0);
    expect(lines).toHaveLength(813);
    const offenders = golden.filter((pair, index) => {
      const scores = lines[index] as Scores;
      const keys = Object.keys(scores).join();
      return keys !== METRICS.join() || METRICS.some((metric) => !(Math.abs(scores[metric] - pair[metric]) <= 1e-9));
    });
    expect(offenders).toEqual([]);
  });

  test('tokens writes the table of all 160 cases, statuses in the words of the original', async () => {
    const { lines } = await brain(['tokens', join(shared, 'golden', 'token-report.jsonl')]);
    const golden = goldenLines<{ total: number; table: unknown[] }>('token-report.jsonl');
    expect(lines).toHaveLength(160);
    const offenders = golden.filter(({ total, table }, index) => {
      const report = lines[index] as { total: number; table: unknown[] };
      return JSON.stringify(report.table) !== JSON.stringify(table) || !(Math.abs(report.total - total) <= 1e-9);
    });
    expect(offenders).toEqual([]);
  });
});

test('a file may begin with a byte order mark, end lines as Windows does, and have empty ones', async () => {
  const path = jsonLines('windows.jsonl', []);
  writeFileSync(
    path,
    '\ufeff{"reference": "a b", "hypothesis": "a b"}\r\n\r\n{"reference": "é", "hypothesis": ""}\r\n',
  );
  const { lines } = await brain(['score', path]);
  expect(lines).toMatchObject([{ rouge1: 1 }, { rouge1: 0, bleu: 0, meteor: 0 }]);
});

test('METEOR in Portuguese says that it had no synonyms', async () => {
  const path = jsonLines('pt.jsonl', [{ reference: 'gosto', hypothesis: 'gostei' }]);
  const { lines } = await brain(['score', path, '--language', 'pt']);
  expect(lines).toMatchObject([{ meteor: 0.5, meteor_stages: ['exact', 'stem'] }]);
});

describe.skipIf(sharedAbsent)('with an encoder', () => {
  test('score gives the precision, recall and F1 of bert_score for all 123 pairs', async () => {
    type Case = Record<'precision' | 'recall' | 'f1', number>;
    const { num_layers, cases } = goldenJson<{ num_layers: number; cases: Case[] }>('roberta/bertscore.json');
    const path = jsonLines('encoder.jsonl', cases);
    const args = ['score', path, '--bertscore', join(shared, 'golden', 'roberta'), '--layers', String(num_layers)];
    const { lines } = await brain(args);
    expect(lines).toHaveLength(123);
    const offenders = cases.filter((one, index) => {
      const { bertscore } = lines[index] as { bertscore: Case };
      return (['precision', 'recall', 'f1'] as const).some((key) => !(Math.abs(bertscore[key] - one[key]) <= 1e-5));
    });
    expect(offenders).toEqual([]);
    expect(Object.keys((lines[0] as { bertscore: Case }).bertscore)).toEqual(['precision', 'recall', 'f1']);
  });

  test('a layer it does not have is refused', async () => {
    const path = jsonLines('layer.jsonl', [{ reference: 'a', hypothesis: 'a' }]);
    const { status, stderr } = await brain([
      'score',
      path,
      '--bertscore',
      join(shared, 'golden', 'roberta'),
      '--layers',
      '4',
    ]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('--layers cannot be “4”')]);
  });
});

test('BERTScore comes from the hidden states of the model that was named', async () => {
  const path = jsonLines('bert.jsonl', [
    { reference: 'I like music', hypothesis: 'I like music' },
    { reference: 'I like music', hypothesis: 'no way' },
    { reference: 'I like music', hypothesis: '' },
  ]);
  const { lines } = await brain(['score', path, '--bertscore', 'sprout', '--layers', '3']);
  const [same, other, empty] = lines as { bertscore: { precision: number; recall: number; f1: number } }[];
  expect(same?.bertscore.f1).toBeCloseTo(1, 6);
  expect(other?.bertscore.f1).toBeLessThan(0.999);
  expect(empty?.bertscore).toEqual({ precision: 0, recall: 0, f1: 0 });
});

test('tokens counts 25 in all and half for a misplaced token unless a line says otherwise', async () => {
  const path = jsonLines('tokens.jsonl', [
    { expected: 'a b', generated: 'a b' },
    { expected: 'a b', generated: 'b a', max_score: 1, half_reward: 0.1 },
  ]);
  const { lines } = await brain(['tokens', path]);
  expect(lines).toMatchObject([{ total: 25 }, { total: 0.2 }]);
});
