import { describe, expect, test } from 'vitest';
import { GGUF_TYPES, type QuantisedType } from '../../src/formats/gguf-types.ts';
import { splitBlocks } from '../../src/formats/index.ts';
import { vectors } from './gguf-vectors.ts';

const quantisedTypes = [...GGUF_TYPES.values()].filter((type): type is QuantisedType => 'dequantise' in type);

const decode = (base64: string) => Uint8Array.from(Buffer.from(base64, 'base64'));
const bits = (numbers: Float32Array) => [...new Uint32Array(numbers.buffer)];

function numbersOf(name: string, blocks: Uint8Array): Float32Array {
  const type = quantisedTypes.find((known) => known.name === name)!;
  const count = blocks.length / type.blockBytes;
  const numbers = new Float32Array(count * type.blockSize);
  type.dequantise(blocks, 0, numbers, 0, count);
  return numbers;
}

describe('quantised blocks', () => {
  test('every type has its reference vector', () => {
    expect(new Set(vectors.map(({ type }) => type))).toEqual(new Set(quantisedTypes.map(({ name }) => name)));
  });

  test.each(vectors)('$type stands for the numbers gguf-py reads, bit for bit', ({ type, blocks, numbers }) => {
    const expected = new Float32Array(decode(numbers).buffer);
    expect(bits(numbersOf(type, decode(blocks)))).toEqual(bits(expected));
  });

  test('are read from and into the middle of an array, and nothing beside it is touched', () => {
    for (const { type: name, blocks } of vectors) {
      const type = quantisedTypes.find((known) => known.name === name)!;
      const bytes = new Uint8Array(type.blockBytes + 7);
      bytes.set(decode(blocks).subarray(0, type.blockBytes), 5);
      const out = new Float32Array(type.blockSize + 3).fill(9);
      type.dequantise(bytes.subarray(2), 3, out, 1, 1);
      const expected = numbersOf(name, decode(blocks)).subarray(0, type.blockSize);
      expect([...out], name).toEqual([9, ...expected, 9, 9]);
    }
  });

  test('taken apart give the same numbers again', () => {
    const value = {
      Q4_0: (scale: number, q: number) => scale * (q - 8),
      Q4_1: (scale: number, q: number, min: number) => scale * q + min,
      Q8_0: (scale: number, q: number) => scale * q,
    };
    for (const type of ['Q4_0', 'Q4_1', 'Q8_0'] as const) {
      const blocks = decode(vectors.find((vector) => vector.type === type)!.blocks);
      const { q, scales, mins } = splitBlocks(type, blocks);
      const again = Float32Array.from(q, (each, i) => {
        return value[type](scales[Math.floor(i / 32)]!, each, mins?.[Math.floor(i / 32)] ?? 0);
      });
      expect(bits(again), type).toEqual(bits(numbersOf(type, blocks)));
      expect(mins !== undefined, type).toBe(type === 'Q4_1');
    }
  });

  test('cut short are a bug of the caller, not half a block', () => {
    expect(() => splitBlocks('Q4_0', new Uint8Array(19))).toThrow(RangeError);
  });
});
