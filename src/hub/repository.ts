/** What the hub tells of a repository and of each of its files. */
import { z } from 'zod';
import { UserError } from '../errors.ts';
import type { HubId } from './id.ts';
import type { Answer, Hub, Subject } from './request.ts';

export interface RemoteRepository {
  readonly commit: string;
  /** Names as the hub gives them: not to be trusted as paths. */
  readonly files: readonly string[];
  readonly licence?: string;
}

export interface RemoteFile {
  readonly name: string;
  /** SHA-256 of a large file, git's SHA-1 of a small one; something else on a server that only looks like the hub. */
  readonly etag: string;
  /** Bytes. */
  readonly size: number;
}

const MOST_FILES = 20_000;
const COMMIT = /^[0-9a-f]{40}$/;
const ETAG = /^[\w-][\w.-]{0,127}$/;

const infoSchema = z.object({
  sha: z.string().regex(COMMIT),
  siblings: z.array(z.object({ rfilename: z.string() })),
  // Written by people: a strange one should not keep a model away.
  cardData: z.record(z.string(), z.unknown()).nullish().catch(null),
});

export function isCommit(revision: string): boolean {
  return COMMIT.test(revision);
}

export function subjectOf({ repository, revision }: HubId, file?: string): Subject {
  return { model: repository, revision, ...(file === undefined ? {} : { file }) };
}

/** @throws UserError for a repository or revision that is not there or not for us, hub_list_too_long, hub_answer_wrong. */
export async function readRepository(hub: Hub, id: HubId, endpoint: string): Promise<RemoteRepository> {
  const path = `/api/models/${id.repository}/revision/${encodeURIComponent(id.revision)}`;
  const answer = await hub.askJson(path, subjectOf(id));
  const info = infoSchema.safeParse(answer);
  if (!info.success) throw new UserError('hub_answer_wrong', { endpoint }, { cause: info.error });
  const { sha, siblings, cardData } = info.data;
  if (siblings.length > MOST_FILES) throw new UserError('hub_list_too_long', { model: id.repository });
  const licence = licenceOf(cardData?.license, cardData?.license_name);
  return {
    commit: sha,
    files: siblings.map(({ rfilename }) => rfilename),
    ...(licence === undefined ? {} : { licence }),
  };
}

/** `other` stands for a licence that has a name of its own. */
function licenceOf(licence: unknown, name: unknown): string | undefined {
  const known = [licence].flat().filter((entry) => typeof entry === 'string');
  if (known.length === 1 && known[0] === 'other' && typeof name === 'string') return name;
  return known.length === 0 ? undefined : known.join(', ');
}

/** The address of a file, from the endpoint on. */
export function filePath({ repository }: HubId, commit: string, name: string): string {
  return `/${repository}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`;
}

/** Asks for a file's size and hash without its contents. @throws UserError hub_file_missing, hub_gated … */
export async function readRemoteFile(
  hub: Hub,
  id: HubId,
  commit: string,
  name: string,
  endpoint: string,
): Promise<RemoteFile> {
  const answer = await hub.ask(filePath(id, commit, name), subjectOf(id, name), { method: 'HEAD' });
  try {
    // Quoted, and marked as weak by some servers in between.
    const etag = (answer.header('x-linked-etag') ?? answer.headers.get('etag'))
      ?.replace(/^W\//, '')
      .replaceAll('"', '');
    const size = sizeOf(answer);
    const atCommit = answer.header('x-repo-commit') ?? commit;
    if (etag === undefined || !ETAG.test(etag) || size === null || atCommit !== commit)
      throw new UserError('hub_answer_wrong', { endpoint });
    return { name, etag, size };
  } finally {
    answer.close();
  }
}

function sizeOf(answer: Answer): number | null {
  const own = answer.status < 300 ? answer.headers.get('content-length') : null;
  const written = answer.header('x-linked-size') ?? own;
  const size = Number(written ?? Number.NaN);
  return Number.isSafeInteger(size) && size >= 0 ? size : null;
}
