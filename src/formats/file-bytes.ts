/** Parts of a file, read where they lie: a model is never in memory only because one of its tensors is asked for. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UserError } from '../errors.ts';

/** readSync takes at most 2 GiB at once. */
const PIECE_BYTES = 1024 * 1024 * 1024;

export interface FileBytes {
  readonly size: number;
  /** Fills `target` from `position` on. @throws UserError file_cut_off where the file ends before. */
  readInto(target: Uint8Array, position: number): void;
}

/** Opens a file for as long as `use` runs. @throws UserError file_missing where there is no file. */
export function withFile<T>(path: string, use: (bytes: FileBytes) => T): T {
  const handle = openForReading(path);
  try {
    const status = fstatSync(handle);
    if (!status.isFile()) throw new UserError('file_missing', { path });
    const { size } = status;
    return use({ size, readInto: (target, position) => fill(handle, target, position, path) });
  } finally {
    closeSync(handle);
  }
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new UserError('file_missing', { path }, { cause: error });
  }
}

function fill(handle: number, target: Uint8Array, position: number, path: string): void {
  for (let offset = 0; offset < target.length; ) {
    const read = readSync(handle, target, offset, Math.min(PIECE_BYTES, target.length - offset), position + offset);
    if (read === 0) throw new UserError('file_cut_off', { path, bytes: position + offset });
    offset += read;
  }
}
