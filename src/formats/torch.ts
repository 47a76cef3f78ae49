/**
 * Checkpoints as torch.save writes them, in both layouts: since torch 1.6 a zip archive (data.pkl, and data/KEY a storage),
 * before that five pickles in a row (magic number, version, machine, state, storage keys) and the storages behind them. The
 * file is read, never executed: see torch-pickle.ts. Tensors stay in the file until asked for.
 * Layouts: torch/serialization.py of torch 2 (_save, _legacy_save, _load, _legacy_load).
 */
import { type DataType, elementCount, type HostTensor } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { type ByteSource, readRange, withFile } from './byte-source.ts';
import type { StoredTensor } from './safetensors.ts';
import { viewOf } from './tensor-view.ts';
import { PICKLE_LIMIT_BYTES, PickledDict, PickledList, type PickleValue, readPickle } from './torch-pickle.ts';
import { PLAIN_RULES, readState, type StorageType, type TorchState, type TorchTensor } from './torch-state.ts';
import { isZip, memberStart, readZipDirectory, type ZipMember } from './zip-directory.ts';

const MAGIC_NUMBER = 0x1950a86a20f9469cfc6cn;
const PROTOCOL_VERSION = 1001;
/** "little" or "big"; torch before 2.1 wrote none, and ran on little-endian machines. */
const BYTE_ORDER_LIMIT_BYTES = 16;

/** Storage key → where its first number lies in the file. */
type StoragePlaces = ReadonlyMap<string, number>;

/**
 * Reads a checkpoint's table of tensors alone. @throws UserError file_missing, file_cut_off, torch_unknown, torch_refused,
 * torch_damaged, torch_too_large, torch_dtype, torch_not_weights, torch_tensor_range, torch_compressed, torch_big_endian.
 */
export function openTorch(path: string): Map<string, StoredTensor> {
  const { state, places } = withFile(path, (source) => (isZip(source) ? openZip(source) : openLegacy(source)));
  return new Map([...state.tensors].map(([name, tensor]) => [name, stored(path, tensor, places)]));
}

function stored(path: string, tensor: TorchTensor, places: StoragePlaces): StoredTensor {
  const start = places.get(tensor.storage.key)!;
  const read = () => withFile(path, (source) => loadTensor(source, tensor, start));
  return { dtype: readAs(tensor.storage.type), shape: tensor.shape, read };
}

function openZip(source: ByteSource): { state: TorchState; places: StoragePlaces } {
  const members = readZipDirectory(source);
  const pickles = [...members.values()].filter(({ name }) => /^(?:[^/]+\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (pickle === undefined || pickles.length > 1) throw new UserError('torch_unknown', { file: source.file });
  const root = pickle.name.slice(0, -'data.pkl'.length);
  const byteOrder = members.get(`${root}byteorder`);
  if (byteOrder !== undefined && readMember(byteOrder, BYTE_ORDER_LIMIT_BYTES).toString('latin1') !== 'little')
    throw new UserError('torch_big_endian', { file: source.file });
  const state = readState(readMember(pickle, PICKLE_LIMIT_BYTES), 0, source.file);
  const places = new Map<string, number>();
  for (const { key, count, bytes } of state.storages.values()) {
    const member = members.get(`${root}data/${key}`);
    if (member?.length !== count * bytes) throw damaged(source, `data/${key}`);
    places.set(key, memberStart(source, member));
  }
  return { state, places };

  function readMember(member: ZipMember, limit: number): Buffer {
    const what = member.name.slice(0, 120);
    if (member.length > limit) throw new UserError('torch_too_large', { file: source.file, what, limit });
    return readRange(source, memberStart(source, member), member.length);
  }
}

function openLegacy(source: ByteSource): { state: TorchState; places: StoragePlaces } {
  const { file } = source;
  const head = readRange(source, 0, Math.min(source.size, PICKLE_LIMIT_BYTES));
  // PROTO, as every pickle of torch begins.
  if (head[0] !== 0x80) throw new UserError('torch_unknown', { file });
  const magic = readPickle(head, 0, PLAIN_RULES, file);
  if (magic.value !== MAGIC_NUMBER) throw new UserError('torch_unknown', { file });
  const version = readPickle(head, magic.end, PLAIN_RULES, file);
  if (version.value !== PROTOCOL_VERSION) throw damaged(source, 'version');
  const machine = readPickle(head, version.end, PLAIN_RULES, file);
  if (!isLittleEndian(machine.value)) throw new UserError('torch_big_endian', { file });
  const state = readState(head, machine.end, file);
  const keys = readPickle(head, state.end, PLAIN_RULES, file);
  return { state, places: findStorages(source, keys.value, keys.end, state) };
}

function isLittleEndian(machine: PickleValue): boolean {
  if (!(machine instanceof PickledDict)) return false;
  const at = machine.items.indexOf('little_endian');
  return at % 2 === 0 && machine.items[at + 1] === true;
}

/** The storages lie in the order of their keys, each behind its count of numbers. */
function findStorages(source: ByteSource, keys: PickleValue, start: number, { storages }: TorchState): StoragePlaces {
  if (!(keys instanceof PickledList)) throw damaged(source, 'keys');
  const places = new Map<string, number>();
  let at = start;
  for (const key of keys.items) {
    const storage = typeof key === 'string' && !places.has(key) ? storages.get(key) : undefined;
    if (storage === undefined) throw damaged(source, 'keys');
    const first = at + 8;
    const end = first + storage.count * storage.bytes;
    if (end > source.size) throw new UserError('file_cut_off', { file: source.file, bytes: source.size });
    if (readRange(source, at, 8).readBigInt64LE() !== BigInt(storage.count))
      throw damaged(source, `storage ${storage.key}`);
    places.set(storage.key, first);
    at = end;
  }
  for (const key of storages.keys()) if (!places.has(key)) throw damaged(source, `storage ${key}`);
  return places;
}

function readAs(type: StorageType): DataType {
  return type === 'float64' ? 'float32' : type;
}

/** Reads from the tensor's first number to its last, and puts them in row-major order where they are not. */
function loadTensor(source: ByteSource, tensor: TorchTensor, start: number): HostTensor {
  const { storage, shape, offset, span } = tensor;
  const { buffer } = readRange(source, start + offset * storage.bytes, span * storage.bytes);
  const dtype = readAs(storage.type);
  const flat = storage.type === 'float64' ? Float32Array.from(new Float64Array(buffer)) : viewOf(dtype, buffer);
  return { dtype, shape, data: isRowMajor(tensor) ? flat : gather(flat, dtype, tensor) };
}

function isRowMajor({ shape, strides }: TorchTensor): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis]! > 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

/** data[i, j, …] = flat[i·strides[0] + j·strides[1] + …], the last index running fastest. */
function gather(flat: HostTensor['data'], dtype: DataType, { shape, strides }: TorchTensor): HostTensor['data'] {
  const count = elementCount(shape);
  const data = viewOf(dtype, new ArrayBuffer(count * flat.BYTES_PER_ELEMENT));
  // Both are of one type, whichever it is; which one the compiler cannot know.
  const from = flat as Float32Array;
  const to = data as Float32Array;
  const index = shape.map(() => 0);
  for (let i = 0, at = 0; i < count; i++) {
    to[i] = from[at]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += strides[axis]!;
      index[axis]! += 1;
      if (index[axis]! < shape[axis]!) break;
      at -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return data;
}

function damaged(source: ByteSource, place: string): UserError {
  return new UserError('torch_damaged', { file: source.file, place: place.slice(0, 120) });
}
