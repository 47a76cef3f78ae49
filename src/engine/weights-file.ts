/**
 * Finds the weights inside a float32 .safetensors file, so that onnxruntime can map them into memory where they lie:
 * loading takes no time, and every process that serves the brain shares one copy. Only the header is read here; src/formats
 * holds the full reader.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { AnyModelConfig } from './architectures/index.ts';
import type { FileRange } from './graph.ts';
import { elementCount } from './tensor.ts';
import { expectedWeights, findWeight } from './weights.ts';

const HEADER_LIMIT_BYTES = 100_000_000; // the format's own limit

/** The format's names of half precisions. */
const HALVES: Readonly<Record<string, 'float16' | 'bfloat16' | undefined>> = { F16: 'float16', BF16: 'bfloat16' };

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

/**
 * @param halves whether weights may be stored in half precision too.
 * Where each expected weight lies in `file`, under its full name; names without their prefix are accepted.
 * @throws UserError file_missing {path}, weights_file_damaged {file}, weights_file_not_float32 {file, tensor, dtype}, model_tensor_missing, model_tensor_shape.
 */
export function mapWeights(
  config: AnyModelConfig,
  file: string,
  { halves = false }: { halves?: boolean } = {},
): Map<string, FileRange> {
  const { header, dataStart, size } = readHeader(file);
  const result = new Map<string, FileRange>();
  for (const [name, shape] of expectedWeights(config)) {
    const found = findWeight(config, name, (alias) => header[alias]);
    if (found === undefined) throw new UserError('model_tensor_missing', { tensor: name });
    const entry = entrySchema.safeParse(found);
    if (!entry.success) throw new UserError('weights_file_damaged', { file: basename(file) });
    const { dtype, shape: actual, data_offsets } = entry.data;
    if (`${actual}` !== `${shape}`) {
      throw new UserError('model_tensor_shape', { tensor: name, expected: `[${shape}]`, actual: `[${actual}]` });
    }
    const half = HALVES[dtype];
    if (dtype !== 'F32' && !(halves && half))
      throw new UserError('weights_file_not_float32', { file: basename(file), tensor: name, dtype });
    const [begin, end] = data_offsets;
    const bytes = (half ? 2 : 4) * elementCount(shape);
    if (end - begin !== bytes || dataStart + end > size) {
      throw new UserError('weights_file_damaged', { file: basename(file) });
    }
    const range = { location: basename(file), offset: dataStart + begin, length: end - begin };
    result.set(name, half ? { ...range, dtype: half } : range);
  }
  return result;
}

function readHeader(file: string): { header: Record<string, unknown>; dataStart: number; size: number } {
  if (!existsSync(file)) throw new UserError('file_missing', { path: file });
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    const prefix = Buffer.alloc(8);
    readSync(descriptor, prefix, 0, 8, 0);
    const length = Number(prefix.readBigUInt64LE());
    if (length > Math.min(size - 8, HEADER_LIMIT_BYTES))
      throw new UserError('weights_file_damaged', { file: basename(file) });
    const text = Buffer.alloc(length);
    readSync(descriptor, text, 0, length, 8);
    const header = z.record(z.string(), z.unknown()).parse(JSON.parse(text.toString('utf8')));
    return { header, dataStart: 8 + length, size };
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError('weights_file_damaged', { file: basename(file) }, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the weights straight into the arrays of `places`, one a name. Same errors as mapWeights. */
export function readWeights(config: AnyModelConfig, file: string, places: ReadonlyMap<string, Float32Array>): void {
  const descriptor = openSync(file, 'r');
  try {
    for (const [name, { offset, length }] of mapWeights(config, file)) {
      const data = places.get(name);
      if (data?.byteLength !== length) throw new RangeError(`no place for the ${length} bytes of ${name}`);
      const bytes = new Uint8Array(data.buffer, data.byteOffset, length);
      // A single read may stop short, at 2 GB at the latest.
      for (let done = 0; done < length; ) {
        const read = readSync(descriptor, bytes, done, length - done, offset + done);
        if (read === 0) throw new UserError('weights_file_damaged', { file: basename(file) });
        done += read;
      }
    }
  } finally {
    closeSync(descriptor);
  }
}
