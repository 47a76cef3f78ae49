/** The models the benches run: sprout's size, and GPT-2's smallest with random weights. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ModelConfig, parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { writeSafetensors } from '../../src/formats/index.ts';

export const MODELS = Object.freeze({
  'sprout-sized (6 × 256)': { vocab_size: 4096, n_positions: 512, n_embd: 256, n_layer: 6, n_head: 8 },
  'GPT-2 (12 × 768)': {},
});
export type ModelName = keyof typeof MODELS;

export function configOf(name: string): ModelConfig {
  if (!(name in MODELS)) throw new Error(`no model is called ${name}`);
  return parseModelConfig({ model_type: 'gpt2', ...MODELS[name as ModelName] });
}

/** Writes random weights for the time `use` needs them. */
export function withWeights<T>(name: ModelName, use: (file: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-'));
  try {
    const file = path.join(folder, 'model.safetensors');
    writeSafetensors(file, randomWeights(configOf(name), 1));
    return use(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
