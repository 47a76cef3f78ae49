/** One architecture a file: a new one is a file beside this, and a line in each of the two tables here. */
import { UserError } from '../../errors.ts';
import { asObject } from './config.ts';
import { type Gpt2Config, gpt2, parseGpt2 } from './gpt2.ts';
import { type LlamaConfig, llama, parseLlama } from './llama.ts';
import type { Architecture } from './types.ts';

/** A causal language model. */
export type ModelConfig = Gpt2Config | LlamaConfig;

const architectures: {
  [Name in ModelConfig['architecture']]: (config: ModelConfig & { architecture: Name }) => Architecture;
} = { gpt2, llama };

/** config.json's `model_type` → how the rest of it is read. */
const parsers: Readonly<Record<string, (raw: Record<string, unknown>) => ModelConfig>> = {
  gpt2: parseGpt2,
  llama: parseLlama,
  mistral: parseLlama,
  qwen2: parseLlama,
};

export const SUPPORTED_ARCHITECTURES: readonly string[] = Object.keys(parsers);

export function architectureOf(config: ModelConfig): Architecture {
  switch (config.architecture) {
    case 'gpt2':
      return architectures.gpt2(config);
    case 'llama':
      return architectures.llama(config);
  }
}

/**
 * Parses the contents of a config.json.
 * @throws UserError unsupported_architecture {architecture, supported}, model_config_wrong {key, problem}.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  const raw = asObject(json);
  const name = raw.model_type;
  const parse = typeof name === 'string' && Object.hasOwn(parsers, name) ? parsers[name] : undefined;
  if (parse === undefined) {
    const supported = SUPPORTED_ARCHITECTURES.join(', ');
    throw new UserError('unsupported_architecture', { architecture: String(name ?? '?').slice(0, 80), supported });
  }
  return parse(raw);
}
