/** Bytes that are read in ranges, whether they lie in a file or in memory: nothing is loaded before it was asked for. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { UserError } from '../errors.ts';

export interface ByteSource {
  /** The name errors print. */
  readonly file: string;
  readonly size: number;
  /** Copies as many bytes from `position` on as `target` is long. @throws UserError file_cut_off. */
  fill(target: Uint8Array, position: number): void;
}

/** readSync takes at most 2 GiB at once. */
const PIECE_BYTES = 1024 * 1024 * 1024;

/** Opens the file at `path` for the time of `use`. @throws UserError file_missing. */
export function withFile<T>(path: string, use: (source: ByteSource) => T): T {
  const file = basename(path);
  const handle = openForReading(path);
  try {
    const status = fstatSync(handle);
    if (!status.isFile()) throw new UserError('file_missing', { path });
    const fill = (target: Uint8Array, position: number) => {
      for (let offset = 0; offset < target.length; ) {
        const read = readSync(handle, target, offset, Math.min(PIECE_BYTES, target.length - offset), position + offset);
        // The size was asked a moment ago: somebody is shortening the file while we read it.
        if (read === 0) throw new UserError('file_cut_off', { file, bytes: position + offset });
        offset += read;
      }
    };
    return use({ file, size: status.size, fill });
  } finally {
    closeSync(handle);
  }
}

export function sourceOf(bytes: Uint8Array, file: string): ByteSource {
  const fill = (target: Uint8Array, position: number) => {
    if (position + target.length > bytes.length) throw new UserError('file_cut_off', { file, bytes: bytes.length });
    target.set(bytes.subarray(position, position + target.length));
  };
  return { file, size: bytes.length, fill };
}

export function readRange(source: ByteSource, position: number, length: number): Buffer<ArrayBuffer> {
  const bytes = Buffer.from(new ArrayBuffer(length));
  source.fill(bytes, position);
  return bytes;
}

function openForReading(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw new UserError('file_missing', { path }, { cause: error });
  }
}
