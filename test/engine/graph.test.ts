/** Graphs: sizes known only at run time, shapes that do not fit, the same thing asked twice, what is left out. */
import { onnx } from 'onnx-proto';
import { describe, expect, test } from 'vitest';
import { broadcast, productOf, sameShape, sumOf } from '../../src/engine/dimensions.ts';
import { emit } from '../../src/engine/emit.ts';
import { gradients } from '../../src/engine/gradients.ts';
import { Graph } from '../../src/engine/graph.ts';

describe('dimensions', () => {
  test('products and sums have one spelling', () => {
    expect(productOf(['T', 'B'])).toBe('B*T');
    expect(productOf(['B', 2, 'T', 3])).toBe('6*B*T');
    expect(productOf(['P+T', 'B'])).toBe('B*P+B*T');
    expect(productOf([2, 3, 4])).toBe(24);
    expect(productOf([])).toBe(1);
    expect(sumOf(['T', 'P'])).toBe('P+T');
    expect(sumOf(['T', 'T', 1])).toBe('1+2*T');
  });
  test('equal sizes are equal however they came about', () => {
    expect(productOf([productOf(['B', 'T']), 12])).toBe(productOf(['T', 3, 'B', 4]));
    expect(sameShape([productOf(['B', 'T'])], ['B*T'])).toBe(true);
  });
  test('broadcasting aligns at the end; a size of its own is not stretched', () => {
    expect(broadcast('Add', ['B', 1, 'T'], [4, 1])).toEqual(['B', 4, 'T']);
    expect(() => broadcast('Add', ['B', 3], ['T', 3])).toThrow('Add: shapes do not broadcast: [B, 3] and [T, 3]');
  });
});

test('shapes that do not fit are named, both of them', () => {
  const g = new Graph();
  const [a, b] = [g.input('a', ['B', 3]), g.input('b', [4, 5])];
  expect(() => g.gemm(a, b)).toThrow('Gemm: inner sizes differ: [B, 3] and [4, 5]');
  expect(() => g.gemm(a, b, { transB: true })).toThrow('Gemm: inner sizes differ with b transposed: [B, 3] and [4, 5]');
  expect(() => g.reshape(a, ['B', 4])).toThrow('Reshape: counts differ: [B, 3] and [B, 4]');
  expect(() => g.apply('Split', [a], { axis: 0, parts: 2 })).toThrow('Split: no 2 equal parts on axis 0: [B, 3]');
});

test('asking twice for the same operation gives the same value', () => {
  const g = new Graph();
  const a = g.input('a', [2]);
  expect(g.mul(a, 2)).toBe(g.mul(a, 2));
  expect(g.mul(a, 2)).not.toBe(g.mul(a, 3));
  expect(() => g.input('a', [2])).toThrow('already has an input a');
});

test('frozen weights cost nothing on the way back', () => {
  const g = new Graph();
  const [x, frozen, trained] = [g.input('x', ['N', 2]), g.input('frozen', [2, 2]), g.input('trained', [2, 2])];
  const loss = g.sum(g.gemm(g.gemm(x, trained), frozen), [0, 1]);
  g.output('gradient', gradients(g, loss, g.constant(1), [trained])[0]!);
  const { node } = onnx.ModelProto.decode(emit(g)).graph!;
  // dtrained = xᵀ (dy frozenᵀ): two products, and neither of the forward ones is needed.
  expect(node!.filter(({ opType }) => opType === 'Gemm').length).toBe(2);
});

test('a loss that does not depend on a parameter says so', () => {
  const g = new Graph();
  const [a, b] = [g.input('a', [2]), g.input('b', [3])];
  expect(() => gradients(g, g.sum(a, [0]), g.constant(1), [b])).toThrow('the loss does not depend on parameter');
});

test('gradients of one value are added by the products that make them', () => {
  const g = new Graph();
  const [x, left, right] = [g.input('x', ['N', 3]), g.input('left', [3, 4]), g.input('right', [3, 4])];
  const loss = g.sum(g.mul(g.gemm(x, left), g.gemm(x, right)), [0, 1]);
  g.output('gradient', gradients(g, loss, g.constant(1), [x])[0]!);
  const { node } = onnx.ModelProto.decode(emit(g)).graph!;
  expect(node!.filter(({ opType }) => opType === 'Add')).toEqual([]);
  const { input } = node!.find(({ output }) => output![0] === 'gradient')!;
  expect(input).toHaveLength(3);
});

test('a graph of training says the sizes that onnxruntime loses', () => {
  const g = new Graph();
  const x = g.reshape(g.input('x', ['B', 'T', 3]), ['B*T', 3]);
  g.output('y', g.mul(x, x));
  const { valueInfo } = onnx.ModelProto.decode(emit(g, { training: true })).graph!;
  const sizes = valueInfo![0]!.type!.tensorType!.shape!.dim!.map(
    ({ dimParam, dimValue }) => dimParam || Number(dimValue),
  );
  expect(sizes).toEqual(['B*T', 3]);
});
