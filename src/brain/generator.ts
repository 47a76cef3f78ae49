/**
 * transformers.js's generate() over a session of ours: it keeps the key/value cache, the stopping rules and the loop; which
 * token comes next is decided by our processors (sampling.ts).
 */
import {
  LlamaForCausalLM,
  LogitsProcessorList,
  PretrainedConfig,
  StoppingCriteria,
  Tensor,
} from '@huggingface/transformers';
import { architectureOf, type ModelConfig } from '../engine/index.ts';
import { logitsProcessors, ScoreCapture } from './sampling.ts';
import type { GenerationSettings } from './types.ts';

/** What generate() touches of an onnxruntime session. */
export interface GenerationSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  readonly inputMetadata: readonly { name: string; type: string; shape: readonly (number | string)[] }[];
  run(feeds: Record<string, unknown>): Promise<Record<string, unknown>>;
}

export interface GenerationHooks {
  random: () => number;
  onToken?: (id: number) => void;
  /** The probabilities each token was drawn from. */
  observe?: (probabilities: Float64Array) => void;
}

export interface GeneratedTokens {
  outputIds: number[];
  tokenLogprobs: number[];
}

/**
 * One class serves every architecture: generate() only asks how large the cache is. It stops at any of `endIds`, of which
 * there is at least one.
 */
export function createGenerator(config: ModelConfig, session: GenerationSession) {
  const { layers, heads, keyValueHeads, headSize, hiddenSize, vocabSize } = architectureOf(config);
  const sizes = {
    model_type: 'llama',
    vocab_size: vocabSize,
    hidden_size: hiddenSize,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: headSize,
  };
  const model = new LlamaForCausalLM(new PretrainedConfig(sizes), { model: session }, {});

  return async (
    promptIds: readonly number[],
    settings: Required<GenerationSettings>,
    endIds: readonly number[],
    { random, onToken, observe }: GenerationHooks,
  ): Promise<GeneratedTokens> => {
    const outputIds: number[] = [];
    const tokenLogprobs: number[] = [];
    const capture = new ScoreCapture();
    const processors = new LogitsProcessorList();
    processors.extend([capture, ...logitsProcessors(settings, random, observe)]);
    const listener = new TokenListener((id) => {
      outputIds.push(id);
      tokenLogprobs.push(capture.logprob(id));
      onToken?.(id);
    });
    await model.generate({
      inputs: new Tensor('int64', BigInt64Array.from(promptIds, BigInt), [1, promptIds.length]),
      // Everything that changes scores is ours, so generate()'s own settings stay neutral.
      do_sample: false,
      num_beams: 1,
      repetition_penalty: 1,
      max_new_tokens: settings.maxNewTokens,
      eos_token_id: [...endIds],
      pad_token_id: endIds[0],
      logits_processor: processors,
      stopping_criteria: listener,
    });
    return { outputIds, tokenLogprobs };
  };
}

/** Asked after every token whether to stop; it never does, but notes the token. */
class TokenListener extends StoppingCriteria {
  readonly #onToken: (id: number) => void;

  constructor(onToken: (id: number) => void) {
    super();
    this.#onToken = onToken;
  }

  override _call(inputIds: (number | bigint)[][]): boolean[] {
    for (const sequence of inputIds) this.#onToken(Number(sequence.at(-1)));
    return inputIds.map(() => false);
  }
}
