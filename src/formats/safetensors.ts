/**
 * safetensors files: eight bytes of header length, a JSON header, the tensors' bytes. Reading allocates one buffer a
 * tensor, after the whole header was checked; a file that is opened gives its tensors one by one, when asked. Writing orders tensors as the
 * reference library does (widest type first, then by name), so equal tensors give equal bytes. Little-endian machines only,
 * which every platform of onnxruntime-node is.
 */
import { createHash } from 'node:crypto';
import { basename, join } from 'node:path';
import type { DataType, HostTensor, TensorMap } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { type ByteSource, readRange, sourceOf, withFile } from './byte-source.ts';
import { writeDurably, writeDurablyAs } from './durable-file.ts';
import type { QuantisedType } from './gguf-types.ts';
import { DTYPES, HEADER_LIMIT_BYTES, parseHeader, type TensorPlace } from './safetensors-header.ts';
import { viewOf } from './tensor-view.ts';

export interface Safetensors {
  tensors: TensorMap;
  metadata: Record<string, string>;
}

/** A tensor that is still in its file. */
export interface StoredTensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** Reads it, anew at each call. */
  read(): HostTensor;
  /** Where the file keeps it in blocks that share scales; `read` gives the numbers these stand for. */
  readonly quantised?: QuantisedBlocks;
}

/** For an engine that computes with the blocks as they are; `splitBlocks` takes them apart. */
export interface QuantisedBlocks {
  readonly type: QuantisedType['name'];
  /** Numbers in a block; every row is whole blocks. */
  readonly blockSize: number;
  /** The blocks row by row, as ggml lays them out, rows in the order of `shape`; anew at each call. */
  readBlocks(): Uint8Array;
}

const PREFIX_BYTES = 8;

/** Reads a file. @throws UserError file_missing, or what is wrong with it, with the values and limits. */
export function readSafetensors(path: string): Safetensors {
  return withFile(path, load);
}

/** Reads a file's header alone; its tensors stay where they are until asked for. Errors as in readSafetensors. */
export function openSafetensors(path: string): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const { places, metadata, dataStart } = withFile(path, loadHeader);
  const tensors = new Map(
    places.map((place): [string, StoredTensor] => {
      const read = () => withFile(path, (source) => loadTensor(source, place, dataStart));
      return [place.name, { dtype: place.dtype, shape: place.shape, read }];
    }),
  );
  return { tensors, metadata };
}

/** Reads bytes already in memory; the tensors are copies. @param file the name errors print. */
export function parseSafetensors(bytes: Uint8Array, file = 'safetensors'): Safetensors {
  return load(sourceOf(bytes, file));
}

function load(source: ByteSource): Safetensors {
  const { places, metadata, dataStart } = loadHeader(source);
  return { tensors: new Map(places.map((place) => [place.name, loadTensor(source, place, dataStart)])), metadata };
}

function loadHeader(source: ByteSource) {
  const { file, size } = source;
  if (size < PREFIX_BYTES) throw new UserError('file_cut_off', { file, bytes: size });
  const declared = readRange(source, 0, PREFIX_BYTES).readBigUInt64LE();
  if (declared > BigInt(HEADER_LIMIT_BYTES))
    throw new UserError('safetensors_header_size', { file, size: String(declared), limit: HEADER_LIMIT_BYTES });
  const headerBytes = Number(declared);
  if (headerBytes > size - PREFIX_BYTES)
    throw new UserError('safetensors_truncated', { file, expected: PREFIX_BYTES + headerBytes, actual: size });
  const header = readRange(source, PREFIX_BYTES, headerBytes);
  const dataStart = PREFIX_BYTES + headerBytes;
  return { ...parseHeader(decodeText(header, file), size - dataStart, file), dataStart };
}

function decodeText(bytes: Uint8Array, file: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw new UserError('safetensors_header_unreadable', { file, position: 0 }, { cause: error });
  }
}

function loadTensor(source: ByteSource, place: TensorPlace, dataStart: number): HostTensor {
  const { buffer } = readRange(source, dataStart + place.begin, place.end - place.begin);
  return { dtype: place.dtype, shape: place.shape, data: viewOf(place.dtype, buffer) };
}

/** What can be written: tensors in memory, and tensors that are made or read only when their turn comes. */
export type Writable = ReadonlyMap<string, HostTensor | StoredTensor>;

/** The bytes of a safetensors file holding `tensors`; the same tensors and metadata give the same bytes. */
export function encodeSafetensors(tensors: Writable, metadata: Record<string, string> = {}): Uint8Array {
  return Buffer.concat([...pieces(tensors, metadata)]);
}

/** Writes a file whole or not at all, tensor by tensor, without a second copy in memory. */
export function writeSafetensors(path: string, tensors: Writable, metadata: Record<string, string> = {}): void {
  writeDurably(path, pieces(tensors, metadata));
}

/** Writes a file named by the sha-256 of its bytes into `folder`: the name of a version's full weights. */
export function writeSafetensorsBySha256(
  folder: string,
  tensors: Writable,
  metadata: Record<string, string> = {},
): { path: string; file: string; sha256: string } {
  const hash = createHash('sha256');
  let sha256 = '';
  const named = () => {
    sha256 = hash.digest('hex');
    return join(folder, `${sha256}.safetensors`);
  };
  const path = writeDurablyAs(named, folder, hashed(pieces(tensors, metadata), hash));
  return { path, file: basename(path), sha256 };
}

function* hashed(chunks: Iterable<Uint8Array>, hash: ReturnType<typeof createHash>): Generator<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The file's parts in order: length, header padded with spaces to a multiple of 8, each tensor's bytes. */
function* pieces(tensors: Writable, metadata: Record<string, string>): Generator<Uint8Array> {
  const ordered = [...tensors].map(([name, tensor]) => checked(name, tensor)).sort(referenceOrder);
  let offset = 0;
  const entries = ordered.map(({ name, tensor, kind, length }) => {
    const place = { dtype: kind.name, shape: tensor.shape, data_offsets: [offset, offset + length] };
    offset += length;
    return `${JSON.stringify(name)}:${JSON.stringify(place)}`;
  });
  const keys = Object.keys(metadata).sort();
  if (keys.length > 0)
    entries.unshift(`"__metadata__":${JSON.stringify(Object.fromEntries(keys.map((k) => [k, metadata[k]])))}`);
  const json = Buffer.from(`{${entries.join(',')}}`, 'utf8');
  const padding = (PREFIX_BYTES - (json.length % PREFIX_BYTES)) % PREFIX_BYTES;
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeBigUInt64LE(BigInt(json.length + padding));
  yield prefix;
  yield json;
  yield Buffer.alloc(padding, ' ');
  for (const { name, tensor, length } of ordered) yield bytesOf(name, tensor, length);
}

function checked(name: string, tensor: HostTensor | StoredTensor) {
  const order = DTYPES.findIndex((entry) => entry.dtype === tensor.dtype);
  const kind = DTYPES[order];
  if (kind === undefined) throw new TypeError(`tensor ${name} has the unknown type ${tensor.dtype}`);
  const length = tensor.shape.reduce((product, size) => product * size, kind.bytes);
  // Said before anything is written, where it can be.
  if ('data' in tensor) bytesOf(name, tensor, length);
  return { name, utf8: Buffer.from(name, 'utf8'), tensor, kind, order, length };
}

/** A tensor whose data does not fit its shape would make a file nobody can read: a bug of the caller. */
function bytesOf(name: string, tensor: HostTensor | StoredTensor, length: number): Uint8Array {
  const { data, shape } = 'data' in tensor ? tensor : tensor.read();
  if (data.byteLength !== length)
    throw new RangeError(`tensor ${name} of shape [${shape}] needs ${length} bytes, its data has ${data.byteLength}`);
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function referenceOrder(a: { order: number; utf8: Buffer }, b: { order: number; utf8: Buffer }): number {
  return a.order - b.order || Buffer.compare(a.utf8, b.utf8);
}
