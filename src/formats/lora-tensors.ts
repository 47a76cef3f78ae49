/** What makes a set of tensors a LoRA adapter: peft's names, pairs A [r, in] and B [out, r], one r for all. */
import { type LoraConfig, type TensorMap, toFloat32 } from '../engine/index.ts';

/** "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight" → module and half. */
const NAME = /^base_model\.model\.(.+)\.lora_([AB])\.weight$/;

/** What is wrong with an adapter, in words that need no language: a tensor's name, what it should be, what it is. */
export class LoraMismatch extends Error {
  readonly tensor: string;
  readonly expected: string;
  readonly actual: string;
  constructor(tensor: string, expected: string, actual: string) {
    super(`${tensor}: expected ${expected}, got ${actual}`);
    this.tensor = tensor;
    this.expected = expected;
    this.actual = actual;
  }
}

/** Checks names, pairs, shapes and types, and returns the tensors as float32, in order of their names. */
export function checkLoraTensors(lora: LoraConfig, tensors: TensorMap): TensorMap {
  if (tensors.size === 0) throw new LoraMismatch('adapter', 'lora_A, lora_B', '0');
  const result: TensorMap = new Map();
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name)!;
    const [, module = '', half] = NAME.exec(name) ?? [];
    if (half === undefined)
      throw new LoraMismatch(name, 'lora_A.weight, lora_B.weight', name.split('.').slice(-2).join('.'));
    if (!lora.targetModules.some((target) => module === target || module.endsWith(`.${target}`)))
      throw new LoraMismatch(name, lora.targetModules.join(', '), module);
    const partner = name.replace(/lora_[AB]\.weight$/, `lora_${half === 'A' ? 'B' : 'A'}.weight`);
    if (!tensors.has(partner)) throw new LoraMismatch(partner, 'lora_A + lora_B', '–');
    const rank = half === 'A' ? tensor.shape[0] : tensor.shape[1];
    if (tensor.shape.length !== 2 || rank !== lora.r)
      throw new LoraMismatch(name, half === 'A' ? `[${lora.r}, in]` : `[out, ${lora.r}]`, `[${tensor.shape}]`);
    if (tensor.dtype !== 'float32' && tensor.dtype !== 'float16' && tensor.dtype !== 'bfloat16')
      throw new LoraMismatch(name, 'float32, float16, bfloat16', tensor.dtype);
    result.set(name, { dtype: 'float32', shape: tensor.shape, data: toFloat32(tensor) });
  }
  return result;
}

/** Upper bound of r: peft's own papers stop at 256, a full matrix of the largest models is 16,384 wide. */
const RANK_LIMIT = 16_384;
const TARGET_LIMIT = 10_000;

export function isRank(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= RANK_LIMIT;
}

export function isAlpha(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

export function isTargets(value: unknown): value is string[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= TARGET_LIMIT &&
    value.every((target) => typeof target === 'string' && target.length > 0)
  );
}
