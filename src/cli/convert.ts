/** A model from any layout into a folder that transformers or transformers.js loads, tensor by tensor. */
import { matchWeights, mergedWeights, parseModelConfig } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import {
  isJsonObject,
  type ModelSource,
  type PeftAdapter,
  type StoredTensor,
  writeModelFolder,
  writeOnnxFolder,
} from '../formats/index.ts';

export const DTYPES = ['float32', 'float16'] as const;

export interface Conversion {
  /** Added into the weights. */
  readonly adapter?: PeftAdapter | undefined;
  /** How the weights are stored; ONNX has them as float32. */
  readonly as: (typeof DTYPES)[number] | 'onnx';
}

/** @throws UserError for a model or an adapter that cannot be read, or for a folder that cannot be written. */
export function convert(source: ModelSource, folder: string, { adapter, as }: Conversion): void {
  const { config, licence } = source;
  if (!isJsonObject(config)) throw new UserError('model_config_missing', { folder: source.path });
  const parsed = parseModelConfig(config);
  const tensors = matchWeights(parsed, source.stored());
  if (adapter !== undefined) {
    for (const [name, merge] of mergedWeights(parsed, adapter)) {
      const base = tensors.get(name)!;
      const merged: StoredTensor = { dtype: 'float32', shape: base.shape, read: () => merge(base.read()) };
      tensors.set(name, merged);
    }
  }
  // The licence goes where the model goes; JSON's strings are YAML's.
  const card = licence === undefined ? {} : { card: `---\nlicense: ${JSON.stringify(licence)}\n---\n` };
  const model = { config, tensors, tokenizerFrom: source, ...card };
  if (as === 'onnx') writeOnnxFolder(folder, model, parsed);
  else writeModelFolder(folder, { ...model, dtype: as });
}
