/** Matrices of single-file models, read from where they lie, a few rows at a time, rows put in Hugging Face's order. */
import { elementCount, type HostTensor } from '../engine/index.ts';
import { withFile } from './byte-source.ts';
import type { GgufType, QuantisedType } from './gguf-types.ts';
import { halfSplitRow } from './rotary-rows.ts';
import type { StoredTensor } from './safetensors.ts';

/** Read at once: enough that reading costs nothing, little enough that it does not count as memory. */
const PIECE_BYTES = 1024 * 1024;

export interface StoredRows {
  readonly path: string;
  readonly type: GgufType;
  /** A matrix is rows × columns; a vector is one row. */
  readonly shape: readonly number[];
  readonly begin: number;
  /** Rows of a head, where rows are in the interleaved rotary order. */
  readonly interleavedHead?: number;
}

/** The tensor behind `rows`; it is read when asked. */
export function storedTensor(rows: StoredRows): StoredTensor {
  const { type, shape } = rows;
  if (!('dequantise' in type)) return { dtype: type.dtype, shape, read: () => readPlain(rows, type.dtype) };
  return {
    dtype: 'float32',
    shape,
    read: () => ({ dtype: 'float32', shape, data: dequantised(rows, type) }),
    quantised: { type: type.name, blockSize: type.blockSize, readBlocks: () => readBytes(rows) },
  };
}

function readPlain(rows: StoredRows, dtype: 'float32' | 'float16' | 'bfloat16'): HostTensor {
  const { buffer } = readBytes(rows);
  return { dtype, shape: rows.shape, data: dtype === 'float32' ? new Float32Array(buffer) : new Uint16Array(buffer) };
}

function readBytes(rows: StoredRows): Uint8Array<ArrayBuffer> {
  const { rowBytes, rowCount } = measure(rows);
  const result = new Uint8Array(rowCount * rowBytes);
  eachRow(rows, (bytes, from, row) => result.set(bytes.subarray(from, from + rowBytes), row * rowBytes));
  return result;
}

function dequantised(rows: StoredRows, type: QuantisedType): Float32Array {
  const { columns, rowCount } = measure(rows);
  const blocks = columns / type.blockSize;
  const result = new Float32Array(rowCount * columns);
  eachRow(rows, (bytes, from, row) => type.dequantise(bytes, from, result, row * columns, blocks));
  return result;
}

function measure({ type, shape }: StoredRows) {
  const columns = shape.at(-1) ?? 1;
  const rowCount = elementCount(shape) / columns;
  return { columns, rowCount, rowBytes: (columns / type.blockSize) * type.blockBytes };
}

/** Calls `use` with each row's bytes, which begin at `bytes[from]`, and the place it takes in Hugging Face's order. */
function eachRow(rows: StoredRows, use: (bytes: Uint8Array, from: number, row: number) => void): void {
  const { rowCount, rowBytes } = measure(rows);
  const { interleavedHead } = rows;
  const rowsAtOnce = Math.max(1, Math.floor(PIECE_BYTES / rowBytes));
  withFile(rows.path, (file) => {
    const piece = new Uint8Array(Math.min(rowsAtOnce, rowCount) * rowBytes);
    for (let first = 0; first < rowCount; first += rowsAtOnce) {
      const count = Math.min(rowsAtOnce, rowCount - first);
      const bytes = piece.subarray(0, count * rowBytes);
      file.fill(bytes, rows.begin + first * rowBytes);
      for (let i = 0; i < count; i++) {
        const row = first + i;
        use(bytes, i * rowBytes, interleavedHead === undefined ? row : halfSplitRow(row, interleavedHead));
      }
    }
  });
}
