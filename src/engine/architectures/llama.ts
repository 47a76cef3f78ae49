/**
 * The Llama family (Touvron et al. 2023): RMSNorm, rotary positions, SwiGLU, grouped-query attention, head tied to the
 * embeddings or not; as Hugging Face's LlamaForCausalLM computes it, Qwen2's and Mistral's the same but for biases. No dropout.
 *
 * Letters: B batch, T tokens now, P tokens in the cache, S = P+T keys, N = B·T rows, C width, H query heads, G key-value
 * heads, D width of a head, V vocabulary.
 */
import { z } from 'zod';
import type { Graph, Value } from '../graph.ts';
import { attendToCache } from './cached-attention.ts';
import { type CommonConfig, firstId, parseKeys, size, tokenIds, wrongConfig } from './config.ts';
import type { Architecture, CachedKeys, LinearLayer, ModelInputs, ModelOutputs, Parts } from './types.ts';

export interface LlamaConfig extends CommonConfig {
  readonly architecture: 'llama';
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly maxPositionEmbeddings: number;
  readonly rmsNormEps: number;
  readonly initializerRange: number;
  readonly tieWordEmbeddings: boolean;
  /** Biases of the query, key and value projections, of the attention's output, of the feed-forward layers. */
  readonly biases: { readonly qkv: boolean; readonly output: boolean; readonly mlp: boolean };
  /** Angle a position adds to each pair of a head's numbers: D/2 of them. */
  readonly inverseFrequencies: readonly number[];
}

const ropeSchema = z.object({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: z.number().positive().nullish(),
  factor: z.number().positive().nullish(),
  low_freq_factor: z.number().positive().nullish(),
  high_freq_factor: z.number().positive().nullish(),
  original_max_position_embeddings: size.nullish(),
});

// Defaults are those of transformers' LlamaConfig.
const schema = z.object({
  model_type: z.string(),
  vocab_size: size.default(32000),
  hidden_size: size.default(4096),
  intermediate_size: size.default(11008),
  num_hidden_layers: size.default(32),
  num_attention_heads: size.default(32),
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  hidden_act: z.literal('silu').default('silu'),
  max_position_embeddings: size.default(2048),
  initializer_range: z.number().positive().default(0.02),
  rms_norm_eps: z.number().positive().default(1e-6),
  tie_word_embeddings: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  rope_theta: z.number().positive().nullish(),
  rope_scaling: ropeSchema.nullish(),
  rope_parameters: ropeSchema.nullish(),
  sliding_window: size.nullish(),
  use_sliding_window: z.boolean().nullish(),
  bos_token_id: tokenIds.nullish(),
  eos_token_id: tokenIds.nullish(),
});

/** @throws UserError model_config_wrong {key, problem}. */
export function parseLlama(raw: Record<string, unknown>): LlamaConfig {
  const config = parseKeys(schema, raw);
  const { hidden_size: C, num_attention_heads: H, num_key_value_heads: G = H, model_type: type } = config;
  if (config.head_dim == null && C % H !== 0) throw wrongConfig('num_attention_heads', `${C} / ${H}`);
  if (H % (G ?? H) !== 0) throw wrongConfig('num_key_value_heads', `${H} / ${G}`);
  const headDim = config.head_dim ?? C / H;
  if (headDim % 2 !== 0) throw wrongConfig('head_dim', `${headDim} / 2`);
  // Qwen2 writes a sliding window down and leaves it switched off.
  const slides = type === 'qwen2' ? config.use_sliding_window === true : config.sliding_window != null;
  if (slides && (config.sliding_window ?? 0) < config.max_position_embeddings)
    throw wrongConfig('sliding_window', `${config.sliding_window}`);
  const qwen2 = type === 'qwen2';
  return {
    architecture: 'llama',
    vocabSize: config.vocab_size,
    hiddenSize: C,
    intermediateSize: config.intermediate_size,
    numHiddenLayers: config.num_hidden_layers,
    numAttentionHeads: H,
    numKeyValueHeads: G ?? H,
    headDim,
    maxPositionEmbeddings: config.max_position_embeddings,
    rmsNormEps: config.rms_norm_eps,
    initializerRange: config.initializer_range,
    tieWordEmbeddings: config.tie_word_embeddings,
    biases: { qkv: qwen2 || config.attention_bias, output: config.attention_bias, mlp: config.mlp_bias },
    inverseFrequencies: inverseFrequencies(headDim, config.rope_theta, config.rope_parameters ?? config.rope_scaling),
    eosTokenId: firstId(config.eos_token_id, 2),
    bosTokenId: firstId(config.bos_token_id, 1),
    raw,
  };
}

/**
 * θ^(−2i/D) for i < D/2 (Su et al. 2021), stretched for longer texts as the configuration says: `linear` by one factor,
 * `llama3` only where a turn is longer than the text the model first saw (Llama 3.1, transformers' modeling_rope_utils).
 */
function inverseFrequencies(
  headDim: number,
  theta: number | null | undefined,
  rope: z.infer<typeof ropeSchema> | null | undefined,
): number[] {
  const base = rope?.rope_theta ?? theta ?? 10_000;
  const plain = Array.from({ length: headDim / 2 }, (_, i) => base ** ((-2 * i) / headDim));
  const kind = rope?.rope_type ?? rope?.type ?? 'default';
  const factor = rope?.factor ?? 1;
  if (kind === 'default') return plain;
  if (kind === 'linear') return plain.map((frequency) => frequency / factor);
  if (kind !== 'llama3') throw wrongConfig('rope_scaling', kind);
  const [low, high] = [rope?.low_freq_factor ?? 1, rope?.high_freq_factor ?? 4];
  const original = rope?.original_max_position_embeddings ?? 8192;
  return plain.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI);
    const sharpness = Math.min(1, Math.max(0, (turns - low) / (high - low)));
    return frequency * (sharpness + (1 - sharpness) / factor);
  });
}

export function llama(config: LlamaConfig): Architecture {
  const { hiddenSize: C, numAttentionHeads: H, numKeyValueHeads: G, headDim: D, vocabSize: V, biases } = config;
  const { intermediateSize, numHiddenLayers } = config;
  const blocks = Array.from({ length: numHiddenLayers }, (_, layer) => `model.layers.${layer}`);
  const headTable = config.tieWordEmbeddings ? 'model.embed_tokens.weight' : 'lm_head.weight';

  const parts: readonly [part: string, inFeatures: number, outFeatures: number, bias: boolean][] = [
    ['self_attn.q_proj', C, H * D, biases.qkv],
    ['self_attn.k_proj', C, G * D, biases.qkv],
    ['self_attn.v_proj', C, G * D, biases.qkv],
    ['self_attn.o_proj', H * D, C, biases.output],
    ['mlp.gate_proj', C, intermediateSize, biases.mlp],
    ['mlp.up_proj', C, intermediateSize, biases.mlp],
    ['mlp.down_proj', intermediateSize, C, biases.mlp],
  ];
  const linears: LinearLayer[] = blocks.flatMap((block) =>
    parts.map(([part, inFeatures, outFeatures]) => ({
      name: `${block}.${part}`,
      inFeatures,
      outFeatures,
      fanInFanOut: false,
    })),
  );

  const weights = new Map<string, readonly number[]>([['model.embed_tokens.weight', [V, C]]]);
  for (const block of blocks) {
    for (const [part, inFeatures, outFeatures, bias] of parts) {
      weights.set(`${block}.${part}.weight`, [outFeatures, inFeatures]);
      if (bias) weights.set(`${block}.${part}.bias`, [outFeatures]);
    }
    weights.set(`${block}.input_layernorm.weight`, [C]);
    weights.set(`${block}.post_attention_layernorm.weight`, [C]);
  }
  weights.set('model.norm.weight', [C]);
  if (!config.tieWordEmbeddings) weights.set('lm_head.weight', [V, C]);

  /** x [N, in] → [N, out]: x Wᵀ (+ b), and with an adapter + scaling · (x Aᵀ) Bᵀ. */
  function linear(g: Graph, parts: Parts, x: Value, name: string): Value {
    const bias = weights.has(`${name}.bias`) ? parts.weight(`${name}.bias`) : undefined;
    const product = parts.product?.(x, name);
    const y = product
      ? bias
        ? g.add(product, bias)
        : product
      : g.gemm(x, parts.weight(`${name}.weight`), { transB: true, plus: bias });
    const adapter = parts.adapter(name);
    if (!adapter) return y;
    const narrow = g.gemm(x, adapter.a, { transB: true }); // [N, r]
    return g.gemm(narrow, adapter.b, { transB: true, alpha: adapter.scaling, plus: y });
  }

  function norm(g: Graph, parts: Parts, x: Value, name: string): Value {
    const inputs = [x, parts.weight(`${name}.weight`)];
    return g.apply('SimplifiedLayerNormalization', inputs, { epsilon: config.rmsNormEps });
  }

  function attention(g: Graph, parts: Parts, x: Value, layer: number, inputs: ModelInputs): [Value, CachedKeys] {
    const block = `${blocks[layer]}.self_attn`;
    const [B, T] = inputs.inputIds.shape as [string, string];
    const turns = g.applyAll('RotaryTable', [inputs.positionIds], { frequencies: config.inverseFrequencies });
    const scale = 1 / Math.sqrt(D);
    if (inputs.cacheLength) {
      const beside = (part: string, count: number): Value =>
        g.reshape(linear(g, parts, x, `${block}.${part}`), [B, T, count * D]);
      const turnedBeside = (part: string, count: number): Value =>
        g.apply('RotaryEmbedding', [beside(part, count), ...turns], {});
      const values = [turnedBeside('q_proj', H), turnedBeside('k_proj', G), beside('v_proj', G)] as const;
      const sizes = { heads: H, keyValueHeads: G, headSize: D, scale };
      const [seen, keys] = attendToCache(g, inputs, layer, values, sizes);
      return [linear(g, parts, g.reshape(seen, [x.shape[0]!, H * D]), `${block}.o_proj`), keys];
    }
    const heads = (part: string, count: number): Value =>
      g.reshape(linear(g, parts, x, `${block}.${part}`), [B, T, count, D]);
    const turned = (part: string, count: number): Value =>
      g.apply('RotaryEmbedding', [g.transpose(heads(part, count), [0, 2, 1, 3]), ...turns], {});
    const query = turned('q_proj', H); // [B, H, T, D]
    const newKey = turned('k_proj', G); // [B, G, T, D]
    const newValue = g.transpose(heads('v_proj', G), [0, 2, 1, 3]); // [B, G, T, D]
    const past = inputs.past?.[layer];
    const key = past ? g.apply('Concat', [past.key, newKey], { axis: 2 }) : newKey; // [B, G, S, D]
    const value = past ? g.apply('Concat', [past.value, newValue], { axis: 2 }) : newValue; // [B, G, S, D]

    const [looked] = g.applyAll('Attention', [query, key, value, inputs.causalBias!], { scale });
    const mixed = g.reshape(g.transpose(looked!, [0, 2, 1, 3]), [x.shape[0]!, H * D]); // [N, H·D]
    return [linear(g, parts, mixed, `${block}.o_proj`), { key, value }];
  }

  /** SwiGLU (Shazeer 2020): (silu(x Wgate) · x Wup) Wdown. */
  function feedForward(g: Graph, parts: Parts, x: Value, block: string): Value {
    const gate = g.apply('Silu', [linear(g, parts, x, `${block}.mlp.gate_proj`)], {});
    const wide = g.mul(gate, linear(g, parts, x, `${block}.mlp.up_proj`)); // [N, intermediate]
    return linear(g, parts, wide, `${block}.mlp.down_proj`); // [N, C]
  }

  function build(g: Graph, parts: Parts, inputs: ModelInputs): ModelOutputs {
    const [B, T] = inputs.inputIds.shape as [string, string];
    const tokens = parts.rows('model.embed_tokens.weight', inputs.inputIds, false);
    let x = g.reshape(tokens, [`${B}*${T}`, C]); // [N, C]
    const hiddenStates = [x];
    const present: CachedKeys[] = [];
    for (const [layer, block] of blocks.entries()) {
      const [attended, keys] = attention(g, parts, norm(g, parts, x, `${block}.input_layernorm`), layer, inputs);
      x = g.add(x, attended);
      x = g.add(x, feedForward(g, parts, norm(g, parts, x, `${block}.post_attention_layernorm`), block));
      hiddenStates.push(x);
      present.push(keys);
    }
    return { hiddenStates: hiddenStates.with(-1, norm(g, parts, x, 'model.norm')), present };
  }

  return {
    weights,
    linears,
    together: blocks.flatMap((block) => [
      ['q_proj', 'k_proj', 'v_proj'].map((part) => `${block}.self_attn.${part}`),
      ['gate_proj', 'up_proj'].map((part) => `${block}.mlp.${part}`),
    ]),
    layers: numHiddenLayers,
    heads: H,
    keyValueHeads: G,
    headSize: D,
    hiddenSize: C,
    vocabSize: V,
    window: config.maxPositionEmbeddings,
    countsFirstLabel: false,
    aliases: (weight) => [weight.replace(/^model\./, '')],
    headTable,
    initialDeviation(weight) {
      if (weight.endsWith('.bias')) return 0;
      return weight.endsWith('norm.weight') ? null : config.initializerRange;
    },
    build,
  };
}
