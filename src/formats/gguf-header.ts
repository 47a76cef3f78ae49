/**
 * The beginning of a GGUF file: metadata by key, then where each tensor lies. Everything is checked before a byte of data
 * is read: limits as in huggingface.js (packages/gguf), types, shapes, and that the tensors fill the rest of the file one
 * after another, as ggml itself asks. Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md.
 */
import { basename } from 'node:path';
import { UserError } from '../errors.ts';
import { withFile } from './byte-source.ts';
import { GgufCursor } from './gguf-cursor.ts';
import { GGUF_TYPES, type GgufType } from './gguf-types.ts';
import { RANK_LIMIT, TENSOR_LIMIT } from './safetensors-header.ts';

export const KEY_COUNT_LIMIT = 100_000;
export const ARRAY_LIMIT = 1_000_000;
export const NESTING_LIMIT = 4;
export const DIMENSION_LIMIT = 2 ** 32;
/** As the format says. */
export const KEY_LIMIT_BYTES = 65_535;
/** ggml keeps names in 64 bytes, the last of them a zero. */
export const NAME_LIMIT_BYTES = 63;
/** Tensors usually begin at multiples of 32; no writer goes beyond a page or two. */
export const ALIGNMENT_LIMIT = 65_536;

export type MetadataValue = string | number | bigint | boolean | readonly MetadataValue[];
export type Metadata = ReadonlyMap<string, MetadataValue>;

export interface GgufPlace {
  readonly name: string;
  readonly type: GgufType;
  /** Slowest dimension first, as everywhere outside ggml. */
  readonly shape: readonly number[];
  /** From the file's beginning. */
  readonly begin: number;
  readonly bytes: number;
}

export interface GgufHeader {
  readonly metadata: Metadata;
  readonly places: readonly GgufPlace[];
}

const MAGIC = 'GGUF';
/** Version 2 differs from 3 only in knowing no big-endian files. */
const VERSIONS = [2, 3];

/** @throws UserError file_missing, or what is wrong with the header, with the values and limits. */
export function readGgufHeader(path: string): GgufHeader {
  return withFile(path, (bytes) => {
    const cursor = new GgufCursor(bytes, basename(path));
    checkMagic(cursor);
    const tensors = cursor.count('tensor_count', TENSOR_LIMIT);
    const keys = cursor.count('metadata_kv_count', KEY_COUNT_LIMIT);
    const metadata = readMetadata(cursor, keys);
    return { metadata, places: readPlaces(cursor, tensors, readAlignment(metadata, cursor.file)) };
  });
}

function checkMagic(cursor: GgufCursor): void {
  cursor.need(24);
  const magic = String.fromCharCode(cursor.uint8(), cursor.uint8(), cursor.uint8(), cursor.uint8());
  const { file } = cursor;
  if (magic !== MAGIC) throw new UserError('gguf_magic', { file });
  const version = cursor.uint32();
  if (!VERSIONS.includes(version))
    throw new UserError('gguf_version', { file, version, supported: VERSIONS.join(', ') });
}

function readMetadata(cursor: GgufCursor, count: number): Metadata {
  const metadata = new Map<string, MetadataValue>();
  for (let i = 0; i < count; i++) {
    const key = cursor.string('key', KEY_LIMIT_BYTES);
    if (metadata.has(key)) throw new UserError('gguf_duplicate', { file: cursor.file, name: shown(key) });
    metadata.set(key, readValue(cursor, cursor.uint32(), shown(key), 0));
  }
  return metadata;
}

const ARRAY = 9;

interface ValueType {
  /** The fewest bytes a value takes: so a count is known to lie before the values are read. */
  readonly bytes: number;
  readonly read: (cursor: GgufCursor, key: string) => MetadataValue;
}

/** By the number that stands for it in a file (`gguf_metadata_value_type`); arrays are read apart. */
const VALUE_TYPES: ReadonlyMap<number, ValueType> = new Map<number, ValueType>([
  [0, { bytes: 1, read: (cursor) => cursor.uint8() }],
  [1, { bytes: 1, read: (cursor) => cursor.int8() }],
  [2, { bytes: 2, read: (cursor) => cursor.uint16() }],
  [3, { bytes: 2, read: (cursor) => cursor.int16() }],
  [4, { bytes: 4, read: (cursor) => cursor.uint32() }],
  [5, { bytes: 4, read: (cursor) => cursor.int32() }],
  [6, { bytes: 4, read: (cursor) => cursor.float32() }],
  [7, { bytes: 1, read: readBoolean }],
  [8, { bytes: 8, read: (cursor, key) => cursor.string(key) }],
  [10, { bytes: 8, read: (cursor) => whole(cursor.uint64()) }],
  [11, { bytes: 8, read: (cursor) => whole(cursor.int64()) }],
  [12, { bytes: 8, read: (cursor) => cursor.float64() }],
]);

/** An element type and a count stand before the elements of an array. */
const ARRAY_BYTES = 12;

function readValue(cursor: GgufCursor, typeNumber: number, key: string, depth: number): MetadataValue {
  if (typeNumber === ARRAY) return readArray(cursor, key, depth + 1);
  return valueType(cursor, typeNumber, key).read(cursor, key);
}

function readArray(cursor: GgufCursor, key: string, depth: number): MetadataValue {
  const { file } = cursor;
  if (depth > NESTING_LIMIT)
    throw new UserError('gguf_limit', { file, part: `${key}.nesting`, value: depth, limit: NESTING_LIMIT });
  const typeNumber = cursor.uint32();
  const count = cursor.count(`${key}.count`, ARRAY_LIMIT);
  cursor.need(count * (typeNumber === ARRAY ? ARRAY_BYTES : valueType(cursor, typeNumber, key).bytes));
  const values: MetadataValue[] = [];
  for (let i = 0; i < count; i++) values.push(readValue(cursor, typeNumber, key, depth));
  return values;
}

function valueType(cursor: GgufCursor, typeNumber: number, key: string): ValueType {
  const type = VALUE_TYPES.get(typeNumber);
  if (type === undefined)
    throw new UserError('gguf_value_wrong', {
      file: cursor.file,
      key: `${key}.type`,
      value: typeNumber,
      expected: '0 … 12',
    });
  return type;
}

function readBoolean(cursor: GgufCursor, key: string): boolean {
  const value = cursor.uint8();
  if (value > 1) throw new UserError('gguf_value_wrong', { file: cursor.file, key, value, expected: '0, 1' });
  return value === 1;
}

/** As a number where it is one exactly. */
function whole(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function readAlignment(metadata: Metadata, file: string): number {
  const key = 'general.alignment';
  const value = metadata.get(key) ?? 32;
  const isPowerOfTwo = typeof value === 'number' && Number.isInteger(Math.log2(value));
  if (!isPowerOfTwo || value < 8 || value > ALIGNMENT_LIMIT)
    throw new UserError('gguf_value_wrong', { file, key, value: shown(value), expected: '8, 16, 32, 64 …' });
  return value;
}

/** A value as an error may print it. */
export function shown(value: MetadataValue | undefined): string {
  return String(value).slice(0, 60);
}

/** A tensor as its entry describes it: `offset` counts from where the data begins. */
interface Entry {
  readonly name: string;
  readonly type: GgufType;
  readonly shape: readonly number[];
  readonly offset: number;
}

function readPlaces(cursor: GgufCursor, count: number, alignment: number): GgufPlace[] {
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    const entry = readEntry(cursor);
    if (entries.has(entry.name)) throw new UserError('gguf_duplicate', { file: cursor.file, name: entry.name });
    entries.set(entry.name, entry);
  }
  const dataStart = padded(cursor.position, alignment);
  let reached = 0;
  return [...entries.values()].map((entry) => {
    const place = placeOf(entry, reached, dataStart, cursor);
    reached = padded(reached + place.bytes, alignment);
    return place;
  });
}

function readEntry(cursor: GgufCursor): Entry {
  const { file } = cursor;
  const name = cursor.string('tensor.name', NAME_LIMIT_BYTES);
  const rank = cursor.uint32();
  if (rank > RANK_LIMIT)
    throw new UserError('gguf_limit', { file, part: `${name}.n_dimensions`, value: rank, limit: RANK_LIMIT });
  const shape: number[] = [];
  for (let i = 0; i < rank; i++) shape.unshift(cursor.count(`${name}.dimensions`, DIMENSION_LIMIT));
  if (rank === 0 || shape.includes(0))
    throw new UserError('gguf_value_wrong', { file, key: name, value: `[${shape}]`, expected: '[≥ 1, …]' });
  const typeNumber = cursor.uint32();
  const type = GGUF_TYPES.get(typeNumber);
  if (type === undefined) {
    const supported = [...GGUF_TYPES.values()].map((known) => known.name).join(', ');
    throw new UserError('gguf_type', { file, tensor: name, type: typeName(typeNumber), supported });
  }
  const columns = shape.at(-1)!;
  if (columns % type.blockSize !== 0) {
    const key = `${name} (${type.name})`;
    throw new UserError('gguf_value_wrong', { file, key, value: `[${shape}]`, expected: `[…, n × ${type.blockSize}]` });
  }
  return { name, type, shape, offset: cursor.count(`${name}.offset`, Number.MAX_SAFE_INTEGER) };
}

/** ggml's own rule: no gaps but the padding, no overlaps, nothing out of order. */
function placeOf(
  { name, type, shape, offset }: Entry,
  reached: number,
  dataStart: number,
  cursor: GgufCursor,
): GgufPlace {
  const { file, size } = cursor;
  if (offset !== reached) throw new UserError('gguf_offset', { file, tensor: name, begin: offset, expected: reached });
  // A product past 2^53 is no longer exact, but then it is larger than any file as well.
  const bytes = shape.reduce((product, length) => product * length, type.blockBytes) / type.blockSize;
  const begin = dataStart + offset;
  const end = begin + bytes;
  if (end > size) throw new UserError('gguf_range', { file, tensor: name, begin, end, size });
  return { name, type, shape, begin, bytes };
}

function padded(position: number, alignment: number): number {
  return Math.ceil(position / alignment) * alignment;
}

/** Types that occur in the wild and are not read, by number: an error that says IQ4_NL helps more than one that says 20. */
const OTHER_TYPES: Readonly<Record<number, string>> = {
  9: 'Q8_1',
  10: 'Q2_K',
  11: 'Q3_K',
  13: 'Q5_K',
  15: 'Q8_K',
  16: 'IQ2_XXS',
  17: 'IQ2_XS',
  18: 'IQ3_XXS',
  19: 'IQ1_S',
  20: 'IQ4_NL',
  21: 'IQ3_S',
  22: 'IQ2_S',
  23: 'IQ4_XS',
  24: 'I8',
  25: 'I16',
  26: 'I32',
  27: 'I64',
  28: 'F64',
  29: 'IQ1_M',
  34: 'TQ1_0',
  35: 'TQ2_0',
  39: 'MXFP4',
};

function typeName(typeNumber: number): string {
  return OTHER_TYPES[typeNumber] ?? String(typeNumber);
}
