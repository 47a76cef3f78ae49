/**
 * Model folders in Hugging Face layout, read: config.json, the weights (safetensors or torch checkpoints, in one file or in
 * shards), the tokenizer's files, generation_config.json, README.md with the licence in its front matter. Weights are only
 * read when asked for. Whether the tensors are those the architecture needs is the engine's question, not this file's.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TensorMap } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { readTokenizer } from './folder-tokenizer.ts';
import { readJsonObject } from './json-file.ts';
import type { ModelSource } from './model-source.ts';
import { findWeightFiles } from './weight-files.ts';

export interface ModelFolder extends ModelSource {
  /** Every tensor, read anew at each call. */
  weights(): TensorMap;
}

/** A card is text for people; its front matter stands at the top. */
const CARD_LIMIT_BYTES = 1024 * 1024;

/** Opens a folder without reading its weights. @throws UserError for a missing or damaged part, saying which. */
export function openModelFolder(folder: string): ModelFolder {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (!found) throw new UserError('file_missing', { path: folder });
  if (!found.isDirectory()) throw new UserError('model_not_a_folder', { path: folder });
  const config = readJsonObject(join(folder, 'config.json'));
  if (config === null) throw new UserError('model_config_missing', { folder });
  const files = findWeightFiles(folder);
  const generationConfig = readJsonObject(join(folder, 'generation_config.json'));
  const licence = readLicence(join(folder, 'README.md'));
  return {
    path: folder,
    config,
    stored: files.open,
    weights: () => new Map([...files.open()].map(([name, tensor]) => [name, tensor.read()])),
    weightFiles: files.paths,
    tokenizer: () => readTokenizer(folder, config),
    ...(generationConfig === null ? {} : { generationConfig }),
    ...(licence === undefined ? {} : { licence }),
  };
}

function readLicence(path: string): string | undefined {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0 || size > CARD_LIMIT_BYTES) return undefined;
  const [, frontMatter] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(readFileSync(path, 'utf8')) ?? [];
  return /^license:\s*['"]?([^'"\r\n]+?)['"]?\s*$/m.exec(frontMatter ?? '')?.[1];
}
