/**
 * A model as it lies on disk, whatever the layout: a folder in Hugging Face's, a GGUF file, a llama2.c file. Every reader
 * gives the same parts, so that the rest of the house never asks where a model came from.
 */
import type { JsonObject } from './json-file.ts';
import type { StoredTensor } from './safetensors.ts';

/** What a tokenizer is made from, in Hugging Face's terms: the contents of tokenizer.json and tokenizer_config.json. */
export interface TokenizerFiles {
  readonly tokenizer: JsonObject;
  /** The chat template, where there is one, is its `chat_template`. */
  readonly config: JsonObject;
}

export interface ModelSource {
  /** The folder, or the single file. */
  readonly path: string;
  /** As config.json has it; `parseModelConfig` of the engine reads it. */
  readonly config: unknown;
  /** Every tensor where it lies, under Hugging Face's names, shards merged; read only when asked. */
  stored(): Map<string, StoredTensor>;
  /** The files the weights are in: whoever keeps a copy names it by their bytes. */
  readonly weightFiles: readonly string[];
  /** Null where there is none: then only ids go in and out. */
  tokenizer(): TokenizerFiles | null;
  /** The contents of generation_config.json. */
  readonly generationConfig?: unknown;
  readonly licence?: string;
}
