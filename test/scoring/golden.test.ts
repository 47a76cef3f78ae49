/** The answers of the reference libraries (rouge_score 0.1.2, NLTK 3.10.4, the original's token analysis), matched in full. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { porterStem, scoreReply, statusInPortuguese, tokenReport } from '../../src/scoring/index.ts';

const shared = join(import.meta.dirname, '..', '..', '..', 'shared');
const absent = !existsSync(shared);
if (absent) console.info('skipped: the golden answers are kept beside the project, in ../shared, and are not here');

function readGolden<Row>(name: string): Row[] {
  const lines = readFileSync(join(shared, 'golden', name), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line): Row => JSON.parse(line));
}

describe.skipIf(absent)('golden', () => {
  const METRICS = ['rouge1', 'rouge2', 'rougeL', 'bleu', 'meteor'] as const;
  type Pair = { reference: string; hypothesis: string } & Record<(typeof METRICS)[number], number>;

  test('each metric equals its library on all 813 pairs', () => {
    const pairs = readGolden<Pair>('metrics.jsonl');
    expect(pairs).toHaveLength(813);
    const offenders = pairs.flatMap((pair) => {
      const scores = scoreReply(pair.reference, pair.hypothesis, 'en');
      return METRICS.filter((metric) => !(Math.abs(scores[metric] - pair[metric]) <= 1e-9)).map((metric) => ({
        metric,
        is: scores[metric],
        ...pair,
      }));
    });
    expect(offenders).toEqual([]);
  });

  interface TokenCase {
    expected: string;
    generated: string;
    max_score: number;
    half_reward: number;
    total: number;
    table: { expected: string; generated: string; status: string; reward: number }[];
  }

  test('the token table equals the original on all 160 cases, word for word', () => {
    const cases = readGolden<TokenCase>('token-report.jsonl');
    expect(cases).toHaveLength(160);
    const offenders = cases.filter((golden) => {
      const options = { maxScore: golden.max_score, halfReward: golden.half_reward };
      const { total, rows } = tokenReport(golden.expected, golden.generated, options);
      const table = rows.map((row) => ({ ...row, status: statusInPortuguese(row.status) }));
      return JSON.stringify(table) !== JSON.stringify(golden.table) || !(Math.abs(total - golden.total) <= 1e-9);
    });
    expect(offenders).toEqual([]);
  });

  test('the stemmer equals NLTK on all 84,647 words', () => {
    const lines = gunzipSync(readFileSync(join(shared, 'data', 'porter-nltk.tsv.gz')))
      .toString('utf8')
      .trim()
      .split('\n');
    expect(lines).toHaveLength(84_647);
    const offenders = lines.filter((line) => {
      const [word = '', stem] = line.split('\t');
      return porterStem(word) !== stem;
    });
    expect(offenders).toEqual([]);
  });
});
