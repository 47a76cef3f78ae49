/**
 * A hub on this computer: its API and files on one port, and on another, as a host of its own, the place that large files
 * are redirected to. Every request is written down; a rule can make any of them go wrong.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Repository {
  commit: string;
  files: Record<string, Buffer>;
  licence?: string;
  /** The only token that may fetch its files. */
  gated?: string;
  /** Instead of the file names. */
  listed?: string[];
}

export interface Asked {
  host: 'hub' | 'cdn';
  method: string;
  path: string;
  range: string | undefined;
  authorization: string | undefined;
}

/** What goes wrong with an answer; undefined: nothing. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  body?: Buffer;
  /** The connection breaks after so many bytes of this answer. */
  cutAfter?: number;
  /** The whole file, whatever was asked for. */
  ignoreRange?: boolean;
  /** Nothing is ever said. */
  silent?: boolean;
  /** Pause between pieces of 64 KiB. */
  pauseMs?: number;
}

export type Rule = (asked: Asked, count: number) => Fault | undefined;

const API = '/api/models/';
const PIECE_BYTES = 64 * 1024;

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
export const gitSha1 = (bytes: Uint8Array) =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');
export const isLarge = (name: string) => /\.(bin|safetensors|gguf)$/.test(name);
export const etagOf = (name: string, bytes: Uint8Array) => (isLarge(name) ? sha256(bytes) : gitSha1(bytes));

export class Mirror {
  readonly repositories = new Map<string, Repository>();
  readonly asked: Asked[] = [];
  rule: Rule = () => undefined;
  readonly #hub: Server;
  readonly #cdn: Server;

  private constructor() {
    this.#hub = createServer((request, response) => this.#serve('hub', request, response));
    this.#cdn = createServer((request, response) => this.#serve('cdn', request, response));
  }

  static async open(): Promise<Mirror> {
    const mirror = new Mirror();
    for (const server of [mirror.#hub, mirror.#cdn])
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return mirror;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#hub.address() as AddressInfo).port}`;
  }

  get cdn(): string {
    return `http://127.0.0.1:${(this.#cdn.address() as AddressInfo).port}`;
  }

  /** Requests for contents: GET of a file, wherever it lies. */
  fetched(name: string): Asked[] {
    return this.asked.filter(
      ({ host, method, path }) => method === 'GET' && path.endsWith(name) && host === this.#home(name),
    );
  }

  async close(): Promise<void> {
    for (const server of [this.#hub, this.#cdn]) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  #home(name: string): 'hub' | 'cdn' {
    return isLarge(name) ? 'cdn' : 'hub';
  }

  #serve(host: 'hub' | 'cdn', request: IncomingMessage, response: ServerResponse): void {
    const path = decodeURIComponent(new URL(request.url ?? '', 'http://x').pathname);
    const { range, authorization } = request.headers;
    const asked: Asked = { host, method: request.method ?? '', path, range, authorization };
    this.asked.push(asked);
    const count = this.asked.filter(
      (other) => other.host === host && other.method === asked.method && other.path === path,
    ).length;
    const fault = this.rule(asked, count) ?? {};
    if (fault.silent) return;
    if (fault.status !== undefined) {
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    if (host === 'cdn') this.#serveCdn(path, asked, fault, response);
    else if (path.startsWith(API)) this.#serveInfo(path.slice(API.length), response, fault);
    else this.#serveFile(path, asked, fault, response);
  }

  #serveInfo(path: string, response: ServerResponse, fault: Fault): void {
    const [id, revision] = path.split('/revision/');
    const repository = this.repositories.get(id!);
    const code = refusalOf(repository, revision!);
    if (repository === undefined || code !== null) {
      refuse(response, code === 'RepoNotFound' ? 401 : 404, code ?? '');
      return;
    }
    const siblings = (repository.listed ?? Object.keys(repository.files)).map((rfilename) => ({ rfilename }));
    const info = { id, sha: repository.commit, gated: repository.gated ? 'auto' : false, siblings };
    const cardData = repository.licence === undefined ? {} : { cardData: { license: repository.licence } };
    response.writeHead(200, { 'content-type': 'application/json', ...fault.headers });
    response.end(fault.body ?? JSON.stringify({ ...info, ...cardData }));
  }

  #serveFile(path: string, asked: Asked, fault: Fault, response: ServerResponse): void {
    const [id, rest] = path.slice(1).split('/resolve/');
    const [commit, ...parts] = (rest ?? '').split('/');
    const name = parts.join('/');
    const repository = this.repositories.get(id!);
    const bytes = repository?.files[name];
    const missing = refusalOf(repository, commit!) ?? (bytes === undefined ? 'EntryNotFound' : null);
    const allowed = repository?.gated === undefined || asked.authorization === `Bearer ${repository.gated}`;
    if (bytes === undefined || missing !== null)
      refuse(response, missing === 'RepoNotFound' ? 401 : 404, missing ?? '');
    else if (!allowed) refuse(response, asked.authorization === undefined ? 401 : 403, 'GatedRepo');
    else if (isLarge(name)) {
      const linked = { 'x-linked-etag': `"${sha256(bytes)}"`, 'x-linked-size': String(bytes.length) };
      const location = `${this.cdn}/${id}/${name}`;
      response.writeHead(302, {
        'x-repo-commit': repository?.commit,
        ...linked,
        location,
        'content-length': '0',
        ...fault.headers,
      });
      response.end();
    } else {
      const headers = { 'x-repo-commit': repository?.commit ?? '', etag: `"${gitSha1(bytes)}"`, ...fault.headers };
      if (asked.method !== 'HEAD') send(response, fault.body ?? bytes, asked.range, headers, fault);
      else response.writeHead(200, { 'content-length': String(bytes.length), ...headers }).end();
    }
  }

  #serveCdn(path: string, asked: Asked, fault: Fault, response: ServerResponse): void {
    const [id] = [...this.repositories.keys()].filter((name) => path.startsWith(`/${name}/`));
    const bytes = this.repositories.get(id ?? '')?.files[path.slice((id?.length ?? 0) + 2)];
    if (bytes === undefined) response.writeHead(404).end();
    else send(response, fault.body ?? bytes, asked.range, fault.headers ?? {}, fault);
  }
}

function refusalOf(repository: Repository | undefined, revision: string): string | null {
  if (repository === undefined) return 'RepoNotFound';
  return revision === 'main' || revision === repository.commit ? null : 'RevisionNotFound';
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'x-error-code': code, 'x-error-message': code }).end();
}

function send(
  response: ServerResponse,
  bytes: Buffer,
  range: string | undefined,
  headers: Record<string, string>,
  { cutAfter, ignoreRange, pauseMs = 0 }: Fault,
): void {
  const from = ignoreRange || range === undefined ? 0 : Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
  const part = bytes.subarray(from);
  const about = { 'content-length': String(part.length), ...headers };
  const where = { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` };
  response.writeHead(from > 0 ? 206 : 200, from > 0 ? { ...where, ...about } : about);
  const end = Math.min(part.length, cutAfter ?? part.length);
  let sent = 0;
  const next = () => {
    if (response.destroyed) return;
    if (sent >= end) {
      if (cutAfter === undefined) response.end();
      // What was written arrives before the connection ends, too soon for the length that was promised.
      else response.socket?.destroySoon();
      return;
    }
    const piece = part.subarray(sent, Math.min(end, sent + PIECE_BYTES));
    sent += piece.length;
    response.write(piece, () => (pauseMs > 0 ? setTimeout(next, pauseMs) : next()));
  };
  next();
}
