/** safetensors files that lie, each named for the guard it slips past before its own stops it. */
import { assemble } from './bytes.ts';

export const place = (begin: number, end: number, shape = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

export const MALFORMED_SAFETENSORS: Record<string, { bytes: Uint8Array; identifier: string; says: string }> = {
  'not even a length': { bytes: new Uint8Array(7), identifier: 'file_cut_off', says: '7 bytes' },
  'a header longer than the limit': {
    bytes: assemble('{}', 0, 100_000_001n),
    identifier: 'safetensors_header_size',
    says: '100000001 bytes; at most 100000000',
  },
  'a header length of 2^64 - 1': {
    bytes: assemble('{}', 0, 2n ** 64n - 1n),
    identifier: 'safetensors_header_size',
    says: '18446744073709551615',
  },
  'a header within the limit, longer than the file': {
    bytes: assemble('{}', 0, 90_000_000n),
    identifier: 'safetensors_truncated',
    says: '90000008 bytes, the file has 10',
  },
  'an empty header': { bytes: assemble('', 0), identifier: 'safetensors_header_unreadable', says: 'character 0' },
  'a header of another encoding': {
    bytes: Buffer.concat([assemble('', 0, 2n), Buffer.from([0xc3, 0x28])]),
    identifier: 'safetensors_header_unreadable',
    says: 'character 0',
  },
  'a byte order mark': {
    bytes: assemble('\uFEFF{}', 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character 0',
  },
  'space in front': { bytes: assemble(' {}', 0), identifier: 'safetensors_header_unreadable', says: 'character 0' },
  'an array': { bytes: assemble('[]', 0), identifier: 'safetensors_header_unreadable', says: 'character 0' },
  'text behind the header': {
    bytes: assemble('{} {}', 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character 3',
  },
  'a name that never ends': {
    bytes: assemble('{"a', 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character 1',
  },
  'a name with half a character': {
    bytes: assemble(`{"\\ud800":${JSON.stringify(place(0, 4))}}`, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character 1',
  },
  'a comma too many': {
    bytes: assemble(`{"a":${JSON.stringify(place(0, 4))},}`, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a tensor that is a number': {
    bytes: assemble('{"a":1}', 0),
    identifier: 'safetensors_header_unreadable',
    says: '5',
  },
  'a field nobody knows': {
    bytes: assemble({ a: { ...place(0, 4), extra: 'x' } }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a shape given twice': {
    bytes: assemble('{"a":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}', 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'no offsets': {
    bytes: assemble({ a: { dtype: 'F32', shape: [0] } }, 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a negative length': {
    bytes: assemble({ a: { ...place(0, 4), shape: [-1] } }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a length with a fraction': {
    bytes: assemble({ a: { ...place(0, 4), shape: [0.5] } }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'a length past 2^53': {
    bytes: assemble('{"a":{"dtype":"F32","shape":[9007199254740993],"data_offsets":[0,4]}}', 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'nine dimensions': {
    bytes: assemble({ a: place(0, 4, [1, 1, 1, 1, 1, 1, 1, 1, 1]) }, 4),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'metadata that is no text': {
    bytes: assemble({ __metadata__: { a: 1 } }, 0),
    identifier: 'safetensors_header_unreadable',
    says: 'character',
  },
  'metadata given twice': {
    bytes: assemble('{"__metadata__":{},"__metadata__":{}}', 0),
    identifier: 'safetensors_duplicate',
    says: '__metadata__ twice',
  },
  'one name, two tensors': {
    bytes: assemble(`{"a":${JSON.stringify(place(0, 4))},"a":${JSON.stringify(place(4, 8))}}`, 8),
    identifier: 'safetensors_duplicate',
    says: 'a twice',
  },
  'a type nobody reads': {
    bytes: assemble({ a: place(0, 8, [1], 'F64') }, 8),
    identifier: 'safetensors_dtype',
    says: 'stored as F64. These types can be read: I64, F32',
  },
  'offsets past the end': {
    bytes: assemble({ a: place(0, 16) }, 12),
    identifier: 'safetensors_range',
    says: 'bytes 0 to 16, but only 12',
  },
  'offsets backwards': { bytes: assemble({ a: place(8, 4, [1]) }, 8), identifier: 'safetensors_range', says: '8 to 4' },
  'a shape larger than its bytes': {
    bytes: assemble({ 'h.0.weight': place(0, 8, [3]) }, 8),
    identifier: 'safetensors_size',
    says: 'h.0.weight in safetensors has shape [3] as F32, which needs 12 bytes; it has 8',
  },
  'a shape whose product overflows to the right size': {
    bytes: assemble({ a: place(0, 0, [2 ** 32, 2 ** 32]) }, 0),
    identifier: 'safetensors_size',
    says: 'has 0',
  },
  'two tensors over the same bytes': {
    bytes: assemble({ a: place(0, 8), b: place(4, 12) }, 12),
    identifier: 'safetensors_overlap',
    says: 'b in safetensors begins at byte 4',
  },
  'a hole between tensors': {
    bytes: assemble({ a: place(0, 4), b: place(8, 12) }, 12),
    identifier: 'safetensors_hole',
    says: 'Bytes 4 to 8',
  },
  'a hole in front': { bytes: assemble({ a: place(4, 8) }, 8), identifier: 'safetensors_hole', says: 'Bytes 0 to 4' },
  'bytes behind the last tensor': {
    bytes: assemble({ a: place(0, 4) }, 5),
    identifier: 'safetensors_hole',
    says: 'Bytes 4 to 5',
  },
};
