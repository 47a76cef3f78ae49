/** BERT-family encoders against transformers: every hidden state, padded batches, other names of weights, what is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encoderGraph } from '../../src/engine/encoder.ts';
import {
  type Encoder,
  encoderOf,
  float32Tensor,
  openEncoder,
  parseAnyConfig,
  parseEncoderConfig,
  parseModelConfig,
  type TensorMap,
} from '../../src/engine/index.ts';
import { writeSafetensors } from '../../src/formats/index.ts';
import './allclose.ts';
import { Golden, goldenAbsent } from './golden.ts';

const close = { relTol: 0, absTol: 1e-4 };

describe.skipIf(goldenAbsent)('RoBERTa', () => {
  const golden = new Golden('roberta');
  const weightsFile = join(golden.folder, 'model.safetensors');
  let folder: string;
  let encoder: Encoder;
  let forward: { input_ids: number[]; hidden_states: number[][][] };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'encoder-'));
    forward = golden.json('forward.json') as unknown as typeof forward;
    encoder = await openEncoder(parseEncoderConfig(golden.json('config.json')), { weightsFile, threads: 1 });
  });
  afterAll(async () => {
    await encoder.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('every hidden state is that of transformers', async () => {
    const states = await encoder.hiddenStates(forward.input_ids);
    expect(states).toHaveLength(forward.hidden_states.length);
    for (const [layer, state] of states.entries())
      expect(state).toBeAllclose(forward.hidden_states[layer]!.flat(), close);
  });

  test('texts padded to one length give what each gives alone', async () => {
    const texts = [forward.input_ids, forward.input_ids.slice(0, 3), [0, 2], [...forward.input_ids, 7, 7, 7, 2]];
    const together = await encoder.deepestStates(texts);
    for (const [row, ids] of texts.entries())
      expect(together[row]).toBeAllclose((await encoder.hiddenStates(ids)).at(-1)!, { relTol: 0, absTol: 1e-5 });
  });

  test('padding within a text takes no place of its own, as RobertaModel counts', () => {
    const { positions } = encoderOf(encoder.config);
    expect(positions([0, 5, 1, 6, 2])).toEqual([2, 3, 1, 4, 5]);
  });

  test('stopping at a layer gives the same states up to it, and reads no weight above it', async () => {
    const config = parseEncoderConfig(golden.json('config.json'));
    const short = await openEncoder(config, { weightsFile, layer: 1, threads: 1 });
    const states = await short.hiddenStates(forward.input_ids);
    expect(states).toEqual((await encoder.hiddenStates(forward.input_ids)).slice(0, 2));
    await short.dispose();
    const everywhere = new Map(
      [...encoderOf(config).weights.keys()].map((name) => [name, { location: 'x', offset: 0, length: 0 }]),
    );
    const read = encoderGraph(config, everywhere, 1).mapped.map(({ name }) => name);
    expect(read.filter((name) => name.startsWith('encoder.layer.0')).length).toBeGreaterThan(10);
    expect(read.filter((name) => /^encoder\.layer\.[12]/.test(name))).toEqual([]);
  });

  test('the names of older and of whole checkpoints are found; buffers, pooler and heads are left alone', async () => {
    const renamed: TensorMap = new Map(
      [...golden.tensors('model.safetensors')].map(([name, tensor]) => [
        `roberta.${name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta')}`,
        tensor,
      ]),
    );
    renamed.set('roberta.embeddings.position_ids', { dtype: 'int64', shape: [1, 1], data: new BigInt64Array(1) });
    renamed.set('roberta.pooler.dense.weight', float32Tensor([1]));
    renamed.set('lm_head.bias', float32Tensor([2]));
    const file = join(folder, 'renamed.safetensors');
    writeSafetensors(file, renamed);
    const other = await openEncoder(encoder.config, { weightsFile: file, threads: 1 });
    expect(await other.hiddenStates(forward.input_ids)).toEqual(await encoder.hiddenStates(forward.input_ids));
    await other.dispose();
  });

  test('BERT is the same but for counting places from 0: RoBERTa’s table without its first rows makes it a BERT', async () => {
    const tensors = golden.tensors('model.safetensors');
    const places = tensors.get('embeddings.position_embeddings.weight')!;
    const [rows, width] = places.shape as [number, number];
    const types = tensors.get('embeddings.token_type_embeddings.weight')!.data as Float32Array;
    const asBert: TensorMap = new Map([...tensors].map(([name, tensor]) => [`bert.${name}`, tensor]));
    const data = (places.data as Float32Array).slice(2 * width);
    asBert.set('bert.embeddings.position_embeddings.weight', float32Tensor([rows - 2, width], data));
    // A second kind of text, which must not be chosen.
    const twoTypes = new Float32Array([...types, ...types.map(() => 9)]);
    asBert.set('bert.embeddings.token_type_embeddings.weight', float32Tensor([2, width], twoTypes));
    const file = join(folder, 'bert.safetensors');
    writeSafetensors(file, asBert);
    const sizes = { max_position_embeddings: rows - 2, type_vocab_size: 2, pad_token_id: 0 };
    const config = parseEncoderConfig({ ...golden.json('config.json'), ...sizes, model_type: 'bert' });
    const bert = await openEncoder(config, { weightsFile: file, threads: 1 });
    for (const [layer, state] of (await bert.hiddenStates(forward.input_ids)).entries())
      expect(state).toBeAllclose(forward.hidden_states[layer]!.flat(), close);
    await bert.dispose();
  });

  test('the tanh form of gelu is near the exact one, and is not it', async () => {
    const config = parseEncoderConfig({ ...golden.json('config.json'), hidden_act: 'gelu_new' });
    const tanh = await openEncoder(config, { weightsFile, threads: 1 });
    const [state, exact] = [(await tanh.hiddenStates(forward.input_ids))[1]!, forward.hidden_states[1]!.flat()];
    expect(state).toBeAllclose(exact, { relTol: 0, absTol: 5e-2 });
    expect(Math.max(...state.map((value, i) => Math.abs(value - exact[i]!)))).toBeGreaterThan(1e-4);
    await tanh.dispose();
  });

  test('a text as long as the window is read, one token more is refused, and so is a layer that is not there', async () => {
    const { window } = encoderOf(encoder.config);
    expect(window).toBe(138);
    expect((await encoder.hiddenStates(Array(window).fill(9)))[0]).toHaveLength(window * encoder.config.hiddenSize);
    await expect(encoder.hiddenStates(Array(window + 1).fill(9))).rejects.toThrow(/sequence_too_long/);
    await expect(encoder.deepestStates([[9], Array(window + 1).fill(9)])).rejects.toThrow(/sequence_too_long/);
    for (const layer of [-1, 1.5, 4])
      await expect(openEncoder(encoder.config, { weightsFile, layer })).rejects.toThrow(/encoder_layer_missing/);
  });

  test('weights of another shape, or with one missing, are refused by name', async () => {
    const tensors = golden.tensors('model.safetensors');
    const name = 'encoder.layer.1.output.dense.weight';
    const open = (file: string) => openEncoder(encoder.config, { weightsFile: join(folder, file) });
    writeSafetensors(join(folder, 'less.safetensors'), new Map([...tensors].filter(([key]) => key !== name)));
    await expect(open('less.safetensors')).rejects.toThrow(/model_tensor_missing.*output\.dense/);
    writeSafetensors(join(folder, 'other.safetensors'), new Map([...tensors, [name, float32Tensor([2, 2])]]));
    await expect(open('other.safetensors')).rejects.toThrow(/model_tensor_shape/);
  });
});

test('an empty config.json of each kind means what transformers’ classes mean by default', () => {
  const bert = parseEncoderConfig({ model_type: 'bert' });
  expect(bert).toMatchObject({
    vocabSize: 30522,
    hiddenSize: 768,
    numHiddenLayers: 12,
    padTokenId: 0,
    layerNormEps: 1e-12,
  });
  expect(encoderOf(bert).window).toBe(512);
  const roberta = parseEncoderConfig({ model_type: 'roberta', max_position_embeddings: 514 });
  expect(roberta).toMatchObject({ vocabSize: 50265, padTokenId: 1 });
  expect(encoderOf(roberta).window).toBe(512);
  expect(encoderOf(parseEncoderConfig({ model_type: 'xlm-roberta', max_position_embeddings: 514 })).window).toBe(512);
});

test.each([
  [{ model_type: 'electra' }, /unsupported_architecture.*electra.*bert, roberta, xlm-roberta/],
  [{ model_type: 'gpt2' }, /unsupported_architecture.*gpt2.*bert/],
  [{}, /unsupported_architecture/],
  [{ model_type: 'bert', position_embedding_type: 'relative_key' }, /model_config_wrong.*position_embedding_type/],
  [{ model_type: 'bert', hidden_act: 'relu' }, /model_config_wrong.*hidden_act/],
  [{ model_type: 'bert', num_attention_heads: 7 }, /model_config_wrong.*num_attention_heads/],
  [{ model_type: 'bert', is_decoder: true }, /model_config_wrong.*is_decoder/],
  [{ model_type: 'bert', pad_token_id: 99_999 }, /model_config_wrong.*pad_token_id/],
  [{ model_type: 'roberta', max_position_embeddings: 2 }, /model_config_wrong.*max_position_embeddings/],
])('the encoder %o is refused by name', (config, says) => {
  expect(() => parseEncoderConfig(config)).toThrow(says);
});

test('where either kind will do, a refusal lists both; where a causal model is asked for, an encoder is refused', () => {
  expect(parseAnyConfig({ model_type: 'bert' }).architecture).toBe('bert');
  expect(parseAnyConfig({ model_type: 'gpt2' }).architecture).toBe('gpt2');
  expect(() => parseAnyConfig({ model_type: 't5' })).toThrow(/t5.*gpt2.*bert/);
  expect(() => parseModelConfig({ model_type: 'roberta' })).toThrow(/unsupported_architecture.*roberta/);
});
