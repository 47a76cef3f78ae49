/** MODEL and --adapter: what they name, opened. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  type AnyModel,
  type Brain,
  type BrainOptions,
  type BrainVersion,
  locate,
  openAnyModel,
  openBrain,
} from '../brain/index.ts';
import { UserError } from '../errors.ts';
import { type ModelSource, openModelSource, type PeftAdapter, readAdapterFolder } from '../formats/index.ts';
import { parseHubId } from '../hub/index.ts';
import { brainOptions } from './environment.ts';
import { fetchModel } from './hub.ts';
import type { Options } from './options.ts';

/** What goes before what the environment says. */
type OpeningOptions = Pick<BrainOptions, 'precision' | 'repack'>;

/**
 * Opens a causal language model: 'sprout', a folder, a single file, or a model of the hub, fetched first.
 * @throws UserError file_missing, and whatever fetching or opening finds wrong.
 */
export function openModel(model: string, options: OpeningOptions = {}): Promise<Brain> {
  return openNamed(model, openBrain, options);
}

/** The same where an encoder will do too. */
export function openModelOrEncoder(model: string, options: OpeningOptions = {}): Promise<AnyModel> {
  return openNamed(model, openAnyModel, options);
}

/** The same model as it lies on disk, its weights not read. */
export function openSource(model: string): Promise<ModelSource> {
  return openNamed(model, async (source) => openModelSource(locate(source).path));
}

async function openNamed<Opened>(
  model: string,
  open: (source: string, options: BrainOptions) => Promise<Opened>,
  given: OpeningOptions = {},
): Promise<Opened> {
  const options = { ...brainOptions(process.env), ...given };
  if (model !== 'sprout') {
    if (!existsSync(model)) {
      if (parseHubId(model) === null) throw new UserError('file_missing', { path: model });
      return open((await fetchModel(model)).pinned, options);
    }
  }
  return open(model === 'sprout' ? model : path.resolve(model), options);
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
  return idsBy(options, (text) => brain.tokenizer.encode(text, { parseSpecial: true }));
}

/** The same for what `openModelOrEncoder` gave: an encoder's text stands between its first and last token. */
export function idsOfEither(options: Options, { kind, model }: AnyModel): number[] {
  return kind === 'brain' ? idsOf(options, model) : idsBy(options, model.tokenizer.encode);
}

function idsBy(options: Options, encode: (text: string) => number[]): number[] {
  const given = options.oneOf(['text', 'input-ids']);
  return given === 'input-ids' ? options.ids(given) : encode(options.required(given));
}
