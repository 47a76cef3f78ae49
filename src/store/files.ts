/**
 * Big files beside the database (all the weights of a full fine-tune): named by the sha-256 of their bytes, written under a
 * temporary name, flushed to the disk, then renamed, so that a file under its final name is always whole. A process killed
 * in between leaves a temporary file, which the next start sweeps away.
 */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { translated } from './failures.ts';

const CHUNK_BYTES = 4 * 1024 * 1024;
const LEFTOVER_AGE_MS = 60 * 60 * 1000;
/** `<name>.<process id>.tmp` */
const TEMPORARY_NAME = /\.(\d+)\.tmp$/;

export interface StoredFile {
  /** Its name in the folder: `<sha256><extension>`. */
  file: string;
  path: string;
  sha256: string;
}

/** Writes part of a buffer to an open file and returns how many bytes went in; `fs.writeSync`, or one that fails, in tests. */
export type WriteChunk = (descriptor: number, bytes: Uint8Array, offset: number, length: number) => number;

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/**
 * Writes `bytes` to a file of `folder` named by their sha-256; once this returns, they survive a power cut. Bytes already
 * there are left alone. UserError disk_full, folder_not_writable, disk_failing: then nothing was added to the folder.
 */
export function writeFileDurably(
  folder: string,
  bytes: Uint8Array,
  { extension = '', write = writeSync as WriteChunk }: { extension?: string; write?: WriteChunk } = {},
): StoredFile {
  const sha256 = sha256Of(bytes);
  const file = `${sha256}${extension}`;
  const path = join(folder, file);
  translated(path, () => {
    mkdirSync(folder, { recursive: true });
    if (existsSync(path) && sha256OfFile(path) === sha256) return;
    replaceFileDurably(path, bytes, write);
  });
  return { file, path, sha256 };
}

/** Puts `bytes` at `path`, in whole or not at all, whatever was there before. */
export function replaceFileDurably(path: string, bytes: Uint8Array, write: WriteChunk = writeSync as WriteChunk): void {
  translated(path, () =>
    intoPlace(path, (temporary) => {
      const descriptor = openSync(temporary, 'wx', 0o600);
      try {
        for (let offset = 0; offset < bytes.length; ) {
          offset += write(descriptor, bytes, offset, Math.min(CHUNK_BYTES, bytes.length - offset));
        }
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    }),
  );
}

/** Lets `make` build a file under a temporary name, then renames it to `path`; a failure leaves nothing behind. */
export function intoPlace(path: string, make: (temporary: string) => void): void {
  const temporary = `${path}.${process.pid}.tmp`;
  rmSync(temporary, { force: true });
  try {
    make(temporary);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  flushFolder(dirname(path));
}

/** Flushes a file that something else wrote. */
export function flushFile(path: string): void {
  // Windows flushes only what was opened for writing.
  const descriptor = openSync(path, 'r+');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Makes a rename in `folder` survive a power cut. Windows cannot open a folder, and writes renames through by itself. */
function flushFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The bytes of a file written by `writeFileDurably`, checked against its name. UserError file_missing, weights_damaged. */
export function readFileVerified(folder: string, file: string): Uint8Array {
  const path = join(folder, file);
  if (!existsSync(path)) throw new UserError('file_missing', { path });
  const bytes = translated(path, () => readFileSync(path));
  if (!file.startsWith(sha256Of(bytes))) throw new UserError('weights_damaged', { path });
  return bytes;
}

/** The path of a file written by `writeFileDurably`, its bytes checked without holding them. Errors as above. */
export function verifiedPath(folder: string, file: string): string {
  const path = join(folder, file);
  if (!existsSync(path)) throw new UserError('file_missing', { path });
  if (!file.startsWith(translated(path, () => sha256OfFile(path)))) throw new UserError('weights_damaged', { path });
  return path;
}

function sha256OfFile(path: string): string {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  const descriptor = openSync(path, 'r');
  try {
    for (let read = readSync(descriptor, chunk); read > 0; read = readSync(descriptor, chunk)) {
      hash.update(chunk.subarray(0, read));
    }
  } finally {
    closeSync(descriptor);
  }
  return hash.digest('hex');
}

/** Removes temporary files whose writer is gone (or an hour old, should its process id live on in another process). */
export function sweepUnfinished(folder: string, now: number): void {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const match = entry.isFile() && TEMPORARY_NAME.exec(entry.name);
    if (!match) continue;
    const path = join(entry.parentPath, entry.name);
    const age = now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now);
    if (age > LEFTOVER_AGE_MS || !isAlive(Number(match[1]))) rmSync(path, { force: true });
  }
}

function isAlive(processId: number): boolean {
  if (processId === process.pid) return true;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: it lives, and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
