/**
 * Every operation's gradient against central differences, and its numbers against its formula, both run by onnxruntime.
 * The mapped type makes an operation without a case a compile error; the first test makes an empty list a failure.
 */
import { describe, expect, test } from 'vitest';
import type { Dimension, Shape } from '../../src/engine/dimensions.ts';
import { gradients } from '../../src/engine/gradients.ts';
import { Graph, type Value } from '../../src/engine/graph.ts';
import { operations } from '../../src/engine/operations/table.ts';
import type { Attributes, OperationName } from '../../src/engine/operations/types.ts';
import { seededRandom } from '../../src/engine/random.ts';
import { floatsOf, type InferenceSession, int64Tensor, openSession, Tensor } from '../../src/engine/session.ts';
import './allclose.ts';

const sizes: Record<string, number> = { B: 2, T: 3, M: 4, P: 2, R: 2 };

interface Input {
  shape: Shape;
  /** Whole numbers below `below` instead of random ones; no gradient. */
  indices?: readonly number[];
  /** Given numbers, of which no gradient is asked. */
  fixed?: readonly number[];
  /** What they are given as; float32 unless it says otherwise. */
  dtype?: 'int32' | 'uint8';
  /** Random numbers lie in this range. */
  range?: [number, number];
}

interface Case<Name extends OperationName> {
  attributes: Attributes[Name];
  inputs: Input[];
  /** The formula: the numbers of the first output. */
  expected: (...inputs: number[][]) => number[];
}

const x = (...shape: Dimension[]): Input => ({ shape });
const positive = (...shape: Dimension[]): Input => ({ shape, range: [0.5, 2] });
const indices = (shape: Shape, numbers: number[]): Input => ({ shape, indices: numbers });

const given = (shape: Shape, numbers: number[]): Input => ({ shape, fixed: numbers });
const counted = (shape: Shape, numbers: number[]): Input => ({ shape, fixed: numbers, dtype: 'int32' });
const byted = (shape: Shape, numbers: number[]): Input => ({ shape, fixed: numbers, dtype: 'uint8' });
const ANGLES_3 = [0, 0, 1, 0.1, 2, 0.2];
const ANGLES_6 = [...ANGLES_3, 3, 0.3, 4, 0.4, 5, 0.5];
/** The pairs (0, 2) and (1, 3) of a row turned by two angles. */
const turned = ([a, b, c, d]: number[], [first, second]: number[]): number[] => [
  a! * Math.cos(first!) - c! * Math.sin(first!),
  b! * Math.cos(second!) - d! * Math.sin(second!),
  c! * Math.cos(first!) + a! * Math.sin(first!),
  d! * Math.cos(second!) + b! * Math.sin(second!),
];
/** ½ (1 + erf(v/√2)) by the series of erf. */
const normalDistribution = (v: number): number => {
  let [term, sum] = [v, v];
  for (let n = 1; n < 60; n++) {
    term *= -(v * v) / (2 * n);
    sum += term / (2 * n + 1);
  }
  return 0.5 + sum / Math.sqrt(2 * Math.PI);
};
const softmax = (row: number[]): number[] => {
  const sum = row.reduce((total, value) => total + Math.exp(value), 0);
  return row.map((value) => Math.exp(value) / sum);
};
const rowsOf = (numbers: number[], columns: number): number[][] =>
  Array.from({ length: numbers.length / columns }, (_, row) => numbers.slice(row * columns, (row + 1) * columns));
const columnsOf = (rows: number[][]): number[][] => rows[0]!.map((_, column) => rows.map((row) => row[column]!));
const dot = (a: number[], b: number[]): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const product = (a: number[][], b: number[][]): number[][] =>
  a.map((row) => columnsOf(b).map((column) => dot(row, column)));

const cases: { [Name in OperationName]: Case<Name>[] } = {
  Cast: [{ attributes: {}, inputs: [x('B', 3)], expected: (a) => a }],
  Add: [
    { attributes: {}, inputs: [x('B', 3), x('B', 3)], expected: (a, b) => a.map((v, i) => v + b[i]!) },
    { attributes: {}, inputs: [x('B', 'T', 2), x('T', 2)], expected: (a, b) => a.map((v, i) => v + b[i % 6]!) },
  ],
  Sub: [
    { attributes: {}, inputs: [x('B', 3), x('B', 1)], expected: (a, b) => a.map((v, i) => v - b[Math.floor(i / 3)]!) },
    { attributes: {}, inputs: [x(), x(3)], expected: (a, b) => b.map((v) => a[0]! - v) },
  ],
  Mul: [
    { attributes: {}, inputs: [x('B', 3), x('B', 3)], expected: (a, b) => a.map((v, i) => v * b[i]!) },
    { attributes: {}, inputs: [x('B', 3), x(3)], expected: (a, b) => a.map((v, i) => v * b[i % 3]!) },
  ],
  Div: [
    { attributes: {}, inputs: [x('B', 3), positive('B', 3)], expected: (a, b) => a.map((v, i) => v / b[i]!) },
    { attributes: {}, inputs: [x('B', 3), positive(1)], expected: (a, b) => a.map((v) => v / b[0]!) },
  ],
  Exp: [{ attributes: {}, inputs: [x('B', 3)], expected: (a) => a.map(Math.exp) }],
  Log: [{ attributes: {}, inputs: [positive('B', 3)], expected: (a) => a.map(Math.log) }],
  Sigmoid: [{ attributes: {}, inputs: [x('B', 3)], expected: (a) => a.map((v) => 1 / (1 + Math.exp(-v))) }],
  Tanh: [{ attributes: {}, inputs: [x('B', 3)], expected: (a) => a.map(Math.tanh) }],
  FastGelu: [
    {
      attributes: {},
      inputs: [{ shape: ['B', 8], range: [-4, 4] }],
      expected: (a) => a.map((v) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)))),
    },
  ],
  Gelu: [
    {
      attributes: {},
      inputs: [{ shape: ['B', 6], range: [-3, 3] }],
      expected: (a) => a.map((v) => v * normalDistribution(v)),
    },
  ],
  Silu: [
    {
      attributes: {},
      inputs: [{ shape: ['B', 8], range: [-4, 4] }],
      expected: (a) => a.map((v) => v / (1 + Math.exp(-v))),
    },
  ],
  Gemm: [
    {
      attributes: {},
      inputs: [x('M', 3), x(3, 2), x(2)],
      expected: (a, b, c) => product(rowsOf(a, 3), rowsOf(b, 2)).flatMap((row) => row.map((v, i) => v + c[i]!)),
    },
    {
      attributes: { transA: true },
      inputs: [x(3, 'M'), x(3, 2)],
      expected: (a, b) => product(columnsOf(rowsOf(a, 4)), rowsOf(b, 2)).flat(),
    },
    {
      attributes: { transB: true, alpha: 0.5 },
      inputs: [x('M', 3), x(2, 3), x('M', 2)],
      expected: (a, b, c) =>
        rowsOf(a, 3).flatMap((row, i) => rowsOf(b, 3).map((other, j) => 0.5 * dot(row, other) + c[2 * i + j]!)),
    },
    {
      attributes: { alpha: 2, beta: -0.5 },
      inputs: [x('M', 3), x(3, 2), x(2)],
      expected: (a, b, c) =>
        product(rowsOf(a, 3), rowsOf(b, 2)).flatMap((row) => row.map((v, i) => 2 * v - 0.5 * c[i]!)),
    },
    {
      attributes: { transA: true, transB: true, alpha: 2 },
      inputs: [x(3, 'M'), x(2, 3)],
      expected: (a, b) =>
        product(columnsOf(rowsOf(a, 4)), columnsOf(rowsOf(b, 3))).flatMap((row) => row.map((v) => 2 * v)),
    },
  ],
  FusedMatMul: (
    [
      [false, false, [2, 3], [3, 4]],
      [false, true, [2, 3], [4, 3]],
      [true, false, [3, 2], [3, 4]],
      [true, true, [3, 2], [4, 3]],
    ] as [boolean, boolean, [number, number], [number, number]][]
  ).map(([transA, transB, a, b]) => ({
    attributes: { transA, transB, alpha: 0.5 },
    inputs: [x('B', 2, ...a), x('B', 2, ...b)],
    expected: (left, right) =>
      rowsOf(left, 6).flatMap((matrix, i) => {
        const [l, r] = [rowsOf(matrix, a[1]), rowsOf(right.slice(12 * i, 12 * (i + 1)), b[1])];
        return product(transA ? columnsOf(l) : l, transB ? columnsOf(r) : r).flatMap((row) => row.map((v) => 0.5 * v));
      }),
  })),
  Softmax: [{ attributes: {}, inputs: [x('B', 'T', 4)], expected: (a) => rowsOf(a, 4).flatMap(softmax) }],
  Attention: [
    {
      attributes: { scale: 0.7 },
      inputs: [
        x('B', 2, 'T', 4),
        x('B', 2, 'P+T', 4),
        x('B', 2, 'P+T', 4),
        { shape: ['B', 1, 'T', 'P+T'], fixed: [...Array(30).keys()].map((i) => -(i % 7)) },
      ],
      expected: (q, k, v, bias) =>
        rowsOf(q, 12).flatMap((queries, i) => {
          const [keys, values] = [k, v].map((all) => rowsOf(all.slice(20 * i, 20 * (i + 1)), 4)) as [
            number[][],
            number[][],
          ];
          const shift = (t: number, s: number): number => bias[15 * Math.floor(i / 2) + 5 * t + s]!;
          const looks = rowsOf(queries, 4).map((query, t) =>
            softmax(keys.map((key, s) => 0.7 * dot(query, key) + shift(t, s))),
          );
          return product(looks, values).flat();
        }),
    },
    {
      // Four query heads over two key-value heads.
      attributes: { scale: 0.7 },
      inputs: [
        x('B', 4, 'T', 2),
        x('B', 2, 'T', 2),
        x('B', 2, 'T', 2),
        given(['T', 'T'], [0, -9, -9, 0, 0, -9, 0, 0, 0]),
      ],
      expected: (q, k, v, bias) =>
        rowsOf(q, 6).flatMap((queries, i) => {
          const kept = Math.floor(i / 2);
          const [keys, values] = [k, v].map((all) => rowsOf(all.slice(6 * kept, 6 * kept + 6), 2)) as [
            number[][],
            number[][],
          ];
          const looks = rowsOf(queries, 2).map((query, t) =>
            softmax(keys.map((key, s) => 0.7 * dot(query, key) + bias[3 * t + s]!)),
          );
          return product(looks, values).flat();
        }),
    },
  ],
  SimplifiedLayerNormalization: [
    {
      attributes: { epsilon: 1e-5 },
      inputs: [x('M', 5), x(5)],
      expected: (a, scale) =>
        rowsOf(a, 5).flatMap((row) => row.map((v, i) => (v / Math.sqrt(dot(row, row) / 5 + 1e-5)) * scale[i]!)),
    },
  ],
  RotaryTable: [
    { attributes: { frequencies: [1, 0.1] }, inputs: [indices(['T'], [0, 1, 2])], expected: () => [0] },
    {
      attributes: { frequencies: [1, 0.1] },
      inputs: [indices(['B', 'T'], [0, 1, 2, 5, 6, 7])],
      expected: () => [0, 1, 2, 3, 4, 5],
    },
  ],
  RotaryEmbedding: [
    {
      attributes: {},
      inputs: [
        x('B', 2, 'T', 4),
        indices([1], [0]),
        given(['T', 2], ANGLES_3.map(Math.cos)),
        given(['T', 2], ANGLES_3.map(Math.sin)),
      ],
      expected: (a) => rowsOf(a, 4).flatMap((row, i) => turned(row, ANGLES_3.slice(2 * (i % 3)))),
    },
    {
      attributes: {},
      inputs: [
        x('B', 2, 'T', 4),
        indices(['B', 'T'], [5, 4, 3, 2, 1, 0]),
        given(['B*T', 2], ANGLES_6.map(Math.cos)),
        given(['B*T', 2], ANGLES_6.map(Math.sin)),
      ],
      // Row b, head h, token t reads the angles of place 5 − 3 b − t.
      expected: (a) =>
        rowsOf(a, 4).flatMap((row, i) => turned(row, ANGLES_6.slice(2 * (5 - 3 * Math.floor(i / 6) - (i % 3))))),
    },
  ],
  LayerNormalization: [
    {
      attributes: { epsilon: 1e-5 },
      inputs: [x('M', 5), x(5), x(5)],
      expected: (a, scale, bias) =>
        rowsOf(a, 5).flatMap((row) => {
          const mean = row.reduce((sum, v) => sum + v, 0) / 5;
          const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 5;
          return row.map((v, i) => ((v - mean) / Math.sqrt(variance + 1e-5)) * scale[i]! + bias[i]!);
        }),
    },
  ],
  LinearLogSumExp: [
    {
      attributes: {},
      inputs: [x('M', 3), x(5, 3)],
      expected: (h, table) =>
        rowsOf(h, 3).map((row) =>
          Math.log(rowsOf(table, 3).reduce((sum, token) => sum + Math.exp(dot(row, token)), 0)),
        ),
    },
  ],
  ReduceLogSumExp: [
    {
      attributes: {},
      inputs: [x('M', 3)],
      expected: (a) => rowsOf(a, 3).map((row) => Math.log(row.reduce((sum, v) => sum + Math.exp(v), 0))),
    },
  ],
  ReduceSum: [
    {
      attributes: { axes: [0], keepdims: false },
      inputs: [x('M', 3)],
      expected: (a) => columnsOf(rowsOf(a, 3)).map((c) => dot(c, [1, 1, 1, 1])),
    },
    {
      attributes: { axes: [1], keepdims: true },
      inputs: [x('M', 3)],
      expected: (a) => rowsOf(a, 3).map((row) => dot(row, [1, 1, 1])),
    },
  ],
  Expand: [{ attributes: { shape: ['M', 3] }, inputs: [x('M', 1)], expected: (a) => a.flatMap((v) => [v, v, v]) }],
  Reshape: [{ attributes: { shape: ['B*T', 2] }, inputs: [x('B', 'T', 2)], expected: (a) => a }],
  Transpose: [
    {
      attributes: { perm: [1, 2, 0] },
      inputs: [x('B', 2, 'T')],
      expected: (a) => [0, 1].flatMap((i) => [0, 1, 2].flatMap((j) => [0, 1].map((b) => a[b * 6 + i * 3 + j]!))),
    },
  ],
  Split: [
    {
      attributes: { axis: 1, parts: 2 },
      inputs: [x('M', 4)],
      expected: (a) => rowsOf(a, 4).flatMap((row) => row.slice(0, 2)),
    },
  ],
  Concat: [
    {
      attributes: { axis: 1 },
      inputs: [x('M', 2), x('M', 2), x('M', 2)],
      expected: (a, b, c) =>
        [0, 1, 2, 3].flatMap((row) => [a, b, c].flatMap((part) => part.slice(2 * row, 2 * row + 2))),
    },
  ],
  Gather: [
    {
      attributes: { distinct: false },
      inputs: [x(5, 2), indices(['B', 'T'], [1, 4, 1, 0, 1, 3])],
      expected: (table, ids) => ids.flatMap((id) => table.slice(2 * id, 2 * id + 2)),
    },
    {
      attributes: { distinct: true },
      inputs: [x(6, 2), indices(['M'], [5, 0, 2, 3])],
      expected: (table, ids) => ids.flatMap((id) => table.slice(2 * id, 2 * id + 2)),
    },
  ],
  ScatterRows: [
    {
      attributes: { distinct: false },
      inputs: [x(3, 2), indices(['M'], [2, 0, 2, 2]), x('M', 2)],
      expected: (data, ids, rows) =>
        data.map(
          (v, i) => v + ids.reduce((sum, id, k) => sum + (id === Math.floor(i / 2) ? rows[2 * k + (i % 2)]! : 0), 0),
        ),
    },
    {
      attributes: { distinct: true },
      inputs: [x(5, 2), indices(['M'], [4, 0, 2, 1]), x('M', 2)],
      expected: (data, ids, rows) =>
        data.map(
          (v, i) => v + ids.reduce((sum, id, k) => sum + (id === Math.floor(i / 2) ? rows[2 * k + (i % 2)]! : 0), 0),
        ),
    },
  ],
  GatherElements: [
    {
      attributes: { axis: 1 },
      inputs: [x('M', 3), indices(['M', 1], [2, 0, 1, 2])],
      expected: (a, ids) => ids.map((id, row) => a[3 * row + id]!),
    },
  ],
  ScatterElements: [
    {
      attributes: { axis: 1 },
      inputs: [x('M', 3), indices(['M', 1], [2, 0, 1, 2]), x('M', 1)],
      expected: (a, ids, updates) =>
        a.map((v, i) => v + (ids[Math.floor(i / 3)] === i % 3 ? updates[Math.floor(i / 3)]! : 0)),
    },
  ],
  CausalBias: [
    {
      attributes: {},
      inputs: [indices(['B', 'T'], [0, 0, 0, 0, 0, 0])],
      expected: () => [0, LOWEST, LOWEST, 0, 0, LOWEST, 0, 0, 0],
    },
    {
      attributes: {},
      inputs: [indices(['B', 'T'], [0, 0, 0, 0, 0, 0]), indices(['B', 'P+T'], [1, 1, 1, 1, 1, 0, 0, 1, 1, 1])],
      expected: () => [
        ...[0, 0, 0, LOWEST, LOWEST, 0, 0, 0, 0, LOWEST, 0, 0, 0, 0, 0],
        ...[LOWEST, LOWEST, 0, LOWEST, LOWEST, LOWEST, LOWEST, 0, 0, LOWEST, LOWEST, LOWEST, 0, 0, 0],
      ],
    },
  ],
  PaddingBias: [
    {
      attributes: {},
      inputs: [indices(['B', 'T'], [1, 1, 0, 1, 0, 0])],
      expected: () => [0, 0, LOWEST, 0, LOWEST, LOWEST],
    },
  ],
  SplitColumns: [
    {
      attributes: { sizes: [2, 1, 3] },
      inputs: [x('M', 6)],
      expected: (a) => rowsOf(a, 6).flatMap((row) => row.slice(0, 2)),
    },
  ],
  CrossEntropy: [
    {
      attributes: {},
      inputs: [x('M', 5), indices(['M'], [4, 0, 2, 1])],
      expected: (scores, targets) => targets.map((target, row) => -Math.log(softmax(rowsOf(scores, 5)[row]!)[target]!)),
    },
  ],
  // Forty outputs are two panels, the second one filled up; 64 need no filling.
  MatMulPanels: [40, 64].map((columns) => ({
    attributes: { columns },
    inputs: [x('T', 5), x(2, 5, 32)],
    expected: (a, panels) =>
      rowsOf(a, 5).flatMap((row) =>
        Array.from({ length: columns }, (_, o) =>
          row.reduce((sum, v, i) => sum + v * panels[(Math.floor(o / 32) * 5 + i) * 32 + (o % 32)]!, 0),
        ),
      ),
  })),
  // Inputs that are whole numbers up to 127 times a power of two lose nothing to the kernel's rounding, so its numbers can be held to the formula.
  MatMulNBits: ([4, 8] as const).flatMap((bits) =>
    [32, 64, 72].map((inFeatures) => {
      const across = Math.ceil(inFeatures / 32);
      // Most numbers lie above zero: sums that cancel would show rounding alone.
      const number = (i: number) =>
        i % 5 === 0 ? (i * 29) % 2 ** bits : 2 ** (bits - 1) + ((i * 57) % 2 ** (bits - 1));
      const bytes = Array.from({ length: 3 * across * 4 * bits }, (_, i) =>
        bits === 8 ? number(i) : number(2 * i) + 16 * number(2 * i + 1),
      );
      const rows = Array.from({ length: 2 * inFeatures }, (_, i) => (i % 32 === 0 ? 127 : ((i * 37) % 200) - 73) / 64);
      return {
        attributes: { inFeatures, bits },
        inputs: [given([2, inFeatures], rows), byted([3, across, 4 * bits], bytes), positive(3, across)],
        expected: (a: number[], blocks: number[], scales: number[]) =>
          rowsOf(a, inFeatures).flatMap((row) =>
            [0, 1, 2].map((o) =>
              row.reduce((sum, v, i) => {
                const place = o * across * 32 + i;
                const q = bits === 8 ? blocks[place]! - 128 : ((blocks[place >> 1]! >> (4 * (place & 1))) & 15) - 8;
                return sum + v * q * scales[o * across + (i >> 5)]!;
              }, 0),
            ),
          ),
      };
    }),
  ),
  // Two query heads a key-value head, a cache with room for seven tokens of which two are filled; a head of the kernel's size and one that is filled up to it.
  GroupQueryAttention: [8, 3].map((headSize) => ({
    attributes: { heads: 4, keyValueHeads: 2, headSize, scale: 0.4 },
    inputs: [
      x(1, 'T', 4 * headSize),
      x(1, 'T', 2 * headSize),
      x(1, 'T', 2 * headSize),
      x(1, 2, 7, 8),
      x(1, 2, 7, 8),
      counted([1], [4]),
      counted([], [5]),
    ],
    expected: (q, k, v, pastKeys, pastValues) => {
      const at = (numbers: number[], token: number, head: number, heads: number): number[] =>
        numbers.slice((token * heads + head) * headSize, (token * heads + head + 1) * headSize);
      const all = (past: number[], fresh: number[], head: number): number[][] =>
        [0, 1, 2, 3, 4].map((token) =>
          token < 2
            ? past.slice((head * 7 + token) * 8, (head * 7 + token) * 8 + headSize)
            : at(fresh, token - 2, head, 2),
        );
      return [0, 1, 2].flatMap((token) =>
        [0, 1, 2, 3].flatMap((head) => {
          const [keys, values] = [all(pastKeys, k, head >> 1), all(pastValues, v, head >> 1)];
          const seen = keys.slice(0, token + 3).map((key) => 0.4 * dot(at(q, token, head, 4), key));
          return product([softmax(seen)], values.slice(0, token + 3)).flat();
        }),
      );
    },
  })),
};

const LOWEST = Math.fround(-3.4028234663852886e38);

/** What never changes when its inputs change a little has no gradient to check. */
const constantOperations = Object.entries(operations).flatMap(([name, { gradient }]) =>
  gradient === 'constant' ? [name] : [],
);
/** What only a brain in use computes has none either. */
const servedOperations = Object.entries(operations).flatMap(([name, { gradient }]) =>
  gradient === 'served' ? [name] : [],
);

const everyCase = Object.entries(cases).flatMap(([name, list]) =>
  (list as Case<OperationName>[]).map((one, i) => ({ label: `${name} ${i + 1}`, name: name as OperationName, one })),
);

test('every operation has a case', () => {
  expect(Object.keys(operations).length).toBeGreaterThan(20);
  expect(Object.keys(operations).filter((name) => cases[name as OperationName].length === 0)).toEqual([]);
  expect(constantOperations).toEqual(['Cast', 'RotaryTable', 'CausalBias', 'PaddingBias']);
  expect(servedOperations).toEqual(['MatMulPanels', 'MatMulNBits', 'GroupQueryAttention']);
});

describe('operations give what their formulas give', () => {
  test.each(everyCase)('$label', async ({ name, one }) => {
    const { graph, inputs, outputs } = graphOf(name, one);
    graph.output('y', outputs[0]!);
    const session = await openSession(graph, { threads: 1 });
    const { y } = await session.run(feedsOf(inputs));
    const expected = one.expected(...inputs.map(({ numbers }) => numbers));
    expect(y!.dims).toEqual(outputs[0]!.shape.map(sizeOf));
    const numbers = y!.data instanceof BigInt64Array ? Array.from(y!.data, Number) : floatsOf(y);
    expect(numbers).toBeAllclose(expected, { relTol: 1e-5, absTol: 1e-6 });
    await session.release();
  });
});

describe('gradients are what central differences show', () => {
  const differentiable = everyCase.filter(
    ({ name }) => !constantOperations.includes(name) && !servedOperations.includes(name),
  );

  test.each(differentiable)('$label', async ({ name, one }) => {
    const { graph, inputs, outputs } = graphOf(name, one);
    // loss = Σ weight · y over all differentiable outputs; the weights tell the elements apart.
    const seeds = (DIFFERENTIABLE_OUTPUTS[name] ?? outputs.map((_, i) => i)).map((i) => {
      const seed = graph.input(`seed ${i}`, outputs[i]!.shape);
      return { seed, name: `seed ${i}`, weighted: graph.mul(outputs[i]!, seed) };
    });
    const sums = seeds.map(({ weighted }) =>
      graph.sum(
        weighted,
        weighted.shape.map((_, axis) => axis),
      ),
    );
    const loss = sums.reduce((a, b) => graph.add(a, b));
    graph.output('loss', loss);
    const parameters = inputs.filter(({ isGiven }) => !isGiven);
    const derived = gradients(
      graph,
      loss,
      graph.constant(1),
      parameters.map(({ value }) => value),
    );
    for (const [i, gradient] of derived.entries()) graph.output(`gradient ${i}`, gradient);

    const session = await openSession(graph, { threads: 1 });
    const feeds = {
      ...feedsOf(inputs),
      ...Object.fromEntries(seeds.map(({ seed, name: key }) => [key, floatTensor(seed, 7)])),
    };
    const results = await session.run(feeds);
    for (const [i, parameter] of parameters.entries()) {
      const actual = results[`gradient ${i}`]!;
      expect(actual.dims, parameter.name).toEqual(parameter.value.shape.map(sizeOf));
      const expected = await centralDifferences(session, feeds, parameter.name);
      expect(floatsOf(actual), parameter.name).toBeAllclose(expected, { relTol: 2e-3, absTol: 2e-4 });
    }
    await session.release();
  });
});

/** Outputs beside the first that are kept for the way back alone. */
const DIFFERENTIABLE_OUTPUTS: Partial<Record<OperationName, number[]>> = {
  Attention: [0],
  Gelu: [0],
  SimplifiedLayerNormalization: [0],
  LayerNormalization: [0],
  LinearLogSumExp: [0],
  CrossEntropy: [0],
};

interface BuiltInput {
  name: string;
  value: Value;
  isIndex: boolean;
  isGiven: boolean;
  numbers: number[];
}

function graphOf(name: OperationName, { inputs, attributes }: Case<OperationName>) {
  const graph = new Graph();
  const random = seededRandom(1);
  const built = inputs.map(
    ({ shape, indices: whole, fixed, dtype, range: [low, high] = [-1.5, 1.5] }, i): BuiltInput => {
      const count = shape.reduce((total: number, size) => total * sizeOf(size), 1);
      const value = graph.input(`x${i}`, shape, whole ? 'int64' : (dtype ?? 'float32'));
      const numbers =
        whole ?? fixed ?? Array.from({ length: count }, () => Math.fround(low + (high - low) * random.uniform()));
      return {
        name: `x${i}`,
        value,
        isIndex: whole !== undefined,
        isGiven: (whole ?? fixed) !== undefined,
        numbers: [...numbers],
      };
    },
  );
  const outputs = graph.applyAll(
    name,
    built.map(({ value }) => value),
    attributes,
  );
  return { graph, inputs: built, outputs };
}

function feedsOf(inputs: BuiltInput[]): Record<string, Tensor> {
  return Object.fromEntries(
    inputs.map(({ name, value, isIndex, numbers }) => {
      const dims = value.shape.map(sizeOf);
      if (isIndex) return [name, int64Tensor(numbers, dims)];
      if (value.dtype === 'int32') return [name, new Tensor('int32', Int32Array.from(numbers), dims)];
      if (value.dtype === 'uint8') return [name, new Tensor('uint8', Uint8Array.from(numbers), dims)];
      return [name, new Tensor('float32', Float32Array.from(numbers), dims)];
    }),
  );
}

function floatTensor({ shape }: Value, seed: number): Tensor {
  const random = seededRandom(seed);
  const dims = shape.map(sizeOf);
  const count = dims.reduce((total, size) => total * size, 1);
  return new Tensor(
    'float32',
    Float32Array.from({ length: count }, () => 0.5 + random.uniform()),
    dims,
  );
}

async function centralDifferences(
  session: InferenceSession,
  feeds: Record<string, Tensor>,
  name: string,
): Promise<number[]> {
  // Large enough that float32 rounding of the loss does not drown the difference, small enough for the third derivative.
  const step = 2 ** -7;
  const values = floatsOf(feeds[name]);
  const lossWith = async (i: number, change: number): Promise<number> => {
    const kept = values[i]!;
    values[i] = kept + change;
    const { loss } = await session.run(feeds, ['loss']);
    values[i] = kept;
    return floatsOf(loss)[0]!;
  };
  const differences: number[] = [];
  for (let i = 0; i < values.length; i++) {
    differences.push(((await lossWith(i, step)) - (await lossWith(i, -step))) / (2 * step));
  }
  return differences;
}

function sizeOf(dimension: Dimension): number {
  if (typeof dimension === 'number') return dimension;
  const terms = dimension
    .split('+')
    .map((term) => term.split('*').reduce((total, name) => total * (sizes[name] ?? Number(name)), 1));
  return terms.reduce((a, b) => a + b, 0);
}
