/** A disk that fills up at every point of the store's work: a clear sentence, and the data whole. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { Store } from '../../src/store/index.ts';
import { createConnection, createJob, createPayload, createReply, createSitting, userErrorOf } from './fixture.ts';

/** Everything that grows the database: a turn, a job with its text, a claim, a version with its event. */
const WRITES: ((store: Store, round: number) => unknown)[] = [
  (store, round) =>
    store.turns.saveReply(createSitting(store).say(`round ${round} `.repeat(400)).id, createReply('oi')),
  (store) => store.jobs.enqueue(createJob({ payload: createPayload({ trainingText: 'words '.repeat(2000) }) })),
  (store) => store.jobs.claim('w', 1000),
  (store) => {
    const [job] = store.jobs.list({ states: ['running'] });
    const version = { adapter: new Uint8Array(30_000).fill(3), note: '' };
    return store.jobs.finish(job!.id, 'w', { version, summary: {}, push: {} });
  },
];

/** Runs `write`; true where the disk was full, after checking that this was said and that nothing half-done stayed. */
function isRefused(
  { connection, store }: Pick<Room, 'connection' | 'store'>,
  write: (store: Store) => unknown,
): boolean {
  const before = fingerprint(connection.sqlite);
  try {
    store.transaction(() => write(store));
    return false;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.identifier).toBe('disk_full');
    expect(connection.sqlite.inTransaction).toBe(false);
    expect(fingerprint(connection.sqlite)).toBe(before);
    return true;
  }
}
type Room = ReturnType<typeof createConnection>;

/** All rows of all tables, as one text. */
function fingerprint(sqlite: Database.Database): string {
  const names = sqlite.prepare<[], string>(`SELECT name FROM sqlite_master WHERE type = 'table'`).pluck().all();
  return JSON.stringify(names.map((name) => [name, sqlite.prepare(`SELECT * FROM "${name}"`).all()]));
}

function expectWhole({ connection, store }: Room, rounds: number) {
  expect(connection.sqlite.pragma('integrity_check', { simple: true })).toBe('ok');
  expect(connection.sqlite.pragma('foreign_key_check')).toEqual([]);
  expect(store.versions.list('class').map((version) => store.versions.adapter(version.id).length)).toEqual(
    Array.from({ length: rounds }, () => 30_000),
  );
}

test('wherever the disk fills up, that write alone is undone, and the next goes through once there is room', () => {
  const room = createConnection();
  const pragma = (text: string) => Number(room.connection.sqlite.pragma(text, { simple: true }));
  let refusals = 0;
  for (let round = 0; round < 8; round++) {
    for (const write of WRITES) {
      // No further page, then one more, and so on until the write fits.
      const pages = pragma('page_count');
      for (let spare = 0; ; spare++) {
        pragma(`max_page_count = ${pages + spare}`);
        if (!isRefused(room, (store) => write(store, round))) break;
        refusals++;
      }
    }
  }
  expect(refusals).toBeGreaterThan(50);
  expectWhole(room, 8);
});

// A file system of 1 MB, where the system lets us make one: the operating system's own "no space left", for the log too.
const tiny = createTinyFileSystem();
if (!tiny) console.log('skipped: a tiny file system cannot be mounted here (it needs Linux and a superuser)');

test.skipIf(!tiny)('on a disk that is really full, everything acknowledged is there, and work goes on after', () => {
  const folder = join(tiny!, 'data');
  const room = createConnection(folder);
  const ballast = join(tiny!, 'ballast');
  let refusals = 0;
  let rounds = 0;
  for (; rounds < 6; rounds++) {
    for (const write of WRITES) {
      // Leave less and less room for this write: first too little, then enough.
      for (const sparePages of [0, 1, 2, 3, 5, 8, 13, 21, 34]) {
        fill(ballast, sparePages);
        const refused = isRefused(room, (store) => write(store, rounds));
        rmSync(ballast, { force: true });
        if (!refused) break;
        refusals++;
      }
    }
    room.connection.erase();
  }
  expect(refusals).toBeGreaterThan(20);
  expectWhole(room, rounds);

  fill(ballast, 4);
  const weights = new Uint8Array(100_000);
  expect(userErrorOf(() => room.store.files.writeWeights(weights))).toBe('disk_full');
  expect(readdirSync(join(folder, 'weights'))).toEqual([]);
  rmSync(ballast);
  expect(room.store.files.writeWeights(weights).file).toMatch(/^[0-9a-f]{64}\.safetensors$/);
});

test.skipIf(!tiny)('a backup that does not fit is said so and leaves no half of itself', async () => {
  const { store } = createConnection();
  createSitting(store);
  const path = join(tiny!, 'copies', 'full.sqlite');
  const ballast = join(tiny!, 'ballast');
  fill(ballast, 3);
  await expect(store.backup(path)).rejects.toMatchObject({ identifier: 'disk_full' });
  expect(readdirSync(join(tiny!, 'copies'))).toEqual([]);
  rmSync(ballast);
});

/** Writes a file that leaves room for a few pages and no more. */
function fill(path: string, sparePages: number) {
  const { bavail, bsize } = statfsSync(tiny!);
  writeFileSync(path, new Uint8Array(Math.max(0, bavail - sparePages) * bsize));
}

function createTinyFileSystem(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'brain-factory-tiny-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  afterAll(() => {
    if (status === 0) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return status === 0 ? folder : undefined;
}
