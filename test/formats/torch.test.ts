import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { float32ToFloat16, type HostTensor } from '../../src/engine/index.ts';
import { openModelFolder, openTorch, readSafetensors, type StoredTensor } from '../../src/formats/index.ts';
import { golden, inWords, noGolden, refusal, temporaryFolder } from './helpers.ts';
import {
  HOSTILE,
  MALFORMED_LEGACY,
  MALFORMED_PICKLES,
  MALFORMED_STATES,
  MALFORMED_ZIPS,
  type Malformed,
} from './malformed-torch.ts';
import {
  everyKind,
  legacyCheckpoint,
  legacyHead,
  legacyTail,
  op,
  orderedDict,
  pickle,
  statePickle,
  storageOf,
  storagesOf,
  type Tensors,
  tensorPickle,
  zip,
  zipCheckpoint,
  zipMembers,
} from './torch-files.ts';

function open(bytes: Uint8Array): Map<string, StoredTensor> {
  const path = join(temporaryFolder(), 'pytorch_model.bin');
  writeFileSync(path, bytes);
  return openTorch(path);
}

const readAll = (tensors: Map<string, StoredTensor>): Map<string, HostTensor> =>
  new Map([...tensors].map(([name, tensor]) => [name, tensor.read()]));

/** Both layouts; whatever holds, holds for both. */
const LAYOUTS = { zip: zipCheckpoint, legacy: legacyCheckpoint };

describe.each(Object.entries(LAYOUTS))('a checkpoint in the %s layout', (_, write) => {
  test('gives every type, tied, transposed, scalar and empty tensors in row-major order', () => {
    const tensors = readAll(open(write(everyKind())));
    const numbers = Array.from({ length: 12 }, (_, i) => i - 0.5);
    const float32 = (shape: number[], values: number[]) => ({
      dtype: 'float32',
      shape,
      data: new Float32Array(values),
    });
    expect(Object.fromEntries(tensors)).toEqual({
      plain: float32([3, 4], numbers),
      tied: float32([3, 4], numbers),
      transposed: float32(
        [4, 3],
        [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map((i) => i - 0.5),
      ),
      corner: float32([2, 2], [4.5, 6.5, 8.5, 10.5]),
      scalar: float32([], [10.5]),
      empty: float32([0, 4], []),
      double: float32([2], [1 / 3, -2]),
      half: { dtype: 'float16', shape: [2], data: new Uint16Array([0x3c00, 0x7bff]) },
      brain: { dtype: 'bfloat16', shape: [1, 1], data: new Uint16Array([0x3f80]) },
      long: { dtype: 'int64', shape: [2], data: new BigInt64Array([-1n, 9_007_199_254_740_993n]) },
      int: { dtype: 'int32', shape: [1], data: new Int32Array([-5]) },
      char: { dtype: 'int8', shape: [2], data: new Int8Array([-128, 127]) },
      byte: { dtype: 'uint8', shape: [2], data: new Uint8Array([0, 255]) },
      bool: { dtype: 'bool', shape: [2], data: new Uint8Array([0, 1]) },
    });
  });

  test('gives any view of a storage: element i of axis k lies i·stride(k) further', () => {
    const axis = fc.record({ size: fc.integer({ min: 1, max: 4 }), stride: fc.integer({ min: 0, max: 7 }) });
    const views = fc.record({ axes: fc.array(axis, { maxLength: 4 }), offset: fc.nat(5) });
    fc.assert(
      fc.property(views, ({ axes, offset }) => {
        const shape = axes.map(({ size }) => size);
        const strides = axes.map(({ stride }) => stride);
        const storage = storageOf(
          'Int',
          '0',
          Int32Array.from({ length: 300 }, (_, i) => i),
        );
        const places = axes.reduce(
          (found, { size, stride }) => found.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * stride)),
          [offset],
        );
        const read = open(write({ w: { storage, offset, shape, strides } }))
          .get('w')
          ?.read();
        expect(read).toEqual({ dtype: 'int32', shape, data: Int32Array.from(places) });
      }),
      { numRuns: 150, seed: 20_261_124 },
    );
  });
});

describe('what writers of torch differ in', () => {
  const kinds = () => readAll(open(zipCheckpoint(everyKind())));

  test('zip64 and a comment at the end', () => {
    expect(readAll(open(zipCheckpoint(everyKind(), { zip64: true, comment: 'olá' })))).toEqual(kinds());
  });

  test('a table that is a plain dict; module versions beside the table; parameters instead of tensors', () => {
    const { plain, transposed } = everyKind() as Record<'plain' | 'transposed', Tensors[string]>;
    const parameter = op.call(
      op.global('torch._utils', '_rebuild_parameter'),
      tensorPickle(plain),
      op.true,
      orderedDict(),
    );
    const table = op.dict(op.text('plain'), parameter, op.text('transposed'), tensorPickle(transposed));
    const versions = op.dict(op.text('_metadata'), op.dict(op.text(''), op.dict(op.text('version'), op.int(1))));
    const state = pickle(table, versions, Buffer.from('b'));
    const read = readAll(open(zip(zipMembers(state, [plain.storage]))));
    expect(read.get('plain')).toEqual(kinds().get('plain'));
    expect(read.get('transposed')).toEqual(kinds().get('transposed'));
  });

  test('Python 2: short byte strings, and a table made from a list of pairs', () => {
    const { plain } = everyKind() as Record<'plain', Tensors[string]>;
    const state = pickle(orderedDict(op.list(op.list(op.text2('plain'), tensorPickle(plain, true)))));
    const read = readAll(open(Buffer.concat([legacyHead(), legacyTail(state, [plain.storage])])));
    expect(read.get('plain')).toEqual(kinds().get('plain'));
  });

  test('the older layout: a tensor over a part of a storage', () => {
    const storage = storageOf(
      'Int',
      '7',
      Int32Array.from({ length: 9 }, (_, i) => i),
    );
    const state: Tensors = { w: { storage, offset: 1, shape: [2, 2], view: ['part', 3, 5] } };
    expect(open(legacyCheckpoint(state)).get('w')?.read().data).toEqual(Int32Array.from([4, 5, 6, 7]));
  });

  test('no word on the byte order, as before torch 2.1', () => {
    const tensors = everyKind();
    const members = zipMembers(statePickle(tensors), storagesOf(tensors)).filter(
      ({ name }) => !name.endsWith('byteorder'),
    );
    expect(readAll(open(zip(members)))).toEqual(kinds());
  });
});

describe.skipIf(noGolden)('checkpoints that torch wrote', () => {
  const theirs = () => readSafetensors(join(golden, 'gpt2', 'model.safetensors')).tensors;

  test('in a zip hold what the safetensors file holds', () => {
    expect(readAll(openTorch(join(golden, 'gpt2', 'pytorch_model.bin')))).toEqual(theirs());
  });

  test('from before 1.6 hold it in half precision, a tied head and the masks of old beside it', () => {
    const ours = openTorch(join(golden, 'gpt2', 'legacy-half.bin'));
    for (const [name, { shape, data }] of theirs())
      expect(ours.get(name)?.read(), name).toEqual({
        dtype: 'float16',
        shape,
        data: Uint16Array.from(data as Float32Array, float32ToFloat16),
      });
    expect(ours.get('lm_head.weight')?.read()).toEqual(ours.get('transformer.wte.weight')?.read());
    const mask = ours.get('transformer.h.0.attn.bias')?.read();
    expect(mask).toMatchObject({ dtype: 'uint8', shape: [1, 1, 96, 96] });
    expect(mask?.data.slice(96, 100)).toEqual(new Uint8Array([1, 1, 0, 0]));
  });
});

describe('a model folder', () => {
  const config = '{"model_type":"gpt2"}';

  test('prefers safetensors where both are there', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'config.json'), config);
    writeFileSync(join(folder, 'pytorch_model.bin'), 'not even looked at');
    writeFileSync(
      join(folder, 'model.safetensors'),
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('{}')]),
    );
    expect(openModelFolder(folder).weightFiles).toEqual([join(folder, 'model.safetensors')]);
    expect(openModelFolder(folder).weights().size).toBe(0);
  });

  test('may hold its checkpoint in shards', () => {
    const folder = temporaryFolder();
    const { plain, half, ...others } = everyKind() as Tensors & Record<'plain' | 'half', Tensors[string]>;
    const shards = { 'pytorch_model-00001-of-00002.bin': { plain, half }, 'pytorch_model-00002-of-00002.bin': others };
    const places = Object.entries(shards).flatMap(([file, held]) => Object.keys(held).map((name) => [name, file]));
    writeFileSync(join(folder, 'config.json'), config);
    writeFileSync(
      join(folder, 'pytorch_model.bin.index.json'),
      JSON.stringify({ weight_map: Object.fromEntries(places) }),
    );
    for (const [file, held] of Object.entries(shards)) writeFileSync(join(folder, file), zipCheckpoint(held));
    expect(openModelFolder(folder).weights()).toEqual(readAll(open(zipCheckpoint(everyKind()))));
  });

  test.skipIf(noGolden)('that is read leaves its file closed, and reads it anew for each tensor', () => {
    const folder = join(temporaryFolder(), 'copy');
    mkdirSync(folder);
    for (const file of ['config.json', 'pytorch_model.bin'])
      copyFileSync(join(golden, 'gpt2', file), join(folder, file));
    const tensor = openModelFolder(folder).stored().get('transformer.ln_f.weight')!;
    const before = tensor.read();
    writeFileSync(join(folder, 'pytorch_model.bin'), readFileSync(join(folder, 'pytorch_model.bin')).fill(0));
    expect(tensor.read().data).not.toEqual(before.data);
  });
});

const MALFORMED: Record<string, Record<string, Malformed>> = {
  'a hostile pickle': HOSTILE,
  'a pickle': MALFORMED_PICKLES,
  'a state': MALFORMED_STATES,
  'a zip': MALFORMED_ZIPS,
  'an older checkpoint': MALFORMED_LEGACY,
};

describe.each(Object.entries(MALFORMED))('%s that lies is refused', (_, cases) => {
  test.each(Object.entries(cases))('%s', (_, { bytes, identifier }) => {
    expect(refusal(() => readAll(open(bytes))).identifier).toBe(identifier);
  });
});

test('what a pickle asks for is named in the words of the refusal', () => {
  const words = inWords(refusal(() => open(HOSTILE['os.system']!.bytes)));
  expect(words).toContain('pytorch_model.bin asks for os.system');
  expect(words).toContain('Nothing was run');
});

test('a missing file is named', () => {
  expect(refusal(() => openTorch(join(temporaryFolder(), 'no.bin'))).identifier).toBe('file_missing');
});
