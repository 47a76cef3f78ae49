/**
 * Half-downloaded blobs: `<etag>.<computer>-<process>-<random>.incomplete` beside the blobs. One process writes to one such
 * file, so that two that fetch the same blob never mix their bytes; what a process that is gone has left is taken over by
 * renaming it, which only one of several can do.
 */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import path from 'node:path';

/** After an hour without a byte nobody is writing any more, whatever the process table says. */
const ABANDONED_AFTER_MS = 3_600_000;
/** A shared cache may be written from several computers, whose process numbers mean nothing to each other. */
const COMPUTER = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
const NAME = /^(?<etag>.+)\.(?<computer>[0-9a-f]{6})-(?<pid>\d+)-[0-9a-f]{8}\.incomplete$/;

const ours = new Set<string>();

/** Path of a file for the blob, ours alone until `release`: what somebody left of it, else one that is not there yet. */
export function claimPartial(blob: string): string {
  const folder = path.dirname(blob);
  const claimed = path.join(
    folder,
    `${path.basename(blob)}.${COMPUTER}-${process.pid}-${randomBytes(4).toString('hex')}.incomplete`,
  );
  ours.add(claimed);
  for (const left of leftovers(blob)) {
    if (!existsSync(claimed)) take(left, claimed);
    else rmSync(left, { force: true });
  }
  return claimed;
}

/** What is in it stays for whoever comes next. */
export function releasePartial(file: string): void {
  ours.delete(file);
  if (statSync(file, { throwIfNoEntry: false })?.size === 0) rmSync(file, { force: true });
}

/** Bytes that somebody left of the blob. */
export function bytesLeft(blob: string): number {
  return Math.max(0, ...leftovers(blob).map((file) => statSync(file, { throwIfNoEntry: false })?.size ?? 0));
}

/** Files of the blob that nobody writes to, the largest first. */
function leftovers(blob: string): string[] {
  const folder = path.dirname(blob);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => NAME.exec(name)?.groups?.etag === path.basename(blob))
    .map((name) => path.join(folder, name))
    .map((file) => ({ file, stat: statSync(file, { throwIfNoEntry: false }) }))
    .filter(({ file, stat }) => stat !== undefined && isAbandoned(file, stat.mtimeMs))
    .sort((a, b) => (b.stat?.size ?? 0) - (a.stat?.size ?? 0))
    .map(({ file }) => file);
}

function isAbandoned(file: string, writtenAtMs: number): boolean {
  if (ours.has(file)) return false;
  if (Date.now() - writtenAtMs > ABANDONED_AFTER_MS) return true;
  const { computer, pid } = NAME.exec(path.basename(file))?.groups ?? {};
  return computer === COMPUTER && !runs(Number(pid));
}

function runs(pid: number): boolean {
  // Of our own process, and not among `ours`: an earlier try's.
  if (pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function take(left: string, claimed: string): void {
  try {
    renameSync(left, claimed);
  } catch {
    // Another process was quicker.
  }
}
