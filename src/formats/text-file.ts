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

/** The lines of a text one by one, whichever way they end; nothing comes behind the last line's end. */
export function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const found = text.indexOf('\n', start);
    const end = found === -1 ? text.length : found;
    yield text.slice(start, text[end - 1] === '\r' && end > start ? end - 1 : end);
    start = end + 1;
  }
}
