/** `import` and `export`: what they write is the same model, for us, for transformers.js, and nothing is overwritten. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AutoModelForCausalLM,
  AutoTokenizer,
  env,
  Tensor as HubTensor,
  type PreTrainedModel,
} from '@huggingface/transformers';
import { describe, expect, onTestFinished, test } from 'vitest';
import { mergeLora, openServing, parseModelConfig } from '../../src/engine/index.ts';
import { openModelSource, readAdapterFolder, readSafetensors } from '../../src/formats/index.ts';
import '../engine/allclose.ts';
import { type Golden, type GoldenForward, goldenModels } from '../engine/golden.ts';
import { brain, scratch, shared, sharedAbsent } from './brain.ts';

let made = 0;
const fresh = (): string => join(scratch, `converted-${++made}`);

async function converted(...args: string[]): Promise<string> {
  const folder = fresh();
  const { status, stderr, lines } = await brain([...args, folder]);
  expect(status, stderr).toBe(0);
  expect(lines).toMatchObject([{ folder }]);
  return folder;
}

/** transformers.js as it comes, asked for a folder on this disk. */
function stock<Loaded>(load: () => Promise<Loaded>): Promise<Loaded> {
  env.allowRemoteModels = false;
  env.allowLocalModels = true;
  return load();
}

async function stockModel(folder: string): Promise<PreTrainedModel> {
  const model = await stock(() => AutoModelForCausalLM.from_pretrained(folder, { dtype: 'fp32' }));
  onTestFinished(async () => void (await model.dispose()));
  return model;
}

const ids = (values: readonly number[]) =>
  new HubTensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);

async function greedy(model: PreTrainedModel, { prompt, output }: GoldenForward['greedy'], penalty: number) {
  const generated = await model.generate({
    inputs: ids(prompt),
    attention_mask: ids(prompt.map(() => 1)),
    max_new_tokens: output.length - prompt.length,
    do_sample: false,
    repetition_penalty: penalty,
  } as Parameters<PreTrainedModel['generate']>[0]);
  return Array.from((generated as HubTensor).data as BigInt64Array, Number);
}

async function stockLogits(model: PreTrainedModel, given: readonly number[]): Promise<Float32Array> {
  const { logits } = (await model({ input_ids: ids(given), attention_mask: ids(given.map(() => 1)) })) as {
    logits: HubTensor;
  };
  expect(logits.dims.slice(0, 2)).toEqual([1, given.length]);
  return logits.data as Float32Array;
}

async function ourLogits(folder: string, given: readonly number[]): Promise<Float32Array> {
  const config = parseModelConfig(openModelSource(folder).config);
  const model = await openServing(config, { weightsFile: join(folder, 'model.safetensors'), threads: 1 });
  onTestFinished(() => model.dispose());
  return model.logits(given);
}

describe.skipIf(sharedAbsent).each(goldenModels)('$name exported as ONNX', (golden: Golden) => {
  test('is loaded by stock transformers.js: logits and greedy ids are those of Python', async () => {
    const model = await stockModel(await converted('export', golden.folder, '--onnx'));
    const forward = golden.forward();
    expect(await stockLogits(model, forward.logits_ids)).toBeAllclose(forward.logits.flat(), {
      relTol: 0,
      absTol: 1e-4,
    });
    expect(await greedy(model, forward.greedy, 1)).toEqual(forward.greedy.output);
    const penalised = forward['greedy_repetition_penalty_1.2'];
    expect(await greedy(model, penalised, 1.2)).toEqual(penalised.output);
  });

  test('with an adapter is the model with the adapter, in safetensors and in ONNX', async () => {
    const adapterFolder = join(golden.folder, 'lora-sft');
    const folder = await converted('export', golden.folder, '--adapter', adapterFolder);
    const { lora, tensors } = readAdapterFolder(adapterFolder);
    const merged = mergeLora(golden.config(), golden.tensors('model.safetensors'), lora, tensors);
    const written = readSafetensors(join(folder, 'model.safetensors')).tensors;
    for (const [name, { data }] of merged) if (written.has(name)) expect(written.get(name)!.data).toEqual(data);
    expect(written.size).toBe(merged.size);

    const serving = await openServing(golden.config(), { weightsFile: join(golden.folder, 'model.safetensors') });
    onTestFinished(() => serving.dispose());
    serving.setAdapter({ lora, tensors });
    const given = golden.forward().logits_ids;
    const expected = await serving.logits(given);
    const model = await stockModel(await converted('export', golden.folder, '--onnx', '--adapter', adapterFolder));
    expect(await stockLogits(model, given)).toBeAllclose(expected, { relTol: 0, absTol: 1e-4 });
  });
});

test('sprout as ONNX brings its tokenizer: stock transformers.js writes what we write', async () => {
  const folder = await converted('export', 'sprout', '--onnx');
  expect(readdirSync(folder).sort()).toEqual(
    expect.arrayContaining([
      'config.json',
      'generation_config.json',
      'onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ]),
  );
  expect(existsSync(join(folder, 'model.safetensors'))).toBe(false);
  const [tokenizer, model] = [await stock(() => AutoTokenizer.from_pretrained(folder)), await stockModel(folder)];
  const prompt = tokenizer.encode('I like music.', { add_special_tokens: false });
  const args = ['--input-ids', JSON.stringify(prompt), '--greedy', '--max-new-tokens', '12'];
  const { lines } = await brain(['generate', 'sprout', ...args]);
  const { output_ids } = lines[0] as { output_ids: number[] };
  const output = [...prompt, ...output_ids];
  expect(output_ids.length).toBeGreaterThan(0);
  expect((await greedy(model, { prompt, output }, 1)).slice(0, output.length)).toEqual(output);
});

describe.skipIf(sharedAbsent)('import', () => {
  test('of a llama2.c file is the same model in Hugging Face layout', async () => {
    const file = join(shared, 'models', 'stories260K.bin');
    const folder = await converted('import', file);
    const written = readSafetensors(join(folder, 'model.safetensors')).tensors;
    for (const [name, tensor] of openModelSource(file).stored())
      expect(written.get(name)?.data).toEqual(tensor.read().data);
    const text = ['--prompt', 'Once upon a time', '--greedy', '--max-new-tokens', '20'];
    const [theirs, ours] = await Promise.all([
      brain(['generate', file, ...text]),
      brain(['generate', folder, ...text]),
    ]);
    const said = ({ lines }: typeof theirs) => (lines[0] as { text: string }).text;
    expect(said(ours)).toBe(said(theirs));
    expect(said(ours).length).toBeGreaterThan(10);
  });

  test('in half precision is rounded to nearest and half as large', async () => {
    const golden = goldenModels[0]!;
    const folder = await converted('import', golden.folder, '--dtype', 'float16');
    const file = join(folder, 'model.safetensors');
    expect(readFileSync(file).length).toBeLessThan(0.6 * readFileSync(join(golden.folder, 'model.safetensors')).length);
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toMatchObject({ dtype: 'float16' });
    for (const { dtype } of readSafetensors(file).tensors.values()) expect(dtype).toBe('float16');
  });

  test('of what import wrote changes nothing', async () => {
    const golden = goldenModels[2]!;
    const once = await converted('import', golden.folder);
    const twice = await converted('import', once);
    const bytes = (folder: string) => readFileSync(join(folder, 'model.safetensors'));
    expect(bytes(twice).equals(bytes(once))).toBe(true);
    const { logits, logits_ids } = golden.forward();
    expect(await ourLogits(twice, logits_ids)).toBeAllclose(logits.flat(), { relTol: 0, absTol: 1e-4 });
  });
});

test('a folder that holds a model is not written to, and stays as it was', async () => {
  const folder = await converted('import', 'sprout');
  const before = readFileSync(join(folder, 'model.safetensors'));
  for (const args of [
    ['import', 'sprout', folder],
    ['export', 'sprout', folder, '--onnx'],
  ]) {
    const { status, stderr } = await brain(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining('holds config.json already')]);
  }
  expect(readFileSync(join(folder, 'model.safetensors')).equals(before)).toBe(true);
  expect(existsSync(join(folder, 'onnx'))).toBe(false);
});
