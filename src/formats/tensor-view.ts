/** Little-endian bytes as the typed array of their type. */
import type { DataType, HostTensor } from '../engine/index.ts';

export function viewOf(dtype: DataType, buffer: ArrayBuffer): HostTensor['data'] {
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer);
    case 'float16':
    case 'bfloat16':
      return new Uint16Array(buffer);
    case 'int64':
      return new BigInt64Array(buffer);
    case 'int32':
      return new Int32Array(buffer);
    case 'int8':
      return new Int8Array(buffer);
    case 'uint8':
    case 'bool':
      return new Uint8Array(buffer);
  }
}
