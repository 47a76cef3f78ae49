/**
 * Adapter folders as Python's peft writes and reads them: adapter_config.json and adapter_model.safetensors. Keys and
 * defaults are those of peft 0.21. What would change the arithmetic (DoRA, rank patterns, rescaled LoRA, trained biases …)
 * is refused by name instead of being computed wrongly.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { LoraConfig, TensorMap } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { writeDurably } from './durable-file.ts';
import { isJsonObject, type JsonObject, readJsonObject } from './json-file.ts';
import { checkLoraTensors, isAlpha, isRank, isTargets, LoraMismatch } from './lora-tensors.ts';
import { readSafetensors, writeSafetensors } from './safetensors.ts';

/** adapter_config.json, its keys as they stand. */
export type PeftConfig = JsonObject;

export interface PeftAdapter {
  config: PeftConfig;
  lora: LoraConfig;
  /** float32, under peft's names. */
  tensors: TensorMap;
}

const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';

/** Reads a folder. @throws UserError saying what is missing, damaged or not supported. */
export function readAdapterFolder(folder: string): PeftAdapter {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError('file_missing', { path: folder });
  const path = join(folder, CONFIG);
  const config = readJsonObject(path);
  if (config === null) throw new UserError('adapter_config_missing', { folder });
  const lora = readLora(config, path);
  const weights = join(folder, WEIGHTS);
  if (statSync(weights, { throwIfNoEntry: false }) === undefined)
    throw new UserError('adapter_weights_missing', { folder });
  const { tensors } = readSafetensors(weights);
  try {
    return { config, lora, tensors: checkLoraTensors(lora, tensors) };
  } catch (error) {
    if (!(error instanceof LoraMismatch)) throw error;
    const { tensor, expected, actual } = error;
    throw new UserError('adapter_tensor_wrong', { tensor, expected, actual }, { cause: error });
  }
}

/** Ways to start an adapter that leave the base weights as they are; the others (pissa, olora …) change the base too. */
const PLAIN_STARTS: readonly unknown[] = [undefined, null, true, false, 'gaussian', 'orthogonal', 'eva'];

/** Key → whether its value means plain LoRA. Anything else needs other arithmetic than B·A·alpha/r. */
const PLAIN: Record<string, (value: unknown) => boolean> = {
  peft_type: (value) => value === 'LORA',
  bias: (value) => value === undefined || value === 'none',
  init_lora_weights: (value) => PLAIN_STARTS.includes(value),
  ...Object.fromEntries(
    [
      'use_dora',
      'use_rslora',
      'use_qalora',
      'use_bdlora',
      'lora_bias',
      'modules_to_save',
      'rank_pattern',
      'alpha_pattern',
      'layer_replication',
      'layers_to_transform',
      'exclude_modules',
      'target_parameters',
      'trainable_token_indices',
      'alora_invocation_tokens',
      'arrow_config',
      'kasa_config',
      'monteclora_config',
      'velora_config',
    ].map((key) => [key, isUnset]),
  ),
};

function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

function readLora(config: PeftConfig, path: string): LoraConfig {
  for (const [key, isPlain] of Object.entries(PLAIN))
    if (!isPlain(config[key])) throw new UserError('adapter_unsupported', { key, value: shown(config[key]) });
  const { r, lora_alpha: loraAlpha, target_modules: targetModules } = config;
  const wrong = (key: string) => new UserError('adapter_config_wrong', { path, key, value: shown(config[key]) });
  if (!isRank(r)) throw wrong('r');
  if (!isAlpha(loraAlpha)) throw wrong('lora_alpha');
  if (!isTargets(targetModules)) throw wrong('target_modules');
  return { r, loraAlpha, targetModules };
}

function shown(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 80);
}

/**
 * Writes a folder that `PeftModel.from_pretrained` loads.
 * @param info baseModel: name or path of the base, for people and for peft's auto classes; fanInFanOut: whether the adapted
 * layers store their weight as [in, out] (GPT-2's Conv1D), as the engine's `loraTargets` says.
 */
export function writeAdapterFolder(
  folder: string,
  adapter: { lora: LoraConfig; tensors: TensorMap },
  info: { baseModel: string | null; fanInFanOut: boolean },
): void {
  const { lora, tensors } = adapter;
  const config = peftConfig(lora, info);
  writeDurably(join(folder, CONFIG), [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
  writeSafetensors(join(folder, WEIGHTS), tensors, { format: 'pt' });
}

/** The keys of peft 0.21.2's LoraConfig at their defaults, inference mode on as save_pretrained sets it. */
function peftConfig(lora: LoraConfig, info: { baseModel: string | null; fanInFanOut: boolean }): PeftConfig {
  return {
    alora_invocation_tokens: null,
    alpha_pattern: {},
    arrow_config: null,
    auto_mapping: null,
    base_model_name_or_path: info.baseModel,
    bias: 'none',
    corda_config: null,
    ensure_weight_tying: false,
    eva_config: null,
    exclude_modules: null,
    fan_in_fan_out: info.fanInFanOut,
    inference_mode: true,
    init_lora_weights: true,
    kasa_config: null,
    layer_replication: null,
    layers_pattern: null,
    layers_to_transform: null,
    loftq_config: {},
    lora_alpha: lora.loraAlpha,
    lora_bias: false,
    lora_dropout: 0,
    lora_ga_config: null,
    megatron_config: null,
    megatron_core: 'megatron.core',
    modules_to_save: null,
    monteclora_config: null,
    peft_type: 'LORA',
    peft_version: '0.21.2',
    qalora_group_size: 16,
    r: lora.r,
    rank_pattern: {},
    revision: null,
    target_modules: [...lora.targetModules],
    target_parameters: null,
    task_type: 'CAUSAL_LM',
    trainable_token_indices: null,
    use_bdlora: null,
    use_dora: false,
    use_qalora: false,
    use_rslora: false,
    velora_config: null,
  };
}
