/**
 * Finds the weights inside a float32 .safetensors file, so that onnxruntime can map them into memory where they lie:
 * loading takes no time, and every process that serves the brain shares one copy. Only the header is read here; src/formats
 * holds the full reader.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { UserError } from '../errors.ts';
import { type AnyModelConfig, architectureOf, layoutOf, type ModelConfig } from './architectures/index.ts';
import type { WeightLayout } from './architectures/types.ts';
import type { FileRange } from './graph.ts';
import { blocksAcross, panelShape } from './packing.ts';
import {
  apart,
  fillPanels,
  type Packable,
  type PackedMatrix,
  type PackedPart,
  type PanelRange,
  packableMatrices,
  packedName,
  panelRanges,
  type ServingWeights,
} from './serving-weights.ts';
import { elementCount } from './tensor.ts';
import { findWeight } from './weights.ts';

const HEADER_LIMIT_BYTES = 100_000_000; // the format's own limit

/** The format's names of half precisions. */
const HALVES: Readonly<Record<string, 'float16' | 'bfloat16' | undefined>> = { F16: 'float16', BF16: 'bfloat16' };

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

/**
 * Where each expected weight lies in `file`, under its full name; names without their prefix are accepted.
 * @param halves whether weights may be stored in half precision too.
 * @throws UserError file_missing {path}, weights_file_damaged {file}, weights_file_not_float32 {file, tensor, dtype}, model_tensor_missing, model_tensor_shape.
 */
export function mapWeights(
  config: AnyModelConfig,
  file: string,
  { halves = false }: { halves?: boolean } = {},
): Map<string, FileRange> {
  const header = readHeader(file);
  const layout = layoutOf(config);
  return new Map(
    [...layout.weights].map(([name, shape]) => [name, locateWeight(layout, header, name, shape, file, halves)]),
  );
}

/**
 * The same for a brain in use, whose file may hold a matrix in a form of packing.ts instead (`packedName`). Same errors.
 */
export function mapServingWeights(config: ModelConfig, file: string): ServingWeights {
  const header = readHeader(file);
  const packed = new Map<string, PackedMatrix>();
  const mapped = new Map<string, FileRange>();
  for (const group of packableMatrices(config)) {
    const found = locatePacked(header, group, file);
    const all = found ? [found] : apart(group).flatMap((matrix) => locatePacked(header, matrix, file) ?? []);
    for (const matrix of all) for (const weight of matrix.weights) packed.set(weight, matrix);
  }
  const architecture = architectureOf(config);
  for (const [name, shape] of architecture.weights) {
    // The head's table may also be that of the embeddings, of which rows are read.
    if (!packed.has(name) || name === architecture.headTable)
      mapped.set(name, locateWeight(architecture, header, name, shape, file));
  }
  return { mapped, packed };
}

/** Where the weights lie that an adapter is trained over: plain, in half precision too, or in panels. */
export interface FrozenWeights {
  readonly mapped: ReadonlyMap<string, FileRange>;
  readonly panels: ReadonlyMap<string, PanelRange>;
}

/** The same for training an adapter over `file`, which a brain in use may have mapped too. Same errors. */
export function mapFrozenWeights(config: ModelConfig, file: string): FrozenWeights {
  const header = readHeader(file);
  const architecture = architectureOf(config);
  const packed = packableMatrices(config).flatMap(
    (group) => (fillPanels(group) && locatePacked(header, group, file)) || [],
  );
  const panels = new Map(packed.flatMap((matrix) => (matrix.form === 'panels' ? panelRanges(matrix) : [])));
  const mapped = new Map<string, FileRange>();
  for (const [name, shape] of architecture.weights) {
    if (!panels.has(name) || name === architecture.headTable)
      mapped.set(name, locateWeight(architecture, header, name, shape, file, true));
  }
  return { mapped, panels };
}

function locateWeight(
  layout: WeightLayout,
  header: Header,
  name: string,
  shape: readonly number[],
  file: string,
  halves = false,
): FileRange {
  const found = findWeight(layout, name, (alias) => header.entries[alias]);
  if (found === undefined) throw new UserError('model_tensor_missing', { tensor: name });
  const place = locate(header, found, name, shape, file);
  const half = HALVES[place.dtype];
  if (place.dtype !== 'F32' && !(halves && half))
    throw new UserError('weights_file_not_float32', { file: basename(file), tensor: name, dtype: place.dtype });
  const range = checkedRange(place, (half ? 2 : 4) * elementCount(shape), file);
  return half ? { ...range, dtype: half } : range;
}

function locatePacked(header: Header, matrix: Packable, file: string): PackedMatrix | undefined {
  const part = (kind: PackedPart, shape: readonly number[], bytes: number): FileRange | undefined => {
    const tensor = packedName(matrix, kind);
    const found = header.entries[tensor];
    if (found === undefined) return undefined;
    return checkedRange(locate(header, found, tensor, shape, file), bytes * elementCount(shape), file);
  };
  const panels = part('panels', panelShape(matrix), 4);
  if (panels) return { ...matrix, form: 'panels', panels };
  const shape = [matrix.outFeatures, blocksAcross(matrix)];
  const scales = part('scales', shape, 4);
  for (const bits of [4, 8] as const) {
    const blocks = part(`blocks${bits}`, [...shape, 4 * bits], 1);
    if (blocks && scales)
      return { ...matrix, form: 'blocks', bits, blocks, scales, offsets: part('offsets', shape, 4) };
  }
  return undefined;
}

interface Header {
  readonly entries: Record<string, unknown>;
  readonly dataStart: number;
  readonly size: number;
}

interface Place extends Omit<FileRange, 'dtype'> {
  readonly dtype: string;
  /** Whether it ends within the file. */
  readonly isInside: boolean;
}

function locate(
  { dataStart, size }: Header,
  found: unknown,
  tensor: string,
  shape: readonly number[],
  file: string,
): Place {
  const entry = entrySchema.safeParse(found);
  if (!entry.success) throw new UserError('weights_file_damaged', { file: basename(file) });
  const { dtype, shape: actual, data_offsets } = entry.data;
  if (`${actual}` !== `${shape}`) {
    throw new UserError('model_tensor_shape', { tensor, expected: `[${shape}]`, actual: `[${actual}]` });
  }
  const [begin, end] = data_offsets;
  const range = { location: basename(file), offset: dataStart + begin, length: end - begin };
  return { ...range, dtype, isInside: dataStart + end <= size };
}

function checkedRange({ location, offset, length, isInside }: Place, bytes: number, file: string): FileRange {
  if (length !== bytes || !isInside) throw new UserError('weights_file_damaged', { file: basename(file) });
  return { location, offset, length };
}

function readHeader(file: string): Header {
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
    const entries = z.record(z.string(), z.unknown()).parse(JSON.parse(text.toString('utf8')));
    return { entries, dataStart: 8 + length, size };
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
