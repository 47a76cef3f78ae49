import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { assertVersions, DATABASE_FILE } from '../../src/store/connection.ts';
import { asUserError } from '../../src/store/failures.ts';
import { sha256Of } from '../../src/store/files.ts';
import { openStore } from '../../src/store/index.ts';
import { createConnection, createFolder, createJob, createSitting, createStore, userErrorOf } from './fixture.ts';

test('a connection keeps its promises: WAL, full syncing, foreign keys, deletion that overwrites', () => {
  const { sqlite } = createConnection().connection;
  const pragma = (name: string) => sqlite.pragma(name, { simple: true });
  expect(pragma('journal_mode')).toBe('wal');
  expect(pragma('synchronous')).toBe(2);
  expect(pragma('foreign_keys')).toBe(1);
  expect(pragma('secure_delete')).toBe(1);
  expect(pragma('busy_timeout')).toBe(10_000);
});

test('an old Node or SQLite is refused, this one is not', () => {
  expect(userErrorOf(() => assertVersions('22.13.9', '3.54.1'))).toBe('node_too_old');
  expect(userErrorOf(() => assertVersions('9.99.0', '3.54.1'))).toBe('node_too_old');
  expect(userErrorOf(() => assertVersions('24.0.0', '3.51.2'))).toBe('sqlite_too_old');
  expect(() => assertVersions('22.14.0', '3.51.3')).not.toThrow();
  expect(() => assertVersions('100.0.0', '4.0.0')).not.toThrow();
});

test('a database from a newer Brain Factory is refused, not a byte of its files touched', () => {
  const { store, folder } = createStore();
  createSitting(store);
  store.close();
  const sqlite = new Database(join(folder, DATABASE_FILE));
  sqlite.prepare(`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', ?)`).run(Date.UTC(2199, 0));
  sqlite.close();
  const before = snapshot(folder);
  expect(userErrorOf(() => openStore({ folder }))).toBe('database_newer');
  expect(snapshot(folder)).toMatchObject(before);
});

test('a file that is no database, or somebody else’s, is refused and left as it is', () => {
  const garbage = createFolder();
  writeFileSync(join(garbage, DATABASE_FILE), 'these are my holiday notes, '.repeat(100));
  const foreign = createFolder();
  const other = new Database(join(foreign, DATABASE_FILE));
  other.exec('CREATE TABLE recipes (name text)');
  other.close();
  for (const folder of [garbage, foreign]) {
    const before = snapshot(folder);
    expect(userErrorOf(() => openStore({ folder }))).toBe('database_damaged');
    expect(snapshot(folder)).toEqual(before);
  }
});

test('damage inside the database is found at start', () => {
  const { store, folder } = createStore();
  const { say } = createSitting(store);
  store.transaction(() => {
    for (let turn = 0; turn < 200; turn++) say(`turn ${turn} `.repeat(50));
  });
  store.close();
  const path = join(folder, DATABASE_FILE);
  const bytes = readFileSync(path);
  bytes.fill(0xa5, bytes.length / 2, bytes.length / 2 + 8192);
  writeFileSync(path, bytes);
  expect(userErrorOf(() => openStore({ folder }))).toBe('database_damaged');
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test('an empty file, left by a start that was cut short, becomes a database', () => {
  const folder = createFolder();
  writeFileSync(join(folder, DATABASE_FILE), '');
  expect(createStore(folder).store.classes.list()).toEqual([]);
});

test('a folder that cannot be one, or may not be written, is said so', () => {
  const folder = createFolder();
  writeFileSync(join(folder, 'file'), '');
  expect(userErrorOf(() => openStore({ folder: join(folder, 'file') }))).toBe('folder_not_writable');
  expect(userErrorOf(() => openStore({ folder: join(folder, 'file', 'deeper') }))).toBe('folder_not_writable');
});

// Windows has no such bits, and a superuser is stopped by none: it becomes somebody else for the moment.
test.skipIf(process.platform === 'win32')('a folder without the right to write is said so', () => {
  const folder = createFolder();
  chmodSync(folder, 0o555);
  const isSuperuser = process.geteuid?.() === 0;
  if (isSuperuser) process.seteuid?.(65_534);
  try {
    expect(userErrorOf(() => openStore({ folder }))).toBe('folder_not_writable');
  } finally {
    if (isSuperuser) process.seteuid?.(0);
    chmodSync(folder, 0o755);
  }
});

test('every family of SQLite and disk failures has its sentence; a bug stays a bug', () => {
  const identifierOf = (code: string) => {
    const error = asUserError(new Database.SqliteError('failed', code), 'path');
    return error instanceof Error && 'identifier' in error ? error.identifier : undefined;
  };
  const cases = {
    SQLITE_FULL: 'disk_full',
    SQLITE_CORRUPT_INDEX: 'database_damaged',
    SQLITE_NOTADB: 'database_damaged',
    SQLITE_READONLY_DIRECTORY: 'folder_not_writable',
    SQLITE_CANTOPEN: 'folder_not_writable',
    SQLITE_BUSY_SNAPSHOT: 'database_busy',
    SQLITE_IOERR_WRITE: 'disk_failing',
    SQLITE_CONSTRAINT_CHECK: undefined,
    SQLITE_ERROR: undefined,
  };
  for (const [code, identifier] of Object.entries(cases))
    expect([code, identifierOf(code)]).toEqual([code, identifier]);
  const wrapped = new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ENOSPC' }) });
  expect(asUserError(wrapped, 'path')).toMatchObject({
    identifier: 'disk_full',
    context: { path: 'path' },
    cause: wrapped,
  });
});

test('a second connection sees what the first wrote, and refuses a database nobody migrated', () => {
  const { store, folder } = createStore();
  const second = openStore({ folder, migrate: false });
  createSitting(store);
  expect(second.classes.list()).toHaveLength(1);
  second.close();
  expect(() => openStore({ folder: createFolder(), migrate: false })).toThrow(/not been migrated/);
});

test('a heartbeat from a worker thread keeps the lease while the main thread is busy', async () => {
  const { store, folder } = createStore();
  createSitting(store);
  const jobId = store.jobs.enqueue(createJob());
  store.jobs.claim('worker', 1);
  const url = new URL('../../src/store/index.ts', import.meta.url).href;
  const thread = new Worker(
    `import { workerData } from 'node:worker_threads';
     const { openStore } = await import(workerData.url);
     const store = openStore({ folder: workerData.folder, now: () => 5000, migrate: false });
     for (let beat = 0; beat < 50; beat++) {
       if (store.jobs.beat(workerData.jobId, 'worker', 30_000) !== 'ok') throw new Error('lost');
     }
     store.close();`,
    { eval: true, workerData: { url, folder, jobId } },
  );
  const exit = new Promise((resolve, reject) => thread.once('exit', resolve).once('error', reject));
  // Both write at the same time: neither may fail with "database is locked".
  for (let write = 0; write < 50; write++) store.settings.set('class', 'counter', write);
  expect(await exit).toBe(0);
  expect(store.jobs.get(jobId)?.leaseUntil).toBe(35_000);
});

test('a transaction is all or nothing, and a failed inner one leaves the outer whole', () => {
  const { store } = createStore();
  createSitting(store);
  expect(() =>
    store.transaction(() => {
      store.settings.set('class', 'threshold', 0.9);
      throw new Error('changed my mind');
    }),
  ).toThrow('changed my mind');
  expect(store.settings.get('class')).toEqual({});
  store.transaction(() => {
    store.settings.set('class', 'outer', 1);
    expect(() => store.transaction(() => store.settings.set('nowhere', 'inner', 1))).toThrow(/FOREIGN KEY/);
  });
  expect(store.settings.get('class')).toEqual({ outer: 1 });
});

test('a backup is a whole database of its own, also while rows are being written', async () => {
  const { store, folder } = createStore();
  createSitting(store);
  const elsewhere = createFolder();
  await store.backup(join(elsewhere, 'copies', 'monday.sqlite'));
  store.settings.set('class', 'later', true);
  const restored = createFolder();
  copyFileSync(join(elsewhere, 'copies', 'monday.sqlite'), join(restored, DATABASE_FILE));
  const copy = createStore(restored).store;
  expect(copy.classes.list()).toEqual(store.classes.list());
  expect(copy.settings.get('class')).toEqual({});
  expect(readdirSync(join(elsewhere, 'copies'))).toEqual(['monday.sqlite']);
  await expect(store.backup(join(folder, DATABASE_FILE, 'x.sqlite'))).rejects.toMatchObject({
    identifier: 'folder_not_writable',
  });
});

/** Every file of a folder with the sha-256 of its bytes. SQLite's shared-memory index is no data. */
function snapshot(folder: string): Record<string, string> {
  const names = readdirSync(folder).filter((name) => !name.endsWith('-shm'));
  return Object.fromEntries(names.map((name) => [name, sha256Of(readFileSync(join(folder, name)))]));
}
