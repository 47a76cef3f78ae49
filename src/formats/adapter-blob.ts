/**
 * A brain version's adapter as one BLOB of the database: a safetensors file whose metadata carries the LoRA settings.
 * Small enough for a row (a few MB), complete in itself, and byte-equal for equal adapters.
 */
import type { AdapterWeights, LoraConfig, TensorMap } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { isJsonObject } from './json-file.ts';
import { checkLoraTensors, isAlpha, isRank, isTargets, LoraMismatch } from './lora-tensors.ts';
import { encodeSafetensors, parseSafetensors, type Safetensors } from './safetensors.ts';

/** @param tensors under peft's names, float32. */
export function encodeAdapter(lora: LoraConfig, tensors: TensorMap): Uint8Array {
  const settings = { r: lora.r, lora_alpha: lora.loraAlpha, target_modules: [...lora.targetModules] };
  return encodeSafetensors(tensors, { format: 'pt', lora: JSON.stringify(settings) });
}

/** @throws UserError adapter_damaged with a detail saying where; nothing else, whatever the bytes. */
export function decodeAdapter(bytes: Uint8Array): AdapterWeights {
  const { tensors, metadata } = parse(bytes);
  const lora = readSettings(metadata.lora);
  try {
    return { lora, tensors: checkLoraTensors(lora, tensors) };
  } catch (error) {
    if (error instanceof LoraMismatch) throw damaged(error.message, error);
    throw error;
  }
}

function parse(bytes: Uint8Array): Safetensors {
  try {
    return parseSafetensors(bytes, 'adapter');
  } catch (error) {
    if (error instanceof UserError) throw damaged(error.identifier, error);
    throw error;
  }
}

function readSettings(text: string | undefined): LoraConfig {
  let settings: unknown;
  try {
    settings = JSON.parse(text ?? '');
  } catch (error) {
    throw damaged('lora', error);
  }
  if (!isJsonObject(settings)) throw damaged('lora');
  const { r, lora_alpha: loraAlpha, target_modules: targetModules } = settings;
  if (!isRank(r)) throw damaged('r');
  if (!isAlpha(loraAlpha)) throw damaged('lora_alpha');
  if (!isTargets(targetModules)) throw damaged('target_modules');
  return { r, loraAlpha, targetModules };
}

function damaged(detail: string, cause?: unknown): UserError {
  return new UserError('adapter_damaged', { detail: detail.slice(0, 200) }, { cause });
}
