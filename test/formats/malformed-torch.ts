/** Torch checkpoints that lie, each named for the guard it slips past before its own stops it. */
import {
  endOfZip,
  everyKind,
  legacyHead,
  legacyTail,
  type Member,
  op,
  orderedDict,
  pickle,
  type Storage,
  statePickle,
  storageId,
  storageOf,
  type Tensor,
  uint32,
  uint64,
  zip,
  zipCheckpoint,
  zipMembers,
} from './torch-files.ts';

export interface Malformed {
  bytes: Uint8Array;
  identifier: string;
}

const flat = storageOf('Float', '0', new Float32Array(6));
const repeated = (part: Buffer, times: number) => Buffer.alloc(part.length * times, part);
/** An instruction with each of these numbers as its argument. */
const numbered = (instruction: string, count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.concat([Buffer.from(instruction), uint32(i)])));
const inZip = (state: Buffer, storages: readonly Storage[] = [flat]) => zip(zipMembers(state, storages));
const tensorOf = (tensor: Partial<Tensor>) => statePickle({ w: { storage: flat, shape: [6], ...tensor } });
/** A state in which `value` stands for a tensor. */
const holding = (value: Buffer) => pickle(op.dict(op.text('w'), value));
const rebuild = (...args: Buffer[]) => op.call(op.global('torch._utils', '_rebuild_tensor_v2'), ...args);
const plainState = () => statePickle({ w: { storage: flat, shape: [6] } });
const with64 = (change: (bytes: Buffer) => void): Buffer => {
  const bytes = zipCheckpoint({ w: { storage: flat, shape: [6] } }, { zip64: true });
  change(bytes);
  return bytes;
};
const members = (change: (member: Member) => Partial<Member>): Buffer =>
  zip(zipMembers(plainState(), [flat]).map((member) => ({ ...member, ...change(member) })));

const refused = (state: Buffer): Malformed => ({ bytes: inZip(state), identifier: 'torch_refused' });
const damaged = (state: Buffer): Malformed => ({ bytes: inZip(state), identifier: 'torch_damaged' });
const tooLarge = (state: Buffer): Malformed => ({ bytes: inZip(state), identifier: 'torch_too_large' });

/** What a hostile pickle would call, and the instructions it would use. */
export const HOSTILE: Record<string, Malformed> = {
  'os.system': refused(holding(op.call(op.global('os', 'system'), op.text('echo')))),
  'a class that is only named': refused(holding(op.global('builtins', 'eval'))),
  'a name that begins like one of ours': refused(holding(op.global('collections', 'OrderedDict.__init__'))),
  'a name with the dot elsewhere': refused(holding(op.global('torch', '_utils._rebuild_tensor'))),
  'torch.load': refused(holding(op.call(op.global('torch.serialization', 'load'), op.text('x')))),
  'a call by INST': refused(holding(Buffer.from("(S'echo'\nios\nsystem\n"))),
  'a call by OBJ': refused(holding(Buffer.from("(cos\nsystem\nS'echo'\no"))),
  'a call by NEWOBJ': refused(
    holding(Buffer.concat([op.global('collections', 'OrderedDict'), Buffer.from(')\x81', 'latin1')])),
  ),
  'a class from the stack': refused(holding(Buffer.from('\x8c\x02os\x8c\x06system\x93', 'latin1'))),
  'a class from the registry': refused(holding(Buffer.from([0x82, 1]))),
  'attributes set on a class': refused(
    holding(Buffer.concat([op.global('collections', 'OrderedDict'), op.dict(), Buffer.from('b')])),
  ),
  'attributes set on a tensor': refused(
    holding(Buffer.concat([rebuild(storageId(flat), op.int(0), op.tuple(), op.tuple()), op.dict(), Buffer.from('b')])),
  ),
  'a persistent id as text': refused(holding(Buffer.from('Pevil\n'))),
};

export const MALFORMED_PICKLES: Record<string, Malformed> = {
  'no STOP': damaged(Buffer.from([0x80, 2, 0x7d])),
  'an empty pickle': damaged(Buffer.alloc(0)),
  'STOP with nothing on the stack': damaged(pickle()),
  'an argument that is cut off': damaged(Buffer.from([0x80, 2, 0x58, 9])),
  'text longer than the pickle': damaged(holding(Buffer.concat([Buffer.from('X'), uint32(9_999)]))),
  'text longer than names are': tooLarge(holding(op.text('x'.repeat(10_001)))),
  'text of 4 GB': tooLarge(holding(Buffer.concat([Buffer.from('X'), uint32(0xffffffff)]))),
  'text that is not UTF-8': damaged(holding(Buffer.concat([Buffer.from('X'), uint32(1), Buffer.from([0xff])]))),
  'a class without an end': damaged(Buffer.from('\x80\x02ccollections', 'latin1')),
  'TUPLE2 of one': damaged(pickle(op.none, Buffer.from([0x86]))),
  'TUPLE2 across a mark': damaged(pickle(op.none, Buffer.from('('), op.none, Buffer.from([0x86]))),
  'POP across a mark': damaged(pickle(Buffer.from('}(N'), op.text('w'), Buffer.from('(Q'))),
  'a mark that was never set': damaged(pickle(op.none, Buffer.from('t'))),
  'a memo never filled': damaged(pickle(op.get(7))),
  'BINPUT of nothing': damaged(pickle(op.put(0))),
  'items put into no dict': damaged(pickle(Buffer.from('](NNu'))),
  'a key without a value': damaged(pickle(Buffer.from('}(Nu'))),
  'items appended to no list': damaged(pickle(Buffer.from('}(Ne'))),
  'a call of a text': damaged(pickle(op.text('f'), op.tuple(), Buffer.from('R'))),
  'a call with a list': damaged(pickle(op.global('collections', 'OrderedDict'), op.list(), Buffer.from('R'))),
  'a storage class that is called': damaged(holding(op.call(op.global('torch', 'FloatStorage'), op.int(9)))),
  'an OrderedDict of triples': damaged(pickle(orderedDict(op.list(op.tuple(op.none, op.none, op.none))))),
  'a stack without an end': tooLarge(pickle(repeated(op.none, 100_001))),
  'marks without an end': tooLarge(pickle(repeated(Buffer.from('('), 100_001))),
  'empty dicts without an end, all kept': tooLarge(pickle(Buffer.from(']'), repeated(Buffer.from('}a'), 200_001))),
  'dicts of one entry without an end, all kept': tooLarge(
    pickle(Buffer.from(']'), repeated(Buffer.from('}NNsa'), 99_999)),
  ),
  'a memo without an end': tooLarge(pickle(op.none, numbered('r', 200_001))),
  'one dict filled without an end': tooLarge(pickle(Buffer.from('}'), repeated(Buffer.from('NNs'), 200_001))),
  'one list made into dicts without an end': tooLarge(
    pickle(
      op.list(...Array.from({ length: 1_000 }, () => op.list(op.none, op.none))),
      op.put(1),
      repeated(
        Buffer.concat([op.global('collections', 'OrderedDict'), op.get(1), Buffer.from([0x85]), Buffer.from('R')]),
        1_000,
      ),
    ),
  ),
  'a pickle larger than any': tooLarge(Buffer.alloc(16 * 1024 * 1024 + 1, 'N')),
  'a persistent id that is no tuple': damaged(holding(op.persistent(op.text('0')))),
  'a persistent id of a module': damaged(holding(op.persistent(op.tuple(op.text('module'), op.none)))),
  'a storage of minus one number': damaged(
    holding(
      op.persistent(
        op.tuple(
          op.text('storage'),
          op.global('torch', 'FloatStorage'),
          op.text('0'),
          op.text('cpu'),
          Buffer.from('J\xff\xff\xff\xff', 'latin1'),
        ),
      ),
    ),
  ),
  'a storage said to be of two types': damaged(
    pickle(op.dict(op.text('a'), storageId(flat), op.text('b'), storageId({ ...flat, type: 'Int' }))),
  ),
  'a part larger than its storage': damaged(holding(storageId(flat, op.tuple(op.text('p'), op.int(4), op.int(3))))),
  'a tensor without strides': damaged(holding(rebuild(storageId(flat), op.int(0), op.tuple(op.int(6))))),
  'fewer strides than sizes': damaged(tensorOf({ shape: [2, 3], strides: [3] })),
  'nine dimensions': damaged(tensorOf({ shape: [1, 1, 1, 1, 1, 1, 1, 1, 6] })),
  'a tensor over no storage': damaged(holding(rebuild(op.int(0), op.int(0), op.tuple(), op.tuple()))),
  'a tensor past its part of the storage': damaged(
    holding(
      rebuild(
        storageId(flat, op.tuple(op.text('p'), op.int(0), op.int(2))),
        op.int(1),
        op.tuple(op.int(2)),
        op.tuple(op.int(1)),
      ),
    ),
  ),
};

export const MALFORMED_STATES: Record<string, Malformed> = {
  'a list in place of the table': { bytes: inZip(pickle(op.list())), identifier: 'torch_not_weights' },
  'a table of numbers': { bytes: inZip(holding(op.int(7))), identifier: 'torch_not_weights' },
  'a tensor without a name': {
    bytes: inZip(pickle(op.dict(op.int(7), storageId(flat)))),
    identifier: 'torch_not_weights',
  },
  'a name given twice': {
    bytes: inZip(
      pickle(
        op.dict(
          ...['w', 'w'].flatMap((name) => [op.text(name), rebuild(storageId(flat), op.int(0), op.tuple(), op.tuple())]),
        ),
      ),
    ),
    identifier: 'safetensors_duplicate',
  },
  'a tensor longer than its storage': { bytes: inZip(tensorOf({ shape: [7] })), identifier: 'torch_tensor_range' },
  'an offset past the storage': { bytes: inZip(tensorOf({ shape: [], offset: 6 })), identifier: 'torch_tensor_range' },
  'an empty tensor past the storage': {
    bytes: inZip(tensorOf({ shape: [0], offset: 7 })),
    identifier: 'torch_tensor_range',
  },
  'strides past the storage': {
    bytes: inZip(tensorOf({ shape: [2, 2], strides: [5, 1] })),
    identifier: 'torch_tensor_range',
  },
  'one number repeated a thousand million times': {
    bytes: inZip(tensorOf({ shape: [1_000, 1_000_000], strides: [0, 0] })),
    identifier: 'torch_tensor_range',
  },
  'sizes whose product is beyond every number': {
    bytes: inZip(tensorOf({ shape: [2 ** 52, 2 ** 52, 2 ** 52, 2 ** 52], strides: [0, 0, 0, 0] })),
    identifier: 'torch_tensor_range',
  },
  'complex numbers': { bytes: inZip(holding(storageId({ ...flat, type: 'ComplexFloat' }))), identifier: 'torch_dtype' },
};

function withLongComment(): Buffer {
  const bytes = zipCheckpoint(everyKind());
  bytes.writeUInt16LE(9, bytes.length - 2);
  return bytes;
}

export const MALFORMED_ZIPS: Record<string, Malformed> = {
  'a zip without its end': { bytes: zipCheckpoint(everyKind()).subarray(0, -1), identifier: 'file_cut_off' },
  'a comment longer than the file': { bytes: withLongComment(), identifier: 'file_cut_off' },
  'a compressed member': { bytes: members(() => ({ method: 8 })), identifier: 'torch_compressed' },
  'an encrypted member': { bytes: members(() => ({ flags: 1 })), identifier: 'torch_compressed' },
  'a member longer than the file': { bytes: members(() => ({ length: 9_999 })), identifier: 'torch_damaged' },
  'a member that begins behind the file': { bytes: members(() => ({ header: 9_999 })), identifier: 'torch_damaged' },
  'a member that begins in the middle of another': {
    bytes: members(() => ({ header: 5 })),
    identifier: 'torch_damaged',
  },
  'a member whose header the end of the file cuts': {
    bytes: members(({ name }) => (name.endsWith('version') ? {} : { header: 800, length: 0 })),
    identifier: 'torch_damaged',
  },
  'a storage shorter than its tensors': {
    bytes: inZip(plainState(), [{ ...flat, data: new Uint8Array(20) }]),
    identifier: 'torch_damaged',
  },
  'a storage that is not there': { bytes: inZip(plainState(), []), identifier: 'torch_damaged' },
  'two members of one name': { bytes: inZip(plainState(), [flat, flat]), identifier: 'torch_damaged' },
  'no data.pkl': { bytes: zip([{ name: 'archive/version', data: Buffer.from('3') }]), identifier: 'torch_unknown' },
  'two data.pkl': {
    bytes: zip(['a', 'b'].map((root) => ({ name: `${root}/data.pkl`, data: plainState() }))),
    identifier: 'torch_unknown',
  },
  'another byte order': { bytes: zip(zipMembers(plainState(), [flat], 'big')), identifier: 'torch_big_endian' },
  'a byte order of many words': {
    bytes: zip(zipMembers(plainState(), [flat], 'little'.repeat(9))),
    identifier: 'torch_too_large',
  },
  'a directory behind the file': {
    bytes: Buffer.concat([uint32(0x04034b50), endOfZip(1, 46, 9_999)]),
    identifier: 'torch_damaged',
  },
  'more members than the directory has room for': {
    bytes: Buffer.concat([uint32(0x04034b50), endOfZip(9, 0, 4)]),
    identifier: 'torch_damaged',
  },
  'more members than any model': {
    bytes: Buffer.concat([uint32(0x04034b50), endOfZip(2 ** 40, 0, 4, { zip64: true })]),
    identifier: 'torch_too_large',
  },
  'a directory larger than any': {
    bytes: Buffer.concat([uint32(0x04034b50), endOfZip(1, 2 ** 40, 4, { zip64: true, at: 4 })]),
    identifier: 'torch_too_large',
  },
  'a zip64 end that is somewhere else': {
    bytes: with64((bytes) => bytes.writeBigUInt64LE(2n ** 63n, bytes.length - 22 - 12)),
    identifier: 'torch_damaged',
  },
  'a zip64 end that is none': {
    bytes: with64((bytes) => bytes.writeBigUInt64LE(0n, bytes.length - 22 - 12)),
    identifier: 'torch_damaged',
  },
  'zip64 numbers that are not there': {
    bytes: with64((bytes) => bytes.writeUInt16LE(2, bytes.indexOf(Buffer.from([1, 0, 24, 0])))),
    identifier: 'torch_damaged',
  },
  'a zip64 length beyond every file': {
    bytes: with64((bytes) => bytes.writeBigUInt64LE(2n ** 60n, bytes.indexOf(Buffer.from([1, 0, 24, 0])) + 4)),
    identifier: 'torch_damaged',
  },
};

const legacyState = () => statePickle({ w: { storage: flat, shape: [6] } }, true);
const legacy = (tail: Buffer): Buffer => Buffer.concat([legacyHead(), tail]);
const keys = (...names: string[]) => pickle(op.list(...names.map(op.text)));
const numbers = Buffer.concat([uint64(6), Buffer.alloc(24)]);

export const MALFORMED_LEGACY: Record<string, Malformed> = {
  'nothing at all': { bytes: new Uint8Array(0), identifier: 'torch_unknown' },
  'some text': { bytes: Buffer.from('version https://git-lfs.github.com/spec/v1\n'), identifier: 'torch_unknown' },
  'a pickle of anything': { bytes: pickle(op.dict(op.text('a'), op.int(1))), identifier: 'torch_unknown' },
  'another magic number': { bytes: legacyHead({ magic: op.int(7) }), identifier: 'torch_unknown' },
  'another version': { bytes: legacyHead({ version: 1002 }), identifier: 'torch_damaged' },
  'another byte order, in the older layout': {
    bytes: legacyHead({ littleEndian: op.false }),
    identifier: 'torch_big_endian',
  },
  'a class among the machine’s facts': {
    bytes: Buffer.concat([legacyHead().subarray(0, 21), pickle(op.global('collections', 'OrderedDict'))]),
    identifier: 'torch_refused',
  },
  'keys that are no list': {
    bytes: legacy(Buffer.concat([legacyState(), pickle(op.int(1)), numbers])),
    identifier: 'torch_damaged',
  },
  'a key nobody uses': {
    bytes: legacy(Buffer.concat([legacyState(), keys('9'), numbers])),
    identifier: 'torch_damaged',
  },
  'a key given twice': {
    bytes: legacy(Buffer.concat([legacyState(), keys('0', '0'), numbers, numbers])),
    identifier: 'torch_damaged',
  },
  'a storage without a key': {
    bytes: legacy(Buffer.concat([legacyState(), keys(), numbers])),
    identifier: 'torch_damaged',
  },
  'a storage that says another count': {
    bytes: legacy(Buffer.concat([legacyState(), keys('0'), uint64(5), Buffer.alloc(24)])),
    identifier: 'torch_damaged',
  },
  'a storage cut off by the end': {
    bytes: legacy(legacyTail(legacyState(), [flat])).subarray(0, -1),
    identifier: 'file_cut_off',
  },
  'a storage of more bytes than any file has': {
    bytes: legacy(legacyTail(statePickle({ w: { storage: { ...flat, count: 2 ** 52 }, shape: [6] } }, true), [flat])),
    identifier: 'file_cut_off',
  },
};
