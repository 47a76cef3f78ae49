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
const ERASE_TIMEOUT_MS = 500;
/** The value of `user_version` while deleted rows may have left bytes in the file; 0 otherwise. */
const HOLDS_REMAINS = 1;
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
  /** Says, inside the transaction that deletes words, that their remains are to be erased; it stands until `erase` did so. */
  holdsRemains(): void;
  /**
   * Erases what deleted rows left behind: rewrites the file where `holdsRemains` was said, and empties the write-ahead log
   * into it. @returns false while another process holds either (or the disk is full): each later write tries again, and a start.
   */
  erase(): boolean;
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
  let owesErasing = false;

  const connection: Connection = {
    folder,
    file,
    sqlite,
    db,
    now,
    read: (work) => translated(file, work),
    write(work) {
      const result = translated(file, () => sqlite.transaction(work).immediate());
      if (owesErasing && !sqlite.inTransaction) connection.erase();
      return result;
    },
    holdsRemains: () => void sqlite.pragma(`user_version = ${HOLDS_REMAINS}`),
    erase() {
      // Readers are done in a moment; one that is not must not hold up a whole class.
      owesErasing = true;
      sqlite.pragma(`busy_timeout = ${ERASE_TIMEOUT_MS}`);
      try {
        owesErasing = !translated(file, () => rewriteFile(sqlite) && truncateLog(sqlite));
      } finally {
        sqlite.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`);
      }
      return !owesErasing;
    },
    close: () => void sqlite.close(),
  };
  return connection;
}

/**
 * `secure_delete` zeroes the cells of deleted rows, yet where rows grew and moved between pages it leaves copies in the gap
 * between a page's pointers and its content. VACUUM writes every page anew.
 */
function rewriteFile(sqlite: Database.Database): boolean {
  if (sqlite.pragma('user_version', { simple: true }) !== HOLDS_REMAINS) return true;
  try {
    sqlite.exec('VACUUM');
    sqlite.pragma('user_version = 0');
    return true;
  } catch (error) {
    // What was to be forgotten is deleted by now: that the rest must wait is no failure of that.
    if (error instanceof Database.SqliteError && /^SQLITE_(BUSY|FULL)/.test(error.code)) return false;
    throw error;
  }
}

function truncateLog(sqlite: Database.Database): boolean {
  const [row] = sqlite.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
  return row?.busy === 0;
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
    // SQLite's own size: better-sqlite3's 16 MB would fill with the adapters that pass through once.
    sqlite.pragma('cache_size = -2000');
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
