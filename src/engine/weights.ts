/** A model's weights: what they are called, checking what a file brought, and fresh random ones. */
import { UserError } from '../errors.ts';
import { type AnyModelConfig, architectureOf, layoutOf, type ModelConfig } from './architectures/index.ts';
import type { WeightLayout } from './architectures/types.ts';
import { seededRandom } from './random.ts';
import { elementCount, float32Tensor, type TensorMap, toFloat32 } from './tensor.ts';

/** Hugging Face's names of the weights in model.safetensors → shapes. */
export function expectedWeights(config: AnyModelConfig): Map<string, readonly number[]> {
  return new Map(layoutOf(config).weights);
}

/**
 * Those of `tensors` that are the model's weights, under their full names; in `tensors` their prefix may be
 * missing. Buffers that old checkpoints carry (attention masks) and a tied head are left out.
 * @throws UserError model_tensor_missing {tensor}, model_tensor_shape {tensor, expected, actual}.
 */
export function matchWeights<Tensor extends { readonly shape: readonly number[] }>(
  config: AnyModelConfig,
  tensors: ReadonlyMap<string, Tensor>,
): Map<string, Tensor> {
  const result = new Map<string, Tensor>();
  const layout = layoutOf(config);
  for (const [name, shape] of layout.weights) {
    const tensor = findWeight(layout, name, (alias) => tensors.get(alias));
    if (!tensor) throw new UserError('model_tensor_missing', { tensor: name });
    if (`${tensor.shape}` !== `${shape}`) {
      throw new UserError('model_tensor_shape', { tensor: name, expected: `[${shape}]`, actual: `[${tensor.shape}]` });
    }
    result.set(name, tensor);
  }
  return result;
}

/** What `find` gives for a weight's name, or else for another name that files give it. */
export function findWeight<Found>(
  { aliases }: WeightLayout,
  name: string,
  find: (name: string) => Found | undefined,
): Found | undefined {
  for (const known of [name, ...aliases(name)]) {
    const found = find(known);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The model's weights as float32. Errors as in matchWeights. */
export function normaliseWeights(config: ModelConfig, tensors: TensorMap): TensorMap {
  return new Map(
    [...matchWeights(config, tensors)].map(([name, tensor]) => [name, float32Tensor(tensor.shape, toFloat32(tensor))]),
  );
}

/** Hugging Face's initialisation (normal, residual projections shrunk by depth), the same for the same seed everywhere. */
export function randomWeights(config: ModelConfig, seed: number): TensorMap {
  const { weights, initialDeviation } = architectureOf(config);
  const random = seededRandom(seed);
  const result: TensorMap = new Map();
  for (const [name, shape] of weights) {
    const data = new Float32Array(elementCount(shape));
    const deviation = initialDeviation(name);
    if (deviation === null) data.fill(1);
    else if (deviation > 0) for (let i = 0; i < data.length; i++) data[i] = deviation * random.normal();
    result.set(name, float32Tensor(shape, data));
  }
  return result;
}
