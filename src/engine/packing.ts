/**
 * How a brain in use keeps the weights it multiplies by: in forms that are read at the speed of the memory when one token
 * after the other is written.
 *
 * Panels, float32 [P, in, 32]: 32 outputs side by side, so that every product reads its weights from one end to the other;
 * the rows of GPT-2's [in, out] are read in jumps, and take up to half as long again. The last panel is filled up with zeros.
 *
 * Blocks of 32 inputs that share a scale, for onnxruntime's MatMulNBits: whole numbers q of 4 or 8 bits, weight =
 * scale · (q − zero) + offset, zero = 8 or 128. [out, in/32] scales, and offsets where the numbers are not spread around zero.
 * Half of a 4-bit byte's numbers lie in its low half: those of even place.
 */
import { elementCount, float32Tensor, type HostTensor } from './tensor.ts';

export const PANEL_WIDTH = 32;
export const BLOCK_SIZE = 32;

/** A matrix to be packed. `fanInFanOut`: stored [in, out] instead of [out, in]. */
export interface Matrix {
  readonly inFeatures: number;
  readonly outFeatures: number;
  readonly fanInFanOut: boolean;
}

export function panelShape({ inFeatures, outFeatures }: Matrix): [panels: number, inFeatures: number, width: number] {
  return [Math.ceil(outFeatures / PANEL_WIDTH), inFeatures, PANEL_WIDTH];
}

/** A matrix's numbers as `Matrix` says → panels. */
export function packPanels(data: Float32Array, matrix: Matrix): HostTensor {
  const { inFeatures, outFeatures, fanInFanOut } = matrix;
  const shape = panelShape(matrix);
  const [count] = shape;
  const result = new Float32Array(elementCount(shape));
  const [perOutput, perInput] = fanInFanOut ? [1, outFeatures] : [inFeatures, 1];
  for (let panel = 0; panel < count; panel++) {
    const first = panel * PANEL_WIDTH;
    const width = Math.min(PANEL_WIDTH, outFeatures - first);
    for (let i = 0; i < inFeatures; i++) {
      const to = (panel * inFeatures + i) * PANEL_WIDTH;
      const from = first * perOutput + i * perInput;
      for (let o = 0; o < width; o++) result[to + o] = data[from + o * perOutput]!;
    }
  }
  return float32Tensor(shape, result);
}

/** How many blocks an output's inputs take. */
export function blocksAcross({ inFeatures }: Matrix): number {
  return Math.ceil(inFeatures / BLOCK_SIZE);
}

/** Whole numbers that share scales, one row of blocks an output; `q` counts from 0. */
export interface QuantisedMatrix {
  readonly bits: 4 | 8;
  readonly q: Uint8Array; // [out, blocks · 32]
  readonly scales: Float32Array; // [out, blocks]
  readonly offsets?: Float32Array; // [out, blocks]
}

/**
 * A matrix's numbers → the nearest multiples of each block's largest over 127, as ggml's Q8_0 but with float32 scales.
 * A last block that inputs do not fill holds zeros.
 */
export function quantise(data: Float32Array, matrix: Matrix): QuantisedMatrix {
  const { inFeatures, outFeatures, fanInFanOut } = matrix;
  const blocks = blocksAcross(matrix);
  const q = new Uint8Array(outFeatures * blocks * BLOCK_SIZE).fill(128);
  const scales = new Float32Array(outFeatures * blocks);
  const [perOutput, perInput] = fanInFanOut ? [1, outFeatures] : [inFeatures, 1];
  for (let o = 0; o < outFeatures; o++) {
    for (let block = 0; block < blocks; block++) {
      const first = block * BLOCK_SIZE;
      const end = Math.min(first + BLOCK_SIZE, inFeatures);
      let largest = 0;
      for (let i = first; i < end; i++) largest = Math.max(largest, Math.abs(data[o * perOutput + i * perInput]!));
      const scale = largest / 127;
      scales[o * blocks + block] = scale;
      if (scale === 0) continue;
      const to = (o * blocks + block) * BLOCK_SIZE - first;
      for (let i = first; i < end; i++) q[to + i] = 128 + Math.round(data[o * perOutput + i * perInput]! / scale);
    }
  }
  return { bits: 8, q, scales };
}

/** `q` as MatMulNBits takes it, [out, blocks, 4 · bits] bytes. */
export function packBlocks({ bits, q }: QuantisedMatrix): Uint8Array {
  if (bits === 8) return q;
  const result = new Uint8Array(q.length / 2);
  for (let i = 0; i < result.length; i++) result[i] = q[2 * i]! | (q[2 * i + 1]! << 4);
  return result;
}
