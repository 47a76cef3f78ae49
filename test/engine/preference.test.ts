/**
 * The training graph carries losses other than the supervised one: direct preference optimisation (Rafailov et al. 2023)
 * through the slope of each token alone, against peft and PyTorch. L = −ln σ(β (Δ − Δref)), Δ = ln p(chosen) − ln p(rejected);
 * the slope of L for the −ln p of a chosen token is β σ(−β (Δ − Δref)), of a rejected one its negative.
 */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openServing, openTrainable, toFloat32 } from '../../src/engine/index.ts';
import { collate } from '../../src/training/collator.ts';
import './allclose.ts';
import { type GoldenPreference, goldenAbsent, goldenModels } from './golden.ts';

test.skipIf(goldenAbsent).each(goldenModels)(
  '$name: four steps of preference give what peft and PyTorch give',
  async (golden) => {
    const run = golden.json('lora-dpo.json') as unknown as GoldenPreference;
    const file = join(golden.folder, 'model.safetensors');
    const rows = [run.chosen, run.rejected].map((reply) => ({
      inputIds: [...run.prompt, ...reply],
      labels: [...run.prompt.map(() => -100), ...reply],
    }));
    const base = await openServing(golden.config(), { weightsFile: file });
    const reference = await Promise.all(
      rows.map(async ({ inputIds }) =>
        (await base.logprobs(inputIds)).slice(run.prompt.length - 1).reduce((a, b) => a + b, 0),
      ),
    );
    const adapter = golden.tensors('lora-init/adapter_model.safetensors');
    const trainable = await openTrainable(golden.config(), { file }, { method: 'lora', lora: golden.lora(), adapter });
    const batch = collate(rows);

    const log: Pick<GoldenPreference['log'][number], 'loss' | 'grad_norm' | 'chosen_logprob' | 'rejected_logprob'>[] =
      [];
    for (const _ of run.log) {
      const [chosen, rejected] = (await Promise.all(
        rows.map(async (row) => -(await trainable.evaluate(collate([row]))).nll),
      )) as [number, number];
      const margin = run.beta * (chosen - rejected - (reference[0]! - reference[1]!));
      const slope = run.beta / (1 + Math.exp(margin));
      const weights = Float32Array.from(batch.labels, (_label, i) => (i < batch.length ? slope : -slope));
      await trainable.forwardBackwardWeighted(batch, weights);
      const loss = Math.log1p(Math.exp(-margin));
      log.push({
        loss,
        grad_norm: await trainable.clipGradNorm(run.max_grad_norm),
        chosen_logprob: chosen,
        rejected_logprob: rejected,
      });
      await trainable.optimizerStep(run.learning_rate, 0);
    }

    for (const key of ['loss', 'grad_norm', 'chosen_logprob', 'rejected_logprob'] as const) {
      expect(
        log.map((step) => step[key]),
        key,
      ).toBeAllclose(
        run.log.map((step) => step[key]),
        { relTol: 1e-4 },
      );
    }
    const tensors = trainable.trainedTensors();
    for (const [name, tensor] of golden.tensors('lora-dpo/adapter_model.safetensors')) {
      expect(toFloat32(tensors.get(name)!), name).toBeAllclose(toFloat32(tensor), { relTol: 0, absTol: 1e-5 });
    }
    await base.dispose();
    await trainable.dispose();
  },
);
