/**
 * BERT (Devlin et al. 2018) and RoBERTa (Liu et al. 2019; XLM-RoBERTa is the same with another vocabulary) as Hugging Face's
 * BertModel and RobertaModel compute their hidden states. The pooler and the heads are left out. No dropout.
 *
 * Letters: B batch, T tokens, N = B·T rows, C width, H heads, D = C/H, V vocabulary, F width of the feed-forward layer.
 */
import { z } from 'zod';
import type { Graph, Value } from '../graph.ts';
import { parseKeys, size, wrongConfig } from './config.ts';
import type { EncoderArchitecture, EncoderInputs } from './types.ts';

export interface EncoderConfig {
  readonly architecture: 'bert' | 'roberta' | 'xlm-roberta';
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly intermediateSize: number;
  readonly maxPositionEmbeddings: number;
  readonly typeVocabSize: number;
  readonly layerNormEps: number;
  /** Whether the feed-forward layers use the tanh form of gelu. */
  readonly tanhGelu: boolean;
  readonly padTokenId: number;
  /** config.json as it was read. */
  readonly raw: Record<string, unknown>;
}

// transformers computes "gelu_fast" and "gelu_pytorch_tanh" by the formula of "gelu_new".
const TANH_GELUS = ['gelu_new', 'gelu_fast', 'gelu_pytorch_tanh'] as const;

// Defaults are those of transformers' BertConfig; RobertaConfig and XLMRobertaConfig differ where `defaultsOf` says.
const schema = z.object({
  vocab_size: size.default(30522),
  hidden_size: size.default(768),
  num_hidden_layers: size.default(12),
  num_attention_heads: size.default(12),
  intermediate_size: size.default(3072),
  hidden_act: z.enum(['gelu', ...TANH_GELUS]).default('gelu'),
  max_position_embeddings: size.default(512),
  type_vocab_size: size.default(2),
  layer_norm_eps: z.number().positive().default(1e-12),
  pad_token_id: z.number().int().nonnegative().nullish(),
  position_embedding_type: z.literal('absolute').default('absolute'),
  is_decoder: z.literal(false).default(false),
  add_cross_attention: z.literal(false).default(false),
});

const defaultsOf = {
  bert: { pad_token_id: 0 },
  roberta: { pad_token_id: 1, vocab_size: 50265 },
  'xlm-roberta': { pad_token_id: 1 },
} as const;

/** @throws UserError model_config_wrong {key, problem}. */
export function parseBert(raw: Record<string, unknown>, architecture: EncoderConfig['architecture']): EncoderConfig {
  const defaults = defaultsOf[architecture];
  const config = parseKeys(schema, { ...defaults, ...raw });
  const { hidden_size: C, num_attention_heads: H, max_position_embeddings: places } = config;
  if (C % H !== 0) throw wrongConfig('num_attention_heads', `${C} / ${H}`);
  const padTokenId = config.pad_token_id ?? defaults.pad_token_id;
  if (padTokenId >= config.vocab_size) throw wrongConfig('pad_token_id', `${padTokenId}`);
  if (architecture !== 'bert' && places <= padTokenId + 1) throw wrongConfig('max_position_embeddings', `${places}`);
  return {
    architecture,
    vocabSize: config.vocab_size,
    hiddenSize: C,
    numHiddenLayers: config.num_hidden_layers,
    numAttentionHeads: H,
    intermediateSize: config.intermediate_size,
    maxPositionEmbeddings: places,
    typeVocabSize: config.type_vocab_size,
    layerNormEps: config.layer_norm_eps,
    tanhGelu: config.hidden_act !== 'gelu',
    padTokenId,
    raw,
  };
}

export function bert(config: EncoderConfig): EncoderArchitecture {
  const {
    hiddenSize: C,
    numAttentionHeads: H,
    intermediateSize: F,
    numHiddenLayers,
    vocabSize: V,
    padTokenId,
  } = config;
  const D = C / H;
  const isBert = config.architecture === 'bert';
  const blocks = Array.from({ length: numHiddenLayers }, (_, layer) => `encoder.layer.${layer}`);

  const weights = new Map<string, readonly number[]>([
    ['embeddings.word_embeddings.weight', [V, C]],
    ['embeddings.position_embeddings.weight', [config.maxPositionEmbeddings, C]],
    ['embeddings.token_type_embeddings.weight', [config.typeVocabSize, C]],
  ]);
  const addNorm = (name: string): void => {
    weights.set(`${name}.weight`, [C]);
    weights.set(`${name}.bias`, [C]);
  };
  const addLinear = (name: string, inFeatures: number, outFeatures: number): void => {
    weights.set(`${name}.weight`, [outFeatures, inFeatures]);
    weights.set(`${name}.bias`, [outFeatures]);
  };
  addNorm('embeddings.LayerNorm');
  for (const block of blocks) {
    for (const part of ['query', 'key', 'value']) addLinear(`${block}.attention.self.${part}`, C, C);
    addLinear(`${block}.attention.output.dense`, C, C);
    addNorm(`${block}.attention.output.LayerNorm`);
    addLinear(`${block}.intermediate.dense`, C, F);
    addLinear(`${block}.output.dense`, F, C);
    addNorm(`${block}.output.LayerNorm`);
  }

  /** Checkpoints of a whole model name its encoder first; those that came from TensorFlow call a norm's weights gamma and beta. */
  function aliases(weight: string): string[] {
    const older = weight.replace(/LayerNorm\.weight$/, 'LayerNorm.gamma').replace(/LayerNorm\.bias$/, 'LayerNorm.beta');
    const prefix = isBert ? 'bert' : 'roberta';
    return [`${prefix}.${weight}`, older, `${prefix}.${older}`];
  }

  /** BERT counts places from 0. RoBERTa counts from the place after the padding's own, and padding does not count. */
  function positions(ids: readonly number[]): number[] {
    if (isBert) return ids.map((_, place) => place);
    let last = padTokenId;
    return ids.map((id) => (id === padTokenId ? padTokenId : ++last));
  }

  function build(g: Graph, weight: (name: string) => Value, inputs: EncoderInputs, layers: number): readonly Value[] {
    const [B, T] = inputs.inputIds.shape as [string, string];

    /** x [N, in] → [N, out]: x Wᵀ + b. */
    const linear = (x: Value, name: string): Value =>
      g.gemm(x, weight(`${name}.weight`), { transB: true, plus: weight(`${name}.bias`) });
    const norm = (x: Value, name: string): Value =>
      g.apply('LayerNormalization', [x, weight(`${name}.weight`), weight(`${name}.bias`)], {
        epsilon: config.layerNormEps,
      });

    const attention = (x: Value, block: string): Value => {
      const [query, key, value] = ['query', 'key', 'value'].map((part) => {
        const heads = g.reshape(linear(x, `${block}.self.${part}`), [B, T, H, D]);
        return g.transpose(heads, [0, 2, 1, 3]); // [B, H, T, D]
      }) as [Value, Value, Value];
      const scale = 1 / Math.sqrt(D);
      const [looked] = g.applyAll('Attention', [query, key, value, inputs.paddingBias], { scale });
      return linear(g.reshape(g.transpose(looked!, [0, 2, 1, 3]), x.shape), `${block}.output.dense`); // [N, C]
    };

    const feedForward = (x: Value, block: string): Value => {
      const wide = linear(x, `${block}.intermediate.dense`); // [N, F]
      const gelu = config.tanhGelu ? g.apply('FastGelu', [wide], {}) : g.apply('Gelu', [wide], {});
      return linear(gelu, `${block}.output.dense`); // [N, C]
    };

    const rows = (table: string, ids: Value, distinct: boolean): Value =>
      g.apply('Gather', [weight(`embeddings.${table}_embeddings.weight`), ids], { distinct });
    const words = rows('word', inputs.inputIds, false); // [B, T, C]
    // Every token belongs to the first of the two texts BERT can tell apart.
    const types = rows('token_type', g.constant([0], [1], 'int64'), true); // [1, C]
    const places = rows('position', inputs.positionIds, false); // [B, T, C]
    const embedded = g.reshape(g.add(g.add(words, types), places), [`${B}*${T}`, C]); // [N, C]

    let x = norm(embedded, 'embeddings.LayerNorm');
    const hiddenStates = [x];
    for (const block of blocks.slice(0, layers)) {
      x = norm(g.add(attention(x, `${block}.attention`), x), `${block}.attention.output.LayerNorm`);
      x = norm(g.add(feedForward(x, block), x), `${block}.output.LayerNorm`);
      hiddenStates.push(x);
    }
    return hiddenStates;
  }

  return {
    weights,
    aliases,
    layers: numHiddenLayers,
    heads: H,
    headSize: D,
    hiddenSize: C,
    vocabSize: V,
    window: config.maxPositionEmbeddings - (isBert ? 0 : padTokenId + 1),
    positions,
    padId: padTokenId,
    build,
  };
}
