import { readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TensorMap } from '../../src/engine/index.ts';
import { UserError } from '../../src/errors.ts';
import {
  encodeSafetensors,
  parseSafetensors,
  readSafetensors,
  writeSafetensors,
  writeSafetensorsBySha256,
} from '../../src/formats/index.ts';
import { assemble, everyType, golden, inWords, noGolden, refusal, temporaryFolder } from './helpers.ts';

const place = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

describe('what is written comes back', () => {
  test('every type, scalars and empty tensors included', () => {
    const tensors = everyType();
    const back = parseSafetensors(encodeSafetensors(tensors, { format: 'pt', note: 'olá' }));
    expect(back.metadata).toEqual({ format: 'pt', note: 'olá' });
    expect(new Set(back.tensors.keys())).toEqual(new Set(tensors.keys()));
    for (const [name, tensor] of tensors) expect(back.tensors.get(name), name).toEqual(tensor);
  });

  test('the order in which tensors and metadata were put in does not show in the bytes', () => {
    const backwards: TensorMap = new Map([...everyType()].reverse());
    expect(encodeSafetensors(backwards, { b: '2', a: '1' })).toEqual(
      encodeSafetensors(everyType(), { a: '1', b: '2' }),
    );
  });

  test('tensors begin at a multiple of eight, each aligned to its type', () => {
    const bytes = Buffer.from(encodeSafetensors(everyType()));
    const headerBytes = Number(bytes.readBigUInt64LE());
    expect(headerBytes % 8).toBe(0);
    const header: Record<string, { data_offsets: number[] }> = JSON.parse(
      bytes.subarray(8, 8 + headerBytes).toString(),
    );
    const widths: Record<string, number> = { 'b.float32': 4, half: 2, brain: 2, ids: 8, steps: 4 };
    for (const [name, width] of Object.entries(widths))
      expect((header[name]?.data_offsets[0] ?? 1) % width, name).toBe(0);
  });

  test('any tensors survive the round trip, byte for byte', () => {
    const tensor = fc
      .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 }), fc.infiniteStream(fc.integer()))
      .map(([shape, stream]) => {
        const values = [...stream.take(shape.reduce((a, b) => a * b, 1))];
        return { dtype: 'int32' as const, shape, data: Int32Array.from(values) };
      });
    const names = fc.string({ unit: 'grapheme' }).filter((name) => name !== '__metadata__');
    const tensors = fc.uniqueArray(fc.tuple(names, tensor), { maxLength: 6, selector: ([name]) => name });
    fc.assert(
      fc.property(tensors, fc.dictionary(fc.string(), fc.string()), (entries, metadata) => {
        const bytes = encodeSafetensors(new Map(entries), metadata);
        const back = parseSafetensors(bytes);
        expect(Buffer.from(encodeSafetensors(back.tensors, back.metadata)).equals(bytes)).toBe(true);
        for (const [name, value] of entries) expect(back.tensors.get(name)).toEqual(value);
      }),
    );
  });

  test('a tensor whose data does not fit its shape is never written', () => {
    const tensors: TensorMap = new Map([['w', { dtype: 'float32', shape: [3], data: new Float32Array(2) }]]);
    expect(() => encodeSafetensors(tensors)).toThrow('tensor w of shape [3] needs 12 bytes, its data has 8');
  });

  test.skipIf(noGolden)('the reference library wrote the same bytes', () => {
    const files = readdirSync(golden, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.safetensors'));
    expect(files.length).toBeGreaterThan(20);
    for (const file of files) {
      const path = join(golden, file);
      const { tensors, metadata } = readSafetensors(path);
      expect(Buffer.from(encodeSafetensors(tensors, metadata)).equals(readFileSync(path)), file).toBe(true);
    }
  });
});

describe('on disk', () => {
  test('a file is written whole under its name, and nothing else is left in the folder', () => {
    const folder = temporaryFolder();
    writeSafetensors(join(folder, 'w.safetensors'), everyType());
    expect(readdirSync(folder)).toEqual(['w.safetensors']);
    expect(readSafetensors(join(folder, 'w.safetensors')).tensors.get('ids')?.data).toEqual(
      everyType().get('ids')?.data,
    );
  });

  test('a file named by its hash bears the sha-256 of its bytes', async () => {
    const { createHash } = await import('node:crypto');
    const folder = temporaryFolder();
    const { path, sha256 } = writeSafetensorsBySha256(folder, everyType());
    expect(path).toBe(join(folder, `${sha256}.safetensors`));
    expect(createHash('sha256').update(readFileSync(path)).digest('hex')).toBe(sha256);
  });

  test('a failing write leaves the old file as it was and no temporary one', () => {
    const folder = temporaryFolder();
    const path = join(folder, 'w.safetensors');
    writeFileSync(path, 'old');
    const broken: TensorMap = new Map([['w', { dtype: 'float32', shape: [3], data: new Float32Array(2) }]]);
    expect(() => writeSafetensors(path, broken)).toThrow(RangeError);
    expect(readdirSync(folder)).toEqual(['w.safetensors']);
    expect(readFileSync(path, 'utf8')).toBe('old');
  });

  test('a folder that cannot be made is a sentence', () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), '');
    const error = refusal(() => writeSafetensors(join(folder, 'file', 'w.safetensors'), everyType()));
    expect(error.identifier).toBe('file_unwritable');
    expect(readdirSync(folder)).toEqual(['file']);
  });

  test('a missing file, a folder and a truncated file are named', () => {
    const folder = temporaryFolder();
    expect(refusal(() => readSafetensors(join(folder, 'no.safetensors'))).identifier).toBe('file_missing');
    expect(refusal(() => readSafetensors(folder)).identifier).toBe('file_missing');
    const path = join(folder, 'cut.safetensors');
    writeSafetensors(path, everyType());
    truncateSync(path, statSync(path).size - 1);
    const error = refusal(() => readSafetensors(path));
    expect(inWords(error)).toContain('cut.safetensors');
    expect(inWords(error)).toContain('cut off or damaged');
  });
});

/** Each slips past the guard named before it, and is stopped by its own. */
const MALFORMED: Record<string, { bytes: Uint8Array; identifier: string; says: string }> = {
  'not even a length': { bytes: new Uint8Array(7), identifier: 'file_cut_off', says: '7 bytes' },
  'a header longer than the limit': {
    bytes: assemble('{}', 0, 100_000_001n),
    identifier: 'safetensors_header_size',
    says: '100000001 bytes; at most 100000000',
  },
  'a header length of 2^64 - 1': {
    bytes: assemble('{}', 0, 2n ** 64n - 1n),
    identifier: 'safetensors_header_size',
    says: '18446744073709551615',
  },
  'a header within the limit, longer than the file': {
    bytes: assemble('{}', 0, 90_000_000n),
    identifier: 'safetensors_truncated',
    says: '90000008 bytes, the file has 10',
  },
  'an empty header': { bytes: assemble('', 0), identifier: 'safetensors_header_unreadable', says: 'character 0' },
  'a header of another encoding': {
    bytes: Buffer.concat([assemble('', 0, 2n), Buffer.from([0xc3, 0x28])]),
    identifier: 'safetensors_header_unreadable',
    says: 'character 0',
  },
  'a byte order mark': {
    bytes: assemble('\uFEFF{}', 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character 0',
  },
  'space in front': { bytes: assemble(' {}', 0), identifier: 'safetensors_header_unreadable', says: 'character 0' },
  'an array': { bytes: assemble('[]', 0), identifier: 'safetensors_header_unreadable', says: 'character 0' },
  'text behind the header': {
    bytes: assemble('{} {}', 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character 3',
  },
  'a name that never ends': {
    bytes: assemble('{"a', 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character 1',
  },
  'a name with half a character': {
    bytes: assemble(`{"\\ud800":${JSON.stringify(place(0, 4))}}`, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character 1',
  },
  'a comma too many': {
    bytes: assemble(`{"a":${JSON.stringify(place(0, 4))},}`, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a tensor that is a number': {
    bytes: assemble('{"a":1}', 0),
    identifier: 'safetensors_header_unreadable',
    says: '5',
  },
  'a field nobody knows': {
    bytes: assemble({ a: { ...place(0, 4), extra: 'x' } }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a shape given twice': {
    bytes: assemble('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'no offsets': {
    bytes: assemble({ a: { dtype: 'F32', shape: [0] } }, 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a negative length': {
    bytes: assemble({ a: { ...place(0, 4), shape: [-1] } }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a length with a fraction': {
    bytes: assemble({ a: { ...place(0, 4), shape: [0.5] } }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a length past 2^53': {
    bytes: assemble('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'nine dimensions': {
    bytes: assemble({ a: place(0, 4, [1, 1, 1, 1, 1, 1, 1, 1, 1]) }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'metadata that is no text': {
    bytes: assemble({ __metadata__: { a: 1 } }, 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'metadata given twice': {
    bytes: assemble('{"__metadata__":{},"__metadata__":{}}', 0),
    identifier: 'safetensors_duplicate',
    says: '__metadata__ twice',
  },
  'one name, two tensors': {
    bytes: assemble(`{"a":${JSON.stringify(place(0, 4))},"a":${JSON.stringify(place(4, 8))}}`, 8),
    identifier: 'safetensors_duplicate',
    says: 'a twice',
  },
  'a type nobody reads': {
    bytes: assemble({ a: place(0, 8, [1], 'F64') }, 8),
    identifier: 'safetensors_dtype',
    says: 'stored as F64. These types can be read: I64, F32',
  },
  'offsets past the end': {
    bytes: assemble({ a: place(0, 16) }, 12),
    identifier: 'safetensors_range',
    says: 'bytes 0 to 16, but only 12',
  },
  'offsets backwards': { bytes: assemble({ a: place(8, 4, [1]) }, 8), identifier: 'safetensors_range', says: '8 to 4' },
  'a shape larger than its bytes': {
    bytes: assemble({ 'h.0.weight': place(0, 8, [3]) }, 8),
    identifier: 'safetensors_size',
    says: 'h.0.weight in safetensors has shape [3] as F32, which needs 12 bytes; it has 8',
  },
  'a shape whose product overflows to the right size': {
    bytes: assemble({ a: place(0, 0, [2 ** 32, 2 ** 32]) }, 0),
    identifier: 'safetensors_size',
    says: 'has 0',
  },
  'two tensors over the same bytes': {
    bytes: assemble({ a: place(0, 8), b: place(4, 12) }, 12),
    identifier: 'safetensors_overlap',
    says: 'b in safetensors begins at byte 4',
  },
  'a hole between tensors': {
    bytes: assemble({ a: place(0, 4), b: place(8, 12) }, 12),
    identifier: 'safetensors_hole',
    says: 'Bytes 4 to 8',
  },
  'a hole in front': { bytes: assemble({ a: place(4, 8) }, 8), identifier: 'safetensors_hole', says: 'Bytes 0 to 4' },
  'bytes behind the last tensor': {
    bytes: assemble({ a: place(0, 4) }, 5),
    identifier: 'safetensors_hole',
    says: 'Bytes 4 to 5',
  },
};

describe('malformed files are refused with their values', () => {
  test.each(Object.entries(MALFORMED))('%s', (_, { bytes, identifier, says }) => {
    const error = refusal(() => parseSafetensors(bytes));
    expect(error.identifier).toBe(identifier);
    expect(inWords(error)).toContain(says);
  });

  test('more tensors than any model has', () => {
    const entry = JSON.stringify(place(0, 0, [0]));
    const many = Array.from({ length: 200_001 }, (_, i) => `"${i}":${entry}`);
    expect(refusal(() => parseSafetensors(assemble(`{${many.join(',')}}`, 0))).identifier).toBe('safetensors_too_many');
  });

  test('a name of twenty million characters is read without running out of stack', () => {
    const bytes = assemble(`{"${'a'.repeat(20_000_000)}":${JSON.stringify(place(0, 4))}}`, 4);
    expect(parseSafetensors(bytes).tensors.size).toBe(1);
  });

  test('names that JavaScript objects know are only names', () => {
    const bytes = assemble(`{"__proto__":${JSON.stringify(place(0, 4))},"__metadata__":{"__proto__":"x"}}`, 4);
    const { tensors, metadata } = parseSafetensors(bytes);
    expect([...tensors.keys()]).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });

  test('a file that declares petabytes costs no memory', () => {
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 200; i++)
      refusal(() =>
        parseSafetensors(assemble({ a: { dtype: 'U8', shape: [2 ** 50], data_offsets: [0, 2 ** 50] } }, 8)),
      );
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('damage at random', () => {
  const whole = encodeSafetensors(everyType(), { format: 'pt' });

  test('flipped bits, cuts and insertions are read as something consistent or refused in words', () => {
    const flip = fc.record({ at: fc.nat(whole.length - 1), bit: fc.nat(7) });
    let refused = 0;
    fc.assert(
      fc.property(
        fc.array(flip, { maxLength: 4 }),
        fc.nat(whole.length),
        fc.uint8Array({ maxLength: 9 }),
        (flips, cut, tail) => {
          const bytes = Buffer.concat([whole.subarray(0, cut === 0 ? whole.length : cut), tail]);
          for (const { at, bit } of flips) if (at < bytes.length) bytes[at]! ^= 1 << bit;
          try {
            const { tensors, metadata } = parseSafetensors(bytes);
            expect(parseSafetensors(encodeSafetensors(tensors, metadata)).tensors.size).toBe(tensors.size);
          } catch (error) {
            if (!(error instanceof UserError)) throw error;
            refused += 1;
          }
        },
      ),
      { numRuns: 10_000, seed: 20_261_123 },
    );
    expect(refused).toBeGreaterThan(5_000);
  });

  test('headers of random JSON are never taken for a file', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(64), (json, dataBytes) => {
        try {
          // '{}' and an object of empty metadata are files, of no tensors.
          expect(parseSafetensors(assemble(json, dataBytes)).tensors.size).toBe(0);
        } catch (error) {
          if (!(error instanceof UserError)) throw error;
        }
      }),
      { numRuns: 2_000, seed: 20_261_123 },
    );
  });
});
