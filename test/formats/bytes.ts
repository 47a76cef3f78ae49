/** safetensors files put together by hand, and what to put in them. */
import type { TensorMap } from '../../src/engine/index.ts';

/** A safetensors file from any header, true or not. */
export function assemble(header: unknown, dataBytes: number, declaredLength?: bigint): Uint8Array {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header), 'utf8');
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(declaredLength ?? BigInt(json.length));
  return Buffer.concat([prefix, json, Buffer.alloc(dataBytes, 7)]);
}

/** One tensor of each type, a scalar and an empty one among them. */
export function everyType(): TensorMap {
  return new Map([
    ['b.float32', { dtype: 'float32', shape: [2, 3], data: new Float32Array([1, -2, 3.5, 0, -0, Number.NaN]) }],
    ['a.float32', { dtype: 'float32', shape: [], data: new Float32Array([7]) }],
    ['half', { dtype: 'float16', shape: [3], data: new Uint16Array([0x3c00, 0x7bff, 0x8001]) }],
    ['brain', { dtype: 'bfloat16', shape: [1, 1], data: new Uint16Array([0x3f80]) }],
    ['ids', { dtype: 'int64', shape: [2], data: new BigInt64Array([-1n, 9_007_199_254_740_993n]) }],
    ['steps', { dtype: 'int32', shape: [1], data: new Int32Array([-5]) }],
    ['signed', { dtype: 'int8', shape: [3], data: new Int8Array([-128, 0, 127]) }],
    ['ação "ã"', { dtype: 'uint8', shape: [1, 5], data: new Uint8Array([0, 1, 2, 254, 255]) }],
    ['mask', { dtype: 'bool', shape: [2], data: new Uint8Array([0, 1]) }],
    ['empty', { dtype: 'float32', shape: [0, 4], data: new Float32Array(0) }],
  ]);
}
