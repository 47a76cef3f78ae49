/** MODEL and --adapter: what they name, opened. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Brain, type BrainVersion, openBrain } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import { type PeftAdapter, readAdapterFolder } from '../formats/index.ts';
import { parseHubId } from '../hub/index.ts';
import { brainOptions } from './environment.ts';
import { fetchModel } from './hub.ts';
import type { Options } from './options.ts';

/**
 * Opens 'sprout', a folder, a single file, or a model of the hub, fetched first.
 * @throws UserError file_missing, and whatever fetching or opening finds wrong.
 */
export async function openModel(model: string): Promise<Brain> {
  if (model !== 'sprout') {
    if (!existsSync(model)) {
      if (parseHubId(model) === null) throw new UserError('file_missing', { path: model });
      return openBrain((await fetchModel(model)).pinned, brainOptions(process.env));
    }
  }
  return openBrain(model === 'sprout' ? model : path.resolve(model), brainOptions(process.env));
}

/** The adapter that was asked for, or undefined. @throws UserError for a missing or damaged part. */
export function adapterOf(options: Options): PeftAdapter | undefined {
  const folder = options.text('adapter');
  return folder === undefined ? undefined : readAdapterFolder(path.resolve(folder));
}

/** The version of the brain that `--adapter` makes; the base without it. */
export function versionOf(options: Options): BrainVersion {
  const adapter = adapterOf(options);
  return adapter === undefined ? {} : { adapter: { lora: adapter.lora, tensors: adapter.tensors } };
}

/** Ids of `--text` or `--input-ids`. Control tokens spelt out in the text are meant: whoever types here owns the model. */
export function idsOf(options: Options, brain: Brain): number[] {
  const given = options.oneOf(['text', 'input-ids']);
  if (given === 'input-ids') return options.ids(given);
  return brain.tokenizer.encode(options.required(given), { parseSpecial: true });
}
