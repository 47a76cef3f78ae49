/** A brain of the hub in use: the command line, `npm start`, and the worker that trains it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openBrain } from '../../src/brain/index.ts';
import { downloadModel, readHubSettings } from '../../src/hub/index.ts';
import { t, tDynamic } from '../../src/i18n/index.ts';
import { brain } from '../cli/brain.ts';
import { failStart } from '../sitting/fail-start.ts';
import { startBot } from '../sitting/start.ts';
import { house, tinyModel } from '../training/fixtures.ts';
import { Mirror } from './mirror.ts';

const NAME = 'class-7a/tiny-gpt';
const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const PINNED = `${NAME}@0123456789ab`;

const root = mkdtempSync(path.join(tmpdir(), 'hub-use-'));
let mirror: Mirror;
let environment: Record<string, string>;

beforeAll(async () => {
  mirror = await Mirror.open();
  const folder = tinyModel(root);
  const files = Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]));
  mirror.repositories.set(NAME, { commit: COMMIT, licence: 'cc-by-4.0', files });
  environment = { HF_ENDPOINT: mirror.endpoint, HF_HOME: path.join(root, 'home') };
});
afterAll(async () => {
  await mirror.close();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe('on the command line', () => {
  test('download fetches it and shows its licence, once', async () => {
    const first = await brain(['download', NAME], environment);
    const folder = path.join(environment.HF_HOME!, 'hub', 'models--class-7a--tiny-gpt', 'snapshots', COMMIT);
    expect(first.lines).toEqual([{ folder, path: folder, revision: COMMIT, licence: 'cc-by-4.0' }]);
    expect(first.stderr).toBe(`${t('en', 'cli:downloaded', { model: PINNED, folder, licence: 'cc-by-4.0' })}\n`);
    const again = await brain(['download', NAME], environment);
    expect([again.lines, again.stderr]).toEqual([first.lines, '']);
  });

  test('its name goes where a folder goes, with the network and then without', async () => {
    const { lines } = await brain(['info', NAME], environment);
    expect(lines).toMatchObject([{ name: 'tiny-gpt', architecture: 'gpt2', has_tokenizer: true }]);
    const asked = mirror.asked.length;
    const args = ['generate', NAME, '--input-ids', '[1, 2, 3]', '--max-new-tokens', '4'];
    const offline = await brain(args, { ...environment, HF_HUB_OFFLINE: '1' });
    expect(offline.lines).toMatchObject([
      { input_ids: [1, 2, 3], output_ids: [expect.any(Number), {}, {}, {}].map(() => expect.any(Number)) },
    ]);
    expect(mirror.asked).toHaveLength(asked);
  });

  test('what cannot be fetched is one line and status 2', async () => {
    const { status, stderr } = await brain(['info', 'nobody/nothing'], { ...environment, LC_ALL: 'pt_BR.UTF-8' });
    const context = { model: 'nobody/nothing', endpoint: mirror.endpoint };
    expect([status, stderr]).toEqual([2, `${tDynamic('pt-BR', 'errors:hub_model_missing', context)}\n`]);
  });
});

describe('as the class’s brain', () => {
  test('npm start fetches it once, and opens without the network from then on', async () => {
    const home = { ...environment, HF_HOME: path.join(root, 'school'), BRAIN: NAME };
    const folder = mkdtempSync(path.join(root, 'data-'));
    const first = await startBot(folder, home);
    await first.stop();
    const asked = mirror.asked.length;
    const second = await startBot(folder, { ...home, HF_HUB_OFFLINE: '1' });
    await second.stop();
    expect(mirror.asked).toHaveLength(asked);
  });

  test('the start says how far it is', async () => {
    const files = {
      'config.json': Buffer.from('{"model_type": "mamba"}'),
      'model.safetensors': Buffer.alloc(3_000_000),
    };
    mirror.repositories.set('class-7a/mamba', { commit: COMMIT, files });
    const settings = { ...environment, BRAIN: 'class-7a/mamba', DATA_FOLDER: mkdtempSync(path.join(root, 'data-')) };
    const { code, stdout } = await failStart('en', settings);
    const lines = stdout.trim().split('\n');
    expect([code, lines[0]]).toEqual([1, 'Fetching class-7a/mamba from the hub: 0 % of 4 MB']);
    expect(lines.at(-1)).toBe('Fetching class-7a/mamba from the hub: 100 % of 4 MB');
    expect(lines.length).toBeLessThanOrEqual(11);
  });

  test('where it cannot be fetched the start says why', async () => {
    const data = mkdtempSync(path.join(root, 'data-'));
    const settings = { HF_HOME: path.join(root, 'empty'), HF_HUB_OFFLINE: '1', BRAIN: NAME, DATA_FOLDER: data };
    const { code, stderr } = await failStart('pt-BR', settings);
    expect([code, stderr.trim()]).toEqual([1, tDynamic('pt-BR', 'errors:hub_offline', { model: NAME })]);
  });

  test('the worker trains it by its pinned name, and asks nobody', async () => {
    for (const [key, value] of Object.entries(environment)) vi.stubEnv(key, value);
    const { pinned } = await downloadModel(NAME, { settings: readHubSettings(process.env) });
    expect(pinned).toBe(PINNED);
    const { store, enqueue, run } = house();
    const asked = mirror.asked.length;
    enqueue({ base: pinned });
    const job = await run();
    expect(job).toMatchObject({ state: 'finished' });
    expect(store.versions.list(job.classId)).toMatchObject([{ base: pinned }]);
    expect(mirror.asked).toHaveLength(asked);
    vi.unstubAllEnvs();
  });

  test('is called by its name, not by its commit', async () => {
    for (const [key, value] of Object.entries(environment)) vi.stubEnv(key, value);
    await downloadModel(NAME, { settings: readHubSettings(process.env) });
    const opened = await openBrain(PINNED, { dataFolder: root, threads: 1 });
    expect(opened.name).toBe('tiny-gpt');
    await opened.dispose();
    vi.unstubAllEnvs();
  });
});
