/**
 * A model as an ONNX file that other programs run: transformers.js in a browser or in Node, anything on onnxruntime. The
 * same architecture as everywhere here, with the inputs and outputs that Hugging Face's optimum gives a decoder; nothing of
 * ours (adapters, chosen rows) in it. Needs onnxruntime's own operators (`com.microsoft`).
 */
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import { emit } from './emit.ts';
import { type FileRange, Graph } from './graph.ts';
import { pastName, presentName } from './graph-names.ts';
import { partsOf } from './parts.ts';
import { elementCount } from './tensor.ts';

/** transformers.js sizes the empty cache by the first of these names. */
const BATCH = 'batch_size';
const LENGTH = 'sequence_length';
const PAST = 'past_sequence_length';
const TOTAL = `${PAST}+${LENGTH}`;

/** Where a weight begins in the data file: onnxruntime maps it into memory by whole pages. */
const ALIGNMENT_BYTES = 4096;
const FLOAT32_BYTES = 4;

export interface OnnxModel {
  /** The .onnx file: the graph, without weights. */
  readonly bytes: Uint8Array;
  /** Where the data file holds each weight as float32, in the file's order; zeros between them. */
  readonly weights: ReadonlyMap<string, { readonly offset: number; readonly length: number }>;
}

/** @param dataFile name of the file with the weights, in the same folder as the .onnx file. */
export function onnxModel(config: ModelConfig, dataFile: string): OnnxModel {
  const weights = placeWeights(config, dataFile);
  return { bytes: emit(exportGraph(config, weights)), weights };
}

function placeWeights(config: ModelConfig, location: string): Map<string, FileRange> {
  const places = new Map<string, FileRange>();
  let end = 0;
  for (const [name, shape] of architectureOf(config).weights) {
    const offset = Math.ceil(end / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    const length = FLOAT32_BYTES * elementCount(shape);
    places.set(name, { location, offset, length });
    end = offset + length;
  }
  return places;
}

/**
 * Inputs: input_ids and position_ids [B, T], attention_mask [B, P+T], past_key_values.N.key|value [B, G, P, D]. Outputs:
 * logits [B, T, V], present.N.key|value [B, G, P+T, D].
 */
export function exportGraph(config: ModelConfig, mapped: ReadonlyMap<string, FileRange>): Graph {
  const architecture = architectureOf(config);
  const g = new Graph();
  const inputIds = g.input('input_ids', [BATCH, LENGTH], 'int64');
  const attentionMask = g.input('attention_mask', [BATCH, TOTAL], 'int64');
  const positionIds = g.input('position_ids', [BATCH, LENGTH], 'int64');
  const cacheShape = [BATCH, architecture.keyValueHeads, PAST, architecture.headSize];
  const past = Array.from({ length: architecture.layers }, (_, layer) => ({
    key: g.input(pastName(layer, 'key'), cacheShape),
    value: g.input(pastName(layer, 'value'), cacheShape),
  }));

  const parts = partsOf(g, architecture.weights, new Map(), mapped, new Map());
  const causalBias = g.apply('CausalBias', [inputIds, attentionMask], {});
  const { hiddenStates, present } = architecture.build(g, parts, { inputIds, positionIds, causalBias, past });
  const logits = g.gemm(hiddenStates.at(-1)!, parts.weight(architecture.headTable), { transB: true }); // [B·T, V]
  g.output('logits', g.reshape(logits, [BATCH, LENGTH, architecture.vocabSize]));
  for (const [layer, { key, value }] of present.entries()) {
    g.output(presentName(layer, 'key'), key);
    g.output(presentName(layer, 'value'), value);
  }
  return g;
}
