/** Reads Hugging Face's config.json into what the architectures need. Unknown keys are kept in `raw`. */
import { z } from 'zod';
import { UserError } from '../../errors.ts';

export interface Gpt2Config {
  readonly architecture: 'gpt2';
  readonly vocabSize: number;
  readonly nPositions: number;
  readonly nEmbd: number;
  readonly nLayer: number;
  readonly nHead: number;
  readonly nInner: number;
  readonly layerNormEpsilon: number;
  readonly initializerRange: number;
  readonly scaleAttnWeights: boolean;
  readonly scaleAttnByInverseLayerIdx: boolean;
  readonly eosTokenId: number;
  readonly bosTokenId: number;
  /** config.json as it was read. */
  readonly raw: Record<string, unknown>;
}

export type ModelConfig = Gpt2Config;

export const SUPPORTED_ARCHITECTURES = ['gpt2'] as const;

const size = z.number().int().positive();

// Defaults are those of transformers' GPT2Config: old checkpoints leave keys out.
const gpt2Schema = z.object({
  vocab_size: size.default(50257),
  n_positions: size.default(1024),
  n_embd: size.default(768),
  n_layer: size.default(12),
  n_head: size.default(12),
  n_inner: size.nullish(),
  activation_function: z.enum(['gelu_new', 'gelu_pytorch_tanh']).default('gelu_new'),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  initializer_range: z.number().positive().default(0.02),
  scale_attn_weights: z.boolean().default(true),
  scale_attn_by_inverse_layer_idx: z.boolean().default(false),
  add_cross_attention: z.literal(false).default(false),
  tie_word_embeddings: z.literal(true).default(true),
  bos_token_id: z.number().int().nullish(),
  eos_token_id: z.number().int().nullish(),
});

/**
 * Parses the contents of a config.json.
 * @throws UserError unsupported_architecture {architecture, supported}, model_config_wrong {key, problem}.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  const raw = z.record(z.string(), z.unknown()).safeParse(json);
  if (!raw.success) throw new UserError('model_config_wrong', { key: 'config.json', problem: 'not an object' });
  const architecture = raw.data.model_type;
  if (architecture !== 'gpt2') {
    const supported = SUPPORTED_ARCHITECTURES.join(', ');
    throw new UserError('unsupported_architecture', { architecture: String(architecture ?? '?'), supported });
  }
  const parsed = gpt2Schema.safeParse(raw.data);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError('model_config_wrong', { key: issue.path.join('.'), problem: issue.message });
  }
  const config = parsed.data;
  if (config.n_embd % config.n_head !== 0) {
    throw new UserError('model_config_wrong', { key: 'n_head', problem: `${config.n_embd} / ${config.n_head}` });
  }
  return {
    architecture: 'gpt2',
    vocabSize: config.vocab_size,
    nPositions: config.n_positions,
    nEmbd: config.n_embd,
    nLayer: config.n_layer,
    nHead: config.n_head,
    nInner: config.n_inner ?? 4 * config.n_embd,
    layerNormEpsilon: config.layer_norm_epsilon,
    initializerRange: config.initializer_range,
    scaleAttnWeights: config.scale_attn_weights,
    scaleAttnByInverseLayerIdx: config.scale_attn_by_inverse_layer_idx,
    eosTokenId: config.eos_token_id ?? 50256,
    bosTokenId: config.bos_token_id ?? 50256,
    raw: raw.data,
  };
}
