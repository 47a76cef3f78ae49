import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Brain, openBrain } from '../../src/brain/index.ts';
import { readTrainingRows } from '../../src/cli/training-rows.ts';
import { brain, goldenJson, goldenModel, jsonLines, scratch, shared, sharedAbsent } from './brain.ts';

interface Forward {
  logits_ids: number[];
  logits: number[][];
  greedy: { prompt: number[]; output: number[] };
  'greedy_repetition_penalty_1.2': { prompt: number[]; output: number[] };
}

async function opened(folder: string): Promise<Brain> {
  const model = await openBrain(folder, { dataFolder: scratch, threads: 1 });
  onTestFinished(() => model.dispose());
  return model;
}

/** The golden log-probabilities: what the golden logits give each next token. */
function logprobsOf({ logits_ids, logits }: Forward): number[] {
  return logits_ids.slice(1).map((id, index) => {
    const row = logits[index]!;
    const highest = Math.max(...row);
    return row[id]! - highest - Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - highest), 0));
  });
}

function largestDifference(a: readonly number[], b: readonly number[]): number {
  return Math.max(...a.map((value, index) => Math.abs(value - b[index]!)));
}

describe.skipIf(sharedAbsent)('a folder without a tokenizer works with ids', () => {
  test('logprobs equal transformers', async () => {
    const golden = goldenJson<Forward>('gpt2/forward.json');
    const { lines } = await brain(['logprobs', goldenModel, '--input-ids', JSON.stringify(golden.logits_ids)]);
    const [{ input_ids, token_logprobs }] = lines as [{ input_ids: number[]; token_logprobs: number[] }];
    expect(input_ids).toEqual(golden.logits_ids);
    expect(token_logprobs).toHaveLength(golden.logits_ids.length - 1);
    expect(largestDifference(token_logprobs, logprobsOf(golden))).toBeLessThan(1e-4);
  });

  test.each([
    ['greedy', []],
    ['greedy_repetition_penalty_1.2', ['--repetition-penalty', '1.2']],
  ] as const)('generate continues exactly as transformers: %s', async (name, more) => {
    const { prompt, output } = goldenJson<Forward>('gpt2/forward.json')[name];
    const count = output.length - prompt.length;
    const args = ['--input-ids', JSON.stringify(prompt), '--greedy', '--max-new-tokens', String(count), ...more];
    const { lines } = await brain(['generate', goldenModel, ...args]);
    expect(lines).toMatchObject([{ input_ids: prompt, output_ids: output.slice(prompt.length), text: '' }]);
  });

  test('generate draws the same with the same seed, and something else with another', async () => {
    const draw = async (seed: string) => {
      const { lines } = await brain(['generate', goldenModel, '--input-ids', '[1, 2, 3]', '--seed', seed]);
      return (lines[0] as { output_ids: number[] }).output_ids;
    };
    const [first, again, other] = await Promise.all([draw('7'), draw('7'), draw('8')]);
    expect(first).toEqual(again);
    expect(first).not.toEqual(other);
  });

  test('an adapter changes what the model says', async () => {
    const ids = ['--input-ids', '[76, 70, 17, 48]'];
    const adapter = ['--adapter', join(goldenModel, 'lora-sft')];
    const [base, adapted] = await Promise.all([
      brain(['logprobs', goldenModel, ...ids]),
      brain(['logprobs', goldenModel, ...ids, ...adapter]),
    ]);
    expect(adapted.status).toBe(0);
    expect(adapted.stdout).not.toBe(base.stdout);
  });

  test('hidden writes layers + 1 arrays of tokens × channels', async () => {
    const { lines } = await brain(['hidden', goldenModel, '--input-ids', '[1, 2, 3]']);
    const [{ hidden_states }] = lines as [{ hidden_states: number[][][] }];
    expect(hidden_states.map((layer) => layer.map((vector) => vector.length))).toEqual(
      Array.from({ length: 3 }, () => [32, 32, 32]),
    );
    expect(hidden_states.flat(2).every(Number.isFinite)).toBe(true);
  });

  test('info tells what the folder holds', async () => {
    const { lines } = await brain(['info', goldenModel]);
    const expected = { architecture: 'gpt2', vocabulary: 128, window: 96, layers: 2, has_tokenizer: false };
    expect(lines).toMatchObject([expected]);
  });
});

describe.skipIf(sharedAbsent)('an encoder', () => {
  const roberta = join(shared, 'golden', 'roberta');

  test('hidden gives the hidden states of transformers', async () => {
    const golden = goldenJson<{ input_ids: number[]; hidden_states: number[][][] }>('roberta/forward.json');
    const { lines } = await brain(['hidden', roberta, '--input-ids', JSON.stringify(golden.input_ids)]);
    const [{ hidden_states }] = lines as [{ hidden_states: number[][][] }];
    expect(hidden_states.map((layer) => layer.length)).toEqual(golden.hidden_states.map((layer) => layer.length));
    expect(largestDifference(hidden_states.flat(2), golden.hidden_states.flat(2))).toBeLessThan(1e-4);
  });

  test('hidden reads a text between the encoder’s first and last token', async () => {
    const { lines } = await brain(['hidden', roberta, '--text', 'a love story']);
    const [{ input_ids }] = lines as [{ input_ids: number[] }];
    expect([input_ids[0], input_ids.at(-1), input_ids.length > 3]).toEqual([0, 2, true]);
  });

  test('info describes it, without what training would take', async () => {
    const { lines } = await brain(['info', roberta]);
    expect(lines).toMatchObject([
      { architecture: 'roberta', vocabulary: 700, window: 138, layers: 3, has_tokenizer: true },
    ]);
    expect(Object.keys((lines[0] as { memory_bytes: object }).memory_bytes)).toEqual(['serving']);
  });

  test('cannot generate, and says what can', async () => {
    const { status, stderr } = await brain(['generate', roberta, '--input-ids', '[0, 2]']);
    expect([status, stderr]).toEqual([2, expect.stringMatching(/roberta.*gpt2/)]);
  });
});

describe('sprout', () => {
  test('answers a conversation and continues a text', async () => {
    const [answered, continued] = await Promise.all([
      brain(['generate', 'sprout', '--messages', '[{"role": "user", "content": "Do you like music?"}]']),
      brain(['generate', 'sprout', '--prompt', 'Do you like', '--greedy', '--max-new-tokens', '3']),
    ]);
    const [{ text }] = answered.lines as [{ text: string }];
    expect(text.length).toBeGreaterThan(0);
    expect((continued.lines[0] as { output_ids: number[] }).output_ids.length).toBeLessThanOrEqual(3);
  });

  test('reads a conversation through the chat template its folder brings, and refuses one that never ends', async () => {
    const folder = join(scratch, 'sprout-with-template');
    cpSync(join(import.meta.dirname, '..', '..', 'models', 'sprout'), folder, { recursive: true });
    const file = join(folder, 'tokenizer_config.json');
    const config: object = JSON.parse(readFileSync(file, 'utf8'));
    const setTemplate = (chat_template: string) => writeFileSync(file, JSON.stringify({ ...config, chat_template }));
    const messages = JSON.stringify([{ role: 'user', content: 'Do you like <|pt|>?' }]);

    setTemplate('<|en|>{{ messages[0].content }}{{ eos_token }}{% if add_generation_prompt %}<|happy|>{% endif %}');
    const { lines } = await brain(['generate', folder, '--messages', messages, '--max-new-tokens', '1']);
    const { tokenizer } = await opened(folder);
    const [en, happy] = [tokenizer.specialId('<|en|>'), tokenizer.specialId('<|happy|>')];
    const expected = [en, ...tokenizer.encode('Do you like <|pt|>?'), tokenizer.eosId, happy];
    expect(lines).toMatchObject([{ input_ids: expected }]);

    const rows = jsonLines('conversation.jsonl', [{ messages: JSON.parse(messages) }]);
    expect(await readTrainingRows(rows, await opened(folder))).toEqual([{ inputIds: expected.slice(0, -1) }]);

    setTemplate('{% for i in range(1000000000) %}{% endfor %}');
    const { status, stderr } = await brain(['generate', folder, '--messages', messages]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('took too much time or memory')]);
    expect(stderr.trimEnd()).not.toContain('\n');
  });

  test('reads a text: one log-probability a token but the first', async () => {
    const { lines } = await brain(['logprobs', 'sprout', '--text', 'Olá, tudo bem?']);
    const [{ input_ids, token_logprobs }] = lines as [{ input_ids: number[]; token_logprobs: number[] }];
    expect(token_logprobs).toHaveLength(input_ids.length - 1);
    expect(token_logprobs.every((value) => value <= 0)).toBe(true);
  });
});
