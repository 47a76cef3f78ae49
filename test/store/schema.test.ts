import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateSQLiteDrizzleJson, generateSQLiteMigration } from 'drizzle-kit/api';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { getTableConfig, SQLiteTable } from 'drizzle-orm/sqlite-core';
import { expect, test } from 'vitest';
import { MIGRATIONS_FOLDER } from '../../src/store/migrate.ts';
import * as schema from '../../src/store/schema/index.ts';
import { createConnection, createJob, createReply, createSitting } from './fixture.ts';

const tables = Object.entries<unknown>(schema).flatMap(([name, value]): [string, SQLiteTable][] =>
  is(value, SQLiteTable) ? [[name, value]] : [],
);

const snakeCase = (name: string) => name.replaceAll(/[A-Z0-9]+(?![a-z])|[A-Z]/g, (part) => `_${part.toLowerCase()}`);

test('every column is its field in snake_case, every table its export', () => {
  const offenders = tables.flatMap(([name, table]) => [
    ...(getTableName(table) === snakeCase(name) ? [] : [name]),
    ...Object.entries(getTableColumns(table))
      .filter(([field, column]) => column.name !== snakeCase(field) && column.name !== field)
      .map(([field, column]) => `${name}.${field} over ${column.name}`),
  ]);
  expect(tables.length).toBeGreaterThanOrEqual(15);
  expect(offenders).toEqual([]);
});

test('the committed migrations build exactly this schema', async () => {
  const journal = JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, 'meta', '_journal.json'), 'utf8'));
  const newest = String(journal.entries.at(-1).idx).padStart(4, '0');
  const snapshot = JSON.parse(readFileSync(join(MIGRATIONS_FOLDER, 'meta', `${newest}_snapshot.json`), 'utf8'));
  expect(await generateSQLiteMigration(snapshot, await generateSQLiteDrizzleJson(schema))).toEqual([]);
});

test('the database holds the schema’s tables and columns, and no others', () => {
  const { connection } = createConnection();
  const columnsOf = connection.sqlite.prepare('SELECT name FROM pragma_table_info(?) ORDER BY name').pluck();
  for (const [, table] of tables) {
    const expected = Object.values(getTableColumns(table)).map((column) => column.name);
    expect(columnsOf.all(getTableName(table))).toEqual(expected.sort());
  }
});

test('every table hangs off a class, through columns that may not be null', () => {
  const parents = new Map(
    tables.map(([, table]) => {
      const owning = getTableConfig(table).foreignKeys.filter(
        (key) => key.onDelete === 'cascade' && key.reference().columns.every((column) => column.notNull),
      );
      return [getTableName(table), owning.map((key) => getTableName(key.reference().foreignTable))];
    }),
  );
  const hangs = (name: string): boolean => name === 'classes' || (parents.get(name) ?? []).some(hangs);
  expect([...parents.keys()].filter((name) => !hangs(name))).toEqual([]);
});

test('removing a class empties every table, and only of its own rows', () => {
  const { connection, store } = createConnection();
  const count = (name: string) => connection.sqlite.prepare(`SELECT count(*) FROM "${name}"`).pluck().get();
  const counts = () => Object.fromEntries(tables.map(([, table]) => [getTableName(table), count(getTableName(table))]));
  fillClass('kept');
  const before = counts();
  expect(Object.entries(before).filter(([, rows]) => rows === 0)).toEqual([]);

  fillClass('removed');
  store.classes.remove('removed');
  expect(counts()).toEqual(before);
  store.classes.remove('kept');
  expect(Object.values(counts()).every((rows) => rows === 0)).toBe(true);

  function fillClass(classId: string) {
    const { student, teacher, session, iteration, say } = createSitting(store, classId);
    store.classes.declare(classId, { memberId: teacher.id, wording: 'We may.' });
    store.consents.record({ memberId: student.id, granted: true, textVersion: '1', recordedBy: teacher.id });
    store.settings.set(classId, 'threshold', 0.6);
    const turn = say('oi');
    store.turns.saveReply(turn.id, createReply('olá'));
    store.turns.saveReply(turn.id, { ...createReply('oi, oi'), outputIds: [4] });
    store.tries.prefer({ turnId: turn.id, memberId: teacher.id, number: 1 });
    store.ratings.add({ turnId: turn.id, memberId: teacher.id, value: 0.2 });
    store.corrections.add({ turnId: turn.id, memberId: teacher.id, text: 'olá, Zé' });
    const payload = { ...createJob().payload, memberIds: [student.id] };
    const jobId = store.jobs.enqueue(createJob({ classId, sessionId: session.id, turnId: turn.id, payload }));
    store.jobs.claim('worker', 1000);
    store.jobs.step(jobId, 'worker', { step: 1, totalSteps: 1, loss: 2, gradNorm: 1, learningRate: 5e-5, epoch: 1 });
    const version = { adapter: new Uint8Array([1]), note: '' };
    store.jobs.finish(jobId, 'worker', { version, summary: {}, push: {} });
    store.iterations.close(iteration.id, { averages: {}, versionId: null });
    store.audit.add({ classId, memberId: teacher.id, action: 'session_started' });
  }
});

test('the database itself refuses values outside their range', () => {
  const { connection, store } = createConnection();
  const { student, say } = createSitting(store);
  const turn = say('oi');
  const refused = (work: () => unknown) => expect(work).toThrow(/constraint failed/);
  refused(() => store.ratings.add({ turnId: turn.id, memberId: student.id, value: 1.01 }));
  refused(() => store.ratings.add({ turnId: turn.id, memberId: student.id, value: -0.01 }));
  refused(() => store.ratings.add({ turnId: turn.id, memberId: student.id, value: Number.NaN }));
  refused(() => store.ratings.add({ turnId: 'nobody', memberId: student.id, value: 0.5 }));
  refused(() => store.consents.record({ memberId: 'nobody', granted: true, textVersion: '1', recordedBy: student.id }));
  const jobId = store.jobs.enqueue(createJob());
  for (const change of [
    `UPDATE jobs SET state = 'resting' WHERE id = '${jobId}'`,
    `UPDATE jobs SET state = 'running' WHERE id = '${jobId}'`,
    `UPDATE jobs SET cancel_mode = 'maybe' WHERE id = '${jobId}'`,
    `UPDATE members SET role = 'headmaster'`,
    `UPDATE turns SET state = 'answered'`,
    `UPDATE sessions SET phase = 'ended'`,
  ]) {
    refused(() => connection.sqlite.exec(change));
  }
  refused(() =>
    connection.sqlite.exec(`INSERT INTO versions (id, class_id, number, base, method, note, sha256, created_at)
      VALUES ('v', 'class', 1, 'sprout', 'lora', '', '${'0'.repeat(64)}', 0)`),
  );
});
