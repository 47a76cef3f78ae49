import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  readFileVerified,
  replaceFileDurably,
  sha256Of,
  sweepUnfinished,
  verifiedPath,
  type WriteChunk,
  writeFileDurably,
} from '../../src/store/files.ts';
import { createFolder, createStore, userErrorOf } from './fixture.ts';

const HOUR_MS = 60 * 60 * 1000;

function createBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31) % 251);
}

/** A disk that takes `room` bytes and not one more. */
function fullAfter(room: number): WriteChunk {
  let left = room;
  return (descriptor, bytes, offset, length) => {
    if (left === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const written = writeSync(descriptor, bytes, offset, Math.min(length, left));
    left -= written;
    return written;
  };
}

test('a file is named by its bytes, and comes back as they were', () => {
  const folder = join(createFolder(), 'weights');
  const bytes = createBytes(9 * 1024 * 1024 + 7);
  const { file, path, sha256 } = writeFileDurably(folder, bytes, { extension: '.safetensors' });
  expect(file).toBe(`${sha256Of(bytes)}.safetensors`);
  expect(sha256).toBe(sha256Of(bytes));
  expect(verifiedPath(folder, file)).toBe(path);
  expect(sha256Of(readFileVerified(folder, file))).toBe(sha256);
  expect(writeFileDurably(folder, bytes, { extension: '.safetensors' }).path).toBe(path);
  expect(readdirSync(folder)).toEqual([file]);
});

test('a disk that writes in small pieces, or an empty file, change nothing about it', () => {
  const folder = createFolder();
  const byteByByte: WriteChunk = (descriptor, bytes, offset) => writeSync(descriptor, bytes, offset, 1);
  const bytes = createBytes(300);
  const { file } = writeFileDurably(folder, bytes, { write: byteByByte });
  expect(readFileVerified(folder, file)).toEqual(Buffer.from(bytes));
  expect(readFileVerified(folder, writeFileDurably(folder, new Uint8Array()).file)).toHaveLength(0);
});

test('a full disk is said so at every byte it may fill up at, and leaves the folder as it was', () => {
  const folder = createFolder();
  const bytes = createBytes(64);
  const kept = writeFileDurably(folder, createBytes(10)).file;
  for (let room = 0; room < bytes.length; room++) {
    expect(userErrorOf(() => writeFileDurably(folder, bytes, { write: fullAfter(room) }))).toBe('disk_full');
    expect(readdirSync(folder)).toEqual([kept]);
  }
  expect(readFileVerified(folder, kept)).toHaveLength(10);
});

test('replacing a file either happens or leaves the old one', () => {
  const path = join(createFolder(), 'checkpoint');
  replaceFileDurably(path, createBytes(10));
  expect(userErrorOf(() => replaceFileDurably(path, createBytes(20), fullAfter(5)))).toBe('disk_full');
  expect(readFileSync(path)).toHaveLength(10);
  replaceFileDurably(path, createBytes(20));
  expect(readFileSync(path)).toHaveLength(20);
});

// A device that is always full: the real ENOSPC of a real write.
test.skipIf(process.platform !== 'linux')('the operating system’s own "no space left" is understood', async () => {
  const { closeSync, openSync } = await import('node:fs');
  const full = openSync('/dev/full', 'w');
  const write: WriteChunk = (_descriptor, bytes, offset, length) => writeSync(full, bytes, offset, length);
  expect(userErrorOf(() => writeFileDurably(createFolder(), createBytes(10), { write }))).toBe('disk_full');
  closeSync(full);
});

test('a damaged file is found by both readers; so is a missing one', () => {
  const folder = createFolder();
  const { file, path } = writeFileDurably(folder, createBytes(5000));
  const bytes = readFileSync(path);
  bytes[2500]! ^= 1;
  writeFileSync(path, bytes);
  expect(userErrorOf(() => readFileVerified(folder, file))).toBe('weights_damaged');
  expect(userErrorOf(() => verifiedPath(folder, file))).toBe('weights_damaged');
  expect(userErrorOf(() => readFileVerified(folder, 'nothing'))).toBe('file_missing');
  expect(userErrorOf(() => verifiedPath(folder, 'nothing'))).toBe('file_missing');
  // Writing the right bytes again mends it.
  writeFileDurably(folder, createBytes(5000));
  expect(readFileVerified(folder, file)).toHaveLength(5000);
});

test('the start sweeps what killed writers left, not what a living one is writing', () => {
  const folder = createFolder();
  const weights = join(folder, 'weights');
  mkdirSync(weights);
  const nobody = 2 ** 22 + 1; // above the largest process id of Linux, macOS and (in practice) Windows
  const names = { dead: `a.${nobody}.tmp`, alive: `b.${process.ppid}.tmp`, old: `c.${process.ppid}.tmp`, whole: 'd' };
  for (const name of Object.values(names)) writeFileSync(join(weights, name), 'x');
  const now = Date.now();
  utimesSync(join(weights, names.old), (now - 2 * HOUR_MS) / 1000, (now - 2 * HOUR_MS) / 1000);
  sweepUnfinished(folder, now);
  expect(readdirSync(weights).sort()).toEqual([names.alive, names.whole]);
});

test('the store keeps weights in a folder of their own and verifies them when asked for', () => {
  const { store, folder } = createStore();
  store.classes.ensure({ id: 'class', name: 'Turma', locale: 'pt-BR' });
  const { file, sha256, path } = store.files.writeWeights(createBytes(100));
  const origin = { classId: 'class', parentId: null, jobId: null, base: 'sprout', method: 'full' as const, note: '' };
  const version = store.versions.add({ ...origin, weightsFile: file, weightsSha256: sha256 });
  expect(store.versions.weightsPath(version.id)).toBe(join(folder, 'weights', file));
  writeFileSync(path, createBytes(99));
  expect(userErrorOf(() => store.versions.weightsPath(version.id))).toBe('weights_damaged');
});
