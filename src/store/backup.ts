/**
 * Copies of the database that were opened and checked before they count. Made while others write; the copy is one moment's
 * state. Limit: the weights files beside the database are not in it.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import type { Connection } from './connection.ts';
import { translated } from './failures.ts';
import { flushFile, intoPlace } from './files.ts';

export const BACKUP_FOLDER = 'backups';
const KEPT_BACKUPS = 3;

/** Writes a verified copy of the database to `path`, in whole or not at all. UserError disk_full, folder_not_writable. */
export function backUp({ sqlite }: Pick<Connection, 'sqlite'>, path: string): void {
  translated(path, () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    intoPlace(path, (temporary) => {
      sqlite.prepare('VACUUM INTO ?').run(temporary);
      // Others may have written since the copy was made, so it is compared with nobody: it must be whole in itself.
      verify(temporary);
      flushFile(temporary);
    });
  });
}

function verify(path: string): void {
  const copy = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const problems = copy.pragma('integrity_check(1)', { simple: true });
    if (problems !== 'ok') throw new Error(`the backup ${path} is not whole: ${problems}`);
    if (tableNames(copy).length === 0) throw new Error(`the backup ${path} is empty`);
  } finally {
    copy.close();
  }
}

/** Backs up before a migration and drops all but the newest few such backups. */
export function backUpBeforeMigration(connection: Connection): void {
  const folder = join(connection.folder, BACKUP_FOLDER);
  backUp(connection, join(folder, backupName(connection.now())));
  const outdated = listBackups(folder).slice(0, -KEPT_BACKUPS);
  for (const name of outdated) rmSync(join(folder, name), { force: true });
}

/**
 * Drops the backups made before migrations: they would keep what a person has just asked to have forgotten.
 * @param madeBefore only those made before this moment.
 */
export function dropBackups(dataFolder: string, madeBefore?: number): void {
  const folder = join(dataFolder, BACKUP_FOLDER);
  const last = madeBefore === undefined ? null : backupName(madeBefore);
  for (const name of listBackups(folder)) if (last === null || name < last) rmSync(join(folder, name), { force: true });
}

const backupName = (moment: number): string =>
  `before-migration-${new Date(moment).toISOString().replaceAll(/[:.]/g, '-')}.sqlite`;

/** Oldest first: the stamp in the name sorts. */
function listBackups(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.startsWith('before-migration-') && name.endsWith('.sqlite'))
    .sort();
}

/** The names of the tables that hold the project's rows, SQLite's and the migrator's own left out. */
export function tableNames(sqlite: Database.Database): string[] {
  return sqlite
    .prepare<[], string>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'`,
    )
    .pluck()
    .all() as string[];
}
