import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { checkMachine, inspectMachine } from '../src/check.ts';
import { environmentSchema, PROJECT_FOLDER, readConfig } from '../src/config.ts';
import { UserError } from '../src/errors.ts';
import { HUB_KEYS } from '../src/hub/index.ts';

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return `${error.identifier} ${Object.values(error.context)[0]}`;
    throw error;
  }
  return 'accepted';
}

test('nothing set opens the local classroom with the embedded brain on loopback', () => {
  const config = readConfig({});
  expect(config).toMatchObject({ discordToken: '', brain: 'sprout', port: 8123, lan: false });
  expect(config.dataFolder).toBe(path.join(PROJECT_FOLDER, 'data'));
});

test('an empty value in .env means not set', () => {
  expect(readConfig({ PORT: '', THREADS: '', DISCORD_API_URL: '' })).toMatchObject({ port: 8123, threads: undefined });
});

test.each([
  [{ PORT: '70000' }, [], 'setting_wrong PORT'],
  [{ PORT: 'eight' }, [], 'setting_wrong PORT'],
  [{ THREADS: '0' }, [], 'setting_wrong THREADS'],
  [{ BRAIN_PRECISION: 'half' }, [], 'setting_wrong BRAIN_PRECISION'],
  [{ DISCORD_API_URL: 'not a url' }, [], 'setting_wrong DISCORD_API_URL'],
  [{ DISCORD_MESSAGE_CONTENT: 'yes' }, [], 'setting_wrong DISCORD_MESSAGE_CONTENT'],
  [{ LOG_LEVEL: 'loud' }, [], 'setting_wrong LOG_LEVEL'],
  [{ HF_ENDPOINT: 'ftp://hub' }, [], 'setting_wrong HF_ENDPOINT'],
  [{ HF_HUB_DOWNLOAD_TIMEOUT: 'soon' }, [], 'setting_wrong HF_HUB_DOWNLOAD_TIMEOUT'],
  [{}, ['--wan'], 'flag_unknown --wan'],
])('%o %o is refused by name', (environment, flags, expected) => {
  expect(refusal(() => readConfig(environment, flags))).toBe(expected);
});

test('what is wrong with a setting is said in the operator’s language', () => {
  const problem = (LC_ALL: string): unknown => {
    try {
      return readConfig({ LC_ALL, THREADS: '0' });
    } catch (error) {
      return error instanceof UserError && error.context.problem;
    }
  };
  expect(problem('en_US.UTF-8')).toMatch(/^Too small/);
  expect(problem('pt_BR.UTF-8')).toMatch(/^Demasiado pequeno/);
});

test('--lan opens the classroom to the network, and nothing else does', () => {
  expect(readConfig({}, ['--lan']).lan).toBe(true);
  expect(readConfig({ LAN: 'true' }).lan).toBe(true);
  expect(readConfig({ LAN: 'false' }).lan).toBe(false);
});

test('.env.example documents every key, and only those', () => {
  const example = readFileSync(path.join(PROJECT_FOLDER, '.env.example'), 'utf8');
  const documented = [...example.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1]);
  expect(documented.toSorted()).toEqual([...Object.keys(environmentSchema.shape), ...HUB_KEYS].toSorted());
});

test('this machine passes the start check', () => {
  const machine = inspectMachine(path.join(PROJECT_FOLDER, 'data'));
  expect(refusal(() => checkMachine(machine))).toBe('accepted');
});

const GOOD = { platform: 'linux-x64', glibc: true, totalMemoryMb: 4096, freeDiskMb: 10_000 };
test.each([
  [{ platform: 'darwin-x64' }, 'platform_unsupported darwin-x64'],
  [{ glibc: false }, 'platform_unsupported linux-x64 (musl)'],
  [{ totalMemoryMb: 512 }, 'memory_too_small 512'],
  [{ freeDiskMb: 20 }, 'disk_too_small 20'],
])('a machine with %o is told so in one sentence', (lack, expected) => {
  expect(refusal(() => checkMachine({ ...GOOD, ...lack }))).toBe(expected);
});
