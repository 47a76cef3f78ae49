/** The catalogue is whole and lean: what the compiler cannot see about texts that are known only at run time. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import * as en from '../../src/i18n/en/index.ts';
import { t } from '../../src/i18n/index.ts';
import * as ptBR from '../../src/i18n/pt-BR/index.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');

/** Every text of a language as [section, key, text]. */
const textsOf = (catalogue: typeof en | typeof ptBR): [string, string, string][] =>
  Object.entries(catalogue).flatMap(([section, texts]) =>
    Object.entries(texts).map(([key, text]): [string, string, string] => [section, key, text]),
  );

const parametersOf = (text: string): string => [...new Set(text.match(/\{\{\w+\}\}/g))].sort().join(' ');

test('a text takes the same parameters in both languages', () => {
  const portuguese = new Map(textsOf(ptBR).map(([section, key, text]) => [`${section}:${key}`, parametersOf(text)]));
  const all = textsOf(en).map(([section, key, text]) => [`${section}:${key}`, parametersOf(text)] as const);
  expect(all.length).toBeGreaterThan(300);
  expect(all.filter(([key, parameters]) => portuguese.get(key) !== parameters)).toEqual([]);
});

test('one thing is said as one, in both languages', () => {
  expect(t('en', 'discord:iterations_in_all', { count: 1 })).toBe('one iteration');
  expect(t('pt-BR', 'discord:iterations_in_all', { count: 1 })).toBe('uma iteração');
  expect(t('pt-BR', 'discord:iterations_in_all', { count: 2 })).toBe('2 iterações');
});

test('what people typed stays what it is inside a text: nothing in it is filled in or looked up', () => {
  const typed = '{{known}} $t(discord:more) &amp; <b>';
  expect(t('en', 'errors:setting_unknown', { setting: typed, known: 'threshold' })).toContain(typed);
});

/** What the program is written in, the catalogue itself left out. */
function sources(): string[] {
  return ['src', 'commands'].flatMap((folder) =>
    readdirSync(path.join(PROJECT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
      .map((entry) => path.join(entry.parentPath, entry.name))
      .filter((file) => !path.relative(PROJECT, file).split(path.sep).includes('i18n'))
      .map((file) => readFileSync(file, 'utf8')),
  );
}

test('every text is said somewhere', () => {
  const written = sources();
  const quoted = new Set(written.flatMap((source) => source.match(/(?<=['"`])[\w:-]+(?=['"`])/g) ?? []));
  // `section:begin_${…}_end`: a key made at run time. One without a letter of its own would fit everything.
  const made = written
    .flatMap((source) => source.match(/(?<=`)[\w:-]*(?:\$\{[^`{}]*(?:\([^`]*?\))?\}[\w:-]*)+(?=`)/g) ?? [])
    .map((template) => template.split(/\$\{.*?\}(?=[\w:$-]|$)/))
    .filter((parts) => parts.some((part) => /[a-z]{3}/.test(part.replace(/^\w+:/, ''))))
    .map((parts) => new RegExp(`^${parts.join('[\\w-]+')}$`));
  const isSaid = (section: string, key: string): boolean =>
    [`${section}:${key}`, key].some((name) => quoted.has(name) || made.some((pattern) => pattern.test(name)));
  expect(isSaid('discord', 'nobody_says_this')).toBe(false);
  const unsaid = textsOf(en)
    // i18next and the page find KEY_one and KEY_other by themselves.
    .filter(([section, key]) => !isSaid(section, key) && !isSaid(section, key.replace(/_(one|other)$/, '')))
    .map(([section, key]) => `${section}:${key}`);
  expect(unsaid).toEqual([]);
});
