/**
 * What can keep `npm start` from starting: each is one sentence of the catalogue in the operator's language, without a
 * stack trace, an exit code, and not a byte of anybody's files is changed. The real process each time.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SUPPORTED_ARCHITECTURES } from '../../src/engine/index.ts';
import { encodeSafetensors, readSafetensors } from '../../src/formats/index.ts';
import { type Locale, tDynamic } from '../../src/i18n/index.ts';
import { DATABASE_FILE as LOCAL_FILE } from '../../src/local/index.ts';
import { openStore } from '../../src/store/index.ts';
import { ProtocolServer, type ProtocolServerOptions } from '../discord/protocol-server.ts';
import { tinyModel } from '../training/fixtures.ts';
import { failStart, fingerprint } from './fail-start.ts';

const STORE_FILE = 'brain-factory.sqlite';
const root = mkdtempSync(path.join(tmpdir(), 'start-errors-'));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

let folders = 0;
function newFolder(): string {
  const folder = path.join(root, String(folders++));
  mkdirSync(folder);
  return folder;
}

interface Expected {
  locale?: Locale;
  settings?: Record<string, string>;
  flags?: string[];
  identifier: string;
  context?: Record<string, string | number>;
}

/** The start fails with exactly this sentence, and the data folder stays as it was. */
async function expectRefusal(folder: string, expected: Expected): Promise<void> {
  const { locale = 'en', settings = {}, flags = [], identifier, context = {} } = expected;
  const before = fingerprint(folder);
  const { code, stdout, stderr } = await failStart(locale, { DATA_FOLDER: folder, ...settings }, flags);
  expect({ code, stdout, stderr: stderr.trim() }).toEqual({
    code: 1,
    stdout: '',
    stderr: tDynamic(locale, `errors:${identifier}`, context),
  });
  expect(fingerprint(folder)).toMatchObject(before);
}

/** A data folder with a class in it, closed again. */
function usedFolder(): string {
  const folder = newFolder();
  const store = openStore({ folder });
  store.classes.ensure({ id: '7', name: '7A', locale: 'en' });
  store.close();
  return folder;
}

describe.concurrent('settings', () => {
  test('that cannot be read are named, in the operator’s language to the last word', async () => {
    const settings = { PORT: 'abc' };
    await expectRefusal(newFolder(), {
      locale: 'pt-BR',
      settings,
      identifier: 'setting_wrong',
      context: { key: 'PORT', problem: 'Entrada inválida: esperava um número, recebeu um valor "NaN"' },
    });
  });

  test('a flag that is not there', async () => {
    await expectRefusal(newFolder(), { flags: ['--fast'], identifier: 'flag_unknown', context: { flag: '--fast' } });
  });

  test('a data folder that is a file', async () => {
    const file = path.join(newFolder(), 'data');
    writeFileSync(file, 'mine');
    await expectRefusal(path.dirname(file), {
      settings: { DATA_FOLDER: file },
      identifier: 'data_folder_unwritable',
      context: { folder: file },
    });
  });
});

describe.concurrent('a database', () => {
  test('from a newer version is left alone', async () => {
    const folder = usedFolder();
    const file = path.join(folder, STORE_FILE);
    const database = new Database(file);
    database.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)').run('later', 4e12);
    database.close();
    await expectRefusal(folder, { identifier: 'database_newer', context: { path: file } });
  });

  test('that is no database is left alone', async () => {
    const folder = newFolder();
    const file = path.join(folder, STORE_FILE);
    writeFileSync(file, 'Dear diary, today we raised a brain. '.repeat(100));
    await expectRefusal(folder, { locale: 'pt-BR', identifier: 'database_damaged', context: { path: file } });
  });

  test('cut in the middle is left alone', async () => {
    const folder = usedFolder();
    const file = path.join(folder, STORE_FILE);
    truncateSync(file, 4096 * 5);
    await expectRefusal(folder, { identifier: 'database_damaged', context: { path: file } });
  });

  test('of the local classroom, from a newer version or damaged, is left alone', async () => {
    const newer = newFolder();
    const file = path.join(newer, LOCAL_FILE);
    const database = new Database(file);
    database.pragma('journal_mode = DELETE');
    database.pragma('user_version = 1000');
    database.exec('CREATE TABLE later (thing)');
    database.close();
    await expectRefusal(newer, { locale: 'pt-BR', identifier: 'local_database_newer', context: { path: file } });

    const damaged = newFolder();
    writeFileSync(path.join(damaged, LOCAL_FILE), 'no database, this '.repeat(1000));
    await expectRefusal(damaged, {
      identifier: 'local_database_damaged',
      context: { path: path.join(damaged, LOCAL_FILE) },
    });
  });
});

describe.concurrent('BRAIN', () => {
  const WEIGHTS = 'model.safetensors';

  test('that names no brain', async () => {
    const brain = path.join(newFolder(), 'gpt-9');
    await expectRefusal(newFolder(), {
      locale: 'pt-BR',
      settings: { BRAIN: brain },
      identifier: 'brain_missing',
      context: { brain, path: brain },
    });
  });

  test('that names a file which is no model', async () => {
    const file = path.join(newFolder(), 'homework.txt');
    writeFileSync(file, 'To be or not to be');
    await expectRefusal(newFolder(), {
      settings: { BRAIN: file },
      identifier: 'model_file_unknown',
      context: { path: file },
    });
  });

  test('with a tensor missing', async () => {
    const brain = tinyModel(newFolder());
    const { tensors } = readSafetensors(path.join(brain, WEIGHTS));
    tensors.delete('transformer.h.1.mlp.c_proj.weight');
    writeFileSync(path.join(brain, WEIGHTS), encodeSafetensors(tensors));
    await expectRefusal(newFolder(), {
      locale: 'pt-BR',
      settings: { BRAIN: brain },
      identifier: 'model_tensor_missing',
      context: { tensor: 'transformer.h.1.mlp.c_proj.weight' },
    });
  });

  test('with a tensor of a wrong shape', async () => {
    const brain = tinyModel(newFolder());
    const { tensors } = readSafetensors(path.join(brain, WEIGHTS));
    const norm = tensors.get('transformer.ln_f.weight')!;
    tensors.set('transformer.ln_f.weight', { ...norm, shape: [2, 8] });
    writeFileSync(path.join(brain, WEIGHTS), encodeSafetensors(tensors));
    await expectRefusal(newFolder(), {
      settings: { BRAIN: brain },
      identifier: 'model_tensor_shape',
      context: { tensor: 'transformer.ln_f.weight', expected: '[16]', actual: '[2,8]' },
    });
  });

  test('whose weights are cut off', async () => {
    const brain = tinyModel(newFolder());
    const file = path.join(brain, WEIGHTS);
    const [tensor, { shape }] = [...readSafetensors(file).tensors].at(-1)!;
    const bytes = readFileSync(file);
    const end = bytes.length - 8 - Number(bytes.readBigUInt64LE(0));
    const begin = end - 4 * shape.reduce((product, length) => product * length, 1);
    truncateSync(file, bytes.length - 1);
    await expectRefusal(newFolder(), {
      locale: 'pt-BR',
      settings: { BRAIN: brain },
      identifier: 'safetensors_range',
      context: { file: WEIGHTS, tensor, begin, end, size: end - 1 },
    });
  });

  test('of a kind that cannot be run', async () => {
    const brain = tinyModel(newFolder());
    const file = path.join(brain, 'config.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"gpt2"', '"mamba"'));
    await expectRefusal(newFolder(), {
      locale: 'pt-BR',
      settings: { BRAIN: brain },
      identifier: 'unsupported_architecture',
      context: { architecture: 'mamba', supported: SUPPORTED_ARCHITECTURES.join(', ') },
    });
  });

  test('without a tokenizer, as nobody could speak to it', async () => {
    const brain = newFolder();
    cpSync(tinyModel(newFolder()), brain, {
      recursive: true,
      filter: (file) => !path.basename(file).startsWith('tokenizer'),
    });
    await expectRefusal(newFolder(), {
      settings: { BRAIN: brain },
      identifier: 'tokenizer_missing',
      context: { folder: brain },
    });
  });
});

describe('a door', () => {
  const closers: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const close of closers) await close();
  });

  async function discord(options: ProtocolServerOptions = {}): Promise<ProtocolServer> {
    const server = await new ProtocolServer(options).start();
    closers.push(() => server.stop());
    return server;
  }

  /** A server that answers everything with the same. */
  async function portal(status: number, type: string, body: string): Promise<string> {
    const server: Server = createServer((_request, response) => {
      response.writeHead(status, { 'content-type': type });
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(() => new Promise((resolve) => server.close(resolve)));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api`;
  }

  const taken = createServer();
  beforeAll(() => new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise((resolve) => taken.close(resolve)));

  test.concurrent('whose port is taken', async () => {
    const { port } = taken.address() as AddressInfo;
    await expectRefusal(usedFolder(), {
      locale: 'pt-BR',
      settings: { PORT: String(port) },
      identifier: 'local_port_in_use',
      context: { port },
    });
  });

  test.concurrent('whose token Discord’s REST does not know', async () => {
    const server = await discord();
    await expectRefusal(usedFolder(), {
      settings: { DISCORD_TOKEN: 'WRONG.TOKEN', DISCORD_API_URL: server.apiUrl },
      identifier: 'discord_token_wrong',
    });
  });

  test.concurrent('whose token holds letters no token has', async () => {
    const server = await discord();
    await expectRefusal(usedFolder(), {
      locale: 'pt-BR',
      settings: { DISCORD_TOKEN: 'cópia—errada', DISCORD_API_URL: server.apiUrl },
      identifier: 'discord_token_wrong',
    });
  });

  test.concurrent('whose intents are not switched on', async () => {
    const server = await discord({ refusedIntents: 1 << 15 });
    await expectRefusal(usedFolder(), {
      settings: { DISCORD_TOKEN: server.token, DISCORD_API_URL: server.apiUrl, DISCORD_MESSAGE_CONTENT: 'true' },
      identifier: 'discord_intents_refused',
    });
  });

  test.concurrent.each([
    ['answers 500 to everything', 'discord_unreachable', 500, '{"message": "500: Internal Server Error", "code": 0}'],
    ['is a school’s filter with a page of its own', 'discord_blocked', 200, '<html>Blocked by the school.</html>'],
    ['is a filter that forbids', 'discord_blocked', 403, '<html>Access denied</html>'],
  ])('that %s', async (_, identifier, status, body) => {
    const url = await portal(status, body.startsWith('{') ? 'application/json' : 'text/html', body);
    await expectRefusal(usedFolder(), {
      locale: 'pt-BR',
      settings: { DISCORD_TOKEN: 'SOME.TOKEN', DISCORD_API_URL: url },
      identifier,
      context: { url },
    });
  });

  test.concurrent('where nobody answers', async () => {
    const url = 'http://127.0.0.1:9/api';
    await expectRefusal(usedFolder(), {
      settings: { DISCORD_TOKEN: 'SOME.TOKEN', DISCORD_API_URL: url },
      identifier: 'discord_unreachable',
      context: { url },
    });
  });
});
