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
  type AnyModelConfig,
  apart,
  architectureOf,
  type BlockForm,
  blockTensors,
  float32Tensor,
  type LazyTensor,
  type Matrix,
  type ModelConfig,
  matchWeights,
  type Packable,
  packableMatrices,
  panelTensors,
  type QuantisedMatrix,
  quantise,
  toFloat32,
} from '../engine/index.ts';
import { UserError } from '../errors.ts';
import {
  type ModelSource,
  openSafetensors,
  type SplitBlocks,
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
export function expandedWeights(source: ModelSource, config: AnyModelConfig, cacheFolder: string): string {
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
  const weights = matchWeights(config, source.stored());
  const groups = packableMatrices(config);
  const packed = groups.flatMap((group) => (precision === 'float32' ? panels(group, weights) : blocks(group, weights)));
  const isPacked = new Set(groups.flatMap((group) => group.weights));
  // Rows of the head's table may also be the tokens' embeddings.
  isPacked.delete(architectureOf(config).headTable);
  const plain = [...weights].filter(([name]) => !isPacked.has(name));
  return [...plain.map(([name, tensor]): [string, LazyTensor] => [name, asFloat32(tensor)]), ...packed];
}

type Stored = ReadonlyMap<string, StoredTensor>;

function panels(group: Packable, stored: Stored): [string, LazyTensor][] {
  return panelTensors(group, () => group.weights.map((name) => toFloat32(stored.get(name)!.read())));
}

/** Blocks that the engine's kernels know stay as they are; everything else is rounded to 8 bits. */
function blocks(group: Packable, stored: Stored): [string, LazyTensor][] {
  const parts = group.weights.map((name) => quantisedPart(stored.get(name)!));
  const [first] = parts;
  // Weights that are kept differently cannot be multiplied by at once.
  const isOne = parts.every(({ bits, hasOffsets }) => bits === first!.bits && hasOffsets === first!.hasOffsets);
  const wholes = isOne ? [group] : apart(group);
  return wholes.flatMap((whole) => {
    const members = whole.weights.map((name) => parts[group.weights.indexOf(name)]!);
    const sizes = whole.sizes.map((outFeatures) => ({ ...whole, outFeatures }));
    return blockTensors(whole, members[0]!, () => members.map(({ read }, i) => read(sizes[i]!)));
  });
}

type QuantisedPart = BlockForm & { read(matrix: Matrix): QuantisedMatrix };

function quantisedPart({ read, quantised }: StoredTensor): QuantisedPart {
  const type = quantised?.type;
  if (type === 'Q8_0')
    return { bits: 8, hasOffsets: false, read: () => from8Bits(splitBlocks(type, quantised!.readBlocks())) };
  if (type === 'Q4_0' || type === 'Q4_1')
    return {
      bits: 4,
      hasOffsets: type === 'Q4_1',
      read: () => from4Bits(splitBlocks(type, quantised!.readBlocks())),
    };
  return { bits: 8, hasOffsets: false, read: (matrix) => quantise(toFloat32(read()), matrix) };
}

function from8Bits({ q, scales }: SplitBlocks): QuantisedMatrix {
  const fromZero = new Uint8Array(q.length);
  for (let i = 0; i < q.length; i++) fromZero[i] = q[i]! + 128;
  return { bits: 8, q: fromZero, scales };
}

/** scale · q + min = scale · (q − 8) + (min + 8 · scale) */
function from4Bits({ q, scales, mins }: SplitBlocks): QuantisedMatrix {
  const offsets = mins?.map((min, block) => min + 8 * scales[block]!);
  return { bits: 4, q: new Uint8Array(q.buffer, q.byteOffset, q.length), scales, offsets };
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
