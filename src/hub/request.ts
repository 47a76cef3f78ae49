/**
 * Requests to the hub: redirects followed by hand, because the access token is for the hub's own host and nobody else's;
 * given up when the other side says nothing for too long; every refusal turned into what the reader can do about it.
 * The headers X-Error-Code, X-Linked-ETag, X-Linked-Size, X-Repo-Commit are the hub's own (huggingface_hub 2.4 reads them).
 */
import { UserError } from '../errors.ts';
import { Passing } from './patience.ts';
import type { HubSettings } from './settings.ts';

/** What a request is about, for the sentence that says why it failed. */
export interface Subject {
  readonly model: string;
  readonly revision: string;
  readonly file?: string;
}

export interface Asked {
  readonly method?: 'GET' | 'HEAD';
  /** First byte wanted of the file; the server may ignore that. */
  readonly from?: number;
}

export interface Answer {
  readonly status: number;
  /** Of the last answer alone. */
  readonly headers: Headers;
  /** Of the first answer on the way that has it: what the hub says of a file comes before the redirect to where it lies. */
  header(name: string): string | null;
  /** @throws Passing when the connection breaks or falls silent. */
  chunks(): AsyncGenerator<Uint8Array>;
  /** To be called in the end, read or not. */
  close(): void;
}

const MOST_REDIRECTS = 5;
const JSON_LIMIT_BYTES = 16 * 1024 * 1024; // 100,000 file names
const LINKED_ETAG = 'x-linked-etag';

export class Hub {
  readonly #settings: HubSettings;
  readonly #token: string | undefined;

  /** @throws UserError hub_token_wrong. */
  constructor(settings: HubSettings) {
    this.#settings = settings;
    this.#token = settings.token();
  }

  /** @param path from the endpoint on, with its slash, encoded. @throws UserError or Passing for every answer but 2xx. */
  async ask(path: string, subject: Subject, { method = 'GET', from = 0 }: Asked = {}): Promise<Answer> {
    const watch = new Watch(this.#settings.timeoutMs);
    const passed: Headers[] = [];
    try {
      let url = new URL(`${this.#settings.endpoint}${path}`);
      for (;;) {
        const response = await this.#fetch(url, method, from, watch);
        passed.push(response.headers);
        const next = redirect(response, url);
        const elsewhere = next !== null && next.origin !== url.origin;
        // All there is to know of the file; where it lies need not be asked.
        const known = method === 'HEAD' && elsewhere && response.headers.has(LINKED_ETAG);
        if (next === null || known) {
          if (!response.ok && !known) throw this.#refusal(response, url, subject);
          return this.#answer(response, url, passed, watch);
        }
        if (passed.length > MOST_REDIRECTS) throw this.#wrongAnswer();
        await response.body?.cancel();
        watch.touch();
        url = next;
      }
    } catch (error) {
      watch.end();
      throw error;
    }
  }

  /** @throws UserError hub_answer_wrong, hub_list_too_long, or as `ask`. */
  async askJson(path: string, subject: Subject): Promise<unknown> {
    const answer = await this.ask(path, subject);
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const piece of answer.chunks()) {
        bytes += piece.length;
        if (bytes > JSON_LIMIT_BYTES) throw new UserError('hub_list_too_long', { model: subject.model });
        pieces.push(piece);
      }
    } finally {
      answer.close();
    }
    try {
      return JSON.parse(Buffer.concat(pieces).toString('utf8'));
    } catch (cause) {
      throw this.#wrongAnswer(cause);
    }
  }

  async #fetch(url: URL, method: string, from: number, watch: Watch): Promise<Response> {
    const headers: Record<string, string> = {
      'user-agent': 'brain-factory',
      // The sizes and positions we ask for are the file's, not those of its compressed form.
      'accept-encoding': 'identity',
    };
    if (from > 0) headers.range = `bytes=${from}-`;
    const ours = url.origin === new URL(this.#settings.endpoint).origin;
    if (ours && this.#token !== undefined) headers.authorization = `Bearer ${this.#token}`;
    try {
      return await fetch(url, { method, headers, redirect: 'manual', signal: watch.signal });
    } catch (cause) {
      throw this.#unreachable(url, cause);
    }
  }

  #answer(response: Response, url: URL, passed: readonly Headers[], watch: Watch): Answer {
    const broken = (cause: unknown) => this.#unreachable(url, cause);
    return {
      status: response.status,
      headers: response.headers,
      header: (name) => passed.find((headers) => headers.has(name))?.get(name) ?? null,
      async *chunks() {
        watch.touch();
        const reader = response.body?.getReader();
        while (reader) {
          const { done, value } = await reader.read().catch((cause: unknown) => {
            throw broken(cause);
          });
          if (done) return;
          watch.touch();
          yield value;
        }
      },
      close: () => watch.end(),
    };
  }

  #unreachable({ host }: URL, cause: unknown): Passing {
    return new Passing(new UserError('hub_unreachable', { host }, { cause }));
  }

  #wrongAnswer(cause?: unknown): UserError {
    return new UserError('hub_answer_wrong', { endpoint: this.#settings.endpoint }, { cause });
  }

  #refusal({ status, headers }: Response, { host, origin }: URL, { model, revision, file = '' }: Subject): Error {
    const { endpoint } = this.#settings;
    if (status === 408 || status === 429 || status >= 500)
      return new Passing(new UserError('hub_busy', { host, status }), askedPause(status, headers));
    const refused = new UserError('hub_refused', { host, status, model });
    // An address signed for a short time, perhaps expired: the next try asks the hub for a new one.
    if (origin !== new URL(endpoint).origin) return new Passing(refused);
    const page = `${endpoint}/${model}`;
    const code = headers.get('x-error-code');
    if (code === 'GatedRepo') return new UserError(this.#token ? 'hub_gated_token' : 'hub_gated', { model, page });
    if (/invalid credentials/i.test(headers.get('x-error-message') ?? '')) return new UserError('hub_token_refused');
    if (code === 'RevisionNotFound') return new UserError('hub_revision_missing', { model, revision });
    const missing = code === 'EntryNotFound' || (code === null && status === 404 && file !== '');
    if (missing) return new UserError('hub_file_missing', { model, file });
    // To those who may not see a repository, the hub says that there is none.
    if (code === 'RepoNotFound' || status === 401 || status === 404)
      return new UserError('hub_model_missing', { model, endpoint });
    return refused;
  }
}

/** Where the answer sends us, or null where it is the last one. */
function redirect({ status, headers }: Response, from: URL): URL | null {
  const location = headers.get('location');
  if (status < 300 || status > 399 || location === null) return null;
  const to = URL.parse(location, from.href);
  return to !== null && /^https?:$/.test(to.protocol) ? to : null;
}

/** Retry-After in seconds or as a date; the hub's own `RateLimit: "api";r=0;t=55` for 429. */
function askedPause(status: number, headers: Headers): number | undefined {
  const after = headers.get('retry-after');
  const limit = status === 429 ? /;\s*t=(\d{1,6})/.exec(headers.get('ratelimit') ?? '')?.[1] : undefined;
  const seconds = Number(after ?? limit ?? Number.NaN);
  const ms = Number.isNaN(seconds) && after !== null ? Date.parse(after) - Date.now() : 1000 * seconds;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** Aborts a request that has been silent for too long. */
class Watch {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;

  constructor(timeoutMs: number) {
    this.#timer = setTimeout(() => this.#controller.abort(), timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  touch(): void {
    this.#timer.refresh();
  }

  /** Also closes the connection of an answer that was not read to its end. */
  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}
