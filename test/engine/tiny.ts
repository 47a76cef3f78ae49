/** A brain small enough to train in a blink, for tests that need no reference. */
import { type Gpt2Config, parseModelConfig } from '../../src/engine/index.ts';

export function createConfig(partial: Record<string, unknown> = {}): Gpt2Config {
  const defaults = {
    model_type: 'gpt2',
    vocab_size: 40,
    n_positions: 24,
    n_embd: 16,
    n_layer: 2,
    n_head: 2,
    eos_token_id: 0,
  };
  const config = parseModelConfig({ ...defaults, ...partial });
  if (config.architecture !== 'gpt2') throw new Error(`not a GPT-2: ${config.architecture}`);
  return config;
}

/** Rows with a pattern to learn: each token is the one before plus a step of the row's own. */
export function createRows(count: number, length = 10): { inputIds: number[] }[] {
  return Array.from({ length: count }, (_, row) => ({
    inputIds: Array.from({ length: length - (row % 3) }, (_, t) => (7 * row + t * (1 + (row % 4))) % 40),
  }));
}
