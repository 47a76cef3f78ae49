/** Where on this disk a brain's source lies. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { cachedModel, parseHubId, readHubSettings } from '../hub/index.ts';

/** The embedded brain's folder; it comes with the program. */
const sproutFolder = path.join(import.meta.dirname, '..', '..', 'models', 'sprout');

let edition: string | undefined;

/**
 * The embedded brain with its edition, as a model of the hub is pinned to its commit: `sprout@` and the beginning of the weights'
 * sha-256. A newer program may bring another sprout, which versions that grew from this one must not be laid over.
 */
export function pinnedSprout(): string {
  edition ??= createHash('sha256')
    .update(readFileSync(path.join(sproutFolder, 'model.safetensors')))
    .digest('hex')
    .slice(0, 12);
  return `sprout@${edition}`;
}

export interface Located {
  /** Of a folder or a file, which may not be there. */
  readonly path: string;
  /** What people call the model. */
  readonly name: string;
}

/** What people call the model behind a source: a path's last part, a repository's name without its owner and commit. */
export function modelName(source: string): string {
  return path.basename(parseHubId(source)?.repository ?? path.resolve(source));
}

/**
 * @param source 'sprout', with its edition or without, a path, or the name of a model on the hub that was downloaded before. A path that is there goes
 * before a name on the hub. @throws UserError setting_wrong for HF_* settings that cannot be read.
 */
export function locate(source: string): Located {
  if (source === 'sprout' || (source.startsWith('sprout@') && source === pinnedSprout()))
    return { path: sproutFolder, name: 'sprout' };
  const cached = existsSync(source) ? null : cachedModel(source, readHubSettings(process.env));
  if (cached === null) return { path: path.resolve(source), name: path.basename(path.resolve(source)) };
  return { path: cached.path, name: modelName(source) };
}
