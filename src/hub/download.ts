/** A model from the hub into the cache, ready to be opened. */
import { mkdirSync, statfsSync, statSync } from 'node:fs';
import http from 'node:http';
import { UserError } from '../errors.ts';
import { readJsonObject, wordDiskError } from '../formats/index.ts';
import { ModelCache } from './cache.ts';
import { chooseFolder, chooseSingleFile, shardsOf } from './choose.ts';
import { type HubId, parseHubId } from './id.ts';
import { bytesLeft } from './partial.ts';
import { Patience, RETRIES, type Retries } from './patience.ts';
import {
  filePath,
  type RemoteFile,
  type RemoteRepository,
  readRemoteFile,
  readRepository,
  subjectOf,
} from './repository.ts';
import { Hub } from './request.ts';
import type { HubSettings } from './settings.ts';
import { fetchBlob } from './transfer.ts';

export interface DownloadProgress {
  /** The file that is being fetched. */
  readonly file: string;
  /** Of the whole model: what is here, and what there is. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface DownloadOptions {
  readonly settings: HubSettings;
  readonly onProgress?: (progress: DownloadProgress) => void;
  /** Take what the cache holds, if it is whole, without asking whether the hub has something newer. */
  readonly cachedFirst?: boolean;
  readonly retries?: Retries;
}

export interface DownloadedModel {
  readonly folder: string;
  /** What to open: the folder, or the single file in it that was asked for. */
  readonly path: string;
  /** The commit. */
  readonly revision: string;
  /** The name that goes on meaning these very bytes when the hub has newer ones: owner/name@12ab34cd56ef. */
  readonly pinned: string;
  /** As the hub names it; not known when the hub was not asked. */
  readonly licence?: string;
}

/** The model as the cache holds it, whole, or null; nothing is asked of the network. */
export function cachedModel(name: string, settings: HubSettings): DownloadedModel | null {
  const id = parseHubId(name);
  if (id === null) return null;
  return findCached(id, new ModelCache(settings, id.repository)).model ?? null;
}

interface Download {
  readonly id: HubId;
  readonly hub: Hub;
  readonly cache: ModelCache;
  readonly settings: HubSettings;
  readonly retries: Retries;
  readonly onProgress: (progress: DownloadProgress) => void;
}

/** Nobody waits long for the first answer of a hub that cannot be reached. */
const FIRST_ATTEMPTS = 3;
const FILES_ASKED_AT_ONCE = 8;
/** Enough to tell the commits of one repository apart, and short enough to be read. */
const COMMIT_SHOWN = 12;

/**
 * Brings the files of a model here, as far as they are not in the cache, and says where they are. What the cache holds is
 * used when the hub cannot be reached or does not want us any more.
 * @param name see id.ts. @throws UserError hub_* saying what to do, disk_full, file_unwritable.
 */
export async function downloadModel(name: string, options: DownloadOptions): Promise<DownloadedModel> {
  const { settings, onProgress = () => {}, cachedFirst = false, retries = RETRIES } = options;
  const id = parseHubId(name);
  if (id === null) throw new UserError('hub_id_wrong', { model: name });
  const cache = new ModelCache(settings, id.repository);
  const cached = findCached(id, cache);
  if (cached.model !== undefined && (cachedFirst || settings.offline)) return cached.model;
  if (settings.offline) throw notCached(name, cached.missing);
  const restore = settings.proxy === undefined ? () => {} : http.setGlobalProxyFromEnv(settings.proxy);
  try {
    const download: Download = { id, cache, settings, retries, onProgress, hub: new Hub(settings) };
    return await fetchModel(download, cached.model);
  } finally {
    restore();
  }
}

async function fetchModel(download: Download, cached: DownloadedModel | undefined): Promise<DownloadedModel> {
  const { id, hub, cache, settings } = download;
  let repository: RemoteRepository;
  try {
    const attempts = cached === undefined ? Math.min(FIRST_ATTEMPTS, download.retries.attempts) : 1;
    const patience = new Patience({ ...download.retries, attempts });
    repository = await patience.until(() => readRepository(hub, id, settings.endpoint));
  } catch (error) {
    const usable = error instanceof UserError && error.identifier !== 'hub_revision_missing';
    if (cached !== undefined && usable) return cached;
    throw error;
  }
  const { commit, files: present, licence } = repository;
  let file: string | undefined;
  if (id.file !== undefined) {
    const choice = chooseSingleFile(id.repository, present, id.file);
    file = choice.file;
    await fetchFiles(download, commit, choice.files);
  } else {
    const { files, index } = chooseFolder(id.repository, present);
    const shards = index === undefined ? [] : await fetchIndex(download, commit, index, present);
    await fetchFiles(download, commit, [...files, ...shards]);
  }
  // Only now: until here a reader of the cache finds the older revision, whole.
  cache.remember(id.revision, commit);
  return { ...modelAt(id, cache, commit, file), ...(licence === undefined ? {} : { licence }) };
}

/** @returns the shards it names. */
async function fetchIndex(download: Download, commit: string, index: string, present: readonly string[]) {
  const { id, cache } = download;
  await fetchFiles({ ...download, onProgress: () => {} }, commit, [index]);
  return shardsOf(id.repository, index, readJsonObject(cache.pointer(commit, index)), present);
}

/** One after another, in this order, those that are here already left out. */
async function fetchFiles(download: Download, commit: string, names: readonly string[]): Promise<void> {
  const { id, hub, cache, retries, onProgress } = download;
  const here = names.filter((name) => cache.has(commit, name));
  const files = await readRemoteFiles(
    download,
    commit,
    names.filter((name) => !here.includes(name)),
  );
  checkDisk(cache, files);
  let done = here.reduce((sum, name) => sum + statSync(cache.pointer(commit, name)).size, 0);
  const totalBytes = files.reduce((sum, { size }) => sum + size, done);
  for (const file of files) {
    await fetchBlob({
      hub,
      address: filePath(id, commit, file.name),
      subject: subjectOf(id, file.name),
      file,
      blob: cache.blob(file.etag),
      retries,
      onBytes: (bytes) => onProgress({ file: file.name, bytes: done + bytes, totalBytes }),
    });
    cache.place(file.etag, commit, file.name);
    done += file.size;
  }
}

async function readRemoteFiles(download: Download, commit: string, names: readonly string[]): Promise<RemoteFile[]> {
  const { id, hub, settings, retries } = download;
  const files: RemoteFile[] = [];
  for (let next = 0; next < names.length; next += FILES_ASKED_AT_ONCE) {
    const asked = names
      .slice(next, next + FILES_ASKED_AT_ONCE)
      .map((name) => new Patience(retries).until(() => readRemoteFile(hub, id, commit, name, settings.endpoint)));
    files.push(...(await Promise.all(asked)));
  }
  return files;
}

/** @throws UserError hub_disk_too_small before anything is fetched. */
function checkDisk(cache: ModelCache, files: readonly RemoteFile[]): void {
  const blobs = files.map(({ etag, size }) => ({ blob: cache.blob(etag), size }));
  const needed = blobs.reduce((sum, { blob, size }) => sum + Math.max(0, size - here(blob)), 0);
  if (needed === 0) return;
  try {
    mkdirSync(cache.folder, { recursive: true });
  } catch (error) {
    throw wordDiskError(error, cache.folder);
  }
  const { bavail, bsize } = statfsSync(cache.folder);
  const [need, have] = [needed, bavail * bsize].map((bytes) => Math.ceil(bytes / 1e6));
  if (need! > have!) throw new UserError('hub_disk_too_small', { folder: cache.folder, need: need!, have: have! });
}

function here(blob: string): number {
  return statSync(blob, { throwIfNoEntry: false })?.size ?? bytesLeft(blob);
}

/** The model as the cache has it, or what it lacks: null where it has nothing at all. */
function findCached(id: HubId, cache: ModelCache): { model?: DownloadedModel; missing: string | null } {
  const commit = cache.commitOf(id.revision);
  const files = commit === null ? [] : cache.files(commit);
  if (commit === null || files.length === 0) return { missing: null };
  try {
    if (id.file !== undefined)
      return { model: modelAt(id, cache, commit, chooseSingleFile(id.repository, files, id.file).file), missing: null };
    const { index } = chooseFolder(id.repository, files);
    if (index !== undefined) shardsOf(id.repository, index, readJsonObject(cache.pointer(commit, index)), files);
    return { model: modelAt(id, cache, commit), missing: null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { missing: String(error.context.file ?? error.context.wanted ?? '') };
  }
}

function modelAt({ repository }: HubId, cache: ModelCache, commit: string, file?: string): DownloadedModel {
  const folder = cache.snapshot(commit);
  const pinned = `${repository}@${commit.slice(0, COMMIT_SHOWN)}`;
  if (file === undefined) return { folder, path: folder, revision: commit, pinned };
  return { folder, path: cache.pointer(commit, file), revision: commit, pinned: `${pinned}:${file}` };
}

function notCached(model: string, missing: string | null): UserError {
  return missing === null
    ? new UserError('hub_offline', { model })
    : new UserError('hub_offline_incomplete', { model, file: missing });
}
