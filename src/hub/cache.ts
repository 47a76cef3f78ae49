/**
 * The cache, laid out as Python's huggingface_hub lays it out, so that each finds what the other has downloaded:
 *
 *     models--owner--name/
 *       blobs/<etag>                  the contents, once for all revisions
 *       snapshots/<commit>/<file>     links to the blobs: an ordinary model folder
 *       refs/<branch or tag>          the commit it stood for when last looked at
 *
 * Where the system gives no symbolic links (Windows, mostly) a snapshot holds hard links, or the files themselves.
 */
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import { wordDiskError, writeDurably } from '../formats/index.ts';
import { isCommit } from './repository.ts';
import type { HubSettings } from './settings.ts';

const SHORT_COMMIT = /^[0-9a-f]{7,39}$/;

export class ModelCache {
  readonly folder: string;
  readonly #symlinks: boolean;

  /** Nothing is written yet. */
  constructor({ cacheFolder, symlinks }: HubSettings, repository: string) {
    this.folder = path.join(cacheFolder, ['models', ...repository.split('/')].join('--'));
    this.#symlinks = symlinks;
  }

  blob(etag: string): string {
    return path.join(this.folder, 'blobs', etag);
  }

  snapshot(commit: string): string {
    return path.join(this.folder, 'snapshots', commit);
  }

  /** @param name a safe one (names.ts), with slashes. */
  pointer(commit: string, name: string): string {
    return path.join(this.snapshot(commit), ...name.split('/'));
  }

  /** The commit that a revision stood for when last looked at, or null. */
  commitOf(revision: string): string | null {
    if (isCommit(revision)) return revision;
    const ref = this.#ref(revision);
    if (!isFile(ref)) return this.#commitFrom(revision);
    const commit = readFileSync(ref, 'utf8').trim();
    return isCommit(commit) ? commit : null;
  }

  remember(revision: string, commit: string): void {
    if (this.commitOf(revision) !== commit) writeDurably(this.#ref(revision), [Buffer.from(commit)]);
  }

  has(commit: string, name: string): boolean {
    return isFile(this.pointer(commit, name));
  }

  /** The snapshot's files, links that lead nowhere left out. */
  files(commit: string): string[] {
    const folder = this.snapshot(commit);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .map((name) => name.split(path.sep).join('/'))
      .filter((name) => this.has(commit, name));
  }

  /** Makes the blob a file of the snapshot. @throws UserError disk_full, file_unwritable. */
  place(etag: string, commit: string, name: string): void {
    const blob = this.blob(etag);
    const pointer = this.pointer(commit, name);
    try {
      mkdirSync(path.dirname(pointer), { recursive: true });
      rmSync(pointer, { force: true });
      if (!this.#symlink(blob, pointer) && !hardLink(blob, pointer)) renameSync(blob, pointer);
    } catch (error) {
      // Another process may have placed it meanwhile.
      if (!isFile(pointer)) throw wordDiskError(error, pointer);
    }
  }

  /** The one commit here that begins so. */
  #commitFrom(start: string): string | null {
    const folder = this.snapshot('');
    if (!SHORT_COMMIT.test(start) || !existsSync(folder)) return null;
    const [commit, ...others] = readdirSync(folder).filter((name) => isCommit(name) && name.startsWith(start));
    return others.length > 0 ? null : (commit ?? null);
  }

  #ref(revision: string): string {
    return path.join(this.folder, 'refs', ...revision.split('/'));
  }

  #symlink(blob: string, pointer: string): boolean {
    return this.#symlinks && linked(() => symlinkSync(path.relative(path.dirname(pointer), blob), pointer, 'file'));
  }
}

/** Needs no privilege on Windows, and no second copy on the disk; the file system may not have it (FAT). */
function hardLink(blob: string, pointer: string): boolean {
  return linked(() => linkSync(blob, pointer));
}

function linked(link: () => void): boolean {
  try {
    link();
    return true;
  } catch {
    return false;
  }
}

function isFile(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.isFile() ?? false;
}
