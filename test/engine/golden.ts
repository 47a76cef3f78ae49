/** The reference answers of shared/golden (PyTorch, transformers, peft), a folder a model; see shared/README.md. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type LoraConfig, type ModelConfig, parseModelConfig, type TensorMap } from '../../src/engine/index.ts';
import { readSafetensors } from '../../src/formats/index.ts';

const root = join(import.meta.dirname, '..', '..', '..', 'shared', 'golden');
export const goldenAbsent = !existsSync(root);
if (goldenAbsent) console.warn(`skipped: the reference answers (${root}) are not here`);

/** A run of transformers.Trainer. */
export interface GoldenRun {
  rows: number[][];
  arguments: Record<string, number>;
  log: { loss: number; grad_norm: number; learning_rate: number; epoch: number; train_loss?: number }[];
}

export interface GoldenForward {
  logits_ids: number[];
  logits: number[][];
  greedy: { prompt: number[]; output: number[] };
  'greedy_repetition_penalty_1.2': { prompt: number[]; output: number[] };
}

/** Four steps of DPO. */
export interface GoldenPreference {
  prompt: number[];
  chosen: number[];
  rejected: number[];
  beta: number;
  learning_rate: number;
  schedule: string;
  max_grad_norm: number;
  log: Record<
    | 'loss'
    | 'grad_norm'
    | 'chosen_logprob'
    | 'rejected_logprob'
    | 'reference_chosen_logprob'
    | 'reference_rejected_logprob',
    number
  >[];
}

export class Golden {
  readonly name: string;
  readonly folder: string;

  constructor(name: string) {
    this.name = name;
    this.folder = join(root, name);
  }

  json(file: string): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.folder, file), 'utf8')) as Record<string, unknown>;
  }

  tensors(file: string): TensorMap {
    return readSafetensors(join(this.folder, file)).tensors;
  }

  config(): ModelConfig {
    return parseModelConfig(this.json('config.json'));
  }

  lora(): LoraConfig {
    const config = this.json(join('lora-init', 'adapter_config.json'));
    return {
      r: Number(config.r),
      loraAlpha: Number(config.lora_alpha),
      targetModules: config.target_modules as string[],
    };
  }

  run(name: string): GoldenRun {
    return this.json(`${name}.json`) as unknown as GoldenRun;
  }

  forward(): GoldenForward {
    return this.json('forward.json') as unknown as GoldenForward;
  }
}

/** The causal models: random weights, no dropout, large so that errors show. */
export const goldenModels: readonly Golden[] = ['gpt2', 'llama', 'llama-tied'].map((name) => new Golden(name));
export const goldenGpt2 = goldenModels[0]!;
