/** Text files of a model folder, read whole and under a limit. */
import { readFileSync, statSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** The text of the file at `path` (UTF-8), or null where there is no such file. @throws UserError text_too_large. */
export function readTextFile(path: string, limit: number): string | null {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found?.isFile()) return null;
  if (found.size > limit) throw new UserError('text_too_large', { path, bytes: found.size, limit });
  return readFileSync(path, 'utf8');
}
