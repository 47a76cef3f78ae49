/** Model folders in Hugging Face layout, written: such as transformers loads. */
import { copyFileSync, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { float32ToFloat16, type HostTensor, toFloat32 } from '../engine/index.ts';
import { worded, writeDurably } from './durable-file.ts';
import type { JsonObject } from './json-file.ts';
import type { ModelSource } from './model-source.ts';
import { type StoredTensor, type Writable, writeSafetensors } from './safetensors.ts';
import { SAFETENSORS_FILE } from './weight-files.ts';

export interface NewModelFolder {
  config: JsonObject;
  /** Those still in a file are read one by one, when their turn to be written comes. */
  tensors: Writable;
  /** The model whose tokenizer and generation settings go along. */
  tokenizerFrom?: ModelSource;
  /** What floating-point tensors are stored as; float32 unless said. */
  dtype?: 'float32' | 'float16';
  /** README.md. */
  card?: string;
}

const GENERATION_CONFIG = 'generation_config.json';
const TOKENIZER = 'tokenizer.json';
const TOKENIZER_CONFIG = 'tokenizer_config.json';
/** Copied as they are, so that nothing of them is lost that we do not know. */
const COPIED = [
  TOKENIZER,
  TOKENIZER_CONFIG,
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'vocab.txt',
  'merges.txt',
  'chat_template.jinja',
  GENERATION_CONFIG,
];

/**
 * Writes a folder; made if need be, files of the same name replaced one by one, the weights last, so that a folder with
 * weights is a whole one. @throws UserError disk_full, file_unwritable.
 */
export function writeModelFolder(folder: string, model: NewModelFolder): void {
  const dtype = model.dtype ?? 'float32';
  writeJson(join(folder, 'config.json'), { ...model.config, dtype });
  writeCard(folder, model.card);
  if (model.tokenizerFrom !== undefined) writeTokenizer(model.tokenizerFrom, folder);
  const tensors: Writable = new Map([...model.tensors].map(([name, tensor]) => [name, stored(tensor, dtype)]));
  // transformers refuses a file that does not say its framework.
  writeSafetensors(join(folder, SAFETENSORS_FILE), tensors, { format: 'pt' });
}

export function writeCard(folder: string, card: string | undefined): void {
  if (card !== undefined) writeDurably(join(folder, 'README.md'), [Buffer.from(card)]);
}

/** Copies the files of a tokenizer and of generation settings. What the source has no file for (a GGUF's tokenizer, one made from vocab.json and merges.txt) is written from its parts. */
export function writeTokenizer(source: ModelSource, folder: string): void {
  const copied = statSync(source.path).isDirectory() ? copyFiles(source.path, folder) : [];
  const files = copied.includes(TOKENIZER) ? null : source.tokenizer();
  const parts = {
    [TOKENIZER]: files?.tokenizer,
    [TOKENIZER_CONFIG]: files?.config,
    [GENERATION_CONFIG]: source.generationConfig,
  };
  for (const [name, part] of Object.entries(parts))
    if (part !== undefined && !copied.includes(name)) writeJson(join(folder, name), part);
}

/** @returns the names of the files that were there. */
function copyFiles(from: string, to: string): string[] {
  const found = COPIED.filter((name) => existsSync(join(from, name)));
  for (const name of found) {
    try {
      copyFileSync(join(from, name), join(to, name));
    } catch (error) {
      throw worded(error, join(to, name));
    }
  }
  return found;
}

export function writeJson(path: string, value: unknown): void {
  writeDurably(path, [Buffer.from(`${JSON.stringify(value, null, 2)}\n`)]);
}

const FLOATS: readonly string[] = ['float32', 'float16', 'bfloat16'];

/** Converted only when its turn to be written comes, so that the model is not in memory twice. */
function stored(tensor: HostTensor | StoredTensor, dtype: 'float32' | 'float16'): HostTensor | StoredTensor {
  const { shape } = tensor;
  if (tensor.dtype === dtype || !FLOATS.includes(tensor.dtype)) return tensor;
  const convert = (values: Float32Array) => (dtype === 'float32' ? values : Uint16Array.from(values, float32ToFloat16));
  const read = () => ('data' in tensor ? tensor : tensor.read());
  return { dtype, shape, read: () => ({ dtype, shape, data: convert(toFloat32(read())) }) };
}
