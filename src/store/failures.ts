/**
 * What the disk and SQLite say when the world is not as it should be, turned into UserErrors. Everything the store does
 * passes through `translated`, so nobody above it ever reads an SQLite code.
 */
import Database from 'better-sqlite3';
import { UserError } from '../errors.ts';

/** Runs `work`; a failing disk or a damaged database becomes a UserError about `path`, everything else passes as it is. */
export function translated<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asUserError(error, path);
  }
}

/** The UserError behind a failure of the disk or of SQLite; any other error comes back unchanged. */
export function asUserError(error: unknown, path: string): unknown {
  if (error instanceof UserError) return error;
  const identifier = identifierFor(codeOf(error));
  return identifier ? new UserError(identifier, { path }, { cause: error }) : error;
}

/** The code of the innermost error that has one: drizzle wraps SQLite's. */
function codeOf(error: unknown): string {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (current instanceof Database.SqliteError) return current.code;
    if ('code' in current && typeof current.code === 'string') return current.code;
  }
  return '';
}

function identifierFor(code: string) {
  // Extended codes (SQLITE_CORRUPT_INDEX, SQLITE_READONLY_DBMOVED…) start with the family they refine.
  if (/^(SQLITE_FULL|ENOSPC|EDQUOT)$/.test(code)) return 'disk_full';
  if (/^SQLITE_(CORRUPT|NOTADB)/.test(code)) return 'database_damaged';
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code)) return 'folder_not_writable';
  if (/^(EACCES|EPERM|EROFS|ENOTDIR|EEXIST)$/.test(code)) return 'folder_not_writable';
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return 'database_busy';
  if (/^(SQLITE_IOERR|EIO$)/.test(code)) return 'disk_failing';
  return undefined;
}
