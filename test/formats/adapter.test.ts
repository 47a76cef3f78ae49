import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type HostTensor, initLora, parseModelConfig, type TensorMap } from '../../src/engine/index.ts';
import { UserError } from '../../src/errors.ts';
import {
  decodeAdapter,
  encodeAdapter,
  encodeSafetensors,
  readAdapterFolder,
  writeAdapterFolder,
  writeSafetensors,
} from '../../src/formats/index.ts';
import { golden, inWords, noGolden, refusal, temporaryFolder } from './helpers.ts';

const lora = { r: 2, loraAlpha: 4, targetModules: ['c_attn', 'c_proj', 'c_fc'] };
const config = parseModelConfig({
  model_type: 'gpt2',
  vocab_size: 11,
  n_positions: 8,
  n_embd: 4,
  n_layer: 1,
  n_head: 2,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
  eos_token_id: 0,
});
const A = 'base_model.model.transformer.h.0.attn.c_attn.lora_A.weight';
const adapter = (): TensorMap => initLora(config, lora, 3);
const tensor = (shape: number[]): HostTensor => ({
  dtype: 'float32',
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

function adapterFolder(changes: Record<string, unknown> = {}, tensors = adapter()): string {
  const folder = temporaryFolder();
  writeAdapterFolder(folder, { lora, tensors }, { baseModel: 'sprout', fanInFanOut: true });
  const path = join(folder, 'adapter_config.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), ...changes }));
  return folder;
}

describe('an adapter folder', () => {
  test('comes back as it was written', () => {
    const back = readAdapterFolder(adapterFolder());
    expect(back.lora).toEqual(lora);
    expect(back.config).toMatchObject({ base_model_name_or_path: 'sprout', fan_in_fan_out: true, peft_type: 'LORA' });
    expect(back.tensors).toEqual(new Map([...adapter()].sort(([a], [b]) => (a < b ? -1 : 1))));
  });

  test.skipIf(noGolden)('that peft wrote is read, and written again with the same keys and bytes', () => {
    for (const [model, fanInFanOut] of [
      ['gpt2', true],
      ['llama', false],
      ['llama-tied', false],
    ] as const) {
      for (const kind of ['lora-init', 'lora-sft', 'lora-dpo']) {
        const from = join(golden, model, kind);
        const read = readAdapterFolder(from);
        const to = temporaryFolder();
        writeAdapterFolder(to, read, { baseModel: null, fanInFanOut });
        expect(JSON.parse(readFileSync(join(to, 'adapter_config.json'), 'utf8'))).toEqual(read.config);
        const [ours, theirs] = [to, from].map((folder) => readFileSync(join(folder, 'adapter_model.safetensors')));
        expect(ours?.equals(theirs ?? Buffer.alloc(0)), `${model}/${kind}`).toBe(true);
      }
    }
  });

  test('in half precision is read as float32', () => {
    const half = new Map(
      [...adapter()].map(([name, { shape, data }]) => [
        name,
        { dtype: 'float16' as const, shape, data: new Uint16Array(data.length).fill(0x3800) },
      ]),
    );
    const value = readAdapterFolder(adapterFolder({}, half)).tensors.get(A);
    expect(value).toEqual({ dtype: 'float32', shape: [2, 4], data: new Float32Array(8).fill(0.5) });
  });
});

describe('what would need other arithmetic is refused by name', () => {
  test.each([
    ['peft_type', 'IA3'],
    ['use_dora', true],
    ['use_rslora', true],
    ['lora_bias', true],
    ['bias', 'all'],
    ['rank_pattern', { c_attn: 4 }],
    ['alpha_pattern', { c_attn: 4 }],
    ['modules_to_save', ['lm_head']],
    ['layers_to_transform', [0]],
    ['target_parameters', ['x']],
    ['init_lora_weights', 'pissa'],
  ])('%s = %j', (key, value) => {
    const error = refusal(() => readAdapterFolder(adapterFolder({ [key]: value })));
    expect(error.identifier).toBe('adapter_unsupported');
    expect(inWords(error)).toContain(`${key} = ${JSON.stringify(value)}`);
  });

  test.each([
    ['r', 0],
    ['r', 2.5],
    ['r', 1e9],
    ['r', '2'],
    ['lora_alpha', 0],
    ['lora_alpha', null],
    ['target_modules', []],
    ['target_modules', 'all-linear'],
    ['target_modules', [1]],
  ])('%s = %j makes no sense', (key, value) => {
    const error = refusal(() => readAdapterFolder(adapterFolder({ [key]: value })));
    expect(error.identifier).toBe('adapter_config_wrong');
    expect(inWords(error)).toContain(`${key} is ${JSON.stringify(value)}`);
  });
});

/** Sets of tensors that are no adapter, and what the sentence must say. */
const MISFITS: Record<string, { tensors: () => TensorMap; says: string }> = {
  'no tensors': { tensors: () => new Map(), says: '0' },
  'another r than the config': {
    tensors: () => adapter().set(A, tensor([3, 4])),
    says: `${A}: it should be [2, in], and is [3,4]`,
  },
  'three dimensions': { tensors: () => adapter().set(A, tensor([2, 4, 1])), says: '[2,4,1]' },
  'an A without its B': {
    tensors: () => {
      const tensors = adapter();
      tensors.delete(A.replace('lora_A', 'lora_B'));
      return tensors;
    },
    says: A.replace('lora_A', 'lora_B'),
  },
  'a tensor that is no half': {
    tensors: () => adapter().set('base_model.model.lm_head.weight', tensor([1])),
    says: 'lm_head.weight',
  },
  'a layer that is no target': {
    tensors: () => adapter().set(A.replace('c_attn', 'other'), tensor([2, 4])),
    says: 'transformer.h.0.attn.other',
  },
  'whole numbers': {
    tensors: () => adapter().set(A, { dtype: 'int32', shape: [2, 4], data: new Int32Array(8) }),
    says: 'int32',
  },
};

describe('tensors that do not fit together', () => {
  test.each(Object.entries(MISFITS))('in a folder: %s', (_, { tensors, says }) => {
    const error = refusal(() => readAdapterFolder(adapterFolder({}, tensors())));
    expect(error.identifier).toBe('adapter_tensor_wrong');
    expect(inWords(error)).toContain(says);
  });

  test.each(Object.entries(MISFITS))('in a BLOB: %s', (_, { tensors }) => {
    expect(refusal(() => decodeAdapter(encodeAdapter(lora, tensors()))).identifier).toBe('adapter_damaged');
  });
});

test('missing parts are named', () => {
  const folder = adapterFolder();
  expect(refusal(() => readAdapterFolder(join(folder, 'nowhere'))).identifier).toBe('file_missing');
  rmSync(join(folder, 'adapter_model.safetensors'));
  expect(refusal(() => readAdapterFolder(folder)).identifier).toBe('adapter_weights_missing');
  rmSync(join(folder, 'adapter_config.json'));
  expect(refusal(() => readAdapterFolder(folder)).identifier).toBe('adapter_config_missing');
});

test.skipIf(noGolden)('an adapter config beside the weights of a whole model is refused', () => {
  const folder = temporaryFolder();
  copyFileSync(join(golden, 'gpt2', 'lora-init', 'adapter_config.json'), join(folder, 'adapter_config.json'));
  copyFileSync(join(golden, 'gpt2', 'model.safetensors'), join(folder, 'adapter_model.safetensors'));
  expect(refusal(() => readAdapterFolder(folder)).identifier).toBe('adapter_tensor_wrong');
});

describe('an adapter BLOB', () => {
  test('comes back with its settings, and equal adapters have equal bytes', () => {
    const bytes = encodeAdapter(lora, adapter());
    const back = decodeAdapter(bytes);
    expect(back.lora).toEqual(lora);
    expect(Buffer.from(encodeAdapter(back.lora, back.tensors)).equals(bytes)).toBe(true);
    expect(Buffer.from(encodeAdapter(lora, new Map([...adapter()].reverse()))).equals(bytes)).toBe(true);
  });

  test.each([
    ['no settings', {}],
    ['settings that are no JSON', { lora: '{' }],
    ['settings that are no object', { lora: '[]' }],
    ['r of nothing', { lora: '{"r":null,"lora_alpha":4,"target_modules":["c_attn"]}' }],
    ['alpha below zero', { lora: '{"r":2,"lora_alpha":-4,"target_modules":["c_attn"]}' }],
    ['no targets', { lora: '{"r":2,"lora_alpha":4}' }],
  ])('with %s is refused', (_, metadata) => {
    const error = refusal(() => decodeAdapter(encodeSafetensors(adapter(), metadata as Record<string, string>)));
    expect(error.identifier).toBe('adapter_damaged');
  });

  test('damaged anywhere is read as something consistent or refused as damaged', () => {
    const whole = encodeAdapter(lora, adapter());
    const flip = fc.record({ at: fc.nat(whole.length - 1), bit: fc.nat(7) });
    let refused = 0;
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 3 }), fc.nat(whole.length), (flips, cut) => {
        const bytes = Buffer.from(whole.subarray(0, cut % 2 === 0 ? whole.length : cut));
        for (const { at, bit } of flips) if (at < bytes.length) bytes[at]! ^= 1 << bit;
        try {
          const { lora: read, tensors } = decodeAdapter(bytes);
          for (const [name, { shape }] of tensors) expect(shape[name.includes('lora_A') ? 0 : 1]).toBe(read.r);
        } catch (error) {
          if (!(error instanceof UserError && error.identifier === 'adapter_damaged')) throw error;
          refused += 1;
        }
      }),
      { numRuns: 10_000, seed: 20_261_123 },
    );
    expect(refused).toBeGreaterThan(5_000);
  });

  test('of a file on disk is the same bytes as in memory', () => {
    const folder = temporaryFolder();
    writeSafetensors(join(folder, 'a'), adapter(), { lora: 'x' });
    expect(readFileSync(join(folder, 'a')).equals(encodeSafetensors(adapter(), { lora: 'x' }))).toBe(true);
  });
});
