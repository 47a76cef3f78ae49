/**
 * Weights as the engine maps them into memory: one float32 .safetensors file. Files that hold them otherwise (float16, in
 * shards, under older names) are expanded once, into a file named by the sha-256 of what they were expanded from. It is
 * written durably, so a file under its final name is whole unless the disk fails; its length is checked all the same.
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import {
  type AnyModelConfig,
  elementCount,
  expectedWeights,
  float32Tensor,
  matchWeights,
  toFloat32,
} from '../engine/index.ts';
import { type ModelSource, type StoredTensor, writeSafetensors } from '../formats/index.ts';

const PIECE_BYTES = 4 * 1024 * 1024;

/**
 * Path of the folder's weights as float32 in `cacheFolder`, written now if need be.
 * @throws UserError for damaged files, missing tensors or wrong shapes, disk_full.
 */
export function expandedWeights(folder: ModelSource, config: AnyModelConfig, cacheFolder: string): string {
  const file = path.join(cacheFolder, `${sourceSha256(folder)}.safetensors`);
  if (!isWhole(file, config)) {
    const weights = [...matchWeights(config, folder.stored())];
    writeSafetensors(file, new Map(weights.map(([name, tensor]) => [name, asFloat32(tensor)])));
  }
  return file;
}

/** Read and expanded when its turn to be written comes: one tensor in memory, not the model. */
function asFloat32({ shape, read }: StoredTensor): StoredTensor {
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

/** Whether the file is as long as its header and these weights make it. */
function isWhole(file: string, config: AnyModelConfig): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined || size < 8) return false;
  const prefix = Buffer.alloc(8);
  const handle = openSync(file, 'r');
  try {
    readSync(handle, prefix, 0, 8, 0);
  } finally {
    closeSync(handle);
  }
  const numbers = [...expectedWeights(config).values()].reduce((sum, shape) => sum + elementCount(shape), 0);
  return BigInt(size) === 8n + prefix.readBigUInt64LE() + 4n * BigInt(numbers);
}
