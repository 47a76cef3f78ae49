/** Named arrays of numbers as they lie in files and in memory, and the conversions between number formats. */

export type DataType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'int32' | 'int8' | 'uint8' | 'bool';

/** Row-major numbers; float16 and bfloat16 are kept as their raw 16 bits. */
export interface HostTensor {
  dtype: DataType;
  shape: readonly number[];
  data: Float32Array | Uint16Array | BigInt64Array | Int32Array | Int8Array | Uint8Array;
}

export type TensorMap = Map<string, HostTensor>;

/** How many numbers a tensor of `shape` holds (1 for a scalar's empty shape). */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** A float32 tensor over `data`; throws when the shape asks for another count. */
export function float32Tensor(
  shape: readonly number[],
  data: Float32Array = new Float32Array(elementCount(shape)),
): HostTensor {
  if (data.length !== elementCount(shape)) {
    throw new RangeError(`shape [${shape}] needs ${elementCount(shape)} numbers, the array has ${data.length}`);
  }
  return { dtype: 'float32', shape: [...shape], data };
}

/** The numbers of `tensor` as float32: the same array when they already are, else a new one. */
export function toFloat32({ data, dtype }: HostTensor): Float32Array {
  if (data instanceof Float32Array) return data;
  const read = dtype === 'float16' ? float16ToFloat32 : dtype === 'bfloat16' ? bfloat16ToFloat32 : Number;
  const result = new Float32Array(data.length);
  for (let i = 0; i < result.length; i++) result[i] = read(Number(data[i]));
  return result;
}

/** Copies every tensor, so that the numbers stay when their owner trains on. */
export function copyTensors(tensors: TensorMap): TensorMap {
  return new Map([...tensors].map(([name, tensor]) => [name, { ...tensor, data: tensor.data.slice() }]));
}

const floatView = new Float32Array(1);
const bitsView = new Uint32Array(floatView.buffer);

/** A bfloat16 is the upper half of a float32. */
function bfloat16ToFloat32(bits: number): number {
  bitsView[0] = bits << 16;
  return floatView[0]!;
}

/** Half precision bits (1 sign, 5 exponent, 10 fraction) to a number; exact. */
export function float16ToFloat32(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0x1f) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** A number, first rounded to float32, to half precision bits: round to nearest, ties to even, overflow to infinity. */
export function float32ToFloat16(value: number): number {
  floatView[0] = value;
  const bits = bitsView[0]!;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 lies halfway between the largest half (65504) and the next step: it and all above become infinite.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 halves are multiples of 2^-24: scaling makes them whole numbers, rounded to even.
  if (magnitude < 0x38800000) return sign | roundHalfToEven(Math.abs(floatView[0]!) * 2 ** 24);
  // Normal numbers: rebias the exponent (127 → 15) and round off 13 fraction bits; a carry runs into the exponent, as it should.
  return sign | roundHalfToEven((magnitude - 0x38000000) / 8192);
}

function roundHalfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
