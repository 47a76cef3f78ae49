/** The models the benches run: sprout's size, GPT-2's smallest and SmolLM2's smallest, with random weights. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { modelConfig } from '../../models/sprout-training/config.ts';
import {
  float32ToFloat16,
  type HostTensor,
  type ModelConfig,
  parseModelConfig,
  randomWeights,
  toFloat32,
} from '../../src/engine/index.ts';
import { writeSafetensors } from '../../src/formats/index.ts';

/** What their config.json says. */
export const MODELS = Object.freeze({
  'sprout-sized (6 × 256)': modelConfig,
  'GPT-2 (12 × 768)': {
    model_type: 'gpt2',
    architectures: ['GPT2LMHeadModel'],
    vocab_size: 50257,
    n_positions: 1024,
    n_embd: 768,
    n_layer: 12,
    n_head: 12,
  },
  'SmolLM2 (30 × 576)': {
    model_type: 'llama',
    architectures: ['LlamaForCausalLM'],
    hidden_act: 'silu',
    vocab_size: 49152,
    max_position_embeddings: 8192,
    hidden_size: 576,
    intermediate_size: 1536,
    num_hidden_layers: 30,
    num_attention_heads: 9,
    num_key_value_heads: 3,
    head_dim: 64,
    rope_theta: 100000,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: 1,
    eos_token_id: 2,
  },
});
export type ModelName = keyof typeof MODELS;

export function configOf(name: string): ModelConfig {
  if (!(name in MODELS)) throw new Error(`no model is called ${name}`);
  return parseModelConfig(MODELS[name as ModelName]);
}

/** How numbers lie in a checkpoint: DialoGPT's are float16, SmolLM2's bfloat16. */
export type Precision = 'float32' | 'float16' | 'bfloat16';

/** Writes random weights and a config.json into `folder`, as Python reads them too. Returns the path of the weights. */
export function writeModel(name: ModelName, folder: string, precision: Precision = 'float32'): string {
  const weights = new Map(
    [...randomWeights(configOf(name), 1)].map(([key, tensor]) => [key, stored(tensor, precision)]),
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(MODELS[name]));
  const file = path.join(folder, 'model.safetensors');
  writeSafetensors(file, weights);
  return file;
}

function stored(tensor: HostTensor, dtype: Precision): HostTensor {
  if (dtype === 'float32') return tensor;
  const numbers = toFloat32(tensor);
  const bits = new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);
  // A bfloat16 is the upper half of a float32.
  const data =
    dtype === 'float16'
      ? Uint16Array.from(numbers, float32ToFloat16)
      : Uint16Array.from(bits, (number) => number >>> 16);
  return { dtype, shape: tensor.shape, data };
}

/** Writes random weights for the time `use` needs them. */
export function withWeights<T>(name: ModelName, use: (file: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    return use(writeModel(name, folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
