/** Muon by itself: against its formula in double precision, and what makes it Muon, singular values near one. */
import { expect, test } from 'vitest';
import { Muon, type MuonTensor } from '../../src/engine/muon.ts';
import { allocateTensors } from '../../src/engine/optimizer-memory.ts';
import { seededRandom } from '../../src/engine/random.ts';
import './allclose.ts';

type Matrix = number[][];

const SETTINGS = { learningRate: 0.02, weightDecay: 0.1, gradientScale: 0.5 };

/** Matrices with random parameters and gradients; `scratch` holds what an earlier step left. */
function createMatrices(shapes: Record<string, readonly [rows: number, columns: number]>, seed = 1) {
  const random = seededRandom(seed);
  const wanted = Object.values(shapes).map(([rows, columns]) => ({ count: rows * columns, decays: true }));
  const { memories, tensors } = allocateTensors(wanted);
  for (const { parameter, gradient, scratch } of tensors)
    for (const values of [parameter, gradient, scratch])
      for (let i = 0; i < values.length; i++) values[i] = random.normal();
  const matrices = Object.entries(shapes).map(([name, shape], i): MuonTensor => ({ ...tensors[i]!, name, shape }));
  return { memories, matrices };
}

const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, column) => row.reduce((sum, value, k) => sum + value * b[k]![column]!, 0)));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, column) => a.map((row) => row[column]!));
const combined = (a: Matrix, b: Matrix, x: number, y: number): Matrix =>
  a.map((row, i) => row.map((value, j) => x * value + y * b[i]![j]!));
const matrixOf = (values: Float32Array, columns: number): Matrix =>
  Array.from({ length: values.length / columns }, (_, row) => [...values.subarray(row * columns, (row + 1) * columns)]);

/** zeropower_via_newtonschulz of torch.optim.Muon, in float64. */
function orthogonalised(update: Matrix): Matrix {
  const isTall = update.length > update[0]!.length;
  const norm = Math.sqrt(update.flat().reduce((sum, value) => sum + value * value, 0));
  let x = combined(isTall ? transposed(update) : update, isTall ? transposed(update) : update, 1 / norm, 0);
  for (let i = 0; i < 5; i++) {
    const gram = product(x, transposed(x));
    x = combined(x, product(combined(gram, product(gram, gram), -4.775, 2.0315), x), 3.4445, 1);
  }
  return isTall ? transposed(x) : x;
}

test('three steps follow the formula, for wide, tall and square matrices', async () => {
  const { memories, matrices: tensors } = createMatrices({
    wide: [6, 14],
    tall: [14, 6],
    square: [9, 9],
    nearlySquare: [7, 9],
    nearlySquareTall: [9, 7],
  });
  const expected = tensors.map(({ parameter, shape }) => ({
    parameter: matrixOf(parameter, shape[1]!),
    momentum: matrixOf(new Float32Array(parameter.length), shape[1]!),
  }));
  const gradients = tensors.map(({ gradient }) => gradient.slice());
  const muon = await Muon.open(tensors, memories, { threads: 1 });
  for (let step = 0; step < 3; step++) {
    for (const [i, tensor] of tensors.entries()) tensor.gradient.set(gradients[i]!);
    await muon.step(SETTINGS);
    for (const [i, { parameter, shape }] of tensors.entries()) {
      const state = expected[i]!;
      const gradient = combined(matrixOf(gradients[i]!, shape[1]!), state.momentum, SETTINGS.gradientScale, 0);
      state.momentum = combined(state.momentum, gradient, 0.95, 0.05);
      const update = orthogonalised(combined(state.momentum, gradient, 0.95, 0.05));
      const size = SETTINGS.learningRate * 0.2 * Math.sqrt(Math.max(...shape));
      const keep = 1 - SETTINGS.learningRate * SETTINGS.weightDecay;
      state.parameter = combined(state.parameter, update, keep, -size);
      expect(parameter).toBeAllclose(state.parameter.flat(), { relTol: 1e-4, absTol: 1e-5 });
    }
  }
  await muon.dispose();
});

test('a gradient of few directions, as of one short row, becomes orthogonal as well', async () => {
  const { memories, matrices } = createMatrices({ tall: [40, 12], wide: [12, 40], square: [12, 12] });
  const random = seededRandom(9);
  for (const { shape, gradient, parameter } of matrices) {
    const [rows, columns] = shape as [number, number];
    const directions = [1, 1e-3].map((size) => ({
      left: Array.from({ length: rows }, () => size * random.normal()),
      right: Array.from({ length: columns }, () => random.normal()),
    }));
    for (let i = 0; i < gradient.length; i++) {
      const [row, column] = [Math.floor(i / columns), i % columns];
      gradient[i] = directions.reduce((sum, { left, right }) => sum + left[row]! * right[column]!, 0);
    }
    parameter.fill(0);
  }
  const expected = matrices.map(({ gradient, shape }) => orthogonalised(matrixOf(gradient, shape[1]!)));
  const muon = await Muon.open(matrices, memories, { threads: 1 });
  await muon.step({ learningRate: 1, weightDecay: 0, gradientScale: 1 });
  for (const [i, { parameter, shape }] of matrices.entries()) {
    const size = -0.2 * Math.sqrt(Math.max(...shape));
    // What float32 rounds off the strong direction (6e-8 of it) grows 3.4445⁵-fold where there is little else.
    expect(parameter.map((value) => value / size)).toBeAllclose(expected[i]!.flat(), { relTol: 1e-4, absTol: 2e-4 });
  }
  await muon.dispose();
});

test('an update is as long in every direction: its singular values lie near one', () => {
  const update = orthogonalised(matrixOf(createMatrices({ wide: [6, 14] }, 4).matrices[0]!.gradient, 14));
  const gram = product(update, transposed(update));
  for (let i = 0; i < 6; i++) expect(gram[i]![i]!).toBeGreaterThan(0.4);
  for (let i = 0; i < 6; i++) expect(gram[i]![i]!).toBeLessThan(1.5);
});

test('gradients of zero leave a matrix to its decay alone', async () => {
  const { memories, matrices } = createMatrices({ still: [4, 4] });
  const [tensor] = matrices as [MuonTensor];
  tensor.gradient.fill(0);
  const before = tensor.parameter.slice();
  const muon = await Muon.open(matrices, memories, { threads: 1 });
  await muon.step(SETTINGS);
  expect(tensor.parameter).toBeAllclose(
    [...before].map((value) => value * 0.998),
    { relTol: 1e-6, absTol: 1e-7 },
  );
  await muon.dispose();
});
