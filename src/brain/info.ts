/** What is worth knowing about a model before opening or training it. */
import {
  type AnyModelConfig,
  architectureOf,
  type EncoderConfig,
  elementCount,
  encoderOf,
  expectedWeights,
  type ModelConfig,
} from '../engine/index.ts';
import type { ModelSource } from '../formats/index.ts';
import type { BrainInfo, EncoderInfo } from './types.ts';

const FLOAT_BYTES = 4;
/** The length training rows are assumed to have. */
const TRAINING_TOKENS = 256;
/** Rank of the adapter assumed. */
const LORA_RANK = 8;
/** Numbers a token leaves behind in a block for the way back, per channel: inputs and outputs of each operation. */
const KEPT_PER_CHANNEL = 40;

/** What is said of every model. */
function facts(name: string, config: AnyModelConfig, source: ModelSource, hasTokenizer: boolean) {
  return {
    name,
    architecture: config.architecture,
    parameters: [...expectedWeights(config).values()].reduce((sum, shape) => sum + elementCount(shape), 0),
    vocabulary: config.vocabSize,
    licence: source.licence ?? null,
    hasTokenizer,
  };
}

export function describe(name: string, config: ModelConfig, source: ModelSource, hasTokenizer: boolean): BrainInfo {
  const known = facts(name, config, source, hasTokenizer);
  const { layers, hiddenSize, heads, keyValueHeads, headSize, window, vocabSize, linears } = architectureOf(config);
  const weights = known.parameters * FLOAT_BYTES;
  const cache = 2 * layers * window * keyValueHeads * headSize * FLOAT_BYTES;
  const tokens = Math.min(TRAINING_TOKENS, window);
  const perToken = layers * (KEPT_PER_CHANNEL * hiddenSize + 4 * heads * tokens) + 4 * vocabSize;
  const activations = tokens * perToken * FLOAT_BYTES;
  // A and B on each linear; four copies of each.
  const widths = linears.reduce((sum, { inFeatures, outFeatures }) => sum + inFeatures + outFeatures, 0);
  const adapter = 4 * LORA_RANK * widths * FLOAT_BYTES;
  return {
    ...known,
    window,
    layers,
    memory: {
      serving: weights + cache,
      lora: weights + adapter + activations,
      // Weights, gradients and two moments.
      full: 4 * weights + activations,
    },
  };
}

export function describeEncoder(
  name: string,
  config: EncoderConfig,
  source: ModelSource,
  hasTokenizer: boolean,
): EncoderInfo {
  const known = facts(name, config, source, hasTokenizer);
  const { layers, heads, hiddenSize, window } = encoderOf(config);
  // A layer's numbers are given back once the next one is through: scores of each head, and a few rows a token.
  const activations = window * (heads * window + KEPT_PER_CHANNEL * hiddenSize) * FLOAT_BYTES;
  return {
    ...known,
    window,
    layers,
    memory: { serving: known.parameters * FLOAT_BYTES + activations },
  };
}
