/** Products with weights in the forms of packing.ts. They are only served: training keeps plain matrices. */
import { productOf, ShapeError } from '../dimensions.ts';
import { BLOCK_SIZE, PANEL_WIDTH } from '../packing.ts';
import type { Operation } from './types.ts';

/** x [N, in], panels [P, in, 32] → the first `columns` of x W [N, 32 · P]. */
export const MatMulPanels: Operation<'MatMulPanels'> = {
  types: ([x, panels], { columns }) => {
    const [count, inFeatures, width] = panels!.shape;
    if (x!.shape.length !== 2 || x!.shape[1] !== inFeatures || width !== PANEL_WIDTH)
      throw new ShapeError('MatMulPanels', 'the panels do not fit', x!.shape, panels!.shape);
    if (Math.ceil(columns / PANEL_WIDTH) !== count)
      throw new ShapeError('MatMulPanels', `${columns} columns are another number of panels`, panels!.shape);
    return [{ shape: [x!.shape[0]!, columns], dtype: 'float32' }];
  },
  emit: (onnx, [x, panels], [y], { inputs, attributes: { columns } }) => {
    const [rows] = inputs[0]!.shape;
    const [count] = inputs[1]!.shape;
    const apart = onnx.node1('MatMul', [x!, panels!]); // [P, N, 32]
    const beside = onnx.node1('Transpose', [apart], { perm: { ints: [1, 0, 2] } });
    const whole = [beside, onnx.shape([rows!, productOf([count!, PANEL_WIDTH])])];
    if (columns === Number(count) * PANEL_WIDTH) return onnx.node('Reshape', whole, [y!]);
    const [zero, end, axis] = [0, columns, 1].map((number) => onnx.ints([number])) as [string, string, string];
    onnx.node('Slice', [onnx.node1('Reshape', whole), zero, end, axis], [y!]);
  },
  gradient: 'served',
};

/**
 * x [N, in], blocks [out, n, 4 · bits], scales [out, n] → x Wᵀ [N, out], W = scale · (q − zero), zero = 8 or 128. The kernel
 * rounds each block of 32 of x to 8 bits too (accuracy_level 4), which makes the product one of whole numbers.
 */
export const MatMulNBits: Operation<'MatMulNBits'> = {
  types: ([x, blocks, scales], { inFeatures, bits }) => {
    const [outFeatures, count, bytes] = blocks!.shape;
    const fits =
      x!.shape.length === 2 &&
      x!.shape[1] === inFeatures &&
      count === Math.ceil(inFeatures / BLOCK_SIZE) &&
      bytes === (bits * BLOCK_SIZE) / 8 &&
      `${scales!.shape}` === `${[outFeatures, count]}`;
    if (!fits) throw new ShapeError('MatMulNBits', 'the blocks do not fit', x!.shape, blocks!.shape, scales!.shape);
    return [{ shape: [x!.shape[0]!, outFeatures!], dtype: 'float32' }];
  },
  emit: (onnx, inputs, outputs, { inputs: values, attributes: { inFeatures, bits } }) =>
    onnx.node(
      'MatMulNBits',
      inputs,
      outputs,
      {
        K: { int: inFeatures },
        N: { int: Number(values[1]!.shape[0]) },
        bits: { int: bits },
        block_size: { int: BLOCK_SIZE },
        accuracy_level: { int: 4 },
      },
      'com.microsoft',
    ),
  gradient: 'served',
};
