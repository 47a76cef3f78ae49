/** Sprout's architecture, in the words of Hugging Face's GPT2Config. */
import { VOCABULARY, WINDOW } from './tokenizer.ts';

export const modelConfig = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  vocab_size: VOCABULARY,
  n_positions: WINDOW,
  n_embd: 256,
  n_layer: 6,
  n_head: 8,
  n_inner: null,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  initializer_range: 0.02,
  resid_pdrop: 0,
  embd_pdrop: 0,
  attn_pdrop: 0,
  tie_word_embeddings: true,
  scale_attn_weights: true,
  bos_token_id: 0,
  eos_token_id: 0,
  pad_token_id: 0,
  use_cache: true,
};

export const generationConfig = {
  bos_token_id: 0,
  eos_token_id: 0,
  pad_token_id: 0,
  do_sample: true,
  max_new_tokens: 100,
  temperature: 0.7,
  top_k: 50,
  top_p: 0.9,
  repetition_penalty: 1.2,
};
