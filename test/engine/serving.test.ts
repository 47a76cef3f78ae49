/** The brain in use against transformers: logits, greedy continuations, log-probabilities, hidden states, adapters. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mergeLora, openServing, type ServingModel } from '../../src/engine/index.ts';
import { int64Tensor, Tensor } from '../../src/engine/session.ts';
import { writeSafetensors } from '../../src/formats/index.ts';
import './allclose.ts';
import { goldenAbsent, goldenConfig, goldenFolder, goldenJson, goldenLora, goldenTensors } from './golden.ts';

describe.skipIf(goldenAbsent)('serving GPT-2', () => {
  let model: ServingModel;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'serving-'));
    model = await openServing(goldenConfig(), { weightsFile: join(goldenFolder, 'model.safetensors') });
  });
  afterAll(async () => {
    await model.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('logits are those of transformers', async () => {
    const forward = goldenJson('forward.json') as { logits_ids: number[]; logits: number[][] };
    expect(await model.logits(forward.logits_ids)).toBeAllclose(forward.logits.flat(), { relTol: 0, absTol: 1e-4 });
  });
});
