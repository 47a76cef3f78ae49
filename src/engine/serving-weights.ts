/** Which of a model's weights a brain in use multiplies by, in which forms it keeps them, and where these lie. */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { FileRange } from './graph.ts';
import { blocksAcross, type Matrix, packBlocks, packPanels, panelShape, type QuantisedMatrix } from './packing.ts';
import { type DataType, float32Tensor, type HostTensor } from './tensor.ts';

export interface ServingWeights {
  /** Plain matrices and vectors, by their names. */
  readonly mapped: ReadonlyMap<string, FileRange>;
  /** Matrices in a form of packing.ts. */
  readonly packed: ReadonlyMap<string, PackedMatrix>;
}

export type PackedMatrix =
  | { readonly form: 'panels'; readonly matrix: Matrix; readonly panels: FileRange }
  | {
      readonly form: 'blocks';
      readonly matrix: Matrix;
      readonly bits: 4 | 8;
      readonly blocks: FileRange;
      readonly scales: FileRange;
      readonly offsets?: FileRange;
    };

export type PackedPart = 'panels' | 'blocks4' | 'blocks8' | 'scales' | 'offsets';

/** The name of a packed matrix's part in its file. */
export function packedName(weight: string, part: PackedPart): string {
  return `${weight}.${part}`;
}

/** The weights that are multiplied by, by their names: those of the linear layers, and the head's table. */
export function packableMatrices(config: ModelConfig): Map<string, Matrix> {
  const { linears, headTable, hiddenSize, vocabSize } = architectureOf(config);
  return new Map<string, Matrix>([
    ...linears.map((linear): [string, Matrix] => [`${linear.name}.weight`, linear]),
    [headTable, { inFeatures: hiddenSize, outFeatures: vocabSize, fanInFanOut: false }],
  ]);
}

/** A tensor made when its turn to be written comes. */
export interface LazyTensor {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  read(): HostTensor;
}

/** What a file holds of a matrix in panels. @param read its numbers, as `matrix` says. */
export function panelTensors(weight: string, matrix: Matrix, read: () => Float32Array): [string, LazyTensor][] {
  const shape = panelShape(matrix);
  return [[packedName(weight, 'panels'), { dtype: 'float32', shape, read: () => packPanels(read(), matrix) }]];
}

/** What a file holds of a matrix in blocks; `form` says beforehand what `read` will give. */
export function blockTensors(
  weight: string,
  matrix: Matrix,
  form: { bits: 4 | 8; hasOffsets: boolean },
  read: () => QuantisedMatrix,
): [string, LazyTensor][] {
  const { bits, hasOffsets } = form;
  const shape = [matrix.outFeatures, blocksAcross(matrix)];
  const floats = (data: Float32Array | undefined): HostTensor => float32Tensor(shape, data);
  const blockShape = [...shape, 4 * bits];
  const tensors: [PackedPart, LazyTensor][] = [
    [
      bits === 4 ? 'blocks4' : 'blocks8',
      {
        dtype: 'uint8',
        shape: blockShape,
        read: () => ({ dtype: 'uint8', shape: blockShape, data: packBlocks(read()) }),
      },
    ],
    ['scales', { dtype: 'float32', shape, read: () => floats(read().scales) }],
  ];
  if (hasOffsets) tensors.push(['offsets', { dtype: 'float32', shape, read: () => floats(read().offsets) }]);
  return tensors.map(([part, tensor]) => [packedName(weight, part), tensor]);
}
