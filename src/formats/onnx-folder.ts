/** Model folders that transformers.js loads: config.json, the tokenizer's files, and the model as ONNX in `onnx/`. */
import { join } from 'node:path';
import { type ModelConfig, matchWeights, onnxModel, toFloat32 } from '../engine/index.ts';
import { writeDurably } from './durable-file.ts';
import { type NewModelFolder, writeCard, writeJson, writeTokenizer } from './new-model-folder.ts';
import type { Writable } from './safetensors.ts';

/** The names transformers.js looks for (`dtype: 'fp32'`; the weights in one chunk beside the graph). */
const FOLDER = 'onnx';
const MODEL_FILE = 'model.onnx';
const DATA_FILE = `${MODEL_FILE}_data`;

/**
 * Writes a folder; made if need be, files of the same name replaced one by one, the graph last. Weights are float32.
 * @param parsed `model.config`, as `parseModelConfig` read it.
 * @throws UserError disk_full, file_unwritable, and those of matchWeights.
 */
export function writeOnnxFolder(folder: string, model: Omit<NewModelFolder, 'dtype'>, parsed: ModelConfig): void {
  const tensors = matchWeights(parsed, model.tensors);
  const { bytes, weights } = onnxModel(parsed, DATA_FILE);
  writeJson(join(folder, 'config.json'), {
    ...model.config,
    dtype: 'float32',
    // Another export's settings would not be true of this one.
    'transformers.js_config': { use_external_data_format: { [MODEL_FILE]: 1 } },
  });
  writeCard(folder, model.card);
  if (model.tokenizerFrom !== undefined) writeTokenizer(model.tokenizerFrom, folder);
  writeDurably(join(folder, FOLDER, DATA_FILE), dataOf(tensors, weights));
  writeDurably(join(folder, FOLDER, MODEL_FILE), [bytes]);
}

/** The data file piece by piece, one weight in memory at a time. */
function* dataOf(tensors: Writable, places: ReturnType<typeof onnxModel>['weights']): Generator<Uint8Array> {
  let written = 0;
  for (const [name, { offset, length }] of places) {
    const tensor = tensors.get(name)!;
    const values = toFloat32('data' in tensor ? tensor : tensor.read());
    if (values.byteLength !== length)
      throw new RangeError(`${name} has ${values.byteLength} bytes, its place is for ${length}`);
    yield new Uint8Array(offset - written);
    yield new Uint8Array(values.buffer, values.byteOffset, length);
    written = offset + length;
  }
}
