import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openModelFolder, readAdapterFolder, readSafetensors } from '../../src/formats/index.ts';
import '../engine/allclose.ts';
import { brain, type Ended, goldenJson, goldenModel, jsonLines, scratch, sharedAbsent } from './brain.ts';

interface Run {
  rows: number[][];
  arguments: Record<string, number>;
  log: Record<'loss' | 'grad_norm' | 'learning_rate' | 'epoch' | 'train_loss', number>[];
}
type Logged = Run['log'][number];

const SUMMARY = [
  'train_runtime',
  'train_samples_per_second',
  'train_steps_per_second',
  'train_loss',
  'epoch',
  'peak_memory_mb',
];

/** The command of a golden run: its rows in their order, its arguments under the Trainer's names. */
async function repeat(name: string, out: string, more: readonly string[]): Promise<Ended & { golden: Run }> {
  const golden = goldenJson<Run>(`gpt2/${name}.json`);
  const data = jsonLines(
    `${out}.jsonl`,
    golden.rows.map((input_ids) => ({ input_ids })),
  );
  const given = Object.entries(golden.arguments).flatMap(([key, value]) => [
    `--${key.replaceAll('_', '-')}`,
    String(value),
  ]);
  const args = ['train', goldenModel, '--data', data, '--out', join(scratch, out), '--no-shuffle', ...given, ...more];
  return { ...(await brain(args)), golden };
}

function expectSameLog({ lines, golden }: { lines: unknown[]; golden: Run }): void {
  const steps = lines.slice(0, -1) as Logged[];
  const wanted = golden.log.slice(0, -1);
  expect(steps.map((step) => Object.keys(step))).toEqual(
    wanted.map(() => ['loss', 'grad_norm', 'learning_rate', 'epoch']),
  );
  for (const key of ['loss', 'grad_norm'] as const) {
    expect(steps.map((step) => step[key])).toBeAllclose(
      wanted.map((step) => step[key]),
      { relTol: 1e-4, absTol: 0 },
    );
  }
  expect(steps.map((step) => step.learning_rate)).toBeAllclose(
    wanted.map((step) => step.learning_rate),
    { relTol: 1e-12, absTol: 0 },
  );
  expect(steps.map((step) => step.epoch)).toEqual(wanted.map((step) => step.epoch));
  const summary = lines.at(-1) as Logged;
  expect(Object.keys(summary)).toEqual(SUMMARY);
  expect(summary.train_loss).toBeCloseTo(golden.log.at(-1)!.train_loss, 3);
}

describe.skipIf(sharedAbsent)('training from the command line', () => {
  test.each(['full-seed', 'full-batch2', 'full-accum'])(
    '%s logs what the Trainer logs and writes its weights',
    async (name) => {
      const ended = await repeat(name, name, ['--method', 'full']);
      expect(ended.status, ended.stderr).toBe(0);
      expectSameLog(ended);

      const saved = openModelFolder(join(scratch, name)).weights();
      const golden = readSafetensors(join(goldenModel, `${name}.safetensors`)).tensors;
      expect([...saved.keys()].sort()).toEqual([...golden.keys()].sort());
      for (const [tensor, { data }] of golden) {
        // The gradient of a key's bias is zero but for rounding, which AdamW makes steps of: there is nothing to compare.
        if (!tensor.endsWith('c_attn.bias'))
          expect(saved.get(tensor)!.data as Float32Array, tensor).toBeAllclose(data as Float32Array, {
            relTol: 0,
            absTol: 1e-5,
          });
      }
      const read = await brain(['logprobs', join(scratch, name), '--input-ids', '[1, 2, 3]']);
      expect(read.status).toBe(0);
    },
  );

  test('lora goes on with an adapter as peft does, and writes one that can be read back', async () => {
    const ended = await repeat('lora-sft', 'adapter', [
      '--method',
      'lora',
      '--adapter',
      join(goldenModel, 'lora-init'),
    ]);
    expect(ended.status, ended.stderr).toBe(0);
    expectSameLog(ended);

    const saved = readAdapterFolder(join(scratch, 'adapter'));
    const golden = readAdapterFolder(join(goldenModel, 'lora-sft'));
    expect(saved.lora).toEqual(golden.lora);
    expect(saved.config.fan_in_fan_out).toBe(true);
    for (const [tensor, { data }] of golden.tensors)
      expect(saved.tensors.get(tensor)!.data as Float32Array, tensor).toBeAllclose(data as Float32Array, {
        relTol: 1e-3,
        absTol: 1e-4,
      });
    const read = await brain(['generate', goldenModel, '--adapter', join(scratch, 'adapter'), '--input-ids', '[1, 2]']);
    expect(read.status).toBe(0);
  });

  test('a folder that holds a result is not written over', async () => {
    const data = jsonLines('one.jsonl', [{ input_ids: [1, 2, 3] }]);
    const args = ['train', goldenModel, '--data', data, '--method', 'lora', '--out', join(scratch, 'twice')];
    const first = await brain(args);
    expect(first.status, first.stderr).toBe(0);
    const before = readFileSync(join(scratch, 'twice', 'adapter_model.safetensors'));
    const again = await brain(args);
    expect([again.status, again.stderr]).toEqual([2, expect.stringContaining('adapter_config.json')]);
    expect(readFileSync(join(scratch, 'twice', 'adapter_model.safetensors')).equals(before)).toBe(true);
  });

  test('rows longer than the model holds are cut, and it says so', async () => {
    const data = jsonLines('long.jsonl', [{ input_ids: Array.from({ length: 200 }, (_, index) => index % 100) }]);
    const args = ['--method', 'lora', '--num-train-epochs', '1', '--out', join(scratch, 'long')];
    const { status, stderr } = await brain(['train', goldenModel, '--data', data, ...args]);
    expect([status, stderr]).toEqual([0, expect.stringContaining('1 of 1 rows were longer than 96 tokens')]);
  });
});

test('sprout learns from each form of row, the completion alone where there is a prompt', async () => {
  const rows = [
    { text: 'I like music.' },
    { prompt: 'Do you like music?', completion: ' Yes.' },
    {
      messages: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi there' },
      ],
    },
    { input_ids: [5, 6, 7], labels: [-100, 6, 7] },
  ];
  const out = join(scratch, 'sprout-adapter');
  const args = ['--data', jsonLines('forms.jsonl', rows), '--method', 'lora', '--num-train-epochs', '1', '--out', out];
  const { lines, status, stderr } = await brain(['train', 'sprout', ...args, '--lora-r', '2', '--lora-alpha', '4']);
  expect(status, stderr).toBe(0);
  expect(lines).toHaveLength(rows.length + 1);
  expect(readdirSync(out).sort()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  expect(readAdapterFolder(out).lora).toMatchObject({ r: 2, loraAlpha: 4 });
});

test('a full fine-tune of sprout is a folder with a tokenizer that speaks', async () => {
  const out = join(scratch, 'sprout-full');
  const data = jsonLines('text.jsonl', [{ text: 'I like music.' }]);
  const { status, stderr } = await brain([
    'train',
    'sprout',
    '--data',
    data,
    '--method',
    'full',
    '--num-train-epochs',
    '1',
    '--out',
    out,
  ]);
  expect(status, stderr).toBe(0);
  expect(existsSync(join(out, 'tokenizer.json'))).toBe(true);
  const { lines } = await brain(['generate', out, '--prompt', 'I like', '--greedy', '--max-new-tokens', '5']);
  expect((lines[0] as { text: string }).text.length).toBeGreaterThan(0);
});
