/**
 * One file from the hub to its blob: gone on with where an earlier try broke off, its length and hash checked, and under
 * its final name only then. Killed at any instant, it leaves a part that the next try goes on from.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { wordDiskError } from '../formats/index.ts';
import { claimPartial, releasePartial } from './partial.ts';
import { Passing, Patience, type Retries } from './patience.ts';
import type { RemoteFile } from './repository.ts';
import type { Answer, Hub, Subject } from './request.ts';

export interface Transfer {
  readonly hub: Hub;
  /** The file's address, from the endpoint on. */
  readonly address: string;
  readonly subject: Subject;
  readonly file: RemoteFile;
  readonly blob: string;
  readonly retries: Retries;
  /** Bytes of the file that are here; falls back where the file is begun anew. */
  readonly onBytes: (bytes: number) => void;
}

/** So much more of a file must have come for a broken connection not to count as one more failure. */
const PROGRESS_BYTES = 1024 * 1024;
const SHA256 = /^[0-9a-f]{64}$/;
const GIT_SHA1 = /^[0-9a-f]{40}$/;

/** Does nothing where the blob is there, as long as it should be. @throws UserError hub_* or disk_full, file_unwritable. */
export async function fetchBlob(transfer: Transfer): Promise<void> {
  const { blob, file, onBytes } = transfer;
  const present = statSync(blob, { throwIfNoEntry: false })?.size;
  if (present === file.size) return onBytes(present);
  await mkdir(path.dirname(blob), { recursive: true }).catch((error: unknown) => {
    throw wordDiskError(error, blob);
  });
  const partial = claimPartial(blob);
  try {
    await fetchChecked(transfer, partial);
    moveInto(partial, blob);
  } catch (error) {
    throw wordDiskError(error, blob);
  } finally {
    releasePartial(partial);
  }
}

/** A part of an older try may be what is wrong, so a file whose hash is wrong is fetched once more, whole. */
async function fetchChecked(transfer: Transfer, partial: string): Promise<void> {
  const { file, subject } = transfer;
  for (const last of [false, true]) {
    await fetchWhole(transfer, partial);
    if (await hashFits(partial, file.etag)) return;
    rmSync(partial, { force: true });
    if (last) throw new UserError('hub_hash_wrong', { model: subject.model, file: file.name });
  }
}

async function fetchWhole(transfer: Transfer, partial: string): Promise<void> {
  const { file, onBytes } = transfer;
  // Not `a+`, which would write at the end wherever we point.
  const handle = await open(partial, existsSync(partial) ? 'r+' : 'w+');
  const patience = new Patience(transfer.retries);
  try {
    let have = await sizeOf(handle);
    if (have > file.size) {
      have = 0;
      await handle.truncate(have);
    }
    let furthest = have;
    while (have !== file.size) {
      onBytes(have);
      try {
        await append(transfer, handle, have);
        have = await sizeOf(handle);
        if (have < file.size) throw new Passing(interrupted(transfer, have));
      } catch (error) {
        have = await sizeOf(handle);
        if (have >= furthest + PROGRESS_BYTES) {
          furthest = have;
          patience.renew();
        }
        await patience.after(have > 0 ? worded(error, transfer, have) : error);
      }
    }
    onBytes(have);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function sizeOf(handle: FileHandle): Promise<number> {
  return (await handle.stat()).size;
}

/** Streams one answer into the file from byte `from` on, or from its beginning where the server sends it whole. */
async function append(transfer: Transfer, handle: FileHandle, from: number): Promise<void> {
  const { hub, address, subject, file, onBytes } = transfer;
  const answer = await hub.ask(address, subject, { from });
  try {
    let position = await startOf(answer, transfer, handle, from);
    for await (const chunk of answer.chunks()) {
      if (position + chunk.length > file.size) throw wrongLength(transfer, position + chunk.length);
      await writeAt(handle, chunk, position);
      position += chunk.length;
      onBytes(position);
    }
  } finally {
    answer.close();
  }
}

/** Where in the file the answer begins. @throws Passing when it is about a file of another length, or begins elsewhere. */
async function startOf(answer: Answer, transfer: Transfer, handle: FileHandle, from: number): Promise<number> {
  const { size } = transfer.file;
  const { status, headers } = answer;
  // Of something compressed on the way, the length is not the file's.
  const packed = (headers.get('content-encoding') ?? 'identity') !== 'identity';
  if (status === 206 && !packed) {
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
    if (Number(range?.[1]) === from && (range?.[2] === '*' || Number(range?.[2]) === size)) return from;
  }
  // The whole file, though a part was asked for; or a part we cannot place, after which we begin anew.
  await handle.truncate(0);
  const length = Number(headers.get('content-length') ?? size);
  if (status !== 200 || (!packed && length !== size)) throw wrongLength(transfer, length);
  return 0;
}

async function writeAt(handle: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    offset += (await handle.write(chunk, offset, chunk.length - offset, position + offset)).bytesWritten;
  }
}

async function hashFits(file: string, etag: string): Promise<boolean> {
  const hash = SHA256.test(etag) ? createHash('sha256') : GIT_SHA1.test(etag) ? createHash('sha1') : null;
  if (hash === null) return true;
  // What git hashes: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects.
  if (GIT_SHA1.test(etag)) hash.update(`blob ${statSync(file).size}\0`);
  for await (const piece of createReadStream(file, { highWaterMark: PROGRESS_BYTES })) hash.update(piece);
  return hash.digest('hex') === etag;
}

function moveInto(partial: string, blob: string): void {
  try {
    renameSync(partial, blob);
  } catch (error) {
    // Another process was quicker; Windows does not replace a file that somebody has open.
    if (!existsSync(blob)) throw error;
    rmSync(partial, { force: true });
  }
}

function wrongLength({ file, subject }: Transfer, actual: number): Passing {
  const context = { model: subject.model, file: file.name, expected: file.size, actual };
  return new Passing(new UserError('hub_length_wrong', context));
}

/** A part of the file is here and kept: that is worth saying. */
function worded(error: unknown, transfer: Transfer, have: number): unknown {
  if (!(error instanceof Passing) || error.said.identifier === 'hub_length_wrong') return error;
  return new Passing(interrupted(transfer, have, error), error.askedMs);
}

function interrupted({ file, subject }: Transfer, have: number, cause?: unknown): UserError {
  const mb = (bytes: number) => Math.floor(bytes / 1e6);
  const context = { model: subject.model, file: file.name, have: mb(have), size: mb(file.size) };
  return new UserError('hub_interrupted', context, { cause });
}
