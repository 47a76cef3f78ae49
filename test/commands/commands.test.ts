import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InteractionContextType } from 'discord-api-types/v10';
import { afterEach, describe, expect, test } from 'vitest';
import { helpEntries, loadCommands, partNames } from '../../src/discord/command.ts';
import { commandViolations, violations } from '../../src/discord/limits.ts';
import { helpMessage } from '../../src/discord/messages/help.ts';
import en from '../../src/i18n/en/discord.ts';
import englishErrors from '../../src/i18n/en/errors.ts';
import { LOCALES } from '../../src/i18n/index.ts';
import pt from '../../src/i18n/pt-BR/discord.ts';
import portugueseErrors from '../../src/i18n/pt-BR/errors.ts';

const commands = await loadCommands();

test('the folder holds the commands of the design', () => {
  const all = commands.flatMap(({ data }) => partNames(data).map((part) => `${data.name} ${part}`.trim()));
  expect(all).toEqual([
    'brain list',
    'brain use',
    'brain rollback',
    'brain compare',
    'brain chat',
    'brain export',
    'help',
    'learn',
    'privacy consent',
    'privacy export',
    'privacy delete',
    'queue',
    'session start',
    'session config',
    'session status',
    'session stop',
    'session resume',
    'turn say',
  ]);
});

interface Described {
  name: string;
  name_localizations?: Partial<Record<string, string | null>> | null | undefined;
  description_localizations?: Partial<Record<string, string | null>> | null | undefined;
  options?: readonly Described[] | undefined;
}

/** A declaration and everything inside it that has a name. */
const everyPart = (part: Described): Described[] => [part, ...(part.options ?? []).flatMap(everyPart)];

describe.each(commands.map((command) => [command.data.name, command] as const))('/%s', (_name, { data, parts }) => {
  test('obeys the limits of slash commands', () => {
    expect(commandViolations(data)).toEqual([]);
  });

  test('is for servers only', () => {
    expect(data.contexts).toEqual([InteractionContextType.Guild]);
  });

  test('has a Portuguese name and description everywhere', () => {
    const told = everyPart(data).map(({ name, name_localizations, description_localizations }) => {
      return { name, told: Boolean(name_localizations?.['pt-BR'] && description_localizations?.['pt-BR']) };
    });
    expect(told.filter((each) => !each.told)).toEqual([]);
  });

  test('says of every part who may run it', () => {
    expect(Object.values(parts).map(({ who }) => ['everyone', 'teacher'].includes(who))).not.toContain(false);
  });
});

/** Commands mentioned in a text, such as `/session start`; the code marks may be missing in plain texts. */
const mentioned = (text: string): string[] =>
  [...text.matchAll(/(?<![\w/.])\/(\p{Ll}+)(?: (\p{Ll}+))?/gu)].map(([, one, two]) =>
    [one, two].filter(Boolean).join(' '),
  );

test.each([
  ['en', Object.entries({ ...en, ...englishErrors })],
  ['pt-BR', Object.entries({ ...pt, ...portugueseErrors })],
] as const)('every command that a text in %s tells people to use is there under that name', (locale, texts) => {
  const names = helpEntries(commands, locale).map(({ name }) => name.slice(1));
  const firsts = new Set(names.map((name) => name.split(' ')[0]));
  const told = texts.flatMap(([key, text]) => mentioned(text).map((name) => ({ key, name })));
  expect(told.length).toBeGreaterThan(10);
  const wrong = told.filter(({ name }) => {
    const [first = '', second] = name.split(' ');
    if (!firsts.has(first)) return true;
    // "/learn and pick a word": what follows a command without parts is prose.
    return !names.includes(first) && second !== undefined && !names.includes(name);
  });
  expect(wrong).toEqual([]);
});

test.each(LOCALES)('/help names every part and fits into a message (%s)', (locale) => {
  const entries = helpEntries(commands, locale);
  const message = helpMessage(entries, 0.6, locale);
  expect(violations(message)).toEqual([]);
  const text = JSON.stringify(message);
  expect(entries.filter(({ name }) => !text.includes(name))).toEqual([]);
});

describe('the loader', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });

  const declared = (name: string): string =>
    `{ name: '${name}', description: 'x', type: 1, options: [{ type: 1, name: 'one', description: 'x' }] }`;
  const part = `{ who: 'everyone', run: async () => ({}) }`;
  const cases = {
    'without a default export': ['export const x = 1;', 'not a command'],
    'that does not parse': ['export default {', ''],
    'with a part nobody runs': [`export default { data: ${declared('bad')}, parts: {} };`, 'one'],
    'with a part nobody declared': [
      `export default { data: ${declared('bad')}, parts: { one: ${part}, two: ${part} } };`,
      'two',
    ],
    'named otherwise': [`export default { data: ${declared('good')}, parts: { one: ${part} } };`, 'good'],
    'that Discord would refuse': [
      `export default { data: { name: 'bad', description: '', type: 1 }, parts: { '': ${part} } };`,
      'empty',
    ],
  };

  test.each(Object.entries(cases))('refuses a file %s and names it', async (_name, [source, problem]) => {
    // A folder a case: a module is loaded once a path.
    const folder = mkdtempSync(path.join(tmpdir(), 'commands-'));
    folders.push(folder);
    const file = path.join(folder, 'bad.ts');
    writeFileSync(file, source!);
    const loading = loadCommands(folder);
    await expect(loading).rejects.toMatchObject({ identifier: 'command_file_bad', context: { path: file } });
    await expect(loading).rejects.toMatchObject({ context: { problem: expect.stringContaining(problem!) } });
  });
});
