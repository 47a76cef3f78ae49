/**
 * GPT-2 (Radford et al. 2019), as Hugging Face's GPT2LMHeadModel computes it. Written once: the training, serving and
 * scoring graphs all come from here. No dropout.
 *
 * Letters: B batch, T tokens now, P tokens in the cache, S = P+T keys, N = B·T rows, C width, H heads, D = C/H, V vocabulary.
 */
import { z } from 'zod';
import type { Graph, Value } from '../graph.ts';
import { attendToCache } from './cached-attention.ts';
import { type CommonConfig, firstId, parseKeys, size, tokenIds, wrongConfig } from './config.ts';
import type { Architecture, CachedKeys, LinearLayer, ModelInputs, ModelOutputs, Parts } from './types.ts';

export interface Gpt2Config extends CommonConfig {
  readonly architecture: 'gpt2';
  readonly nPositions: number;
  readonly nEmbd: number;
  readonly nLayer: number;
  readonly nHead: number;
  readonly nInner: number;
  readonly layerNormEpsilon: number;
  readonly initializerRange: number;
  readonly scaleAttnWeights: boolean;
  readonly scaleAttnByInverseLayerIdx: boolean;
}

// Defaults are those of transformers' GPT2Config: old checkpoints leave keys out.
const schema = z.object({
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
  bos_token_id: tokenIds.nullish(),
  eos_token_id: tokenIds.nullish(),
});

/** @throws UserError model_config_wrong {key, problem}. */
export function parseGpt2(raw: Record<string, unknown>): Gpt2Config {
  const config = parseKeys(schema, raw);
  if (config.n_embd % config.n_head !== 0) throw wrongConfig('n_head', `${config.n_embd} / ${config.n_head}`);
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
    eosTokenId: firstId(config.eos_token_id, 50256),
    bosTokenId: firstId(config.bos_token_id, 50256),
    raw,
  };
}

export function gpt2(config: Gpt2Config): Architecture {
  const { nEmbd: C, nHead: H, nInner, nLayer, vocabSize: V } = config;
  const D = C / H;
  const blocks = Array.from({ length: nLayer }, (_, layer) => `transformer.h.${layer}`);

  const linears: LinearLayer[] = blocks.flatMap((block) => [
    { name: `${block}.attn.c_attn`, inFeatures: C, outFeatures: 3 * C, fanInFanOut: true },
    { name: `${block}.attn.c_proj`, inFeatures: C, outFeatures: C, fanInFanOut: true },
    { name: `${block}.mlp.c_fc`, inFeatures: C, outFeatures: nInner, fanInFanOut: true },
    { name: `${block}.mlp.c_proj`, inFeatures: nInner, outFeatures: C, fanInFanOut: true },
  ]);
  const norms = [...blocks.flatMap((block) => [`${block}.ln_1`, `${block}.ln_2`]), 'transformer.ln_f'];

  const weights = new Map<string, readonly number[]>([
    ['transformer.wte.weight', [V, C]],
    ['transformer.wpe.weight', [config.nPositions, C]],
  ]);
  for (const { name, inFeatures, outFeatures } of linears) {
    weights.set(`${name}.weight`, [inFeatures, outFeatures]);
    weights.set(`${name}.bias`, [outFeatures]);
  }
  for (const norm of norms) {
    weights.set(`${norm}.weight`, [C]);
    weights.set(`${norm}.bias`, [C]);
  }

  /** x [N, in] → [N, out]: x W + b, and with an adapter + scaling · (x Aᵀ) Bᵀ. */
  function linear(g: Graph, parts: Parts, x: Value, name: string): Value {
    const bias = parts.weight(`${name}.bias`);
    const product = parts.product?.(x, name);
    const y = product ? g.add(product, bias) : g.gemm(x, parts.weight(`${name}.weight`), { plus: bias });
    const adapter = parts.adapter(name);
    if (!adapter) return y;
    const narrow = g.gemm(x, adapter.a, { transB: true }); // [N, r]
    return g.gemm(narrow, adapter.b, { transB: true, alpha: adapter.scaling, plus: y });
  }

  function norm(g: Graph, parts: Parts, x: Value, name: string): Value {
    const inputs = [x, parts.weight(`${name}.weight`), parts.weight(`${name}.bias`)];
    return g.apply('LayerNormalization', inputs, { epsilon: config.layerNormEpsilon });
  }

  function attention(g: Graph, parts: Parts, x: Value, layer: number, inputs: ModelInputs): [Value, CachedKeys] {
    const block = `${blocks[layer]}.attn`;
    const [B, T] = inputs.inputIds.shape as [string, string];
    let scale = config.scaleAttnWeights ? 1 / Math.sqrt(D) : 1;
    if (config.scaleAttnByInverseLayerIdx) scale /= layer + 1;
    const together = linear(g, parts, x, `${block}.c_attn`); // [N, 3·C]
    if (inputs.cacheLength) {
      const split = g.applyAll('Split', [g.reshape(together, [B, T, 3 * C])], { axis: 2, parts: 3 });
      const sizes = { heads: H, keyValueHeads: H, headSize: D, scale };
      const [looked, keys] = attendToCache(g, inputs, layer, split as [Value, Value, Value], sizes);
      return [linear(g, parts, g.reshape(looked, x.shape), `${block}.c_proj`), keys];
    }
    const qkv = g.reshape(together, [B, T, 3, H, D]);
    const split = g.applyAll('Split', [g.transpose(qkv, [2, 0, 3, 1, 4])], { axis: 0, parts: 3 });
    const [query, newKey, newValue] = split.map((part) => g.reshape(part, [B, H, T, D])) as [Value, Value, Value];
    const past = inputs.past?.[layer];
    const key = past ? g.apply('Concat', [past.key, newKey], { axis: 2 }) : newKey; // [B, H, S, D]
    const value = past ? g.apply('Concat', [past.value, newValue], { axis: 2 }) : newValue; // [B, H, S, D]

    const [looked] = g.applyAll('Attention', [query, key, value, inputs.causalBias!], { scale });
    const mixed = g.transpose(looked!, [0, 2, 1, 3]); // [B, T, H, D]
    const output = linear(g, parts, g.reshape(mixed, x.shape), `${block}.c_proj`); // [N, C]
    return [output, { key, value }];
  }

  function feedForward(g: Graph, parts: Parts, x: Value, block: string): Value {
    const wide = g.apply('FastGelu', [linear(g, parts, x, `${block}.mlp.c_fc`)], {}); // [N, nInner]
    return linear(g, parts, wide, `${block}.mlp.c_proj`); // [N, C]
  }

  function build(g: Graph, parts: Parts, inputs: ModelInputs): ModelOutputs {
    const [B, T] = inputs.inputIds.shape as [string, string];
    const tokens = parts.rows('transformer.wte.weight', inputs.inputIds, false);
    const distinct = inputs.positionIds.shape.length === 1; // 0 … T−1, each once
    const places = parts.rows('transformer.wpe.weight', inputs.positionIds, distinct);
    let x = g.reshape(g.add(tokens, places), [`${B}*${T}`, C]); // [N, C]
    const hiddenStates = [x];
    const present: CachedKeys[] = [];
    for (const [layer, block] of blocks.entries()) {
      const [attended, keys] = attention(g, parts, norm(g, parts, x, `${block}.ln_1`), layer, inputs);
      x = g.add(x, attended);
      x = g.add(x, feedForward(g, parts, norm(g, parts, x, `${block}.ln_2`), block));
      hiddenStates.push(x);
      present.push(keys);
    }
    return { hiddenStates: hiddenStates.with(-1, norm(g, parts, x, 'transformer.ln_f')), present };
  }

  return {
    weights,
    linears,
    layers: nLayer,
    heads: H,
    keyValueHeads: H,
    headSize: D,
    hiddenSize: C,
    vocabSize: V,
    window: config.nPositions,
    countsFirstLabel: true,
    // Old checkpoints leave the prefix out.
    aliases: (weight) => [weight.replace(/^transformer\./, '')],
    // The head shares the table of token embeddings.
    headTable: 'transformer.wte.weight',
    initialDeviation(weight) {
      if (weight.endsWith('.bias')) return 0;
      if (weight.includes('.ln_')) return null;
      // Each block adds two projections to the stream; shrinking them keeps its spread independent of depth.
      return weight.endsWith('c_proj.weight')
        ? config.initializerRange / Math.sqrt(2 * nLayer)
        : config.initializerRange;
    },
    build,
  };
}
