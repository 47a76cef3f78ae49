/** Torch checkpoints put together by hand, true ones and lying ones, in both layouts of torch.save. */

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8');
const bytes = (...values: number[]): Buffer => Buffer.from(values);

export function uint32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

export function uint64(value: number | bigint): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64LE(BigInt(value));
  return buffer;
}

/** The instructions that torch's pickles are made of. */
export const op = {
  text: (value: string) => Buffer.concat([utf8('X'), uint32(utf8(value).length), utf8(value)]),
  /** As Python 2 wrote its text. */
  text2: (value: string) => Buffer.concat([utf8('U'), bytes(value.length), utf8(value)]),
  int: (value: number) => {
    if (value < 0x100) return bytes(0x4b, value);
    if (value < 0x10000) return bytes(0x4d, value & 0xff, value >> 8);
    return value < 2 ** 31 ? Buffer.concat([utf8('J'), uint32(value)]) : Buffer.concat([bytes(0x8a, 8), uint64(value)]);
  },
  none: utf8('N'),
  true: bytes(0x88),
  false: bytes(0x89),
  tuple: (...items: Buffer[]) => Buffer.concat([utf8('('), ...items, utf8('t')]),
  list: (...items: Buffer[]) => Buffer.concat([utf8(']('), ...items, utf8('e')]),
  dict: (...items: Buffer[]) => Buffer.concat([utf8('}('), ...items, utf8('u')]),
  global: (module: string, name: string) => utf8(`c${module}\n${name}\n`),
  call: (callee: Buffer, ...args: Buffer[]) => Buffer.concat([callee, op.tuple(...args), utf8('R')]),
  persistent: (id: Buffer) => Buffer.concat([id, utf8('Q')]),
  put: (index: number) => bytes(0x71, index),
  get: (index: number) => bytes(0x68, index),
};

export function pickle(...body: Buffer[]): Buffer {
  return Buffer.concat([bytes(0x80, 2), ...body, utf8('.')]);
}

export interface Storage {
  /** torch.FloatStorage is "Float". */
  type: string;
  key: string;
  /** How many numbers. */
  count: number;
  data: Uint8Array;
}

export interface Tensor {
  storage: Storage;
  offset?: number;
  shape: readonly number[];
  /** Row-major unless said. */
  strides?: readonly number[];
  /** A part of the storage, as the older layout may say: key, offset, count. */
  view?: readonly [string, number, number];
}

export function rowMajor(shape: readonly number[]): number[] {
  return shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
}

export function storageOf(type: string, key: string, data: ArrayBufferView & { length: number }): Storage {
  return { type, key, count: data.length, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

export function storageId({ type, key, count }: Storage, ...more: Buffer[]): Buffer {
  const id = [op.text('storage'), op.global('torch', `${type}Storage`), op.text(key), op.text('cpu'), op.int(count)];
  return op.persistent(op.tuple(...id, ...more));
}

export const orderedDict = (...args: Buffer[]): Buffer => op.call(op.global('collections', 'OrderedDict'), ...args);

export function tensorPickle(tensor: Tensor, isLegacy = false): Buffer {
  const { storage, offset = 0, shape, strides = rowMajor(shape), view } = tensor;
  const part = view === undefined ? op.none : op.tuple(op.text(view[0]), op.int(view[1]), op.int(view[2]));
  return op.call(
    op.global('torch._utils', '_rebuild_tensor_v2'),
    isLegacy ? storageId(storage, part) : storageId(storage),
    op.int(offset),
    op.tuple(...shape.map(op.int)),
    op.tuple(...strides.map(op.int)),
    op.false,
    orderedDict(),
  );
}

export type Tensors = Record<string, Tensor>;

export function statePickle(tensors: Tensors, isLegacy = false): Buffer {
  const items = Object.entries(tensors).flatMap(([name, tensor]) => [op.text(name), tensorPickle(tensor, isLegacy)]);
  return pickle(orderedDict(), utf8('('), ...items, utf8('u'));
}

/** Each storage once, however many tensors view it. */
export function storagesOf(tensors: Tensors): Storage[] {
  return [...new Map(Object.values(tensors).map(({ storage }) => [storage.key, storage])).values()];
}

export interface Member {
  name: string;
  data: Uint8Array;
  /** What the archive says, true or not. */
  method?: number;
  flags?: number;
  length?: number;
  header?: number;
}

/** An archive; its numbers in zip64 fields, as torch writes those that need it, when asked. */
export function zip(members: readonly Member[], { zip64 = false, comment = '' } = {}): Buffer {
  const parts: Buffer[] = [];
  const entries: Buffer[] = [];
  let at = 0;
  for (const { name, data, method = 0, flags = 0, length = data.length, header = at } of members) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50);
    local.writeUInt16LE(name.length, 26);
    // torch pads with a field of its own, so that the data lies aligned.
    const padding = Buffer.concat([utf8('FB'), bytes(4, 0), Buffer.alloc(4, 'Z')]);
    local.writeUInt16LE(padding.length, 28);
    parts.push(local, utf8(name), padding, Buffer.from(data));
    const extra = zip64 ? Buffer.concat([bytes(1, 0, 24, 0), uint64(length), uint64(length), uint64(header)]) : bytes();
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50);
    entry.writeUInt16LE(flags, 8);
    entry.writeUInt16LE(method, 10);
    entry.writeUInt32LE(zip64 ? 0xffffffff : length, 20);
    entry.writeUInt32LE(zip64 ? 0xffffffff : length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt16LE(extra.length, 30);
    entry.writeUInt32LE(zip64 ? 0xffffffff : header, 42);
    entries.push(entry, utf8(name), extra);
    at += 30 + name.length + padding.length + data.length;
  }
  const directory = Buffer.concat(entries);
  return Buffer.concat([...parts, directory, endOfZip(members.length, directory.length, at, { zip64, comment })]);
}

/** @param at where the zip64 record will lie. */
export function endOfZip(
  count: number,
  length: number,
  start: number,
  { zip64 = false, comment = '', at = start + length } = {},
): Buffer {
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50);
  end.writeUInt16LE(zip64 ? 0xffff : count, 8);
  end.writeUInt16LE(zip64 ? 0xffff : count, 10);
  end.writeUInt32LE(zip64 ? 0xffffffff : length, 12);
  end.writeUInt32LE(zip64 ? 0xffffffff : start, 16);
  end.writeUInt16LE(utf8(comment).length, 20);
  if (!zip64) return Buffer.concat([end, utf8(comment)]);
  const end64 = Buffer.alloc(56);
  end64.writeUInt32LE(0x06064b50);
  end64.writeBigUInt64LE(44n, 4);
  for (const [place, value] of [
    [24, count],
    [32, count],
    [40, length],
    [48, start],
  ] as const)
    end64.writeBigUInt64LE(BigInt(value), place);
  const locator = Buffer.concat([uint32(0x07064b50), uint32(0), uint64(at), uint32(1)]);
  return Buffer.concat([end64, locator, end, utf8(comment)]);
}

/** The members of a checkpoint in the layout since torch 1.6. */
export function zipMembers(state: Buffer, storages: readonly Storage[], byteOrder = 'little'): Member[] {
  return [
    { name: 'archive/data.pkl', data: state },
    { name: 'archive/byteorder', data: utf8(byteOrder) },
    ...storages.map(({ key, data }) => ({ name: `archive/data/${key}`, data })),
    { name: 'archive/version', data: utf8('3\n') },
  ];
}

export function zipCheckpoint(tensors: Tensors, options: { zip64?: boolean; comment?: string } = {}): Buffer {
  return zip(zipMembers(statePickle(tensors), storagesOf(tensors)), options);
}

export const MAGIC_NUMBER: Buffer = Buffer.concat([bytes(0x8a, 10), Buffer.from('6cfc9c46f9206aa85019', 'hex')]);

/** What stands before the state in the older layout. */
export function legacyHead({ magic = MAGIC_NUMBER, version = 1001, littleEndian = op.true } = {}): Buffer {
  const machine = op.dict(op.text('protocol_version'), op.int(1001), op.text('little_endian'), littleEndian);
  return Buffer.concat([pickle(magic), pickle(op.int(version)), pickle(machine)]);
}

/** The state, the storages' keys and the storages behind it. */
export function legacyTail(state: Buffer, storages: readonly Storage[]): Buffer {
  return Buffer.concat([
    state,
    pickle(op.list(...storages.map(({ key }) => op.text(key)))),
    ...storages.flatMap(({ count, data }) => [uint64(count), Buffer.from(data)]),
  ]);
}

export function legacyCheckpoint(tensors: Tensors): Buffer {
  return Buffer.concat([legacyHead(), legacyTail(statePickle(tensors, true), storagesOf(tensors))]);
}

/** One number of every kind that is read, a scalar, an empty one, a part of a storage and a transposed one among them. */
export function everyKind(): Tensors {
  const flat = storageOf(
    'Float',
    '0',
    Float32Array.from({ length: 12 }, (_, i) => i - 0.5),
  );
  return {
    plain: { storage: flat, shape: [3, 4] },
    tied: { storage: flat, shape: [3, 4] },
    transposed: { storage: flat, shape: [4, 3], strides: [1, 4] },
    corner: { storage: flat, offset: 5, shape: [2, 2], strides: [4, 2] },
    scalar: { storage: flat, offset: 11, shape: [] },
    empty: { storage: storageOf('Float', '1', new Float32Array(0)), shape: [0, 4] },
    double: { storage: storageOf('Double', '2', new Float64Array([1 / 3, -2])), shape: [2] },
    half: { storage: storageOf('Half', '3', new Uint16Array([0x3c00, 0x7bff])), shape: [2] },
    brain: { storage: storageOf('BFloat16', '4', new Uint16Array([0x3f80])), shape: [1, 1] },
    long: { storage: storageOf('Long', '5', new BigInt64Array([-1n, 9_007_199_254_740_993n])), shape: [2] },
    int: { storage: storageOf('Int', '6', new Int32Array([-5])), shape: [1] },
    char: { storage: storageOf('Char', '7', new Int8Array([-128, 127])), shape: [2] },
    byte: { storage: storageOf('Byte', '8', new Uint8Array([0, 255])), shape: [2] },
    bool: { storage: storageOf('Bool', '9', new Uint8Array([0, 1])), shape: [2] },
  };
}
