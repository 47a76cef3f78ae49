/**
 * Weights as the engine maps them into memory. Training takes one float32 .safetensors file: files that hold them otherwise
 * (float16, in shards, in blocks, under older names) are expanded once. Writing takes them in forms it reads faster, or in
 * fewer bits: these are packed once. Both become files named by the sha-256 of what they were made from, written durably, so a
 * file under its final name is whole unless the disk fails; its length is checked all the same.
 */
import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import {
  architectureOf,
  blockTensors,
  float32Tensor,
  type LazyTensor,
  type Matrix,
  type ModelConfig,
  matchWeights,
  packableMatrices,
  panelTensors,
  quantise,
  toFloat32,
} from '../engine/index.ts';
import { UserError } from '../errors.ts';
import {
  type ModelSource,
  openSafetensors,
  type QuantisedBlocks,
  type StoredTensor,
  splitBlocks,
  writeSafetensors,
} from '../formats/index.ts';
import type { Precision } from './types.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** Part of a packed file's name: another layout is another file. */
const LAYOUT = 1;

/**
 * Path of the source's weights as float32 in `cacheFolder`, written now if need be.
 * @throws UserError for damaged files, missing tensors or wrong shapes, disk_full.
 */
export function expandedWeights(source: ModelSource, config: ModelConfig, cacheFolder: string): string {
  const file = path.join(cacheFolder, `${sourceSha256(source)}.safetensors`);
  if (!isWhole(file)) {
    const weights = [...matchWeights(config, source.stored())];
    writeSafetensors(file, new Map(weights.map(([name, tensor]) => [name, asFloat32(tensor)])));
  }
  return file;
}

/** Path of the source's weights as they are served in `precision`, written now if need be. Errors as in expandedWeights. */
export function packedWeights(
  source: ModelSource,
  config: ModelConfig,
  precision: Precision,
  cacheFolder: string,
): string {
  const file = path.join(cacheFolder, `${sourceSha256(source)}.${precision}-${LAYOUT}.safetensors`);
  if (!isWhole(file)) writeSafetensors(file, new Map(servedTensors(source, config, precision)));
  return file;
}

function servedTensors(source: ModelSource, config: ModelConfig, precision: Precision): [string, LazyTensor][] {
  const matrices = packableMatrices(config);
  const { headTable } = architectureOf(config);
  return [...matchWeights(config, source.stored())].flatMap(([name, tensor]) => {
    const matrix = matrices.get(name);
    if (matrix === undefined) return [[name, asFloat32(tensor)]];
    const packed = precision === 'float32' ? panels(name, matrix, tensor) : blocks(name, matrix, tensor);
    // Rows of the head's table may also be the tokens' embeddings.
    return name === headTable ? [[name, asFloat32(tensor)], ...packed] : packed;
  });
}

function panels(name: string, matrix: Matrix, tensor: StoredTensor): [string, LazyTensor][] {
  return panelTensors(name, matrix, () => toFloat32(tensor.read()));
}

/** Blocks that the engine's kernels know stay as they are; everything else is rounded to 8 bits. */
function blocks(name: string, matrix: Matrix, tensor: StoredTensor): [string, LazyTensor][] {
  const kept = tensor.quantised && keptBlocks(tensor.quantised);
  if (kept) return blockTensors(name, matrix, kept.form, kept.read);
  const form = { bits: 8, hasOffsets: false } as const;
  return blockTensors(name, matrix, form, () => quantise(toFloat32(tensor.read()), matrix));
}

function keptBlocks({ type, readBlocks }: QuantisedBlocks) {
  if (type === 'Q8_0') {
    const read = () => {
      const { q, scales } = splitBlocks(type, readBlocks());
      return { bits: 8, q: Uint8Array.from(q, (number) => number + 128), scales } as const;
    };
    return { form: { bits: 8, hasOffsets: false } as const, read };
  }
  if (type !== 'Q4_0' && type !== 'Q4_1') return undefined;
  const read = () => {
    const { q, scales, mins } = splitBlocks(type, readBlocks());
    // scale · q + min = scale · (q − 8) + (min + 8 · scale)
    const offsets = mins?.map((min, block) => min + 8 * scales[block]!);
    return { bits: 4, q: Uint8Array.from(q), scales, offsets } as const;
  };
  return { form: { bits: 4, hasOffsets: type === 'Q4_1' } as const, read };
}

/** Read and expanded when its turn to be written comes: one tensor in memory, not the model. */
function asFloat32({ shape, read }: StoredTensor): LazyTensor {
  return { dtype: 'float32', shape, read: () => float32Tensor(shape, toFloat32(read())) };
}

/** Of the config too: it says which tensors are needed. */
function sourceSha256({ config, weightFiles }: ModelSource): string {
  const hash = createHash('sha256').update(JSON.stringify(config));
  for (const file of [...weightFiles].sort()) for (const piece of pieces(file)) hash.update(piece);
  return hash.digest('hex');
}

function* pieces(file: string): Generator<Uint8Array> {
  const handle = openSync(file, 'r');
  try {
    const buffer = new Uint8Array(PIECE_BYTES);
    for (;;) {
      const length = readSync(handle, buffer, 0, buffer.length, null);
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(handle);
  }
}

/** Whether the file is as long as its header says. */
function isWhole(file: string): boolean {
  if (!existsSync(file)) return false;
  try {
    openSafetensors(file);
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}
