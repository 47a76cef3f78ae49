/**
 * How GGUF stores numbers: plain floats, or blocks of 32 or 256 numbers that share scales. Formulas and layouts are those
 * of ggml's reference code (ggml-quants.c, `dequantize_row_*`). Each result there is one float32 product, or a product
 * and a sum of which only the sum is rounded; as the factors are short (16-bit scales, at most 8-bit numbers), JavaScript
 * computes the same in double exactly, and storing it in a Float32Array rounds once. So every number is bit-equal to ggml's.
 */
import { float16ToFloat32 } from '../engine/index.ts';

/** Turns `blocks` blocks that begin at `bytes[from]` into numbers that begin at `out[to]`. */
type Dequantise = (bytes: Uint8Array, from: number, out: Float32Array, to: number, blocks: number) => void;

interface PlainType {
  readonly name: 'F32' | 'F16' | 'BF16';
  readonly dtype: 'float32' | 'float16' | 'bfloat16';
  /** Numbers in a block, and the bytes they take. */
  readonly blockSize: 1;
  readonly blockBytes: number;
}

export interface QuantisedType {
  readonly name: 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q5_0' | 'Q5_1' | 'Q4_K' | 'Q6_K';
  readonly blockSize: number;
  readonly blockBytes: number;
  readonly dequantise: Dequantise;
}

export type GgufType = PlainType | QuantisedType;

let halves: Float32Array | undefined;

/** Every half-precision number by its bits: a model has millions of scales. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => float16ToFloat32(bits));
  return halves;
}

/** The half-precision number at `bytes[at]`. */
function readHalf(bytes: Uint8Array, at: number): number {
  return halfTable()[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

/** y = d·q; block: d (half), 32 signed bytes. */
const q8_0: Dequantise = (bytes, from, out, to, blocks) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let block = 0; block < blocks; block++, from += 34, to += 32) {
    const d = readHalf(bytes, from);
    for (let i = 0; i < 32; i++) out[to + i] = d * signed[from + 2 + i]!;
  }
};

/** y = d·(q − 8); block: d, 16 bytes, the low halves numbers 0 to 15, the high halves 16 to 31. */
const q4_0: Dequantise = (bytes, from, out, to, blocks) => {
  for (let block = 0; block < blocks; block++, from += 18, to += 32) {
    const d = readHalf(bytes, from);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 2 + i]!;
      out[to + i] = ((pair & 15) - 8) * d;
      out[to + 16 + i] = ((pair >> 4) - 8) * d;
    }
  }
};

/** y = d·q + m; block: d, m, 16 bytes as in Q4_0. */
const q4_1: Dequantise = (bytes, from, out, to, blocks) => {
  for (let block = 0; block < blocks; block++, from += 20, to += 32) {
    const d = readHalf(bytes, from);
    const m = readHalf(bytes, from + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 4 + i]!;
      out[to + i] = (pair & 15) * d + m;
      out[to + 16 + i] = (pair >> 4) * d + m;
    }
  }
};

/** y = d·(q − 16); block: d, 32 fifth bits, 16 bytes as in Q4_0. */
const q5_0: Dequantise = (bytes, from, out, to, blocks) => {
  for (let block = 0; block < blocks; block++, from += 22, to += 32) {
    const d = readHalf(bytes, from);
    const fifths = readUint32(bytes, from + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 6 + i]!;
      out[to + i] = (((pair & 15) | (((fifths >>> i) & 1) << 4)) - 16) * d;
      out[to + 16 + i] = (((pair >> 4) | (((fifths >>> (i + 16)) & 1) << 4)) - 16) * d;
    }
  }
};

/** y = d·q + m; block: d, m, 32 fifth bits, 16 bytes as in Q4_0. */
const q5_1: Dequantise = (bytes, from, out, to, blocks) => {
  for (let block = 0; block < blocks; block++, from += 24, to += 32) {
    const d = readHalf(bytes, from);
    const m = readHalf(bytes, from + 2);
    const fifths = readUint32(bytes, from + 4);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[from + 8 + i]!;
      out[to + i] = ((pair & 15) | (((fifths >>> i) & 1) << 4)) * d + m;
      out[to + 16 + i] = ((pair >> 4) | (((fifths >>> (i + 16)) & 1) << 4)) * d + m;
    }
  }
};

/**
 * y = (d·scale)·q − (dmin·min), a scale and a min of 6 bits for each 32 numbers; block of 256: d, dmin, 12 bytes of
 * scales and mins, 128 bytes: of each 32 bytes the low halves are the first 32 numbers, the high halves the next.
 */
const q4_k: Dequantise = (bytes, from, out, to, blocks) => {
  for (let block = 0; block < blocks; block++, from += 144, to += 256) {
    const d = readHalf(bytes, from);
    const dmin = readHalf(bytes, from + 2);
    for (let part = 0; part < 8; part++) {
      const scale = d * sixBits(bytes, from + 4, part, 0);
      const min = dmin * sixBits(bytes, from + 4, part, 4);
      const first = from + 16 + (part >> 1) * 32;
      const shift = (part & 1) * 4;
      for (let i = 0; i < 32; i++) out[to + part * 32 + i] = scale * ((bytes[first + i]! >> shift) & 15) - min;
    }
  }
};

/** Scale (`offset` 0) or min (4) of a part: the first four lie plain, of the rest the two high bits lie above those. */
function sixBits(bytes: Uint8Array, at: number, part: number, offset: number): number {
  if (part < 4) return bytes[at + offset + part]! & 63;
  const low = (bytes[at + 4 + part]! >> offset) & 15;
  return low | ((bytes[at + offset + part - 4]! >> 6) << 4);
}

/**
 * y = (d·scale)·(q − 32), a signed scale of 8 bits for each 16 numbers; block of 256: 128 bytes of low four bits, 64 bytes
 * of high two bits, 16 scales, d. Each half of the block is four runs of 32 numbers.
 */
const q6_k: Dequantise = (bytes, from, out, to, blocks) => {
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let block = 0; block < blocks; block++, from += 210, to += 256) {
    const d = readHalf(bytes, from + 208);
    for (let run = 0; run < 8; run++) {
      const half = run >> 2;
      const low = from + half * 64 + (run & 1) * 32;
      const lowShift = run & 2 ? 4 : 0;
      const high = from + 128 + half * 32;
      const highShift = (run & 3) * 2;
      for (let i = 0; i < 32; i++) {
        const q = ((bytes[low + i]! >> lowShift) & 15) | (((bytes[high + i]! >> highShift) & 3) << 4);
        const scale = signed[from + 192 + run * 2 + (i >> 4)]!;
        out[to + run * 32 + i] = d * scale * (q - 32);
      }
    }
  }
};

function readUint32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/** By the number that stands for it in a file (`ggml_type`). */
export const GGUF_TYPES: ReadonlyMap<number, GgufType> = new Map<number, GgufType>([
  [0, { name: 'F32', dtype: 'float32', blockSize: 1, blockBytes: 4 }],
  [1, { name: 'F16', dtype: 'float16', blockSize: 1, blockBytes: 2 }],
  [2, { name: 'Q4_0', blockSize: 32, blockBytes: 18, dequantise: q4_0 }],
  [3, { name: 'Q4_1', blockSize: 32, blockBytes: 20, dequantise: q4_1 }],
  [6, { name: 'Q5_0', blockSize: 32, blockBytes: 22, dequantise: q5_0 }],
  [7, { name: 'Q5_1', blockSize: 32, blockBytes: 24, dequantise: q5_1 }],
  [8, { name: 'Q8_0', blockSize: 32, blockBytes: 34, dequantise: q8_0 }],
  [12, { name: 'Q4_K', blockSize: 256, blockBytes: 144, dequantise: q4_k }],
  [14, { name: 'Q6_K', blockSize: 256, blockBytes: 210, dequantise: q6_k }],
  [30, { name: 'BF16', dtype: 'bfloat16', blockSize: 1, blockBytes: 2 }],
]);

/** Blocks of 32 taken apart, for an engine that computes with them as they are. */
export interface SplitBlocks {
  /** One number an element, in order: 0 to 15 for the four-bit types, −128 to 127 for Q8_0. */
  readonly q: Uint8Array | Int8Array;
  /** One a block of 32. */
  readonly scales: Float32Array;
  /** Q4_1 only, one a block: value = scale·q + min. For Q4_0 value = scale·(q − 8), for Q8_0 scale·q. */
  readonly mins?: Float32Array;
}

/** @param blocks whole blocks, as `StoredTensor.quantised.readBlocks` gives them. */
export function splitBlocks(type: 'Q4_0' | 'Q4_1' | 'Q8_0', blocks: Uint8Array): SplitBlocks {
  const header = type === 'Q4_1' ? 4 : 2;
  const bytes = type === 'Q8_0' ? 34 : header + 16;
  if (blocks.length % bytes !== 0)
    throw new RangeError(`${type} comes in blocks of ${bytes} bytes, and these are ${blocks.length}`);
  const count = blocks.length / bytes;
  const scales = Float32Array.from({ length: count }, (_, block) => readHalf(blocks, block * bytes));
  if (type === 'Q8_0') return { q: splitSigned(blocks, count), scales };
  const q = splitNibbles(blocks, count, bytes, header);
  if (type === 'Q4_0') return { q, scales };
  return { q, scales, mins: Float32Array.from({ length: count }, (_, block) => readHalf(blocks, block * bytes + 2)) };
}

function splitSigned(blocks: Uint8Array, count: number): Int8Array {
  const q = new Int8Array(count * 32);
  for (let block = 0; block < count; block++) q.set(blocks.subarray(block * 34 + 2, block * 34 + 34), block * 32);
  return q;
}

function splitNibbles(blocks: Uint8Array, count: number, bytes: number, header: number): Uint8Array {
  const q = new Uint8Array(count * 32);
  for (let block = 0; block < count; block++)
    for (let i = 0; i < 16; i++) {
      const pair = blocks[block * bytes + header + i]!;
      q[block * 32 + i] = pair & 15;
      q[block * 32 + 16 + i] = pair >> 4;
    }
  return q;
}
