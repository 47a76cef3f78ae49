/** One architecture a file: a new one is a file beside this, and a line in each of the two tables here. */
import { UserError } from '../../errors.ts';
import { bert, type EncoderConfig, parseBert } from './bert.ts';
import { asObject } from './config.ts';
import { type Gpt2Config, gpt2, parseGpt2 } from './gpt2.ts';
import { type LlamaConfig, llama, parseLlama } from './llama.ts';
import type { Architecture, EncoderArchitecture, WeightLayout } from './types.ts';

/** A causal language model. */
export type ModelConfig = Gpt2Config | LlamaConfig;

export type AnyModelConfig = ModelConfig | EncoderConfig;

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

/** config.json's `model_type` of the encoders. */
const encoderParsers: Readonly<Record<string, (raw: Record<string, unknown>) => EncoderConfig>> = {
  bert: (raw) => parseBert(raw, 'bert'),
  roberta: (raw) => parseBert(raw, 'roberta'),
  'xlm-roberta': (raw) => parseBert(raw, 'xlm-roberta'),
};

export const SUPPORTED_ENCODERS: readonly string[] = Object.keys(encoderParsers);

export function encoderOf(config: EncoderConfig): EncoderArchitecture {
  return bert(config);
}

export function isEncoderConfig(config: AnyModelConfig): config is EncoderConfig {
  return Object.hasOwn(encoderParsers, config.architecture);
}

/** What is looked for in the files of any model. */
export function layoutOf(config: AnyModelConfig): WeightLayout {
  return isEncoderConfig(config) ? encoderOf(config) : architectureOf(config);
}

/**
 * Parses the config.json of a causal language model.
 * @throws UserError unsupported_architecture {architecture, supported}, model_config_wrong {key, problem}.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  return parseWith(parsers, asObject(json));
}

/** The same for an encoder. */
export function parseEncoderConfig(json: unknown): EncoderConfig {
  return parseWith(encoderParsers, asObject(json));
}

/** The same where either will do. */
export function parseAnyConfig(json: unknown): AnyModelConfig {
  return parseWith<AnyModelConfig>({ ...parsers, ...encoderParsers }, asObject(json));
}

function parseWith<Config>(
  known: Readonly<Record<string, (raw: Record<string, unknown>) => Config>>,
  raw: Record<string, unknown>,
): Config {
  const name = raw.model_type;
  const parse = typeof name === 'string' && Object.hasOwn(known, name) ? known[name] : undefined;
  if (parse === undefined) {
    const supported = Object.keys(known).join(', ');
    throw new UserError('unsupported_architecture', { architecture: String(name ?? '?').slice(0, 80), supported });
  }
  return parse(raw);
}
