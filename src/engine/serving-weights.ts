/** Which of a model's weights a brain in use multiplies by, in which forms it keeps them, and where these lie. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { FileRange } from './graph.ts';
import {
  blocksAcross,
  type Matrix,
  PANEL_WIDTH,
  packBlocks,
  packPanels,
  panelShape,
  type QuantisedMatrix,
} from './packing.ts';
import { type DataType, elementCount, float32Tensor, type HostTensor } from './tensor.ts';

export interface ServingWeights {
  /** Plain matrices and vectors, by their names. */
  readonly mapped: ReadonlyMap<string, FileRange>;
  /** Matrices in a form of packing.ts, by the names of the weights in them. */
  readonly packed: ReadonlyMap<string, PackedMatrix>;
}

/** One or more weights with the same inputs, their outputs side by side. */
export interface Packable extends Matrix {
  readonly weights: readonly string[];
  /** Outputs of each weight. */
  readonly sizes: readonly number[];
}

export type PackedMatrix = Packable &
  (
    | { readonly form: 'panels'; readonly panels: FileRange }
    | {
        readonly form: 'blocks';
        readonly bits: 4 | 8;
        readonly blocks: FileRange;
        readonly scales: FileRange;
        readonly offsets?: FileRange;
      }
  );

export type PackedPart = 'panels' | 'blocks4' | 'blocks8' | 'scales' | 'offsets';

/** The name of a packed matrix's part in its file. */
export function packedName({ weights }: Packable, part: PackedPart): string {
  return `${weights.join('+')}.${part}`;
}

/** What is multiplied by: the weights of the linear layers, those that read the same together, and the head's table. */
export function packableMatrices(config: ModelConfig): Packable[] {
  const { linears, together = [], headTable, hiddenSize, vocabSize } = architectureOf(config);
  const groups = linears.flatMap((linear) => {
    const group = together.find((names) => names.includes(linear.name)) ?? [linear.name];
    return group[0] === linear.name ? [group.map((name) => linears.find((other) => other.name === name)!)] : [];
  });
  return [
    ...groups.map((layers): Packable => {
      const sizes = layers.map(({ outFeatures }) => outFeatures);
      const outFeatures = sizes.reduce((sum, size) => sum + size, 0);
      return { ...layers[0]!, weights: layers.map(({ name }) => `${name}.weight`), sizes, outFeatures };
    }),
    {
      weights: [headTable],
      sizes: [vocabSize],
      inFeatures: hiddenSize,
      outFeatures: vocabSize,
      fanInFanOut: false,
    },
  ];
}

/** Each weight of `group` as a group of its own. */
export function apart({ weights, sizes, ...matrix }: Packable): Packable[] {
  return weights.map((weight, i) => ({ ...matrix, weights: [weight], sizes: [sizes[i]!], outFeatures: sizes[i]! }));
}

/** A tensor made when its turn to be written comes. */
export interface LazyTensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  read(): HostTensor;
}

/** A weight in panels of its own: its place among those of the matrix it was packed into. */
export interface PanelRange extends Matrix {
  readonly range: FileRange;
}

/** Whether the weights in a packed matrix fill their panels, so that they can be told apart. */
export function fillPanels({ sizes }: Packable): boolean {
  return sizes.every((size) => size % PANEL_WIDTH === 0);
}

/** Whether an adapter can be trained over the file that a model is served from; the head's table is in it as it is, too. */
export function trainsFromPanels(config: ModelConfig): boolean {
  const { headTable } = architectureOf(config);
  return packableMatrices(config).every((matrix) => fillPanels(matrix) || matrix.weights[0] === headTable);
}

/** The weights of a matrix in panels, by their names. */
export function panelRanges({
  weights,
  sizes,
  panels,
  ...matrix
}: PackedMatrix & { form: 'panels' }): [string, PanelRange][] {
  let offset = panels.offset;
  return weights.map((name, i) => {
    const outFeatures = sizes[i]!;
    const length = 4 * elementCount(panelShape({ ...matrix, outFeatures }));
    const range = { ...panels, offset, length };
    offset += length;
    return [name, { ...matrix, outFeatures, range }];
  });
}

/** What a file holds of a matrix in panels. @param read the weights' numbers, in order. */
export function panelTensors(matrix: Packable, read: () => readonly Float32Array[]): [string, LazyTensor][] {
  const shape = panelShape(matrix);
  const panels = () => packPanels(joined(matrix, read()), matrix);
  return [[packedName(matrix, 'panels'), { dtype: 'float32', shape, read: panels }]];
}

/** The matrix's numbers of its weights': rows after rows, or with `fanInFanOut` columns after columns. */
function joined(
  { inFeatures, outFeatures, sizes, fanInFanOut }: Packable,
  parts: readonly Float32Array[],
): Float32Array {
  if (parts.length === 1) return parts[0]!;
  const result = new Float32Array(inFeatures * outFeatures);
  let first = 0;
  for (const [i, part] of parts.entries()) {
    const size = sizes[i]!;
    if (!fanInFanOut) result.set(part, first * inFeatures);
    else
      for (let row = 0; row < inFeatures; row++)
        result.set(part.subarray(row * size, (row + 1) * size), row * outFeatures + first);
    first += size;
  }
  return result;
}

export interface BlockForm {
  readonly bits: 4 | 8;
  readonly hasOffsets: boolean;
}

/** What a file holds of a matrix in blocks; `form` says beforehand what `read` will give of each weight. */
export function blockTensors(
  matrix: Packable,
  { bits, hasOffsets }: BlockForm,
  read: () => readonly QuantisedMatrix[],
): [string, LazyTensor][] {
  const shape = [matrix.outFeatures, blocksAcross(matrix)];
  const blockShape = [...shape, 4 * bits];
  const blocks = (): HostTensor => ({ dtype: 'uint8', shape: blockShape, data: Buffer.concat(read().map(packBlocks)) });
  const floats = (part: 'scales' | 'offsets'): LazyTensor => ({
    dtype: 'float32',
    shape,
    read: () => {
      const data = new Float32Array(matrix.outFeatures * blocksAcross(matrix));
      let at = 0;
      for (const one of read()) {
        data.set(one[part]!, at);
        at += one[part]!.length;
      }
      return float32Tensor(shape, data);
    },
  });
  const tensors: [PackedPart, LazyTensor][] = [
    [bits === 4 ? 'blocks4' : 'blocks8', { dtype: 'uint8', shape: blockShape, read: blocks }],
    ['scales', floats('scales')],
  ];
  if (hasOffsets) tensors.push(['offsets', floats('offsets')]);
  return tensors.map(([part, tensor]) => [packedName(matrix, part), tensor]);
}
