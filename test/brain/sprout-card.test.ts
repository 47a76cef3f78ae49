/** The model card of sprout: made of the training's own settings, its curve, and what was measured. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { type CardData, modelCard } from '../../models/sprout-training/card.ts';
import { type CurveEntry, curveChart, readCurve } from '../../models/sprout-training/curve.ts';
import { WEIGHTS } from '../../models/sprout-training/documents.ts';
import { writeCard } from '../../models/sprout-training/write-card.ts';
import { noSprout, sprout, temporaryFolder } from './helpers.ts';

const validation = (bits: number) => ({
  en: { documents: 71, nats_per_token: 3, bits_per_character: bits },
  'own-pt': { documents: 46, nats_per_token: 3, bits_per_character: bits + 0.25 },
});
const curve: CurveEntry[] = [
  { step: 10, tokens: 40_960, loss: 8, learning_rate: 2e-4 },
  { step: 200, tokens: 819_200, loss: 5, learning_rate: 2e-3 },
  { step: 200, validation: validation(2) },
  { step: 300, tokens: 1_228_800, loss: 4, learning_rate: 2e-3 },
  { step: 310, tokens: 1_269_760, loss: 3.5, learning_rate: 1e-3 },
  { step: 310, validation: validation(1.5) },
];
const corpus: CardData['corpus'] = [true, false].map((bilingual) => {
  const turn = { intent: 'ask', emotion: 'happy', pt: 'Oi?', ...(bilingual ? { en: 'Hi?' } : {}) } as const;
  return { theme: 'talk', topic: 'hello', register: 'neutral', turns: [turn, turn] };
});
const data: CardData = { curve, corpus, evaluation: null, judgement: null };

describe('the card', () => {
  test('tells the licence, every source with its own, and how the training went', () => {
    const card = modelCard(data);
    expect(card).toMatch(/^---\nlicense: mit\n/);
    const rows = card.slice(card.indexOf('## Data'), card.indexOf('Held out')).match(/^\| .* \| [\d.]+ \| .* \|$/gm);
    expect(rows).toHaveLength(Object.keys(WEIGHTS).length);
    for (const row of rows!) expect(row).toMatch(/\| (BSD-3-Clause|CC BY 2\.0 FR|CC0 1\.0) \|$/);
    expect(card).toContain('2 dialogues in Portuguese, 1 of them in English too');
    expect(card).toContain('310 steps of 16 × 256 tokens, 1.3 million in all');
    expect(card).toContain('held, from step 300 on');
    expect(card).toContain('| 310 | 1.500 |  | 1.750 |');
    expect(card).not.toMatch(/undefined|NaN/);
  });

  test('holds a judgement where somebody wrote one, and no training that never was', () => {
    expect(modelCard({ ...data, judgement: '\nTwelve of twenty are on topic.\n' })).toContain(
      '## Read and judged\n\nTwelve of twenty are on topic.\n\n## Limits',
    );
    const untrained = modelCard({ ...data, curve: [] });
    expect(untrained).not.toContain('## Training');
    expect(untrained).not.toMatch(/undefined|NaN/);
  });

  test('is written from a folder’s files, the picture beside it, the same each time', async () => {
    const folder = temporaryFolder();
    cpSync(path.join(sprout, 'corpus'), path.join(folder, 'corpus'), { recursive: true });
    writeFileSync(path.join(folder, 'curve.jsonl'), curve.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    const written = async () => {
      await writeCard(folder);
      return ['README.md', 'curve.svg'].map((file) => readFileSync(path.join(folder, file), 'utf8'));
    };
    const once = await written();
    expect(await written()).toEqual(once);
    expect(once[0]).toContain('](curve.svg)');
    expect(readCurve(path.join(folder, 'curve.jsonl'))).toEqual(curve);
  });

  test.skipIf(noSprout)('that comes with sprout is the one its files make', async () => {
    const folder = temporaryFolder();
    cpSync(sprout, folder, { recursive: true });
    await writeCard(folder);
    for (const file of ['README.md', 'curve.svg'])
      expect(readFileSync(path.join(folder, file), 'utf8')).toBe(readFileSync(path.join(sprout, file), 'utf8'));
  });
});

test('the curve is drawn with both its panels, each set by its name', async () => {
  const svg = await curveChart(curve);
  expect(svg).toMatch(/^<svg/);
  const names = ['training loss', 'held out, bits a character', 'English chit-chat', "the corpus's Portuguese"];
  expect(names.filter((name) => !svg.includes(name))).toEqual([]);
  expect(svg).not.toMatch(/NaN|undefined/);
});
