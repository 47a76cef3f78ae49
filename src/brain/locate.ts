/** Where on this disk a brain's source lies. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { cachedModel, parseHubId, readHubSettings } from '../hub/index.ts';

/** The embedded brain's folder; it comes with the program. */
const sproutFolder = path.join(import.meta.dirname, '..', '..', 'models', 'sprout');

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
 * @param source 'sprout', a path, or the name of a model on the hub that was downloaded before. A path that is there goes
 * before a name on the hub. @throws UserError setting_wrong for HF_* settings that cannot be read.
 */
export function locate(source: string): Located {
  if (source === 'sprout') return { path: sproutFolder, name: source };
  const cached = existsSync(source) ? null : cachedModel(source, readHubSettings(process.env));
  if (cached === null) return { path: path.resolve(source), name: path.basename(path.resolve(source)) };
  return { path: cached.path, name: modelName(source) };
}
