/**
 * Model folders in Hugging Face layout, in and out: config.json, model.safetensors or its shards with their index, the
 * tokenizer's files, generation_config.json, README.md with the licence in its front matter. Weights are only read when
 * asked for. Whether the tensors are those the architecture needs is the engine's question, not this file's.
 */
import { copyFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { float32ToFloat16, type HostTensor, type TensorMap, toFloat32 } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { worded, writeDurably } from './durable-file.ts';
import { isJsonObject, type JsonObject, readJsonObject } from './json-file.ts';
import type { ModelSource, TokenizerFiles } from './model-source.ts';
import { openSafetensors, type StoredTensor, type Writable, writeSafetensors } from './safetensors.ts';

export interface ModelFolder extends ModelSource {
  /** Every tensor, read anew at each call. */
  weights(): TensorMap;
}

const CONFIG = 'config.json';
const GENERATION_CONFIG = 'generation_config.json';
const WEIGHTS = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';
const CARD = 'README.md';
const PYTORCH = ['pytorch_model.bin', 'pytorch_model.bin.index.json'];
const TOKENIZER_FILES = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'chat_template.jinja',
  GENERATION_CONFIG,
];
/** A card is text for people; its front matter stands at the top. */
const CARD_LIMIT_BYTES = 1024 * 1024;

/** Opens a folder without reading its weights. @throws UserError for a missing or damaged part, saying which. */
export function openModelFolder(folder: string): ModelFolder {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) throw new UserError('file_missing', { path: folder });
  if (!found.isDirectory()) throw new UserError('model_not_a_folder', { path: folder });
  const config = readJsonObject(join(folder, CONFIG));
  if (config === null) throw new UserError('model_config_missing', { folder });
  const shards = findWeights(folder);
  const generationConfig = readJsonObject(join(folder, GENERATION_CONFIG));
  const licence = readLicence(join(folder, CARD));
  const stored = () => openShards(folder, shards);
  return {
    path: folder,
    config,
    stored,
    weights: () => new Map([...stored()].map(([name, tensor]) => [name, tensor.read()])),
    weightFiles: [...shards.keys()].map((file) => join(folder, file)),
    tokenizer: () => readTokenizer(folder),
    ...(generationConfig === null ? {} : { generationConfig }),
    ...(licence === undefined ? {} : { licence }),
  };
}

function readTokenizer(folder: string): TokenizerFiles | null {
  const tokenizer = readJsonObject(join(folder, 'tokenizer.json'));
  if (tokenizer === null) return null;
  return { tokenizer, config: readJsonObject(join(folder, 'tokenizer_config.json')) ?? {} };
}

/** File name → the tensors the index promises to be in it (none named for a single file). */
function findWeights(folder: string): Map<string, string[]> {
  if (existsSync(join(folder, WEIGHTS))) return new Map([[WEIGHTS, []]]);
  const index = readJsonObject(join(folder, INDEX));
  if (index !== null) return readIndex(folder, index);
  const file = PYTORCH.find((name) => existsSync(join(folder, name)));
  if (file !== undefined) throw new UserError('model_pytorch_only', { folder, file });
  throw new UserError('model_weights_missing', { folder });
}

function readIndex(folder: string, index: JsonObject): Map<string, string[]> {
  const places = index.weight_map;
  if (!isJsonObject(places) || Object.keys(places).length === 0)
    throw new UserError('model_index_damaged', { file: INDEX, folder, entry: 'weight_map' });
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(places)) {
    // A shard lies beside its index: a name with a folder in it would lead somewhere nobody meant.
    if (typeof file !== 'string' || !/^[\w][\w.-]*\.safetensors$/.test(file))
      throw new UserError('model_index_damaged', { file: INDEX, folder, entry: tensor });
    shards.set(file, [...(shards.get(file) ?? []), tensor]);
  }
  for (const file of shards.keys())
    if (!existsSync(join(folder, file))) throw new UserError('model_shard_missing', { folder, file });
  return shards;
}

function openShards(folder: string, shards: Map<string, string[]>): Map<string, StoredTensor> {
  const merged = new Map<string, StoredTensor>();
  for (const [file, promised] of shards) {
    const { tensors } = openSafetensors(join(folder, file));
    for (const tensor of promised)
      if (!tensors.has(tensor)) throw new UserError('model_shard_incomplete', { file, tensor });
    for (const [name, tensor] of tensors) {
      if (merged.has(name)) throw new UserError('safetensors_duplicate', { file, tensor: name });
      merged.set(name, tensor);
    }
  }
  return merged;
}

function readLicence(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 || size > CARD_LIMIT_BYTES) return undefined;
  const [, frontMatter] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(path, 'utf8')) ?? [];
  return /^license:\s*['"]?([^'"\r\n]+?)['"]?\s*$/m.exec(frontMatter ?? '')?.[1];
}

export interface NewModelFolder {
  config: JsonObject;
  tensors: TensorMap;
  /** A model folder whose tokenizer and generation settings are copied. */
  tokenizerFrom?: string;
  /** What floating-point tensors are stored as; float32 unless said. */
  dtype?: 'float32' | 'float16';
  /** README.md. */
  card?: string;
}

/**
 * Writes a folder that transformers loads; made if need be, files of the same name replaced one by one, the weights last,
 * so that a folder with weights is a whole one. @throws UserError disk_full, file_unwritable.
 */
export function writeModelFolder(folder: string, model: NewModelFolder): void {
  const dtype = model.dtype ?? 'float32';
  const config = { ...model.config, dtype };
  writeDurably(join(folder, CONFIG), [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]);
  if (model.card !== undefined) writeDurably(join(folder, CARD), [Buffer.from(model.card)]);
  if (model.tokenizerFrom !== undefined) copyTokenizer(model.tokenizerFrom, folder);
  const tensors: Writable = new Map([...model.tensors].map(([name, tensor]) => [name, stored(tensor, dtype)]));
  // transformers refuses a file that does not say its framework.
  writeSafetensors(join(folder, WEIGHTS), tensors, { format: 'pt' });
}

function copyTokenizer(from: string, to: string): void {
  for (const name of TOKENIZER_FILES) {
    if (!existsSync(join(from, name))) continue;
    try {
      copyFileSync(join(from, name), join(to, name));
    } catch (error) {
      throw worded(error, join(to, basename(name)));
    }
  }
}

const FLOATS: readonly string[] = ['float32', 'float16', 'bfloat16'];

/** Converted only when its turn to be written comes, so that the model is not in memory twice. */
function stored(tensor: HostTensor, dtype: 'float32' | 'float16'): HostTensor | StoredTensor {
  const { shape } = tensor;
  if (tensor.dtype === dtype || !FLOATS.includes(tensor.dtype)) return tensor;
  const convert = (values: Float32Array) => (dtype === 'float32' ? values : Uint16Array.from(values, float32ToFloat16));
  return { dtype, shape, read: () => ({ dtype, shape, data: convert(toFloat32(tensor)) }) };
}
