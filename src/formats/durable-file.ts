/**
 * Files that are there whole or not at all: written under a temporary name in the same folder, flushed to the disk, then
 * renamed. A process killed at any instant leaves the old file or the new one, and at worst a `.tmp` beside it, whose name
 * tells the process, so that the store can sweep it away.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';

/** writeSync takes at most 2 GiB at once; smaller pieces also keep the page cache from filling with one write. */
const PIECE_BYTES = 64 * 1024 * 1024;

/**
 * Writes `chunks` one after another to `path`, its folder made if need be.
 * @throws UserError disk_full or file_unwritable; the file that was there before is then still there, unchanged.
 */
export function writeDurably(path: string, chunks: Iterable<Uint8Array>): void {
  writeDurablyAs(() => path, dirname(path), chunks);
}

/** The same, for a name known only when all is written (a file named by its own hash). Returns the path. */
export function writeDurablyAs(name: () => string, folder: string, chunks: Iterable<Uint8Array>): string {
  const temporary = join(folder, `${randomUUID()}.${process.pid}.tmp`);
  let handle: number | null = null;
  try {
    mkdirSync(folder, { recursive: true });
    handle = openSync(temporary, 'wx');
    for (const chunk of chunks) writeAll(handle, chunk);
    fsyncSync(handle);
    closeSync(handle);
    handle = null;
    return rename(temporary, name(), folder);
  } catch (error) {
    if (handle !== null) {
      closeSync(handle);
      rmSync(temporary, { force: true });
    }
    throw worded(error, folder);
  }
}

function rename(temporary: string, path: string, folder: string): string {
  try {
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
  return path;
}

function writeAll(handle: number, chunk: Uint8Array): void {
  for (let offset = 0; offset < chunk.length; ) {
    offset += writeSync(handle, chunk, offset, Math.min(PIECE_BYTES, chunk.length - offset));
  }
}

/** Makes the rename itself durable. Windows cannot open a folder, and needs no such flush. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const REFUSED = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'EEXIST']);

/** Turns the disk's refusals into words; any other error stays what it is. */
export function worded(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (FULL.has(code)) return new UserError('disk_full', { path }, { cause: error });
  if (REFUSED.has(code)) return new UserError('file_unwritable', { path, code }, { cause: error });
  return error;
}
