/**
 * Kills a process at random moments of the store's own work (opening, migrating, turns, queue, checkpoints, versions,
 * outbox, files) and checks after each kill that every acknowledged write is there exactly once and nothing is half-done.
 * Besides, it cuts a copy of the write-ahead log at a random byte, as a power cut may, and checks that what is left is a
 * prefix of what was acknowledged. Run: `npm run drill -- store` (200 kills, some minutes), or `node test/drill/store.ts
 * [KILLS] [SEED]`. The same seed gives the same work and the same delays; where they fall is up to the machine.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { seededRandom } from '../../src/engine/random.ts';
import { DATABASE_FILE } from '../../src/store/connection.ts';
import { openStoreWith, type Store } from '../../src/store/index.ts';
import { MIGRATIONS_FOLDER } from '../../src/store/migrate.ts';
import type { Acknowledgement } from './store-child.ts';
import { countRows, findInconsistencies, isKept, type RowCounts } from './store-ledger.ts';

const CHILD = fileURLToPath(new URL('store-child.ts', import.meta.url));
/** Opening with a migration to run takes about this long; work is interrupted somewhere in its first moments. */
const OPENING_MS = 60;
const WORKING_MS = 500;
/** Every third life has a migration to run, so that a good share of the kills falls into one. */
const LIVES_PER_MIGRATION = 3;

export interface DrillOptions {
  kills?: number;
  seed?: number;
  log?: (line: string) => void;
}

export interface DrillSummary {
  seed: number;
  kills: number;
  /** Kills while the database was being opened, backed up or migrated. */
  killsWhileOpening: number;
  migrations: number;
  acknowledged: Record<string, number>;
  /** Cuts of the log, and how many of them lost at least the newest write (they are meant to). */
  cuts: number;
  cutsThatLost: number;
  /** Empty, or the drill has failed. */
  offences: string[];
}

export async function drillStore({ kills = 200, seed = 1, log = () => {} }: DrillOptions = {}): Promise<DrillSummary> {
  const random = seededRandom(seed).uniform;
  const work = mkdtempSync(join(tmpdir(), 'brain-factory-drill-'));
  const folder = join(work, 'data');
  const migrationsFolder = join(work, 'migrations');
  cpSync(MIGRATIONS_FOLDER, migrationsFolder, { recursive: true });
  const ledger: Acknowledgement[] = [];
  let rows = { turns: 0, jobs: 0, versions: 0 };
  const summary: DrillSummary = {
    ...{
      seed,
      kills: 0,
      killsWhileOpening: 0,
      migrations: 0,
      acknowledged: {},
      cuts: 0,
      cutsThatLost: 0,
      offences: [],
    },
  };
  log(`killing ${kills} times, seed ${seed}`);
  try {
    for (let life = 1; life <= kills; life++) {
      const migrates = life % LIVES_PER_MIGRATION === 0;
      if (migrates) addMigration(migrationsFolder, ++summary.migrations);
      const isOpening = migrates && random() < 0.8;
      const delay = random() * (isOpening ? OPENING_MS : WORKING_MS);
      const lines = await liveAndDie(
        [folder, migrationsFolder, `${seed}${life}`],
        isOpening ? 'open' : 'opened',
        delay,
      );
      summary.kills++;
      if (!lines.some(({ did }) => did === 'opened')) summary.killsWhileOpening++;
      ledger.push(...lines);
      for (const { did } of lines) summary.acknowledged[did] = (summary.acknowledged[did] ?? 0) + 1;

      if (existsSync(`${join(folder, DATABASE_FILE)}-wal`)) cutLog(folder, migrationsFolder, ledger, random, summary);
      const store = openStoreWith({ folder, migrationsFolder, now: Date.now, migrate: true });
      // Earlier lives were checked when they ended; all are checked again at the end.
      const due = life === kills ? ledger : ledger.slice(-lines.length || ledger.length);
      summary.offences.push(...offencesOf(store, due, folder, migrationsFolder).map((text) => `life ${life}: ${text}`));
      const counted = countRows(store);
      summary.offences.push(...findSurplus(rows, counted, lines).map((text) => `life ${life}: ${text}`));
      rows = counted;
      if (life % 20 === 0) log(`${life} kills, ${ledger.length} acknowledged, ${JSON.stringify(rows)}`);
      store.close();
    }
  } finally {
    rmSync(work, { recursive: true, force: true, maxRetries: 5 });
  }
  return summary;
}

/** Starts the child, kills it `delay` ms after the given line, and returns all it had acknowledged. */
async function liveAndDie(args: string[], after: 'open' | 'opened', delay: number): Promise<Acknowledgement[]> {
  const child = spawn(process.execPath, [CHILD, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: Acknowledgement[] = [];
  const reader = createInterface(child.stdout);
  const closed = once(child, 'close');
  const doomed = new Promise<void>((resolve) => {
    reader.on('line', (line) => {
      const ack = parse(line);
      if (!ack) return;
      lines.push(ack);
      if (ack.did === after) void sleep(delay).then(resolve);
    });
  });
  const ended = await Promise.race([doomed, closed]);
  if (ended) throw new Error(`the child ended by itself with ${ended[0]}`);
  child.kill('SIGKILL');
  await closed;
  return lines;
}

/** A line cut short by the kill acknowledges nothing. */
function parse(line: string): Acknowledgement | undefined {
  try {
    return JSON.parse(line) as Acknowledgement;
  } catch {
    return undefined;
  }
}

function offencesOf(store: Store, due: Acknowledgement[], folder: string, migrationsFolder: string): string[] {
  const lost = due.filter((ack) => !isKept(store, ack)).map((ack) => `lost ${JSON.stringify(ack).slice(0, 200)}`);
  const leftovers = readdirSync(folder, { recursive: true })
    .map(String)
    .filter((name) => name.endsWith('.tmp'));
  return [
    ...lost,
    ...findInconsistencies(store),
    ...leftovers.map((name) => `left behind ${name}`),
    ...findSchemaOffences(folder, migrationsFolder),
  ];
}

/** Beyond what a life acknowledged, it may have committed the one write it was killed in, and no more. */
function findSurplus(before: RowCounts, after: RowCounts, lines: Acknowledgement[]): string[] {
  const kinds = { turns: 'say', jobs: 'enqueue', versions: 'finish' } as const;
  const surplus = (['turns', 'jobs', 'versions'] as const).map((table) => {
    const acknowledged = lines.filter(({ did }) => did === kinds[table]).length;
    return { table, rows: after[table] - before[table] - acknowledged };
  });
  const total = surplus.reduce((sum, { rows }) => sum + rows, 0);
  const isSound = surplus.every(({ rows }) => rows >= 0) && total <= 1;
  return isSound ? [] : [`rows nobody acknowledged, or acknowledged ones gone: ${JSON.stringify(surplus)}`];
}

function findSchemaOffences(folder: string, migrationsFolder: string): string[] {
  const sqlite = new Database(join(folder, DATABASE_FILE), { readonly: true });
  try {
    const applied = sqlite.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get();
    const known = readJournal(migrationsFolder).entries.length;
    const integrity = sqlite.pragma('integrity_check(1)', { simple: true });
    const orphans = sqlite.pragma('foreign_key_check') as unknown[];
    return [
      ...(applied === known ? [] : [`${applied} migrations applied of ${known}`]),
      ...(integrity === 'ok' ? [] : [`the database is damaged: ${integrity}`]),
      ...(orphans.length === 0 ? [] : [`${orphans.length} rows point at nothing`]),
    ];
  } finally {
    sqlite.close();
  }
}

/**
 * Cuts a copy of the log at a random byte and opens the copy: of the writes acknowledged, in their order, a first part
 * is there and the rest is not. Files are left out: they do not live in the log.
 */
function cutLog(
  folder: string,
  migrationsFolder: string,
  ledger: Acknowledgement[],
  random: () => number,
  summary: DrillSummary,
) {
  const copy = join(folder, '..', 'cut');
  mkdirSync(copy);
  const file = join(copy, DATABASE_FILE);
  copyFileSync(join(folder, DATABASE_FILE), file);
  copyFileSync(`${join(folder, DATABASE_FILE)}-wal`, `${file}-wal`);
  const size = statSync(`${file}-wal`).size;
  truncateSync(`${file}-wal`, Math.floor(random() * size));
  const isFirstLife = !hasClass(file);
  if (!isFirstLife) {
    const store = openStoreWith({ folder: copy, migrationsFolder, now: Date.now, migrate: true });
    const kept = ledger.filter(({ did }) => !['open', 'opened', 'checkpoint', 'weights', 'step'].includes(did));
    const flags = kept.map((ack) => isKept(store, ack));
    const end = flags.lastIndexOf(true) + 1;
    if (flags.slice(0, end).includes(false))
      summary.offences.push('a cut log kept a later write and lost an earlier one');
    summary.cuts++;
    if (end < flags.length) summary.cutsThatLost++;
    store.close();
  }
  rmSync(copy, { recursive: true, force: true, maxRetries: 5 });
}

function hasClass(file: string): boolean {
  const sqlite = new Database(file);
  try {
    return sqlite.prepare(`SELECT 1 FROM sqlite_master WHERE name = 'classes'`).get() !== undefined;
  } finally {
    sqlite.close();
  }
}

function readJournal(migrationsFolder: string): { entries: { idx: number; when: number; tag: string }[] } {
  return JSON.parse(readFileSync(join(migrationsFolder, 'meta', '_journal.json'), 'utf8'));
}

/** Adds a migration that adds a column and rebuilds a table with children, as drizzle-kit's generated ones do. */
function addMigration(migrationsFolder: string, number: number) {
  const journal = readJournal(migrationsFolder);
  const last = journal.entries.at(-1)!;
  const tag = `drill_${number}`;
  journal.entries.push({ ...last, idx: last.idx + 1, when: last.when + 1000, tag });
  writeFileSync(
    join(migrationsFolder, `${tag}.sql`),
    [
      `ALTER TABLE classes ADD COLUMN drill_${number} text;`,
      `CREATE TABLE __new_members (id text PRIMARY KEY NOT NULL, class_id text NOT NULL, user_id text NOT NULL,
         name text NOT NULL, role text NOT NULL, created_at integer NOT NULL,
         FOREIGN KEY (class_id) REFERENCES classes(id) ON DELETE cascade);`,
      'INSERT INTO __new_members SELECT * FROM members;',
      'DROP TABLE members;',
      'ALTER TABLE __new_members RENAME TO members;',
      'CREATE UNIQUE INDEX members_class_user ON members (class_id, user_id);',
    ].join('--> statement-breakpoint\n'),
  );
  writeFileSync(join(migrationsFolder, 'meta', '_journal.json'), JSON.stringify(journal));
}

if (import.meta.main) {
  const [kills = 200, seed = 1] = process.argv.slice(2).map(Number);
  const summary = await drillStore({ kills, seed, log: console.log });
  console.log(summary);
  process.exitCode = summary.offences.length === 0 ? 0 : 1;
}
