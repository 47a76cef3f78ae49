/** Which files of a repository make a model that can be opened here; everything else stays where it is. */
import { UserError } from '../errors.ts';
import { isJsonObject } from '../formats/index.ts';
import { isSafeName } from './names.ts';

/** What stands beside the weights. The card tells the licence. */
const SMALL_FILES = [
  'config.json',
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
  'chat_template.jinja',
  'README.md',
];

/** In the order of preference: one file or the index of several, safetensors before the old checkpoints. */
const WEIGHTS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
];

const GGUF = /\.gguf$/i;
const FILES_NAMED = 8;

export interface Choice {
  /** Without the shards that `index` will name. */
  readonly files: readonly string[];
  readonly index?: string;
}

/** A folder in Hugging Face's layout. @throws UserError hub_gguf_choose, hub_weights_missing, hub_config_missing. */
export function chooseFolder(model: string, present: readonly string[]): Choice {
  const here = new Set(present);
  const weights = WEIGHTS.find((name) => here.has(name));
  if (weights === undefined) {
    const single = present.filter((name) => GGUF.test(name));
    if (single.length > 0) throw new UserError('hub_gguf_choose', { model, files: named(single), file: single[0]! });
    throw new UserError('hub_weights_missing', { model, wanted: WEIGHTS.join(', ') });
  }
  if (!here.has('config.json')) throw new UserError('hub_file_missing', { model, file: 'config.json' });
  const small = SMALL_FILES.filter((name) => here.has(name));
  // The weights come last: a folder that has them has the rest.
  return weights.endsWith('.index.json') ? { files: small, index: weights } : { files: [...small, weights] };
}

/**
 * The shards that an index names, each once.
 * @throws UserError model_index_damaged, hub_file_name for a name that would leave the folder, hub_file_missing.
 */
export function shardsOf(model: string, index: string, contents: unknown, present: readonly string[]): string[] {
  const map = isJsonObject(contents) ? contents.weight_map : undefined;
  if (!isJsonObject(map))
    throw new UserError('model_index_damaged', { file: index, folder: model, entry: 'weight_map' });
  const here = new Set(present);
  const shards = new Set<string>();
  for (const [tensor, shard] of Object.entries(map)) {
    if (typeof shard !== 'string')
      throw new UserError('model_index_damaged', { file: index, folder: model, entry: tensor });
    if (shards.has(shard)) continue;
    refuseUnsafe(model, shard);
    if (!here.has(shard)) throw new UserError('hub_file_missing', { model, file: shard });
    shards.add(shard);
  }
  return [...shards].sort();
}

/**
 * The one GGUF file that `wanted` names, or is a part of the name of, and the card.
 * @throws UserError hub_file_missing, hub_file_ambiguous, hub_file_name for a name that would leave the folder.
 */
export function chooseSingleFile(
  model: string,
  present: readonly string[],
  wanted: string,
): { files: string[]; file: string } {
  const single = present.filter((name) => GGUF.test(name));
  const exact = single.filter((name) => name === wanted);
  const [file, ...others] = exact.length > 0 ? exact : single.filter((name) => parts(name).includes(parts(wanted)));
  if (file === undefined) throw new UserError('hub_file_missing', { model, file: wanted });
  if (others.length > 0)
    throw new UserError('hub_file_ambiguous', { model, file: wanted, files: named([file, ...others]) });
  refuseUnsafe(model, file);
  return { files: [...present.filter((name) => name === 'README.md'), file], file };
}

/** "b/x-Q4_K_M.gguf" → "-b-x-q4-k-m-gguf-": a part of a name stands between its dashes. */
function parts(name: string): string {
  return `-${name.toLowerCase().replace(/[._/]/g, '-')}-`;
}

function refuseUnsafe(model: string, file: string): void {
  if (!isSafeName(file)) throw new UserError('hub_file_name', { model, file: named([file]) });
}

/** For a sentence: the first few, short, on one line. */
function named(files: readonly string[]): string {
  const shown = files.slice(0, FILES_NAMED).map((name) => JSON.stringify(name.slice(0, 120)).slice(1, -1));
  return files.length > FILES_NAMED ? `${shown.join(', ')} …` : shown.join(', ');
}
