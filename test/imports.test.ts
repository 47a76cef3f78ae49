/**
 * The house's own rule: a room has one way in (`index.ts`), and imports between rooms point one way.
 * Reads the sources as text, so it also sees type-only and dynamic imports.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const PROJECT = path.resolve(import.meta.dirname, '..');
const SOURCE = path.join(PROJECT, 'src');

/** Leaves: rooms that know nothing of the house. `store` keeps what others hand it, so it may know no room but the words. */
const LEAVES = ['i18n', 'scoring', 'charts', 'lessons', 'store'];

/** Which rooms a room may import, besides `errors.ts`. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  i18n: [],
  scoring: [],
  charts: [],
  lessons: ['i18n'],
  store: ['i18n'],
  engine: ['i18n'],
  formats: ['engine', 'i18n'],
  hub: ['formats', 'i18n'],
  brain: ['hub', 'engine', 'formats', 'scoring', 'i18n'],
  training: ['brain', 'engine', 'formats', ...LEAVES],
  classroom: ['training', 'brain', 'hub', 'engine', 'formats', ...LEAVES],
  discord: ['classroom', 'training', 'brain', ...LEAVES],
  local: ['i18n'],
  cli: ['training', 'brain', 'hub', 'engine', 'formats', ...LEAVES],
  commands: ['discord', 'classroom', 'training', 'brain', ...LEAVES],
};

const IMPORT = /(?:from|import)\s*\(?\s*['"](\.[^'"]+)['"]/g;

interface Import {
  file: string;
  from: string;
  to: string;
  target: string;
}

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|js)$/.test(name))
    .map((name) => path.join(folder, name));
}

function roomOf(file: string): string {
  const relative = path.relative(SOURCE, file).split(path.sep);
  if (relative[0] === '..') return 'commands';
  return relative.length > 1 ? relative[0]! : path.basename(relative[0]!, path.extname(relative[0]!));
}

function importsBetweenRooms(): Import[] {
  return [...sources(SOURCE), ...sources(path.join(PROJECT, 'commands'))].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(IMPORT)]
      .map((match) => path.resolve(path.dirname(file), match[1]!))
      .filter((target) => target.startsWith(SOURCE) || target.startsWith(path.join(PROJECT, 'commands')))
      .map((target) => ({ file: path.relative(PROJECT, file), from: roomOf(file), to: roomOf(target), target }))
      .filter(({ from, to }) => from !== to && to !== 'errors'),
  );
}

const isRoom = (name: string) => name in MAY_IMPORT;

test('there are imports to look at', () => {
  expect(importsBetweenRooms().length).toBeGreaterThan(10);
});

test('every folder of src is a room with a rule', () => {
  const folders = readdirSync(SOURCE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(folders.map((entry) => entry.name).filter((name) => !isRoom(name))).toEqual([]);
});

test('imports point one way', () => {
  const offenders = importsBetweenRooms()
    .filter(({ from }) => isRoom(from))
    .filter(({ from, to }) => !MAY_IMPORT[from]!.includes(to))
    .map(({ file, to }) => `${file} → ${to}`);
  expect(offenders).toEqual([]);
});

test('a room is entered by its index.ts', () => {
  const offenders = importsBetweenRooms()
    .filter(({ to }) => isRoom(to) && to !== 'commands')
    .filter(
      ({ target, to }) => target !== path.join(SOURCE, to, 'index.ts') && target !== path.join(SOURCE, `${to}.ts`),
    )
    .map(({ file, target }) => `${file} → ${path.relative(PROJECT, target)}`);
  expect(offenders).toEqual([]);
});
