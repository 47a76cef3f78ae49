import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { DATABASE_FILE } from '../../src/store/connection.ts';
import { openStoreWith, type Store } from '../../src/store/index.ts';
import { MIGRATIONS_FOLDER } from '../../src/store/migrate.ts';
import { createFolder, createSitting, createStore } from './fixture.ts';

/** The real migrations and further ones after them, in a folder of its own. */
function createMigrations(...further: string[]): string {
  const folder = join(createFolder(), 'migrations');
  mkdirSync(folder);
  cpSync(MIGRATIONS_FOLDER, folder, { recursive: true });
  const path = join(folder, 'meta', '_journal.json');
  const journal = JSON.parse(readFileSync(path, 'utf8'));
  for (const [index, sql] of further.entries()) {
    const last = journal.entries.at(-1);
    const tag = `9${index}_further`;
    writeFileSync(join(folder, `${tag}.sql`), sql);
    journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1000, tag });
  }
  writeFileSync(path, JSON.stringify(journal));
  return folder;
}

function open(folder: string, migrationsFolder: string, now = () => 1_700_000_000_000): Store {
  const store = openStoreWith({ folder, now, migrate: true, migrationsFolder });
  onTestFinished(() => store.close());
  return store;
}

const backupsIn = (folder: string) => readdirSync(join(folder, 'backups')).sort();

/** What drizzle-kit generates when a column of a table with children changes: the table is dropped and built again. */
const REBUILD_MEMBERS = `PRAGMA foreign_keys=OFF;--> statement-breakpoint
CREATE TABLE __new_members (id text PRIMARY KEY NOT NULL, class_id text NOT NULL, user_id text NOT NULL,
  name text NOT NULL, role text NOT NULL, created_at integer NOT NULL, nickname text,
  FOREIGN KEY (class_id) REFERENCES classes(id) ON DELETE cascade);--> statement-breakpoint
INSERT INTO __new_members SELECT *, NULL FROM members;--> statement-breakpoint
DROP TABLE members;--> statement-breakpoint
ALTER TABLE __new_members RENAME TO members;--> statement-breakpoint
PRAGMA foreign_keys=ON;--> statement-breakpoint
CREATE UNIQUE INDEX members_class_user ON members (class_id, user_id);`;

test('rebuilding a table with children loses none of them (drizzle-orm issue 5782)', () => {
  const { store, folder } = createStore();
  const { student, teacher, say } = createSitting(store);
  store.ratings.add({ turnId: say('oi').id, memberId: teacher.id, value: 0.5 });
  const before = store.members.export(student.id);
  store.close();
  const migrated = open(folder, createMigrations(REBUILD_MEMBERS));
  expect(migrated.members.export(student.id)).toEqual(before);
  // And the keys point at the new table, cascades included.
  migrated.members.forget(student.id);
  expect(migrated.turns.recentOf('class')).toEqual([]);
});

test('a database with rows is backed up before a migration, and the backup holds them', () => {
  const { store, folder } = createStore();
  createSitting(store);
  store.close();
  open(folder, createMigrations('ALTER TABLE classes ADD COLUMN motto text;'));
  const [name] = backupsIn(folder);
  const backup = new Database(join(folder, 'backups', name!), { readonly: true });
  expect(backup.prepare('SELECT name FROM classes').pluck().all()).toEqual(['Turma 7B']);
  expect(backup.prepare(`SELECT count(*) FROM pragma_table_info('classes') WHERE name = 'motto'`).pluck().get()).toBe(
    0,
  );
  backup.close();
});

test('a first start, and a start with nothing to migrate, make no backup', () => {
  const { store, folder } = createStore();
  createSitting(store);
  store.close();
  createStore(folder);
  expect(readdirSync(folder)).not.toContain('backups');
});

test('the newest three backups are kept', () => {
  const { store, folder } = createStore();
  createSitting(store);
  store.close();
  const further: string[] = [];
  for (let day = 0; day < 5; day++) {
    further.push(`ALTER TABLE classes ADD COLUMN day_${day} text;`);
    open(folder, createMigrations(...further), () => Date.UTC(2026, 0, day + 1)).close();
  }
  expect(backupsIn(folder)).toEqual(
    ['03', '04', '05'].map((day) => `before-migration-2026-01-${day}T00-00-00-000Z.sqlite`),
  );
});

test('a migration that fails, or that breaks a reference, never happened', () => {
  const { store, folder } = createStore();
  createSitting(store);
  store.close();
  const good = 'ALTER TABLE classes ADD COLUMN motto text;';
  expect(() => open(folder, createMigrations(good, 'CREATE TABLE classes (id text);'))).toThrow(/already exists/);
  expect(() => open(folder, createMigrations(good, 'DELETE FROM classes;'))).toThrow(/without their classes/);
  const sqlite = new Database(join(folder, DATABASE_FILE));
  expect(sqlite.prepare(`SELECT count(*) FROM pragma_table_info('classes') WHERE name = 'motto'`).pluck().get()).toBe(
    0,
  );
  sqlite.close();
  expect(createStore(folder).store.members.inClass('class')).toHaveLength(2);
});

test('processes that start at once on a new folder build one database between them', async () => {
  const folder = createFolder();
  const url = new URL('../../src/store/index.ts', import.meta.url).href;
  const script = `const { openStore } = await import('${url}');
    const store = openStore({ folder: process.argv[1] });
    store.classes.ensure({ id: String(process.pid), name: 'Turma', locale: 'en' });
    store.close();`;
  const starts = Array.from({ length: 4 }, async () => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, folder], { stdio: 'inherit' });
    const [code] = await once(child, 'exit');
    return code;
  });
  expect(await Promise.all(starts)).toEqual([0, 0, 0, 0]);
  expect(createStore(folder).store.classes.list()).toHaveLength(4);
  const sqlite = new Database(join(folder, DATABASE_FILE), { readonly: true });
  const applied = sqlite.prepare('SELECT count(*), count(DISTINCT created_at) FROM __drizzle_migrations').raw().get();
  sqlite.close();
  const { entries } = JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8'));
  expect(applied).toEqual([entries.length, entries.length]);
});
