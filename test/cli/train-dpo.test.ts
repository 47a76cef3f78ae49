/** `brain train --method dpo` against peft and PyTorch, for each reference model whose architecture is there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SUPPORTED_ARCHITECTURES } from '../../src/engine/index.ts';
import { readAdapterFolder } from '../../src/formats/index.ts';
import '../engine/allclose.ts';
import type { GoldenPreference } from '../engine/golden.ts';
import { brain, jsonLines, scratch, shared } from './brain.ts';

const json = <T>(...path: string[]): T => JSON.parse(readFileSync(join(shared, 'golden', ...path), 'utf8'));
const supported: readonly string[] = SUPPORTED_ARCHITECTURES;
const models = ['gpt2', 'llama', 'llama-tied'].filter(
  (name) =>
    existsSync(join(shared, 'golden', name)) &&
    supported.includes(json<{ model_type: string }>(name, 'config.json').model_type),
);

describe.skipIf(models.length === 0)('preference from the command line', () => {
  test.each(models)('%s: losses, norms, rewards and the adapter are those of peft', async (name) => {
    const golden = json<GoldenPreference>(name, 'lora-dpo.json');
    const { prompt, chosen, rejected, beta } = golden;
    const out = join(scratch, `dpo-${name}`);
    const { lines, status, stderr } = await brain([
      ...['train', join(shared, 'golden', name), '--method', 'dpo', '--out', out, '--beta', String(beta)],
      ...['--data', jsonLines(`dpo-${name}.jsonl`, [{ prompt, chosen, rejected }])],
      ...['--adapter', join(shared, 'golden', name, 'lora-init'), '--num-train-epochs', String(golden.log.length)],
      ...['--learning-rate', String(golden.learning_rate), '--lr-scheduler-type', golden.schedule],
      ...['--max-grad-norm', String(golden.max_grad_norm)],
    ]);
    expect(status, stderr).toBe(0);
    const steps = lines.slice(0, -1) as Record<string, number>[];
    expect(Object.keys(steps[0]!)).toEqual([
      ...['loss', 'grad_norm', 'learning_rate', 'epoch'],
      ...[
        'rewards/chosen',
        'rewards/rejected',
        'rewards/accuracies',
        'rewards/margins',
        'logps/chosen',
        'logps/rejected',
      ],
    ]);
    const ofLog = (key: string) => steps.map((step) => step[key]!);
    const relative = { relTol: 1e-4, absTol: 0 };
    expect(ofLog('loss')).toBeAllclose(
      golden.log.map(({ loss }) => loss),
      relative,
    );
    expect(ofLog('grad_norm')).toBeAllclose(
      golden.log.map((step) => step.grad_norm),
      relative,
    );
    expect(ofLog('logps/chosen')).toBeAllclose(
      golden.log.map((step) => step.chosen_logprob),
      relative,
    );
    expect(ofLog('logps/rejected')).toBeAllclose(
      golden.log.map((step) => step.rejected_logprob),
      relative,
    );
    const rewards = golden.log.map((step) => ({
      chosen: beta * (step.chosen_logprob - step.reference_chosen_logprob),
      rejected: beta * (step.rejected_logprob - step.reference_rejected_logprob),
    }));
    // Differences of numbers near 50, so what float32 leaves of them.
    expect(ofLog('rewards/margins')).toBeAllclose(
      rewards.map((reward) => reward.chosen - reward.rejected),
      { relTol: 0, absTol: 1e-4 },
    );
    expect(ofLog('rewards/accuracies')).toEqual(rewards.map((reward) => Number(reward.chosen > reward.rejected)));

    const saved = readAdapterFolder(out);
    const wanted = readAdapterFolder(join(shared, 'golden', name, 'lora-dpo'));
    expect([...saved.tensors.keys()].sort()).toEqual([...wanted.tensors.keys()].sort());
    for (const [tensor, { data }] of wanted.tensors)
      expect(saved.tensors.get(tensor)!.data as Float32Array, tensor).toBeAllclose(data as Float32Array, {
        relTol: 0,
        absTol: 1e-4,
      });
  });
});

test('sprout learns from pairs of texts; at its first step it prefers neither', async () => {
  const rows = [
    { prompt: 'Do you like music?', chosen: ' Yes, very much.', rejected: ' The movie was a dog.' },
    { prompt: 'Oi!', chosen: ' Oi! Tudo bem?', rejected: ' Tom foi para Boston.' },
  ];
  const out = join(scratch, 'dpo-texts');
  const data = jsonLines('dpo-texts.jsonl', rows);
  const args = ['--data', data, '--method', 'dpo', '--out', out, '--learning-rate', '1e-3', '--num-train-epochs', '2'];
  const { lines, status, stderr } = await brain(['train', 'sprout', ...args]);
  expect(status, stderr).toBe(0);
  const [first, , third] = lines as Record<string, number>[];
  expect(first!.loss).toBeCloseTo(Math.log(2), 4);
  expect(third!['rewards/margins']).toBeGreaterThan(0.05);
  expect(readAdapterFolder(out).lora).toMatchObject({ r: 8, loraAlpha: 16 });
});
