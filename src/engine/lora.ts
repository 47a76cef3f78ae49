/**
 * LoRA (Hu et al. 2021) with peft's names, initialisation and scaling: beside a frozen weight W a narrow pair,
 * y = x W + (alpha / r) · (x Aᵀ) Bᵀ.
 */
import { UserError } from '../errors.ts';
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import type { LinearLayer } from './architectures/types.ts';
import { seededRandom } from './random.ts';
import { elementCount, float32Tensor, type HostTensor, type TensorMap, toFloat32 } from './tensor.ts';

export interface LoraConfig {
  readonly r: number;
  readonly loraAlpha: number;
  /** Layer names or their endings, as in peft: 'c_attn' means every layer whose name is or ends with '.c_attn'. */
  readonly targetModules: readonly string[];
}

export interface AdapterWeights {
  readonly lora: LoraConfig;
  readonly tensors: TensorMap;
}

/** LoRA on every linear layer of the blocks, not the head. */
export function defaultLora(config: ModelConfig, r = 8, alpha = 16): LoraConfig {
  const names = architectureOf(config).linears.map(({ name }) => name.split('.').at(-1)!);
  return { r, loraAlpha: alpha, targetModules: [...new Set(names)] };
}

/** The layers an adapter sits on. @throws UserError lora_targets_unknown {targets, layers} when none is. */
export function loraTargets(config: ModelConfig, lora: LoraConfig): LinearLayer[] {
  const { linears } = architectureOf(config);
  const targets = linears.filter(({ name }) =>
    lora.targetModules.some((target) => name === target || name.endsWith(`.${target}`)),
  );
  if (targets.length === 0) {
    const layers = defaultLora(config).targetModules.join(', ');
    throw new UserError('lora_targets_unknown', { targets: lora.targetModules.join(', '), layers });
  }
  return targets;
}

/** peft's names of a layer's pair. */
export function loraNames(layer: string): { a: string; b: string } {
  const prefix = `base_model.model.${layer}`;
  return { a: `${prefix}.lora_A.weight`, b: `${prefix}.lora_B.weight` };
}

export function loraScaling({ loraAlpha, r }: LoraConfig): number {
  return loraAlpha / r;
}

/** An adapter's tensors under peft's names → shapes: A [r, in] and B [out, r] of every layer. */
export function loraShapes(config: ModelConfig, lora: LoraConfig): Map<string, readonly number[]> {
  return new Map(
    loraTargets(config, lora).flatMap(({ name, inFeatures, outFeatures }) => {
      const { a, b } = loraNames(name);
      return [
        [a, [lora.r, inFeatures]],
        [b, [outFeatures, lora.r]],
      ] as const;
    }),
  );
}

/** peft's start: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that the adapted model begins as the base. */
export function initLora(config: ModelConfig, lora: LoraConfig, seed: number): TensorMap {
  const random = seededRandom(seed);
  const result: TensorMap = new Map();
  for (const { name, inFeatures, outFeatures } of loraTargets(config, lora)) {
    const a = float32Tensor([lora.r, inFeatures]);
    const bound = 1 / Math.sqrt(inFeatures);
    for (let i = 0; i < a.data.length; i++) a.data[i] = (2 * random.uniform() - 1) * bound;
    const names = loraNames(name);
    result.set(names.a, a);
    result.set(names.b, float32Tensor([outFeatures, lora.r]));
  }
  return result;
}

/**
 * An adapter's pairs, checked against the model.
 * @throws UserError adapter_tensor_missing {tensor}, adapter_tensor_shape {tensor, expected, actual}, adapter_tensor_unknown {tensor}.
 */
export function checkAdapter(config: ModelConfig, lora: LoraConfig, tensors: TensorMap): TensorMap {
  const result: TensorMap = new Map();
  for (const [name, shape] of loraShapes(config, lora)) {
    const tensor = tensors.get(name);
    if (!tensor) throw new UserError('adapter_tensor_missing', { tensor: name });
    if (`${tensor.shape}` !== `${shape}`) {
      const [expected, actual] = [`[${shape}]`, `[${tensor.shape}]`];
      throw new UserError('adapter_tensor_shape', { tensor: name, expected, actual });
    }
    result.set(name, float32Tensor(shape, toFloat32(tensor)));
  }
  for (const tensor of tensors.keys())
    if (!result.has(tensor)) throw new UserError('adapter_tensor_unknown', { tensor });
  return result;
}

/** New weights with the adapter added into them: W + scaling · B A, transposed where the weight is stored [in, out]. */
export function mergeLora(config: ModelConfig, weights: TensorMap, lora: LoraConfig, adapter: TensorMap): TensorMap {
  const result: TensorMap = new Map(weights);
  for (const [name, merge] of mergedWeights(config, { lora, tensors: adapter })) {
    const base = weights.get(name);
    if (!base) throw new UserError('model_tensor_missing', { tensor: name });
    result.set(name, merge(base));
  }
  return result;
}

/** The same, weight by weight: the names of those an adapter changes → what makes the new one of the old one. */
export function mergedWeights(
  config: ModelConfig,
  { lora, tensors }: AdapterWeights,
): Map<string, (base: HostTensor) => HostTensor> {
  const pairs = checkAdapter(config, lora, tensors);
  return new Map(
    loraTargets(config, lora).map((layer) => {
      const names = loraNames(layer.name);
      const [a, b] = [toFloat32(pairs.get(names.a)!), toFloat32(pairs.get(names.b)!)];
      return [`${layer.name}.weight`, (base) => mergedWeight(base, layer, lora, a, b)];
    }),
  );
}

function mergedWeight(
  base: HostTensor,
  { inFeatures, outFeatures, fanInFanOut }: LinearLayer,
  lora: LoraConfig,
  a: Float32Array,
  b: Float32Array,
): HostTensor {
  const scaling = loraScaling(lora);
  const merged = toFloat32(base).slice(0, elementCount(base.shape));
  for (let o = 0; o < outFeatures; o++) {
    for (let i = 0; i < inFeatures; i++) {
      let sum = 0;
      for (let k = 0; k < lora.r; k++) sum += b[o * lora.r + k]! * a[k * inFeatures + i]!;
      merged[fanInFanOut ? i * outFeatures + o : o * inFeatures + i]! += scaling * sum;
    }
  }
  return float32Tensor(base.shape, merged);
}
