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
import { MALFORMED_SAFETENSORS, place } from './malformed-safetensors.ts';

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

describe('malformed files are refused with their values', () => {
  test.each(Object.entries(MALFORMED_SAFETENSORS))('%s', (_, { bytes, identifier, says }) => {
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
