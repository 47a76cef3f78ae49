/** Sprout's architecture, in the words of Hugging Face's LlamaConfig. */
import { VOCABULARY, WINDOW } from './tokenizer.ts';

export const modelConfig = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  vocab_size: VOCABULARY,
  max_position_embeddings: WINDOW,
  hidden_size: 256,
  intermediate_size: 688,
  num_hidden_layers: 6,
  num_attention_heads: 4,
  num_key_value_heads: 4,
  hidden_act: 'silu',
  rms_norm_eps: 1e-5,
  initializer_range: 0.02,
  rope_theta: 10_000,
  attention_bias: false,
  mlp_bias: false,
  attention_dropout: 0,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
  pad_token_id: 0,
  use_cache: true,
};

/**
 * Drawn closer to the likeliest than other brains are: it is small, and what is unlikely is seldom a word of its mind. The penalty counts the prompt
 * too, as transformers' does: a strong one keeps a reply from naming what was asked about.
 */
export const generationConfig = {
  bos_token_id: 0,
  eos_token_id: 0,
  pad_token_id: 0,
  do_sample: true,
  max_new_tokens: 100,
  temperature: 0.3,
  top_k: 50,
  top_p: 0.9,
  repetition_penalty: 1.05,
};
