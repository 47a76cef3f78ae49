/**
 * Rotary positions (Su et al. 2021): each pair (i, i + D/2) of a head's numbers is turned by an angle that grows with the
 * token's position, so that a product of query and key depends on their distance alone.
 */
import { productOf, type Shape, ShapeError } from '../dimensions.ts';
import type { Operation } from './types.ts';

/**
 * position ids [T] (the same for every row) or [B, T] → where each token's angles stand ([1] or [B, T]), and the cosines and
 * sines of position · frequency, [T, D/2] or [B·T, D/2].
 */
export const RotaryTable: Operation<'RotaryTable'> = {
  types: ([positions], { frequencies }) => {
    const table: Shape = [productOf(positions!.shape), frequencies.length];
    const places: Shape = positions!.shape.length === 1 ? [1] : positions!.shape;
    return [
      { shape: places, dtype: 'int64' },
      { shape: table, dtype: 'float32' },
      { shape: table, dtype: 'float32' },
    ];
  },
  emit: (onnx, [positions], [places, cosines, sines], { inputs, attributes: { frequencies } }) => {
    const { shape } = inputs[0]!;
    const [zero, one] = [onnx.scalarInt(0), onnx.scalarInt(1)];
    const column = onnx.node1('Reshape', [positions!, onnx.ints([-1, 1])]);
    const angles = onnx.node1('Mul', [
      onnx.node1('Cast', [column], { to: { int: 1 } }),
      onnx.floats(frequencies, [1, frequencies.length]),
    ]);
    onnx.node('Cos', [angles], [cosines!]);
    onnx.node('Sin', [angles], [sines!]);
    if (shape.length === 1) return onnx.node('Identity', [onnx.ints([0])], [places!]);
    const count = onnx.node1('Squeeze', [onnx.shape([productOf(shape)]), onnx.ints([0])]);
    onnx.node('Reshape', [onnx.node1('Range', [zero, count, one]), onnx.shape(shape)], [places!]);
  },
  gradient: 'constant',
};

/**
 * x [B, H, T, D], or heads beside each other [B, T, H·D], turned by a RotaryTable's angles. A turn is undone by the opposite
 * one: dx = dy turned back.
 */
export const RotaryEmbedding: Operation<'RotaryEmbedding'> = {
  types: ([x, places, cosines, sines]) => {
    const isApart = x!.shape.length === 4;
    const [width, half] = [Number(x!.shape.at(-1)), Number(cosines!.shape[1])];
    if (isApart ? width !== 2 * half : x!.shape.length !== 3 || width % (2 * half) !== 0)
      throw new ShapeError(
        'RotaryEmbedding',
        'the angles do not fit',
        x!.shape,
        places!.shape,
        cosines!.shape,
        sines!.shape,
      );
    return [{ shape: x!.shape, dtype: 'float32' }];
  },
  emit: (onnx, inputs, outputs) => onnx.node('RotaryEmbedding', inputs, outputs, {}, 'com.microsoft'),
  gradient: (g, { inputs: [, places, cosines, sines] }, [dy]) => [
    () => g.apply('RotaryEmbedding', [dy!, places!, cosines!, g.mul(sines!, -1)], {}),
    null,
    null,
    null,
  ],
};
