/** Configurations, names of weights, fresh weights, adapters: what is accepted, and what is refused by name. */
import { expect, test } from 'vitest';
import {
  defaultLora,
  expectedWeights,
  float32Tensor,
  initLora,
  type LoraConfig,
  loraTargets,
  mergeLora,
  normaliseWeights,
  parseModelConfig,
  randomWeights,
  toFloat32,
} from '../../src/engine/index.ts';
import './allclose.ts';
import { goldenAbsent, goldenGpt2, goldenModels } from './golden.ts';
import { createConfig } from './tiny.ts';

test("GPT-2's config.json is read with transformers' defaults for what it leaves out", () => {
  const config = parseModelConfig({ model_type: 'gpt2' });
  expect(config).toMatchObject({ vocabSize: 50257, nPositions: 1024, nEmbd: 768, nLayer: 12, nHead: 12, nInner: 3072 });
  expect(parseModelConfig({ model_type: 'gpt2', custom: [1] }).raw).toEqual({ model_type: 'gpt2', custom: [1] });
});

test('Llama, Mistral and Qwen2 are one family: sizes, grouped heads, biases, rotary angles', () => {
  const llama = parseModelConfig({ model_type: 'llama', hidden_size: 64, num_attention_heads: 4 });
  expect(llama).toMatchObject({ architecture: 'llama', numKeyValueHeads: 4, headDim: 16, tieWordEmbeddings: false });
  expect(expectedWeights(llama).has('lm_head.weight')).toBe(true);
  const sizes = { hidden_size: 64, num_attention_heads: 4, num_key_value_heads: 2, num_hidden_layers: 1 };
  const qwen = parseModelConfig({ ...sizes, model_type: 'qwen2', tie_word_embeddings: true, sliding_window: 4096 });
  const names = [...expectedWeights(qwen).keys()];
  expect(names.filter((name) => name.endsWith('.bias'))).toEqual(
    ['q', 'k', 'v'].map((part) => `model.layers.0.self_attn.${part}_proj.bias`),
  );
  expect(names).not.toContain('lm_head.weight');
  const theta = { rope_theta: 100, head_dim: 4 };
  const angles = (rest: object) => {
    const config = parseModelConfig({ ...sizes, model_type: 'llama', ...rest });
    return config.architecture === 'llama' ? config.inverseFrequencies : [];
  };
  expect(angles(theta)).toBeAllclose([1, 0.1]);
  expect(angles({ head_dim: 4, rope_parameters: { rope_theta: 100, rope_type: 'default' } })).toBeAllclose([1, 0.1]);
  expect(angles({ ...theta, rope_scaling: { type: 'linear', factor: 4 } })).toBeAllclose([0.25, 0.025]);
  // Made with transformers 5.23 ROPE_INIT_FUNCTIONS['llama3'] for these numbers: the slow angle is stretched in full.
  const llama3 = { rope_type: 'llama3', factor: 8, original_max_position_embeddings: 32 };
  expect(angles({ ...theta, rope_scaling: llama3 })).toBeAllclose([1, 0.0125]);
});

test('what of the Llama family would need other arithmetic is refused by name', () => {
  const parse = (rest: object) => () =>
    parseModelConfig({ model_type: 'llama', hidden_size: 64, num_attention_heads: 4, ...rest });
  expect(parse({ num_key_value_heads: 3 })).toThrow(/model_config_wrong.*num_key_value_heads/);
  expect(parse({ head_dim: 15 })).toThrow(/model_config_wrong.*head_dim/);
  expect(parse({ rope_scaling: { rope_type: 'yarn' } })).toThrow(/model_config_wrong.*yarn/);
  expect(parse({ hidden_act: 'gelu' })).toThrow(/model_config_wrong.*hidden_act/);
  expect(parse({ model_type: 'mistral', sliding_window: 16 })).toThrow(/model_config_wrong.*sliding_window/);
});

test('other architectures and impossible sizes are refused in words', () => {
  expect(() => parseModelConfig({ model_type: 'bloom' })).toThrow(/unsupported_architecture.*bloom/);
  expect(() => parseModelConfig({})).toThrow(/unsupported_architecture/);
  expect(() => parseModelConfig([])).toThrow(/model_config_wrong|unsupported_architecture/);
  expect(() => parseModelConfig('gpt2')).toThrow(/model_config_wrong/);
  expect(() => createConfig({ n_embd: 10, n_head: 3 })).toThrow(/model_config_wrong.*n_head/);
  expect(() => createConfig({ n_layer: 0 })).toThrow(/model_config_wrong.*n_layer/);
  expect(() => createConfig({ activation_function: 'relu' })).toThrow(/model_config_wrong.*activation_function/);
});

test.skipIf(goldenAbsent).each(goldenModels)(
  '$name: the expected weights are those of a real model.safetensors',
  (golden) => {
    const file = golden.tensors('model.safetensors');
    const expected = expectedWeights(golden.config());
    expect([...expected.keys()].sort()).toEqual([...file.keys()].sort());
    for (const [name, shape] of expected) expect(file.get(name)!.shape).toEqual(shape);
  },
);

test('weights are accepted without their prefix, as half precision, and with the buffers of old checkpoints', () => {
  const config = createConfig();
  const old = new Map(
    [...randomWeights(config, 1)].map(([name, tensor]) => [name.replace('transformer.', ''), tensor]),
  );
  old.set('h.0.attn.bias', { dtype: 'uint8', shape: [1, 1, 24, 24], data: new Uint8Array(576) });
  old.set('wte.weight', { dtype: 'float16', shape: [40, 16], data: new Uint16Array(640).fill(0x3c00) });
  old.set('lm_head.weight', float32Tensor([40, 16]));
  const weights = normaliseWeights(config, old);
  expect([...weights.keys()]).toEqual([...expectedWeights(config).keys()]);
  expect(toFloat32(weights.get('transformer.wte.weight')!).every((value) => value === 1)).toBe(true);
});

test('missing and misshapen weights are named', () => {
  const config = createConfig();
  const weights = randomWeights(config, 1);
  weights.set('transformer.ln_f.bias', float32Tensor([17]));
  expect(() => normaliseWeights(config, weights)).toThrow(/model_tensor_shape.*ln_f\.bias.*\[16\].*\[17\]/);
  weights.delete('transformer.ln_f.bias');
  expect(() => normaliseWeights(config, weights)).toThrow(/model_tensor_missing.*ln_f\.bias/);
});

test("fresh weights follow transformers' initialisation: same seed, same weights", () => {
  const config = createConfig({ n_embd: 64, vocab_size: 512 });
  const weights = randomWeights(config, 9);
  expect(randomWeights(config, 9)).toEqual(weights);
  expect(randomWeights(config, 10)).not.toEqual(weights);
  const deviation = (name: string): number => {
    const values = toFloat32(weights.get(name)!);
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
  };
  expect(deviation('transformer.wte.weight')).toBeCloseTo(0.02, 3);
  expect(deviation('transformer.h.1.mlp.c_fc.weight')).toBeCloseTo(0.02, 3);
  // Two layers: residual projections are smaller by √4.
  expect(deviation('transformer.h.1.mlp.c_proj.weight')).toBeCloseTo(0.01, 3);
  expect(deviation('transformer.ln_f.weight')).toBe(1);
  expect(deviation('transformer.h.0.attn.c_attn.bias')).toBe(0);
});

test('an adapter sits on every linear layer of the blocks unless told otherwise', () => {
  const config = createConfig();
  expect(defaultLora(config)).toEqual({ r: 8, loraAlpha: 16, targetModules: ['c_attn', 'c_proj', 'c_fc'] });
  const names = (targetModules: string[]) =>
    loraTargets(config, { r: 2, loraAlpha: 2, targetModules }).map(({ name }) => name);
  expect(names(['c_attn', 'c_proj', 'c_fc']).length).toBe(8);
  expect(names(['mlp.c_proj'])).toEqual(['transformer.h.0.mlp.c_proj', 'transformer.h.1.mlp.c_proj']);
  expect(names(['transformer.h.1.attn.c_attn'])).toEqual(['transformer.h.1.attn.c_attn']);
  expect(() => names(['q_proj'])).toThrow(/lora_targets_unknown.*q_proj.*c_attn/);
});

test.skipIf(goldenAbsent)("a fresh adapter has peft's names and shapes, A spread as peft spreads it, B zero", () => {
  const reference = goldenGpt2.tensors('lora-init/adapter_model.safetensors');
  const adapter = initLora(goldenGpt2.config(), goldenGpt2.lora(), 4);
  expect([...adapter.keys()].sort()).toEqual([...reference.keys()].sort());
  for (const [name, { shape, data }] of reference) {
    const fresh = toFloat32(adapter.get(name)!);
    expect(adapter.get(name)!.shape).toEqual(shape);
    if (name.includes('lora_B')) expect(fresh.every((value) => value === 0)).toBe(true);
    // Kaiming-uniform with a = √5: within 1/√in, as peft's own numbers are.
    const bound = 1 / Math.sqrt(shape[1]!);
    for (const values of [fresh, data as Float32Array]) {
      if (name.includes('lora_A')) expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(bound);
    }
  }
});

test('merging adds (alpha / r) B A, transposed as GPT-2 stores its weights, and leaves the base alone', () => {
  const config = createConfig({ n_embd: 2, n_head: 1, n_inner: 2, n_layer: 1 });
  const lora: LoraConfig = { r: 1, loraAlpha: 3, targetModules: ['c_fc'] };
  const weights = randomWeights(config, 1);
  const name = 'transformer.h.0.mlp.c_fc';
  const before = [...toFloat32(weights.get(`${name}.weight`)!)];
  const merged = mergeLora(
    config,
    weights,
    lora,
    new Map([
      [`base_model.model.${name}.lora_A.weight`, float32Tensor([1, 2], Float32Array.of(1, 10))],
      [`base_model.model.${name}.lora_B.weight`, float32Tensor([2, 1], Float32Array.of(2, 5))],
    ]),
  );
  // [in][out]: 3 · A[in] · B[out]
  const added = [6, 15, 60, 150];
  expect(toFloat32(merged.get(`${name}.weight`)!)).toBeAllclose(before.map((value, i) => value + added[i]!));
  expect([...toFloat32(weights.get(`${name}.weight`)!)]).toEqual(before);
});
