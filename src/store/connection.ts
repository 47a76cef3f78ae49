/**
 * One connection to the database file. The bot, the worker and the worker's heartbeat thread each hold their own, at the
 * same time: WAL lets them read while one writes, `immediate` transactions make writers queue up instead of failing
 * (a deferred one that reads before it writes gets SQLITE_BUSY at once, its timeout unused), and `synchronous = FULL`
 * makes a commit survive a power cut. Limits: one machine, a local disk (WAL needs shared memory).
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { UserError } from '../errors.ts';
import { type BetterSQLite3Database, drizzle } from './drizzle.ts';
import { translated } from './failures.ts';
import * as schema from './schema/index.ts';

export const DATABASE_FILE = 'brain-factory.sqlite';
const BUSY_TIMEOUT_MS = 10_000;
const TRUNCATE_TIMEOUT_MS = 500;
/** better-sqlite3 13 crashes below it (its issues 1514 and 1515). */
const NODE_NEEDED = '22.14.0';
/** Two processes on one WAL could corrupt a database before it (sqlite.org/wal.html#walresetbug). */
const SQLITE_NEEDED = '3.51.3';

export interface Connection {
  readonly folder: string;
  readonly file: string;
  readonly sqlite: Database.Database;
  readonly db: BetterSQLite3Database<typeof schema>;
  now(): number;
  /** Runs queries that change nothing. */
  read<T>(work: () => T): T;
  /** Runs `work` in one immediate transaction, or in a savepoint when one is open: all of it happens, or none. */
  write<T>(work: () => T): T;
  /** Empties the write-ahead log into the database; false while another process still reads from it. */
  truncateLog(): boolean;
  close(): void;
}

/** Throws UserError node_too_old or sqlite_too_old where running on would risk the data. */
export function assertVersions(node: string, sqlite: string): void {
  if (isOlder(node, NODE_NEEDED)) throw new UserError('node_too_old', { version: node, needed: NODE_NEEDED });
  if (isOlder(sqlite, SQLITE_NEEDED)) throw new UserError('sqlite_too_old', { version: sqlite, needed: SQLITE_NEEDED });
}

function isOlder(version: string, needed: string): boolean {
  const [actual, wanted] = [version, needed].map((text) => text.split('.').map(Number));
  const differing = wanted!.findIndex((part, index) => part !== actual![index]);
  return differing >= 0 && (actual![differing] ?? 0) < wanted![differing]!;
}

/** The database's path in the data folder, which is made if absent (for the owner's eyes only: it holds pupils' words). */
export function prepareFolder(folder: string): string {
  translated(folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  return join(folder, DATABASE_FILE);
}

/** Opens the file as it is: migrating is the caller's business. */
export function connect(folder: string, now: () => number): Connection {
  const file = prepareFolder(folder);
  const sqlite = translated(file, () => openFile(file));
  const db = drizzle(sqlite, { schema });
  let owesTruncation = false;

  const connection: Connection = {
    folder,
    file,
    sqlite,
    db,
    now,
    read: (work) => translated(file, work),
    write(work) {
      const result = translated(file, () => sqlite.transaction(work).immediate());
      if (owesTruncation && !sqlite.inTransaction) connection.truncateLog();
      return result;
    },
    truncateLog() {
      // Readers are done in a moment; one that is not must not hold up a whole class.
      owesTruncation = true;
      sqlite.pragma(`busy_timeout = ${TRUNCATE_TIMEOUT_MS}`);
      try {
        const [row] = translated(file, () => sqlite.pragma('wal_checkpoint(TRUNCATE)')) as { busy: number }[];
        owesTruncation = row?.busy !== 0;
      } finally {
        sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
      return !owesTruncation;
    },
    close: () => void sqlite.close(),
  };
  return connection;
}

function openFile(file: string): Database.Database {
  const sqlite = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    assertVersions(process.versions.node, String(sqlite.prepare('SELECT sqlite_version()').pluck().get()));
    if (sqlite.pragma('journal_mode', { simple: true }) !== 'wal') sqlite.pragma('journal_mode = WAL');
    sqlite.pragma('synchronous = FULL');
    sqlite.pragma('foreign_keys = ON');
    // Deleted words are overwritten with zeroes, and no sorting spills them into temporary files.
    sqlite.pragma('secure_delete = ON');
    sqlite.pragma('temp_store = MEMORY');
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
