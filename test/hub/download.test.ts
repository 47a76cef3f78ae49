import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { cachedModel, type DownloadOptions, downloadModel, readHubSettings } from '../../src/hub/index.ts';
import { type Asked, etagOf, type Fault, Mirror, sha256 } from './mirror.ts';
import { COMMIT, dialoGpt, ggufs, MEGABYTE, noise, shardedLlama } from './models.ts';

const DIALO = 'microsoft/DialoGPT-small';
const LLAMA = 'meta/llama-sharded';
const WEIGHTS = 'pytorch_model.bin';
const TOKEN = 'hf_abcdefghijklmnopqrstuvwxyz';

const root = mkdtempSync(path.join(tmpdir(), 'hub-'));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

let mirror: Mirror;
let home: string;
beforeEach(async () => {
  mirror = await Mirror.open();
  home = mkdtempSync(path.join(root, 'home-'));
});
afterEach(() => mirror.close());

type Environment = Record<string, string>;

const environment = (more: Environment = {}): Environment => ({ HF_ENDPOINT: mirror.endpoint, HF_HOME: home, ...more });

function download(name: string, more: Environment = {}, options: Partial<DownloadOptions> = {}) {
  const settings = readHubSettings(environment(more));
  return downloadModel(name, { settings, retries: { attempts: 4, pauseMs: 1 }, ...options });
}

/** Identifier and first value of the refusal; the token is in none of its words. */
async function refusal(work: Promise<unknown>): Promise<UserError> {
  const error = await work.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof UserError)) throw error;
  expect(JSON.stringify([error, error.message, error.stack])).not.toContain(TOKEN);
  return error;
}

const modelFolder = (name: string) => path.join(home, 'hub', `models--${name.replace('/', '--')}`);

/** Everything below the cache's folder of the model, but folders. */
function kept(name: string): string[] {
  const folder = modelFolder(name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((entry) => !lstatSync(path.join(folder, entry)).isDirectory())
    .sort();
}

const partials = (name: string) => kept(name).filter((entry) => entry.endsWith('.incomplete'));

/** A rule for the large files of the other host alone. */
const onCdn = (fault: (asked: Asked, count: number) => Fault | undefined) => (asked: Asked, count: number) =>
  asked.host === 'cdn' ? fault(asked, count) : undefined;

describe('a model is fetched', () => {
  test('as the files that make it, from an old repository with a checkpoint, vocab.json and merges.txt', async () => {
    const repository = dialoGpt();
    mirror.repositories.set(DIALO, repository);
    const model = await download(DIALO);
    expect(model).toMatchObject({
      revision: COMMIT,
      licence: 'mit',
      path: model.folder,
      pinned: `${DIALO}@49c537161a45`,
    });
    const wanted = ['README.md', 'config.json', 'merges.txt', WEIGHTS, 'vocab.json'];
    expect(readdirSync(model.folder).sort()).toEqual(wanted.toSorted());
    for (const name of wanted) expect(readFileSync(path.join(model.folder, name))).toEqual(repository.files[name]);
  });

  test('in shards that its index names, and not a second time in another format', async () => {
    const repository = shardedLlama();
    mirror.repositories.set(LLAMA, repository);
    const { folder, licence } = await download(LLAMA);
    expect(licence).toBe('llama3.2');
    const left = ['original/consolidated.00.pth', WEIGHTS];
    const wanted = Object.keys(repository.files).filter((name) => !left.includes(name));
    expect(readdirSync(folder).sort()).toEqual(wanted.toSorted());
    for (const name of wanted) expect(readFileSync(path.join(folder, name))).toEqual(repository.files[name]);
  });

  test('into the layout of huggingface_hub: blobs by etag, links to them, the branch’s commit', async () => {
    const { files } = dialoGpt();
    mirror.repositories.set(DIALO, dialoGpt());
    const { folder } = await download(DIALO);
    expect(folder).toBe(path.join(modelFolder(DIALO), 'snapshots', COMMIT));
    expect(readFileSync(path.join(modelFolder(DIALO), 'refs', 'main'), 'utf8')).toBe(COMMIT);
    for (const name of readdirSync(folder)) {
      const blob = path.join(modelFolder(DIALO), 'blobs', etagOf(name, files[name]!));
      expect(readFileSync(blob)).toEqual(files[name]);
      if (process.platform !== 'win32') expect(lstatSync(path.join(folder, name)).isSymbolicLink()).toBe(true);
    }
    expect(partials(DIALO)).toEqual([]);
  });

  test('without symbolic links where the system has none, or is asked for none', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const { folder } = await download(DIALO, { HF_HUB_DISABLE_SYMLINKS: '1' });
    expect(lstatSync(path.join(folder, WEIGHTS)).isFile()).toBe(true);
    expect(sha256(readFileSync(path.join(folder, WEIGHTS)))).toBe(sha256(dialoGpt().files[WEIGHTS]!));
    const before = mirror.asked.length;
    await download(DIALO);
    expect(mirror.asked.slice(before).map(({ method }) => method)).toEqual(['GET']);
  });

  test('only once: the second time nothing but the list is asked for', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const first = await download(DIALO);
    const before = mirror.asked.length;
    expect(await download(DIALO)).toEqual(first);
    expect(mirror.asked.slice(before)).toMatchObject([{ path: `/api/models/${DIALO}/revision/main` }]);
    // And by somebody who would rather have the same again than something newer, nothing at all.
    await download(DIALO, {}, { cachedFirst: true });
    expect(mirror.asked.length).toBe(before + 1);
  });

  test('anew where the branch has moved on, its unchanged files kept', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const old = await download(DIALO);
    const newer = { ...dialoGpt(), commit: 'cd'.repeat(20) };
    newer.files['config.json'] = Buffer.from('{"n_layer": 3}');
    mirror.repositories.set(DIALO, newer);
    expect((await download(DIALO, {}, { cachedFirst: true })).revision).toBe(COMMIT);
    const now = await download(DIALO);
    expect(now.revision).toBe(newer.commit);
    expect(mirror.fetched(WEIGHTS)).toHaveLength(1);
    expect(readFileSync(path.join(now.folder, 'config.json'), 'utf8')).toBe('{"n_layer": 3}');
    // The pinned name goes on meaning the old bytes.
    expect(cachedModel(old.pinned, readHubSettings(environment()))?.folder).toBe(old.folder);
  });

  test('at a commit that was asked for; a bare name as the oldest models have', async () => {
    mirror.repositories.set('gpt2', dialoGpt());
    const { folder, revision } = await download(`gpt2@${COMMIT}`);
    expect(revision).toBe(COMMIT);
    expect(folder).toBe(path.join(home, 'hub', 'models--gpt2', 'snapshots', COMMIT));
    expect(existsSync(path.join(home, 'hub', 'models--gpt2', 'refs'))).toBe(false);
  });

  test('telling how far it is, from the first byte to the last', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const seen: { bytes: number; totalBytes: number; file: string }[] = [];
    await download(DIALO, {}, { onProgress: (progress) => seen.push(progress) });
    const total = ['README.md', 'config.json', 'merges.txt', WEIGHTS, 'vocab.json'];
    const bytes = total.reduce((sum, name) => sum + dialoGpt().files[name]!.length, 0);
    expect(new Set(seen.map(({ totalBytes }) => totalBytes))).toEqual(new Set([bytes]));
    expect(seen.map((progress) => progress.bytes)).toEqual(
      seen.map((progress) => progress.bytes).toSorted((a, b) => a - b),
    );
    expect(seen.at(-1)).toEqual({ file: WEIGHTS, bytes, totalBytes: bytes });
    expect(seen.length).toBeGreaterThan(10);
  });

  test('through a proxy that the environment names', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const tunnels: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      tunnels.push(request.url ?? '');
      const [host, port] = (request.url ?? '').split(':');
      const there = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        there.pipe(socket).pipe(there);
      });
      for (const end of [socket, there]) end.on('error', () => {});
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { folder } = await download(DIALO, {
      HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    });
    expect(sha256(readFileSync(path.join(folder, WEIGHTS)))).toBe(sha256(dialoGpt().files[WEIGHTS]!));
    expect(new Set(tunnels)).toEqual(new Set([mirror.endpoint, mirror.cdn].map((url) => new URL(url).host)));
    const before = tunnels.length;
    await (await fetch(`${mirror.endpoint}/api/models/${DIALO}/revision/main`)).text();
    expect(tunnels.length).toBe(before);
    proxy.closeAllConnections();
    proxy.close();
  });
});

describe('GGUF files', () => {
  const id = 'TheBloke/smol-GGUF';
  const [q4, q8, nested] = ['smol.Q4_K_M.gguf', 'smol.Q8_0.gguf', 'bf16/smol-BF16.gguf'];

  test.each([
    [q4, q4],
    ['q8_0', q8],
    ['Q4_K', q4],
    ['BF16', nested],
    [nested, nested],
  ])(':%s picks %s, and the card comes along', async (wanted, picked) => {
    const repository = ggufs(q4, q8, nested);
    mirror.repositories.set(id, repository);
    const model = await download(`${id}:${wanted}`);
    expect(model.path).toBe(path.join(model.folder, ...picked.split('/')));
    expect(readFileSync(model.path)).toEqual(repository.files[picked]);
    expect(readFileSync(path.join(model.folder, 'README.md'), 'utf8')).toBe('# GGUF\n');
    expect(mirror.asked.filter(({ host }) => host === 'cdn')).toHaveLength(1);
    expect(cachedModel(model.pinned, readHubSettings(environment()))?.path).toBe(model.path);
  });

  test('several that fit, none that fits, none named', async () => {
    mirror.repositories.set(id, ggufs(q4, 'smol.Q4_K_S.gguf', q8));
    expect((await refusal(download(`${id}:Q4_K`))).identifier).toBe('hub_file_ambiguous');
    expect(await refusal(download(`${id}:F16`))).toMatchObject({
      identifier: 'hub_file_missing',
      context: { file: 'F16' },
    });
    expect(await refusal(download(id))).toMatchObject({ identifier: 'hub_gguf_choose', context: { file: q4 } });
    expect(kept(id)).toEqual([]);
  });
});

describe('a broken connection', () => {
  test('is taken up where it broke, and the bytes before are not sent again', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn((_, count) => (count <= 2 ? { cutAfter: MEGABYTE } : undefined));
    const { folder } = await download(DIALO);
    expect(sha256(readFileSync(path.join(folder, WEIGHTS)))).toBe(sha256(dialoGpt().files[WEIGHTS]!));
    // A connection that breaks may take with it what was under way, never what was kept.
    const starts = mirror.fetched(WEIGHTS).map(({ range }) => Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0));
    expect(starts).toHaveLength(3);
    expect(starts[0]).toBe(0);
    expect(starts[1]).toBeGreaterThan(MEGABYTE / 4);
    expect(starts[2]).toBeGreaterThan(starts[1]! + MEGABYTE / 4);
    expect(starts[2]).toBeLessThanOrEqual(2 * MEGABYTE);
  });

  test('that gets on goes on; without progress it ends, says how far it came, and the next call goes on from there', async () => {
    mirror.repositories.set(DIALO, dialoGpt(8 * MEGABYTE));
    mirror.rule = onCdn((_, count) => (count <= 6 ? { cutAfter: MEGABYTE } : { status: 502 }));
    const error = await refusal(download(DIALO));
    // A connection that breaks may take with it what was under way; what was kept is said, and gone on from.
    const [partial = ''] = partials(DIALO);
    const have = statSync(path.join(modelFolder(DIALO), partial)).size;
    expect(have).toBeGreaterThan(MEGABYTE);
    expect(error).toMatchObject({
      identifier: 'hub_interrupted',
      context: { file: WEIGHTS, have: Math.floor(have / 1e6), size: 8 },
    });
    expect(kept(DIALO).some((entry) => entry.startsWith('refs'))).toBe(false);
    mirror.rule = () => undefined;
    await download(DIALO);
    expect(mirror.fetched(WEIGHTS).at(-1)?.range).toBe(`bytes=${have}-`);
    expect(partials(DIALO)).toEqual([]);
  });

  test('to a server that knows no ranges begins cleanly anew', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn((_, count) => (count === 1 ? { cutAfter: 2 * MEGABYTE } : { ignoreRange: true }));
    const { folder } = await download(DIALO);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
    // One that also breaks off each time at the same place is given up.
    mirror.repositories.set(LLAMA, shardedLlama());
    mirror.rule = onCdn(() => ({ ignoreRange: true, cutAfter: MEGABYTE - 1 }));
    expect((await refusal(download(LLAMA))).identifier).toBe('hub_interrupted');
    expect(mirror.fetched('model-00001-of-00002.safetensors').length).toBeLessThan(10);
  });

  test('to a server that answers with another part begins cleanly anew', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn(({ range }, count) => {
      if (count === 1) return { cutAfter: MEGABYTE };
      return range === undefined ? undefined : { headers: { 'content-range': `bytes 0-${MEGABYTE}/${3 * MEGABYTE}` } };
    });
    const { folder } = await download(DIALO);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
  });

  test('and silence are the same', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn((_, count) => (count === 1 ? { silent: true } : undefined));
    const { folder } = await download(DIALO, { HF_HUB_DOWNLOAD_TIMEOUT: '0.3' });
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
    mirror.rule = () => ({ silent: true });
    const silent = refusal(download(LLAMA, { HF_HUB_DOWNLOAD_TIMEOUT: '0.1' }));
    expect(await silent).toMatchObject({
      identifier: 'hub_unreachable',
      context: { host: new URL(mirror.endpoint).host },
    });
  });

  test('a process killed in the middle leaves a part that another goes on from', async () => {
    mirror.repositories.set(DIALO, dialoGpt(4 * MEGABYTE));
    mirror.rule = onCdn(() => ({ pauseMs: 15 }));
    const child = fetchElsewhere(DIALO);
    const blobs = path.join(modelFolder(DIALO), 'blobs');
    const size = () => {
      const [part] = existsSync(blobs)
        ? readdirSync(blobs).filter((name) => name.includes(sha256(dialoGpt(4 * MEGABYTE).files[WEIGHTS]!)))
        : [];
      return part === undefined ? 0 : (statSync(path.join(blobs, part), { throwIfNoEntry: false })?.size ?? 0);
    };
    while (size() < MEGABYTE && child.exitCode === null) await new Promise((resolve) => setTimeout(resolve, 5));
    child.kill('SIGKILL');
    await new Promise((resolve) => child.on('close', resolve));
    expect(partials(DIALO)).toHaveLength(1);
    const left = size();
    expect(left).toBeGreaterThanOrEqual(MEGABYTE);
    expect(left).toBeLessThan(4 * MEGABYTE);

    const { folder } = await download(DIALO);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt(4 * MEGABYTE).files[WEIGHTS]);
    expect(mirror.fetched(WEIGHTS).map(({ range }) => range)).toEqual([undefined, `bytes=${left}-`]);
    expect(partials(DIALO)).toEqual([]);
  });

  test('two processes that fetch the same model at once both end with it whole', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn((_, count) => (count <= 2 ? { pauseMs: 5, cutAfter: MEGABYTE } : { pauseMs: 5 }));
    const children = [fetchElsewhere(DIALO), fetchElsewhere(DIALO)];
    const folders = await Promise.all(children.map(outputOf));
    for (const { folder } of folders)
      expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
    expect(partials(DIALO)).toEqual([]);
    // Neither took over what the other was still writing.
    expect(mirror.fetched(WEIGHTS).filter(({ range }) => range === undefined)).toHaveLength(2);
  });
});

const FETCH = path.join(import.meta.dirname, 'fetch-model.ts');

function fetchElsewhere(name: string) {
  const env = { ...process.env, ...environment() };
  return spawn(process.execPath, [FETCH, name], { env, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function outputOf(child: ReturnType<typeof fetchElsewhere>): Promise<{ folder: string }> {
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    output += piece;
  });
  await new Promise((resolve) => child.on('close', resolve));
  return JSON.parse(output) as { folder: string };
}

describe('what comes is checked', () => {
  const damaged = (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    copy[copy.length >> 1]! ^= 1;
    return copy;
  };

  test('a large file by its SHA-256: damaged once it is fetched again, damaged twice it is thrown away', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const body = damaged(dialoGpt().files[WEIGHTS]!);
    mirror.rule = onCdn((_, count) => (count === 1 ? { body } : undefined));
    const { folder } = await download(DIALO);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);

    home = mkdtempSync(path.join(root, 'home-'));
    mirror.rule = onCdn(() => ({ body }));
    expect(await refusal(download(DIALO))).toMatchObject({ identifier: 'hub_hash_wrong', context: { file: WEIGHTS } });
    expect(kept(DIALO).filter((entry) => entry.includes(sha256(dialoGpt().files[WEIGHTS]!)))).toEqual([]);
  });

  test('a small file by git’s SHA-1', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const body = damaged(dialoGpt().files['vocab.json']!);
    mirror.rule = ({ path: asked, method }) =>
      method === 'GET' && asked.endsWith('vocab.json') ? { body } : undefined;
    expect(await refusal(download(DIALO))).toMatchObject({
      identifier: 'hub_hash_wrong',
      context: { file: 'vocab.json' },
    });
  });

  test('a part left from an older try that is not of this file: it is fetched whole', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn((_, count) => (count === 1 ? { cutAfter: MEGABYTE / 2 } : { status: 500 }));
    await refusal(download(DIALO));
    mirror.rule = () => undefined;
    const [part] = partials(DIALO).map((entry) => path.join(modelFolder(DIALO), entry));
    writeFileSync(part!, noise(MEGABYTE, 9));
    const { folder } = await download(DIALO);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
  });

  test.each([
    ['a length that is too small', { headers: { 'content-length': '1000' }, body: noise(1000) }],
    ['a longer file', { body: noise(4 * MEGABYTE) }],
    ['a page of a filter', { headers: { 'content-type': 'text/html' }, body: Buffer.from('<html>no</html>') }],
  ])('its length: %s', async (_name, fault) => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn(() => fault);
    const error = await refusal(download(DIALO));
    expect(error).toMatchObject({ identifier: 'hub_length_wrong', context: { file: WEIGHTS, expected: 3 * MEGABYTE } });
    expect(mirror.fetched(WEIGHTS)).toHaveLength(4);
  });

  test('more bytes than were announced are not taken', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    // Without a Content-Length the answer ends when it ends.
    mirror.rule = onCdn(() => ({
      body: noise(4 * MEGABYTE),
      headers: { 'transfer-encoding': 'chunked', 'content-length': '' },
    }));
    const error = await refusal(download(DIALO));
    expect(['hub_length_wrong', 'hub_unreachable', 'hub_interrupted']).toContain(error.identifier);
    for (const part of partials(DIALO))
      expect(statSync(path.join(modelFolder(DIALO), part)).size).toBeLessThanOrEqual(3 * MEGABYTE);
  });

  test('a blob that somebody cut afterwards is fetched again for the next revision', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    await download(DIALO);
    truncateSync(path.join(modelFolder(DIALO), 'blobs', sha256(dialoGpt().files[WEIGHTS]!)), 1000);
    mirror.repositories.set(DIALO, { ...dialoGpt(), commit: 'ef'.repeat(20) });
    const { folder } = await download(DIALO);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
  });
});

describe('a server in trouble', () => {
  test.each([429, 500, 503])('%d now and then is waited for', async (status) => {
    mirror.repositories.set(DIALO, dialoGpt());
    // Every address of either host fails twice.
    mirror.rule = (_, count) => (count <= 2 ? { status } : undefined);
    const { folder } = await download(DIALO, {}, { retries: { attempts: 6, pauseMs: 1 } });
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
  });

  test.each([429, 500])('%d for ever is given up after a few tries', async (status) => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = () => ({ status });
    const error = await refusal(download(DIALO));
    expect(error).toMatchObject({ identifier: 'hub_busy', context: { status, host: new URL(mirror.endpoint).host } });
    expect(mirror.asked).toHaveLength(3);
  });

  test('its Retry-After is waited for, and one of an hour is not', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const when: number[] = [];
    mirror.rule = (_, count) => {
      when.push(performance.now());
      return count === 1 && when.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    await download(DIALO);
    expect(when[1]! - when[0]!).toBeGreaterThan(990);
    mirror.rule = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    mirror.asked.length = 0;
    expect((await refusal(download(LLAMA))).identifier).toBe('hub_busy');
    expect(mirror.asked).toHaveLength(1);
  });

  test('an address that has expired is asked for anew', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = onCdn((_, count) => (count === 1 ? { status: 403 } : undefined));
    await download(DIALO);
    const resolved = mirror.asked.filter(
      ({ host, method, path: asked }) => host === 'hub' && method === 'GET' && asked.endsWith(WEIGHTS),
    );
    expect(resolved).toHaveLength(2);
  });

  test('redirects that lead nowhere end', async () => {
    mirror.rule = ({ path: asked }) => ({ status: 307, headers: { location: asked } });
    expect((await refusal(download(DIALO))).identifier).toBe('hub_answer_wrong');
    expect(mirror.asked.length).toBeLessThan(10);
  });

  test('a renamed repository is followed', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = ({ path: asked }) =>
      asked.includes('/old/') || asked.startsWith('/old/')
        ? { status: 307, headers: { location: asked.replace('old/name', DIALO) } }
        : undefined;
    const { folder } = await download('old/name');
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
  });

  test.each([
    ['no JSON', { body: Buffer.from('<html>Please log in to the school’s network</html>') }, 'hub_answer_wrong'],
    ['other JSON', { body: Buffer.from('{"sha": "../../x", "siblings": []}') }, 'hub_answer_wrong'],
    ['a list without end', { body: Buffer.alloc(17 * MEGABYTE, ' ') }, 'hub_list_too_long'],
    [
      'too many files',
      { body: Buffer.from(JSON.stringify({ sha: COMMIT, siblings: Array(20_001).fill({ rfilename: 'x' }) })) },
      'hub_list_too_long',
    ],
  ])('instead of a list, %s', async (_name, fault, identifier) => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = () => fault;
    expect((await refusal(download(DIALO))).identifier).toBe(identifier);
    expect(kept(DIALO)).toEqual([]);
  });

  test('nobody there', async () => {
    const gone = await Mirror.open();
    const { endpoint } = gone;
    await gone.close();
    const error = await refusal(download(DIALO, { HF_ENDPOINT: endpoint }));
    expect(error).toMatchObject({ identifier: 'hub_unreachable', context: { host: new URL(endpoint).host } });
  });
});

describe('the access token', () => {
  test('goes to the hub, and never to the host that a file lies on', async () => {
    mirror.repositories.set(DIALO, { ...dialoGpt(), gated: TOKEN });
    await download(DIALO, { HF_TOKEN: TOKEN });
    const [hub, cdn] = ['hub', 'cdn'].map((host) => mirror.asked.filter((asked) => asked.host === host));
    expect(hub!.every(({ authorization }) => authorization === `Bearer ${TOKEN}`)).toBe(true);
    expect(cdn!.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  test('is also found where the tools of Python keep it', async () => {
    mirror.repositories.set(DIALO, { ...dialoGpt(), gated: TOKEN });
    writeFileSync(path.join(home, 'token'), `${TOKEN}\n`);
    await download(DIALO);
    expect(mirror.asked.filter(({ authorization }) => authorization === `Bearer ${TOKEN}`)).not.toEqual([]);
  });

  test('is asked for where a model is gated; one without access is told so', async () => {
    mirror.repositories.set(DIALO, { ...dialoGpt(), gated: 'hf_another' });
    const page = `${mirror.endpoint}/${DIALO}`;
    expect(await refusal(download(DIALO))).toMatchObject({ identifier: 'hub_gated', context: { model: DIALO, page } });
    const error = await refusal(download(DIALO, { HF_TOKEN: TOKEN }));
    expect(error).toMatchObject({ identifier: 'hub_gated_token', context: { model: DIALO, page } });
    expect(kept(DIALO)).toEqual([]);
  });

  test('that the hub does not know, or that is none, is said without showing it', async () => {
    mirror.rule = () => ({
      status: 401,
      headers: { 'x-error-message': 'Invalid credentials in Authorization header' },
    });
    expect((await refusal(download(DIALO, { HF_TOKEN: TOKEN }))).identifier).toBe('hub_token_refused');
    expect((await refusal(download(DIALO, { HF_TOKEN: `${TOKEN}é\n${TOKEN}` }))).identifier).toBe('hub_token_wrong');
    expect(JSON.stringify(readHubSettings(environment({ HF_TOKEN: TOKEN })))).not.toContain(TOKEN);
  });
});

describe('what is not there', () => {
  test.each([
    ['a repository', 'nobody/nothing', 'hub_model_missing', { model: 'nobody/nothing' }],
    ['a revision', `${DIALO}@v9`, 'hub_revision_missing', { model: DIALO, revision: 'v9' }],
    ['a name', 'a//b', 'hub_id_wrong', { model: 'a//b' }],
  ])('%s', async (_name, asked, identifier, context) => {
    mirror.repositories.set(DIALO, dialoGpt());
    expect(await refusal(download(asked))).toMatchObject({ identifier, context });
    expect(existsSync(path.join(home, 'hub'))).toBe(false);
  });

  test('weights, config.json, a shard, a file that the list has', async () => {
    const without = (name: string, repository = dialoGpt()) => {
      delete repository.files[name];
      return repository;
    };
    mirror.repositories.set(DIALO, without(WEIGHTS));
    expect((await refusal(download(DIALO))).identifier).toBe('hub_weights_missing');
    mirror.repositories.set(DIALO, without('config.json'));
    expect(await refusal(download(DIALO))).toMatchObject({
      identifier: 'hub_file_missing',
      context: { file: 'config.json' },
    });
    const shard = 'model-00002-of-00002.safetensors';
    mirror.repositories.set(LLAMA, without(shard, shardedLlama()));
    expect(await refusal(download(LLAMA))).toMatchObject({ identifier: 'hub_file_missing', context: { file: shard } });
    mirror.repositories.set(DIALO, { ...without('vocab.json'), listed: Object.keys(dialoGpt().files) });
    expect(await refusal(download(DIALO))).toMatchObject({
      identifier: 'hub_file_missing',
      context: { file: 'vocab.json' },
    });
  });

  test('an index that is none', async () => {
    for (const contents of ['[]', '{"weight_map": 3}', '{"weight_map": {"a": 3}}', 'x']) {
      const repository = shardedLlama();
      repository.files['model.safetensors.index.json'] = Buffer.from(contents);
      mirror.repositories.set(LLAMA, repository);
      home = mkdtempSync(path.join(root, 'home-'));
      expect((await refusal(download(LLAMA))).identifier).toMatch(/^(model_index_damaged|json_unreadable)$/);
    }
  });
});

describe('names that would leave the folder', () => {
  const EVIL = [
    '../../../evil.safetensors',
    '/tmp/evil.safetensors',
    'a\\..\\evil.safetensors',
    'con.safetensors',
    'a/../b.safetensors',
    'C:evil.safetensors',
  ];

  test.each(EVIL)('%s in an index is refused', async (evil) => {
    const repository = shardedLlama();
    repository.files[evil] = noise(64);
    repository.files['model.safetensors.index.json'] = Buffer.from(JSON.stringify({ weight_map: { a: evil } }));
    mirror.repositories.set(LLAMA, repository);
    expect((await refusal(download(LLAMA))).identifier).toBe('hub_file_name');
    expect(readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('evil'))).toEqual(
      [],
    );
    expect(mirror.asked.filter(({ host }) => host === 'cdn')).toEqual([]);
  });

  test.each(EVIL.map((name) => name.replace('.safetensors', '.gguf')))(
    '%s among GGUF files is refused',
    async (evil) => {
      mirror.repositories.set(DIALO, ggufs(evil));
      const wanted = evil.startsWith('con') ? 'con' : evil.endsWith('b.gguf') ? 'b.gguf' : 'evil.gguf';
      const error = await refusal(download(`${DIALO}:${wanted}`));
      expect(['hub_file_name', 'hub_id_wrong', 'hub_file_missing']).toContain(error.identifier);
      expect(mirror.asked.filter(({ host }) => host === 'cdn')).toEqual([]);
      expect(kept(DIALO)).toEqual([]);
    },
  );

  test.each(['../x', 'x/..', '..', '.'])('an etag %s is refused', async (etag) => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.rule = ({ method }) => (method === 'HEAD' ? { headers: { etag, 'x-linked-etag': etag } } : undefined);
    expect((await refusal(download(DIALO))).identifier).toBe('hub_answer_wrong');
    expect(kept(DIALO)).toEqual([]);
  });
});

describe('without the network', () => {
  const offline = { HF_HUB_OFFLINE: '1' };

  test('what is cached opens, and nothing is asked of anybody', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    mirror.repositories.set(LLAMA, shardedLlama());
    const online = [await download(DIALO), await download(LLAMA)];
    mirror.asked.length = 0;
    for (const { folder, pinned } of online) {
      const name = pinned.split('@')[0]!;
      expect((await download(name, offline)).folder).toBe(folder);
      expect((await download(name, { TRANSFORMERS_OFFLINE: 'yes' })).folder).toBe(folder);
      expect((await download(pinned, offline)).folder).toBe(folder);
    }
    expect(mirror.asked).toEqual([]);
  });

  test('what is not cached, or only half, says so', async () => {
    expect(await refusal(download(DIALO, offline))).toMatchObject({
      identifier: 'hub_offline',
      context: { model: DIALO },
    });
    const shard = 'model-00002-of-00002.safetensors';
    mirror.repositories.set(LLAMA, shardedLlama());
    const { folder } = await download(LLAMA);
    rmSync(path.join(folder, shard));
    const half = await refusal(download(LLAMA, offline));
    expect(half).toMatchObject({ identifier: 'hub_offline_incomplete', context: { model: LLAMA, file: shard } });
    // A link whose blob is gone is no file either.
    await download(LLAMA);
    rmSync(path.join(modelFolder(LLAMA), 'blobs', sha256(shardedLlama().files[shard]!)));
    expect((await refusal(download(LLAMA, offline))).identifier).toBe('hub_offline_incomplete');
    expect(mirror.asked.length).toBeGreaterThan(0);
  });

  test('the cache steps in for a hub that is down, full, or refuses, and not for a revision that is gone', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const { folder } = await download(DIALO);
    for (const fault of [{ status: 503 }, { status: 429 }, { status: 403 }, { silent: true }]) {
      mirror.rule = () => fault;
      mirror.asked.length = 0;
      expect((await download(DIALO, { HF_HUB_DOWNLOAD_TIMEOUT: '0.2' })).folder).toBe(folder);
      expect(mirror.asked).toHaveLength(1);
    }
  });
});

/** A file system of 8 MB, where the system lets us make one. */
function tinyFileSystem(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'hub-tiny-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
  afterAll(() => {
    if (status === 0) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return status === 0 ? folder : undefined;
}
const tiny = tinyFileSystem();
if (!tiny) console.info('skipped: a tiny file system cannot be mounted here (it needs Linux and a superuser)');

describe('a disk', () => {
  test('that cannot be written to is named', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const file = path.join(home, 'file');
    writeFileSync(file, 'mine');
    const error = await refusal(download(DIALO, { HF_HUB_CACHE: path.join(file, 'hub') }));
    expect(error).toMatchObject({ identifier: 'file_unwritable', context: { code: 'ENOTDIR' } });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test('with too little room is told before anything is fetched', async () => {
    const { files } = dialoGpt();
    mirror.repositories.set(DIALO, dialoGpt());
    const huge = 2 ** 52;
    mirror.rule = ({ method, path: asked }) =>
      method === 'HEAD' && asked.endsWith(WEIGHTS) ? { headers: { 'x-linked-size': String(huge) } } : undefined;
    const small = ['README.md', 'config.json', 'merges.txt', 'vocab.json'].map((name) => files[name]!.length);
    const need = Math.ceil(small.reduce((sum, bytes) => sum + bytes, huge) / 1e6);
    expect(await refusal(download(DIALO))).toMatchObject({ identifier: 'hub_disk_too_small', context: { need } });
    expect(mirror.asked.filter(({ host }) => host === 'cdn')).toEqual([]);
  });

  test.skipIf(!tiny)('that fills up on the way says so; with room again the download goes on', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    const ballast = path.join(tiny!, 'ballast');
    const onProgress = ({ bytes }: { bytes: number }) => {
      const { bavail, bsize } = statfsSync(tiny!);
      if (bytes > MEGABYTE && !existsSync(ballast)) writeFileSync(ballast, new Uint8Array((bavail - 10) * bsize));
    };
    const there = { HF_HUB_CACHE: path.join(tiny!, 'hub') };
    expect((await refusal(download(DIALO, there, { onProgress }))).identifier).toBe('disk_full');
    rmSync(ballast);
    const { folder } = await download(DIALO, there);
    expect(readFileSync(path.join(folder, WEIGHTS))).toEqual(dialoGpt().files[WEIGHTS]);
    expect(mirror.fetched(WEIGHTS).at(-1)?.range).toMatch(/^bytes=\d{7}-$/);
  });

  test('is not written to for a model that is there, so that a cache may be read-only', async () => {
    mirror.repositories.set(DIALO, dialoGpt());
    await download(DIALO);
    const changed = () =>
      readdirSync(home, { recursive: true, encoding: 'utf8' })
        .map((name) => `${name} ${lstatSync(path.join(home, name)).ctimeMs}`)
        .sort();
    const before = changed();
    await download(DIALO);
    expect(changed()).toEqual(before);
  });
});
