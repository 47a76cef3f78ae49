/** What `npm run bench -- --peers pretraining` hands to PyTorch is what sprout's own training starts from and reads. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { writeStart } from '../../bench/peers/pretraining/start.ts';
import { takeSteps } from '../../bench/peers/pretraining/steps.ts';
import { createEncoder } from '../../models/sprout-training/bpe.ts';
import { modelConfig } from '../../models/sprout-training/config.ts';
import type { Source } from '../../models/sprout-training/documents.ts';
import { trainSprout } from '../../models/sprout-training/loop.ts';
import { labelsOf, RowStream } from '../../models/sprout-training/packing.ts';
import { TRAINING } from '../../models/sprout-training/step.ts';
import { parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { readSafetensors } from '../../src/formats/index.ts';
import { temporaryFolder, tinyEncoding } from './helpers.ts';

const STEPS = 10;
const ROWS = 6;
const encode = createEncoder(tinyEncoding);
const training: Source[] = [
  {
    name: 'talk',
    weight: 1,
    documents: [
      { language: 'en', turns: ['do you like the cat?', 'yes', 'why?', 'the cat sat'] },
      { language: 'pt', turns: ['tudo bem?', 'não sei'] },
    ],
  },
];
const model = {
  ...modelConfig,
  vocab_size: tinyEncoding.vocabulary.length,
  max_position_embeddings: 32,
  hidden_size: 32,
  intermediate_size: 88,
  num_hidden_layers: 2,
};

test('the files hold the first weights, rows and labels of the training', () => {
  const folder = temporaryFolder();
  writeStart(folder, { training, encode }, { steps: STEPS, rows: STEPS * ROWS, model });
  const rows = readSafetensors(path.join(folder, 'rows.safetensors')).tensors;
  const ids = new RowStream(training, encode, 32, TRAINING.seed).take(STEPS * ROWS);
  expect(rows.get('input_ids')).toMatchObject({ shape: [STEPS * ROWS, 32], data: ids });
  expect(rows.get('labels')!.data).toEqual(labelsOf(ids));
  expect(rows.get('labels')!.data).toContain(-100);
  const weights = readSafetensors(path.join(folder, 'model.safetensors')).tensors;
  expect(weights).toEqual(randomWeights(parseModelConfig(model), TRAINING.seed));
});

test('the steps that are timed and compared give the losses that the training writes down', async () => {
  const folder = temporaryFolder();
  writeStart(folder, { training, encode }, { steps: STEPS, rows: STEPS * ROWS, model });
  const taken = await takeSteps(folder, { muon: true, batchSize: ROWS, steps: STEPS, threads: 1 });
  const curveFile = path.join(folder, 'curve.jsonl');
  const prepared = { training, heldOut: { en: [], 'tatoeba-pt': [], 'own-pt': [] }, heldOutPairs: [], encode };
  await trainSprout(prepared, {
    steps: STEPS,
    cooldownFrom: STEPS,
    checkpointFile: path.join(folder, 'checkpoint.safetensors'),
    curveFile,
    threads: 1,
    shouldStop: () => false,
    report: () => {},
    model,
    rows: ROWS,
  });
  const [entry] = readFileSync(curveFile, 'utf8').split('\n');
  const mean = taken.reduce((sum, { loss }) => sum + loss, 0) / STEPS;
  expect(JSON.parse(entry!)).toMatchObject({ step: STEPS, loss: Number(mean.toPrecision(6)) });
  expect(taken.at(-1)!.loss).not.toBe(taken[0]!.loss);
});
