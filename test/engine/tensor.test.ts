/** Number formats: exact, round to nearest, ties to even. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  copyTensors,
  elementCount,
  float16ToFloat32,
  float32Tensor,
  float32ToFloat16,
  toFloat32,
} from '../../src/engine/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/index.ts';

describe('float16', () => {
  test.each([
    ['zero', 0x0000, 0],
    ['one', 0x3c00, 1],
    ['the smallest above one', 0x3c01, 1 + 2 ** -10],
    ['the largest', 0x7bff, 65504],
    ['the smallest normal', 0x0400, 2 ** -14],
    ['the smallest', 0x0001, 2 ** -24],
    ['minus two', 0xc000, -2],
    ['infinity', 0x7c00, Number.POSITIVE_INFINITY],
  ])('%s', (_, bits, value) => {
    expect(float16ToFloat32(bits)).toBe(value);
    expect(float32ToFloat16(value)).toBe(bits);
  });

  test('minus zero keeps its sign, not-a-number stays one', () => {
    expect(float32ToFloat16(-0)).toBe(0x8000);
    expect(Object.is(float16ToFloat32(0x8000), -0)).toBe(true);
    expect(float16ToFloat32(float32ToFloat16(Number.NaN))).toBeNaN();
  });

  test('halfway goes to the even neighbour, at every scale', () => {
    expect(float16ToFloat32(float32ToFloat16(1 + 2 ** -11))).toBe(1);
    expect(float16ToFloat32(float32ToFloat16(1 + 3 * 2 ** -11))).toBe(1 + 2 ** -9);
    expect(float16ToFloat32(float32ToFloat16(2 ** -25))).toBe(0);
    expect(float16ToFloat32(float32ToFloat16(3 * 2 ** -25))).toBe(2 ** -23);
    expect(float16ToFloat32(float32ToFloat16(65519))).toBe(65504);
    expect(float16ToFloat32(float32ToFloat16(65520))).toBe(Number.POSITIVE_INFINITY);
  });

  test('all 65,536 patterns come back from float32 as they were', () => {
    const wrong = Array.from({ length: 65536 }, (_, bits) => bits).filter((bits) => {
      const value = float16ToFloat32(bits);
      return Number.isNaN(value)
        ? !Number.isNaN(float16ToFloat32(float32ToFloat16(value)))
        : float32ToFloat16(value) !== bits;
    });
    expect(wrong).toEqual([]);
  });

  test('any number becomes the nearest half', () => {
    fc.assert(
      fc.property(fc.float({ min: -65504, max: 65504, noNaN: true }), (value) => {
        const bits = float32ToFloat16(value);
        const distance = (candidate: number): number => Math.abs(float16ToFloat32(candidate) - value);
        // Neighbours in magnitude: one bit pattern up and down.
        const neighbours = [bits - 1, bits + 1].filter((candidate) => (candidate & 0x7fff) <= 0x7bff && candidate >= 0);
        return neighbours.every((candidate) => distance(bits) <= distance(candidate));
      }),
      { seed: 1, numRuns: 2000 },
    );
  });
});

test('bfloat16 is the upper half of a float32', () => {
  const [one, minusHalf, small] = [0x3f80, 0xbf00, 0x0001];
  const tensor = { dtype: 'bfloat16', shape: [3], data: Uint16Array.of(one, minusHalf, small) } as const;
  expect([...toFloat32(tensor)]).toEqual([1, -0.5, 2 ** -133]);
});

test('whole numbers become float32; float32 is handed on as it is', () => {
  expect([...toFloat32({ dtype: 'int64', shape: [2], data: BigInt64Array.of(3n, -4n) })]).toEqual([3, -4]);
  expect([...toFloat32({ dtype: 'uint8', shape: [1], data: Uint8Array.of(255) })]).toEqual([255]);
  const data = Float32Array.of(1, 2);
  expect(toFloat32(float32Tensor([2], data))).toBe(data);
});

test('a tensor whose shape and count disagree is refused; a scalar holds one number', () => {
  expect(elementCount([])).toBe(1);
  expect(() => float32Tensor([2, 3], new Float32Array(5))).toThrow('shape [2,3] needs 6 numbers, the array has 5');
});

test('copies do not change with their originals', () => {
  const original = new Map([['a', float32Tensor([1], Float32Array.of(1))]]);
  const copy = copyTensors(original);
  original.get('a')!.data[0] = 2;
  expect(copy.get('a')!.data[0]).toBe(1);
});

test('tensors in shared memory, as big models train in, are written and read like any other', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tensor-'));
  const data = new Float32Array(new SharedArrayBuffer(8));
  data.set([1.5, -2]);
  writeSafetensors(join(folder, 'a.safetensors'), new Map([['a', float32Tensor([2], data)]]));
  expect([...(readSafetensors(join(folder, 'a.safetensors')).tensors.get('a')!.data as Float32Array)]).toEqual([
    1.5, -2,
  ]);
  rmSync(folder, { recursive: true, force: true });
});
