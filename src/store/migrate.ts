/**
 * Brings a database to the schema of this version. Reads drizzle's migrations and keeps drizzle's own table of those
 * applied, but runs them itself, because three things have to be around them: a verified backup first; foreign keys off
 * *before* the transaction (the generated rebuild of a table drops it, which would fire its cascades and empty its
 * children: drizzle-orm issues 1813 and 5782); and `foreign_key_check` before the commit, so that a migration that broke
 * a reference never happened.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { UserError } from '../errors.ts';
import { backUpBeforeMigration, tableNames } from './backup.ts';
import type { Connection } from './connection.ts';
import { readMigrationFiles } from './drizzle.ts';
import { translated } from './failures.ts';

export const MIGRATIONS_FOLDER = fileURLToPath(new URL('../../migrations', import.meta.url));
const APPLIED_TABLE = '__drizzle_migrations';

/**
 * Looks at an existing file without changing a byte of it. UserError database_newer where a later Brain Factory wrote it,
 * database_damaged where it is no database of ours.
 */
export function inspect(file: string, migrationsFolder: string): void {
  if (!existsSync(file)) return;
  translated(file, () => {
    const sqlite = new Database(file, { readonly: true });
    try {
      if (!hasAppliedTable(sqlite) && tableNames(sqlite).length > 0)
        throw new UserError('database_damaged', { path: file });
      if (lastApplied(sqlite) > newestKnown(migrationsFolder)) throw new UserError('database_newer', { path: file });
    } finally {
      sqlite.close();
    }
  });
}

/** Applies what is missing. UserError database_damaged (before touching anything), disk_full, folder_not_writable. */
export function migrate(connection: Connection, migrationsFolder: string): void {
  const { sqlite, file } = connection;
  translated(file, () => {
    if (sqlite.pragma('quick_check(1)', { simple: true }) !== 'ok')
      throw new UserError('database_damaged', { path: file });
    if (lastApplied(sqlite) >= newestKnown(migrationsFolder)) return;
    if (holdsRows(sqlite)) backUpBeforeMigration(connection);
    sqlite.pragma('foreign_keys = OFF');
    try {
      sqlite.transaction(() => apply(sqlite, migrationsFolder)).immediate();
    } finally {
      sqlite.pragma('foreign_keys = ON');
    }
  });
}

/** Throws where the database is not at this version's schema: for connections that leave migrating to another process. */
export function assertMigrated({ sqlite, file }: Connection, migrationsFolder: string): void {
  translated(file, () => {
    if (lastApplied(sqlite) !== newestKnown(migrationsFolder)) throw new Error(`${file} has not been migrated yet`);
  });
}

function apply(sqlite: Database.Database, migrationsFolder: string): void {
  // The shape drizzle's own migrator gives it, so that drizzle-kit understands the database too.
  sqlite.exec(
    `CREATE TABLE IF NOT EXISTS ${APPLIED_TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
  );
  // Asked again inside the transaction: another process may have migrated while this one waited for its turn.
  const last = lastApplied(sqlite);
  const note = sqlite.prepare(`INSERT INTO ${APPLIED_TABLE} (hash, created_at) VALUES (?, ?)`);
  for (const migration of readMigrationFiles({ migrationsFolder })) {
    if (migration.folderMillis <= last) continue;
    for (const statement of migration.sql) sqlite.exec(statement);
    note.run(migration.hash, migration.folderMillis);
  }
  const [broken] = sqlite.pragma('foreign_key_check') as { table: string; parent: string }[];
  if (broken) throw new Error(`migrating would leave rows of ${broken.table} without their ${broken.parent}`);
}

/** The moment of the newest migration in the database (0: none). Not its hash: line endings differ between checkouts. */
function lastApplied(sqlite: Database.Database): number {
  if (!hasAppliedTable(sqlite)) return 0;
  return Number(sqlite.prepare(`SELECT max(created_at) FROM ${APPLIED_TABLE}`).pluck().get() ?? 0);
}

function newestKnown(migrationsFolder: string): number {
  return Math.max(...readMigrationFiles({ migrationsFolder }).map((migration) => migration.folderMillis));
}

function hasAppliedTable(sqlite: Database.Database): boolean {
  return sqlite.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(APPLIED_TABLE) !== undefined;
}

function holdsRows(sqlite: Database.Database): boolean {
  return tableNames(sqlite).some((name) => sqlite.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).get() !== undefined);
}
