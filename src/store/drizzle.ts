/**
 * drizzle-orm, loaded as CommonJS. Its package.json names 447 exports in 180 KB, and Node 24 parses that anew for every
 * ES module of a package: the hundred modules needed here would cost each process 80 MB and half a second.
 */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);
const core: typeof import('drizzle-orm') = load('drizzle-orm');
const sqlite: typeof import('drizzle-orm/sqlite-core') = load('drizzle-orm/sqlite-core');
const driver: typeof import('drizzle-orm/better-sqlite3') = load('drizzle-orm/better-sqlite3');
const migrator: typeof import('drizzle-orm/migrator') = load('drizzle-orm/migrator');

export const { and, asc, desc, eq, getTableColumns, inArray, isNotNull, isNull, lte, max, or, sql } = core;
export const { blob, check, index, integer, primaryKey, real, sqliteTable, text, union, unique, uniqueIndex } = sqlite;
export const { drizzle } = driver;
export const { readMigrationFiles } = migrator;

export type { BetterSQLite3Database } from 'drizzle-orm/better-sqlite3';
export type { AnySQLiteColumn, SQLiteUpdateSetSource } from 'drizzle-orm/sqlite-core';
