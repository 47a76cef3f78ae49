/**
 * The local classroom's own SQLite file: what Discord's servers would remember. It is apart from the class's data
 * (`src/store`), as Discord is: the bot can be pointed elsewhere and this file thrown away.
 *
 * WAL with `synchronous=NORMAL`: a commit survives a killed process; a power cut may undo the last moments of chat but
 * never damages the file. (What must survive a power cut, the class's work, is in the store.) Deleted text is overwritten.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { UserError } from '../errors.ts';

export type Database = BetterSqlite3.Database;

export const DATABASE_FILE = 'local-classroom.sqlite';
const SCHEMA_VERSION = 1;

const SCHEMA = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE users (
  id TEXT PRIMARY KEY,
  username TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('bot', 'teacher', 'student')),
  locale TEXT NOT NULL,
  return_code_hash TEXT,
  is_member INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX tokens_of_user ON tokens(user_id);

CREATE TABLE channels (
  id TEXT PRIMARY KEY,
  type INTEGER NOT NULL,
  parent_id TEXT REFERENCES channels(id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  topic TEXT,
  position INTEGER NOT NULL DEFAULT 0,
  owner_id TEXT,
  archived INTEGER NOT NULL DEFAULT 0,
  archived_at INTEGER NOT NULL DEFAULT 0,
  auto_archive_minutes INTEGER NOT NULL DEFAULT 1440,
  locked INTEGER NOT NULL DEFAULT 0,
  invitable INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE thread_members (
  thread_id TEXT NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (thread_id, user_id)
) STRICT;

-- body: JSON of what a message says (content, embeds, components, mentions, reference, interaction)
-- only_for: an ephemeral message's one reader
CREATE TABLE messages (
  id TEXT PRIMARY KEY,
  channel_id TEXT NOT NULL REFERENCES channels(id) ON DELETE CASCADE,
  author_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  type INTEGER NOT NULL,
  flags INTEGER NOT NULL DEFAULT 0,
  body TEXT NOT NULL,
  edited_at INTEGER,
  pinned INTEGER NOT NULL DEFAULT 0,
  nonce TEXT,
  only_for TEXT REFERENCES users(id) ON DELETE CASCADE
) STRICT;
CREATE INDEX messages_of_channel ON messages(channel_id, id);
CREATE INDEX messages_by_nonce ON messages(author_id, channel_id, nonce) WHERE nonce IS NOT NULL;
CREATE INDEX messages_ephemeral ON messages(id) WHERE only_for IS NOT NULL;

CREATE TABLE attachments (
  id TEXT PRIMARY KEY,
  message_id TEXT NOT NULL REFERENCES messages(id) ON DELETE CASCADE,
  channel_id TEXT NOT NULL,
  filename TEXT NOT NULL,
  description TEXT,
  content_type TEXT NOT NULL,
  width INTEGER,
  height INTEGER,
  data BLOB NOT NULL
) STRICT;
CREATE INDEX attachments_of_message ON attachments(message_id);

-- guild_id '' holds the application's global commands
CREATE TABLE commands (
  id TEXT PRIMARY KEY,
  guild_id TEXT NOT NULL,
  type INTEGER NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (guild_id, type, name)
) STRICT;

CREATE TABLE interactions (
  id TEXT PRIMARY KEY,
  token TEXT NOT NULL UNIQUE,
  type INTEGER NOT NULL,
  user_id TEXT NOT NULL REFERENCES users(id) ON DELETE CASCADE,
  channel_id TEXT NOT NULL,
  nonce TEXT,
  command_name TEXT,
  source_message_id TEXT,
  callback_type INTEGER,
  response_message_id TEXT,
  modal TEXT
) STRICT;
`;

/** Opens (or creates) the file in `folder`. @throws UserError local_database_damaged, local_database_newer */
export function openDatabase(folder: string): Database {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, DATABASE_FILE);
  const existed = existsSync(path);
  let database: Database | null = null;
  try {
    database = new BetterSqlite3(path);
    // Asked before anything is set: a newer version's file is left to the last byte as it is.
    const version = Number(database.pragma('user_version', { simple: true }));
    if (version > SCHEMA_VERSION) throw new UserError('local_database_newer', { path });
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = NORMAL');
    database.pragma('secure_delete = ON');
    database.pragma('foreign_keys = ON');
    if (existed && database.pragma('quick_check(1)', { simple: true }) !== 'ok') throw new Error('quick_check failed');
    if (version === 0) createSchema(database);
    eraseRemains(database);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof UserError) throw error;
    if (error instanceof BetterSqlite3.SqliteError && !/^SQLITE_(CORRUPT|NOTADB|ERROR)/.test(error.code)) throw error;
    throw new UserError('local_database_damaged', { path }, { cause: error });
  }
}

const REMAINS = 'holds_remains';

/** To be called inside the transaction that deletes words: it stands until `eraseRemains` has erased what they left. */
export function holdsRemains(database: Database): void {
  database.prepare("INSERT OR REPLACE INTO meta (key, value) VALUES (?, 'yes')").run(REMAINS);
}

/**
 * Erases what deleted rows left in the file and its log, where there are any. `secure_delete` zeroes the cells of deleted
 * rows, yet where rows moved between pages it leaves copies in a page's unused part: VACUUM writes every page anew.
 */
export function eraseRemains(database: Database): void {
  if (!database.prepare('SELECT 1 FROM meta WHERE key = ?').get(REMAINS)) return;
  try {
    database.exec('VACUUM');
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.prepare('DELETE FROM meta WHERE key = ?').run(REMAINS);
  } catch (error) {
    // Deleted they are: the rest is erased at the next start.
    if (!isDiskFull(error)) throw error;
  }
}

/** Whether the disk has no room left for what was to be written. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof BetterSqlite3.SqliteError && error.code === 'SQLITE_FULL';
}

function createSchema(database: Database): void {
  const create = database.transaction(() => {
    database.exec(SCHEMA);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  });
  create.immediate();
}

/** Small facts of this classroom (its ids, codes and secrets), made once and kept. */
export class Facts {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(key: string): string | null {
    const row = this.#database.prepare<[string], { value: string }>('SELECT value FROM meta WHERE key = ?').get(key);
    return row?.value ?? null;
  }

  set(key: string, value: string): void {
    this.#database
      .prepare('INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value')
      .run(key, value);
  }

  /** The fact under `key`, made by `make` the first time it is asked for. */
  once(key: string, make: () => string): string {
    const known = this.get(key);
    if (known !== null) return known;
    const value = make();
    this.set(key, value);
    return value;
  }
}
