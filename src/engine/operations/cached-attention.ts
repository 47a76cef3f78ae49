/**
 * Attention over a cache that is written in place (onnxruntime's GroupQueryAttention): queries [B, T, H·D], keys and values
 * [B, T, G·D], caches [B, G, S, D] with room for S tokens of which the first `last`+1−T are filled, last [B] and total []
 * (int32: the index of the last token, and how many tokens there then are) → looked [B, T, H·D], and the caches with the T new
 * tokens added. Given the memory of its inputs for these two outputs, onnxruntime writes the new tokens and nothing else.
 */
import { type Dimension, ShapeError, sameShape } from '../dimensions.ts';
import type { Operation } from './types.ts';

/** The kernel takes heads of a multiple of this; narrower ones are filled up with zeros, which change no product. */
const HEAD_MULTIPLE = 8;

/** The last axis of a cache for heads of `headSize` numbers. */
export function cacheWidth(headSize: number): number {
  return HEAD_MULTIPLE * Math.ceil(headSize / HEAD_MULTIPLE);
}

export const GroupQueryAttention: Operation<'GroupQueryAttention'> = {
  types: ([query, key, value, pastKey, pastValue, last], { heads, keyValueHeads, headSize }) => {
    const [B, T] = query!.shape;
    const cache = [B!, keyValueHeads, pastKey!.shape[2]!, cacheWidth(headSize)];
    const fits =
      sameShape(query!.shape, [B!, T!, heads * headSize]) &&
      [key!, value!].every(({ shape }) => sameShape(shape, [B!, T!, keyValueHeads * headSize])) &&
      [pastKey!, pastValue!].every(({ shape }) => sameShape(shape, cache)) &&
      sameShape(last!.shape, [B!]);
    if (!fits)
      throw new ShapeError(
        'GroupQueryAttention',
        'queries, keys, values and caches do not fit',
        query!.shape,
        key!.shape,
        value!.shape,
        pastKey!.shape,
        pastValue!.shape,
        last!.shape,
      );
    return [
      { shape: query!.shape, dtype: 'float32' },
      { shape: cache, dtype: 'float32' },
      { shape: cache, dtype: 'float32' },
    ];
  },
  emit: (onnx, [query, key, value, ...rest], [looked, ...caches], { inputs, attributes }) => {
    const { heads, keyValueHeads, headSize, scale } = attributes;
    const width = cacheWidth(headSize);
    const [B, T] = inputs[0]!.shape as [Dimension, Dimension];
    const view = (x: string, ...shape: Dimension[]): string => onnx.node1('Reshape', [x, onnx.shape(shape)]);
    const filledUp = (x: string, count: number): string => {
      const pads = onnx.ints([0, 0, 0, 0, 0, 0, 0, width - headSize]);
      return view(onnx.node1('Pad', [view(x, B, T, count, headSize), pads]), B, T, count * width);
    };
    const kernel = (x: readonly string[], output: string): void =>
      onnx.node(
        'GroupQueryAttention',
        [...x, ...rest],
        [output, ...caches],
        { num_heads: { int: heads }, kv_num_heads: { int: keyValueHeads }, scale: { float: scale } },
        'com.microsoft',
      );
    if (width === headSize) return kernel([query!, key!, value!], looked!);
    const wide = `${looked} wide`;
    kernel([filledUp(query!, heads), filledUp(key!, keyValueHeads), filledUp(value!, keyValueHeads)], wide);
    const [zero, end, axis] = [0, headSize, 3].map((number) => onnx.ints([number])) as [string, string, string];
    const cut = onnx.node1('Slice', [view(wide, B, T, heads, width), zero, end, axis]);
    onnx.node('Reshape', [cut, onnx.shape([B, T, heads * headSize])], [looked!]);
  },
  gradient: 'served',
};
