/** The reference answers of shared/golden/gpt2 (PyTorch, transformers, peft); see shared/README.md. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoraConfig, type ModelConfig, parseModelConfig, type TensorMap } from '../../src/engine/index.ts';
import { readSafetensors } from '../../src/formats/index.ts';

export const goldenFolder = join(import.meta.dirname, '..', '..', '..', 'shared', 'golden', 'gpt2');
export const goldenAbsent = !existsSync(goldenFolder);
if (goldenAbsent) console.warn(`skipped: the reference answers (${goldenFolder}) are not here`);

export function goldenJson(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(goldenFolder, name), 'utf8')) as Record<string, unknown>;
}

export function goldenTensors(name: string): TensorMap {
  return readSafetensors(join(goldenFolder, name)).tensors;
}

export function goldenConfig(): ModelConfig {
  return parseModelConfig(goldenJson('config.json'));
}

export function goldenLora(): LoraConfig {
  const config = goldenJson(join('lora-init', 'adapter_config.json'));
  return {
    r: Number(config.r),
    loraAlpha: Number(config.lora_alpha),
    targetModules: config.target_modules as string[],
  };
}

/** A run of transformers.Trainer. */
export interface GoldenRun {
  rows: number[][];
  arguments: Record<string, number>;
  log: { loss: number; grad_norm: number; learning_rate: number; epoch: number; train_loss?: number }[];
}

export function goldenRun(name: string): GoldenRun {
  return goldenJson(`${name}.json`) as unknown as GoldenRun;
}
