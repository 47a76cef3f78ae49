/** Weights in the forms a brain in use reads them in. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BLOCK_SIZE, type Matrix, PANEL_WIDTH, packBlocks, packPanels, quantise } from '../../src/engine/packing.ts';

const matrices = fc.record({
  inFeatures: fc.integer({ min: 1, max: 70 }),
  outFeatures: fc.integer({ min: 1, max: 70 }),
  fanInFanOut: fc.boolean(),
});
const numbersOf = ({ inFeatures, outFeatures }: Matrix): Float32Array =>
  Float32Array.from({ length: inFeatures * outFeatures }, (_, i) => Math.sin(i * 12.9898) * 3);
const place = ({ inFeatures, outFeatures, fanInFanOut }: Matrix, o: number, i: number): number =>
  fanInFanOut ? i * outFeatures + o : o * inFeatures + i;

describe('panels', () => {
  test('hold every number once, output by output, and zeros beside the last', () => {
    fc.assert(
      fc.property(matrices, (matrix) => {
        const data = numbersOf(matrix);
        const { shape, data: panels } = packPanels(data, matrix);
        const [count, inFeatures] = shape as [number, number, number];
        expect(shape).toEqual([Math.ceil(matrix.outFeatures / PANEL_WIDTH), matrix.inFeatures, PANEL_WIDTH]);
        for (let o = 0; o < count * PANEL_WIDTH; o++) {
          for (let i = 0; i < inFeatures; i++) {
            const expected = o < matrix.outFeatures ? data[place(matrix, o, i)] : 0;
            const at = (Math.floor(o / PANEL_WIDTH) * inFeatures + i) * PANEL_WIDTH + (o % PANEL_WIDTH);
            if (panels[at] !== expected) expect.fail(`output ${o}, input ${i}: ${panels[at]}, not ${expected}`);
          }
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('rounding to blocks of 8 bits', () => {
  test('moves no number by more than half a step, a 254th of its block’s largest', () => {
    fc.assert(
      fc.property(matrices, (matrix) => {
        const data = numbersOf(matrix);
        const { bits, q, scales, offsets } = quantise(data, matrix);
        expect([bits, offsets]).toEqual([8, undefined]);
        const across = Math.ceil(matrix.inFeatures / BLOCK_SIZE);
        expect([q.length, scales.length]).toEqual([
          matrix.outFeatures * across * BLOCK_SIZE,
          matrix.outFeatures * across,
        ]);
        for (let o = 0; o < matrix.outFeatures; o++) {
          for (let i = 0; i < across * BLOCK_SIZE; i++) {
            const exact = i < matrix.inFeatures ? data[place(matrix, o, i)]! : 0;
            const scale = scales[o * across + Math.floor(i / BLOCK_SIZE)]!;
            const rounded = scale * (q[o * across * BLOCK_SIZE + i]! - 128);
            if (Math.abs(rounded - exact) > scale / 2 + 1e-6) expect.fail(`${exact} became ${rounded} at ${o}, ${i}`);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  test('a block of zeros stays zero', () => {
    const { q, scales } = quantise(new Float32Array(64), { inFeatures: 32, outFeatures: 2, fanInFanOut: false });
    expect([...q]).toEqual(Array(64).fill(128));
    expect([...scales]).toEqual([0, 0]);
  });
});

test('two numbers of 4 bits share a byte, the one of even place in its low half', () => {
  const q = Uint8Array.of(1, 2, 15, 0);
  expect([...packBlocks({ bits: 4, q, scales: new Float32Array(1) })]).toEqual([0x21, 0x0f]);
});
