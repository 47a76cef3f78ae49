/**
 * The files of a model folder that hold its weights: one, or shards with an index that says which tensor lies in which;
 * safetensors where there are any, else torch checkpoints.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, readJsonObject } from './json-file.ts';
import { openSafetensors, type StoredTensor } from './safetensors.ts';
import { openTorch } from './torch.ts';

export const SAFETENSORS_FILE = 'model.safetensors';

interface Layout {
  readonly file: string;
  readonly index: string;
  /** A shard lies beside its index: a name with a folder in it would lead somewhere nobody meant. */
  readonly shard: RegExp;
  open(path: string): Map<string, StoredTensor>;
}

const LAYOUTS: readonly Layout[] = [
  {
    file: SAFETENSORS_FILE,
    index: 'model.safetensors.index.json',
    shard: /^\w[\w.-]*\.safetensors$/,
    open: (path) => openSafetensors(path).tensors,
  },
  { file: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', shard: /^\w[\w.-]*\.bin$/, open: openTorch },
];

export interface WeightFiles {
  readonly paths: readonly string[];
  /** Every tensor, shards merged. @throws UserError for a damaged file, model_shard_incomplete, safetensors_duplicate. */
  open(): Map<string, StoredTensor>;
}

/** @throws UserError model_weights_missing, model_index_damaged, model_shard_missing. */
export function findWeightFiles(folder: string): WeightFiles {
  for (const layout of LAYOUTS) {
    const shards = findShards(folder, layout);
    if (shards === null) continue;
    const paths = [...shards.keys()].map((file) => join(folder, file));
    return { paths, open: () => openShards(folder, shards, layout) };
  }
  throw new UserError('model_weights_missing', { folder });
}

/** File name → the tensors the index promises to be in it (none named for a single file). */
function findShards(folder: string, { file, index, shard }: Layout): Map<string, string[]> | null {
  if (existsSync(join(folder, file))) return new Map([[file, []]]);
  const promises = readJsonObject(join(folder, index));
  return promises === null ? null : readIndex(folder, index, promises, shard);
}

function readIndex(folder: string, index: string, { weight_map: places }: JsonObject, shard: RegExp) {
  if (!isJsonObject(places) || Object.keys(places).length === 0)
    throw new UserError('model_index_damaged', { file: index, folder, entry: 'weight_map' });
  const shards = new Map<string, string[]>();
  for (const [tensor, file] of Object.entries(places)) {
    if (typeof file !== 'string' || !shard.test(file))
      throw new UserError('model_index_damaged', { file: index, folder, entry: tensor.slice(0, 120) });
    const promised = shards.get(file);
    if (promised === undefined) shards.set(file, [tensor]);
    else promised.push(tensor);
  }
  for (const file of shards.keys())
    if (!existsSync(join(folder, file))) throw new UserError('model_shard_missing', { folder, file });
  return shards;
}

function openShards(folder: string, shards: ReadonlyMap<string, string[]>, { open }: Layout) {
  const merged = new Map<string, StoredTensor>();
  for (const [file, promised] of shards) {
    const tensors = open(join(folder, file));
    for (const tensor of promised)
      if (!tensors.has(tensor)) throw new UserError('model_shard_incomplete', { file, tensor: tensor.slice(0, 120) });
    for (const [name, tensor] of tensors) {
      if (merged.has(name)) throw new UserError('safetensors_duplicate', { file, tensor: name.slice(0, 120) });
      merged.set(name, tensor);
    }
  }
  return merged;
}
