import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { SQLiteTable } from 'drizzle-orm/sqlite-core';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DATABASE_FILE } from '../../src/store/connection.ts';
import { LeaseLostError, type Store } from '../../src/store/index.ts';
import * as schema from '../../src/store/schema/index.ts';
import { createFolder, createJob, createPayload, createReply, createSitting, createStore } from './fixture.ts';

/** The files of a folder (and its folders) whose bytes hold `words`. */
function filesHolding(folder: string, words: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && readFileSync(join(entry.parentPath, entry.name)).includes(words))
    .map((entry) => entry.name);
}

const finished = (text: string) => ({
  version: { adapter: new Uint8Array([1, 2, 3]), note: '' },
  summary: { trainLoss: 2 },
  push: { replyLogprobBefore: -4, replyBefore: text, replyAfter: text },
});

/** A student whose words are everywhere words can be: each place has its own, so that a leak says where it is. */
function createEverywhere(store: Store) {
  const sitting = createSitting(store);
  const { session, teacher, say } = sitting;
  const member = store.members.ensure({ classId: 'class', userId: 'SECRET-user-id', name: 'SECRET-name' });
  store.consents.record({ memberId: member.id, granted: true, textVersion: '1', recordedBy: member.id });
  const turn = say('SECRET-text', member.id);
  store.turns.saveReply(turn.id, { ...createReply('SECRET-reply'), scores: { rows: ['SECRET-scores'] } });
  store.turns.saveReply(turn.id, { ...createReply('SECRET-another try'), outputIds: [4] });
  store.tries.prefer({ turnId: turn.id, memberId: member.id, number: 1 });
  store.ratings.add({ turnId: turn.id, memberId: member.id, value: 0.1 });
  const othersTurn = say('words of somebody else');
  store.turns.saveReply(othersTurn.id, createReply('a first reply to them'));
  store.turns.saveReply(othersTurn.id, { ...createReply('a reply to them'), outputIds: [4] });
  for (const one of [member, teacher]) store.tries.prefer({ turnId: othersTurn.id, memberId: one.id, number: 2 });
  store.corrections.add({ turnId: othersTurn.id, memberId: member.id, text: 'SECRET-correction' });
  store.corrections.add({ turnId: turn.id, memberId: teacher.id, text: 'SECRET-corrected by another' });
  const payload = createPayload({
    trainingText: 'SECRET-training text',
    material: {
      kind: 'drawn',
      tasks: [{ promptIds: [1], target: 'SECRET-target' }],
      ...{ maxScore: 25, halfReward: null, maxNewTokens: 5, beta: 0.1 },
    },
    memberIds: [member.id, teacher.id],
  });
  const jobId = store.jobs.enqueue(createJob({ sessionId: session.id, turnId: turn.id, payload }));
  store.jobs.claim('w', 1000);
  const version = store.jobs.finish(jobId, 'w', finished('SECRET-answer before and after'));
  store.audit.add({ classId: 'class', memberId: member.id, action: 'rated' });
  return { ...sitting, member, turn, othersTurn, jobId, version };
}

test('after forgetting, no file of the data folder holds a byte of the words; everybody else’s stay', () => {
  const { store, folder } = createStore();
  const { member, teacher, othersTurn } = createEverywhere(store);
  expect(filesHolding(folder, 'SECRET').length).toBeGreaterThan(0);
  expect(store.members.forget(member.id).erased).toBe(true);
  expect(filesHolding(folder, 'SECRET')).toEqual([]);
  expect(store.turns.get(othersTurn.id)).toMatchObject({ text: 'words of somebody else', reply: 'a reply to them' });
  expect(store.tries.ofTurn(othersTurn.id)).toMatchObject([{ number: 1, reply: 'a first reply to them' }]);
  expect(store.tries.preferencesOf(othersTurn.id).map(({ memberId }) => memberId)).toEqual([teacher.id]);
  store.close();
  expect(filesHolding(folder, 'SECRET')).toEqual([]);
});

/** Found by the test below: SQLite's balancing leaves a copy of a small row behind, in the unused part of its page. */
const MOVED = Array.from({ length: 36 }, (_, index) => {
  const sizes: Record<number, number> = { 4: 1212, 5: 1, 6: 5356, 8: 1212, 9: 820, 14: 5685, 30: 820 };
  return sizes[index] ?? 0;
});

test('freed, moved and rewritten rows of a long life leave no words behind either', () => {
  const sizes = fc.array(fc.nat({ max: 9000 }), { minLength: 30, maxLength: 60, size: 'max' });
  const property = fc.property(sizes, (lengths) => {
    const { store, folder } = createStore(createFolder());
    const { student, teacher, say } = createSitting(store);
    const write = (index: number, length: number) => {
      const isForgotten = index % 3 !== 0;
      const words = (isForgotten ? 'SECRET ' : 'public ').repeat(Math.ceil(length / 7));
      const turn = say(words, isForgotten ? student.id : teacher.id);
      // Growing, then shrinking, a row makes SQLite move cells between pages.
      store.turns.saveReply(turn.id, createReply(words.repeat(2)));
      // And a try that is not the same again is one more row of words.
      store.turns.saveReply(turn.id, { ...createReply(words.slice(0, 20)), outputIds: [4 + (length % 3)] });
    };
    store.transaction(() => lengths.forEach((length, index) => void write(index, length)));
    store.members.forget(student.id);
    expect(filesHolding(folder, 'SECRET')).toEqual([]);
    expect(store.turns.recentOf('class', 100)).toHaveLength(lengths.filter((_, index) => index % 3 === 0).length);
    store.close();
  });
  fc.assert(property, { numRuns: 15, examples: [[MOVED]] });
});

test('the backup made before a migration goes with them', () => {
  const { store, folder } = createStore();
  const { member } = createEverywhere(store);
  mkdirSync(join(folder, 'backups'));
  const backup = join(folder, 'backups', 'before-migration-2026-01-01T00-00-00-000Z.sqlite');
  writeFileSync(backup, 'SECRET');
  store.members.forget(member.id);
  expect(existsSync(backup)).toBe(false);
});

test('a process killed before it dropped that backup drops it at its next start; a later one stays', () => {
  const { store, folder } = createStore();
  const { member } = createEverywhere(store);
  store.members.forget(member.id);
  const forgottenAt = store.audit.list('class')[0]!.createdAt;
  store.close();
  mkdirSync(join(folder, 'backups'), { recursive: true });
  const name = (moment: number) => `before-migration-${new Date(moment).toISOString().replaceAll(/[:.]/g, '-')}.sqlite`;
  for (const moment of [forgottenAt - 1, forgottenAt + 1]) writeFileSync(join(folder, 'backups', name(moment)), 'x');
  createStore(folder).store.close();
  expect(readdirSync(join(folder, 'backups'))).toEqual([name(forgottenAt + 1)]);
});

test('versions that learned from the words are marked, with their descendants, and stay', () => {
  const { store } = createStore();
  const { member, teacher, version } = createEverywhere(store);
  store.jobs.enqueue(createJob({ fromVersionId: version.id }));
  const child = store.jobs.finish(store.jobs.claim('w', 1000)!.id, 'w', finished(''));
  const origin = { classId: 'class', parentId: null, jobId: null, base: 'sprout', method: 'lora' as const, note: '' };
  const clean = store.versions.add({ ...origin, adapter: new Uint8Array([1]), memberIds: [teacher.id] });
  const report = store.members.forget(member.id);
  expect(report.markedVersions.sort()).toEqual([version.id, child.id].sort());
  const marks = store.versions.list('class').map(({ id, forgottenMembers }) => [id, forgottenMembers]);
  expect(marks).toEqual([
    [version.id, 1],
    [child.id, 1],
    [clean.id, 0],
  ]);
  expect(store.versions.members(version.id)).toEqual([teacher.id]);
  expect(store.versions.adapter(version.id)).toHaveLength(3);
  store.members.forget(teacher.id);
  expect(store.versions.get(version.id)?.forgottenMembers).toBe(2);
});

test('a job that runs on the words is stopped: its worker is refused, its checkpoint removed, and the session is told', () => {
  const { store, folder } = createStore();
  const { member, session, othersTurn } = createEverywhere(store);
  const payload = createPayload({ memberIds: [member.id] });
  const running = store.jobs.enqueue(createJob({ sessionId: session.id, turnId: othersTurn.id, payload }));
  const waiting = store.jobs.enqueue(createJob({ payload }));
  // Words of this session may stand in the context of its probe, even where nobody trains on them.
  const sameSession = store.jobs.enqueue(createJob({ sessionId: session.id }));
  const unrelated = store.jobs.enqueue(createJob());
  store.jobs.claim('w', 1000);
  mkdirSync(join(folder, 'checkpoints'));
  writeFileSync(join(folder, 'checkpoints', 'step-1'), 'weights');
  store.jobs.checkpoint(running, 'w', join('checkpoints', 'step-1'));

  const report = store.members.forget(member.id);
  expect(report.stoppedJobs.sort()).toEqual([running, waiting, sameSession].sort());
  expect(() => store.jobs.finish(running, 'w', finished(''))).toThrow(LeaseLostError);
  expect(store.jobs.beat(running, 'w', 1000)).toBe('lost');
  expect(existsSync(join(folder, 'checkpoints', 'step-1'))).toBe(false);
  expect(store.jobs.get(unrelated)).toMatchObject({ state: 'queued', wordsWithdrawn: false });
  expect(store.jobs.get(running)?.payload).toMatchObject({ trainingText: '', memberIds: [], probe: { promptIds: [] } });
  const told = store.outbox.pending().filter(({ kind }) => kind === 'job_failed');
  expect(told.map(({ payload }) => payload.jobId)).toEqual(expect.arrayContaining([running, waiting, sameSession]));
  expect(store.jobs.claim('x', 1000)?.id).toBe(unrelated);
});

test('a checkpoint named outside the data folder is not ours to remove', () => {
  const { store } = createStore();
  const { member } = createEverywhere(store);
  const elsewhere = join(createFolder(), 'precious');
  writeFileSync(elsewhere, 'x');
  const id = store.jobs.enqueue(createJob({ payload: createPayload({ memberIds: [member.id] }) }));
  store.jobs.claim('w', 1000);
  store.jobs.checkpoint(id, 'w', elsewhere);
  store.members.forget(member.id);
  expect(existsSync(elsewhere)).toBe(true);
});

test('what a finished job measured stays as numbers, without the replies it quoted', () => {
  const { store } = createStore();
  const { member, jobId } = createEverywhere(store);
  store.members.forget(member.id);
  expect(store.jobs.get(jobId)).toMatchObject({ state: 'finished', summary: { trainLoss: 2 }, wordsWithdrawn: true });
  expect(store.jobs.get(jobId)?.push).toEqual({ replyLogprobBefore: -4 });
});

test('while another process reads the log, the rest is erased with the next write after it', () => {
  const { store, folder } = createStore();
  const { member } = createEverywhere(store);
  const reader = new Database(join(folder, DATABASE_FILE), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM turns').get();
  expect(store.members.forget(member.id).erased).toBe(false);
  expect(filesHolding(folder, 'SECRET').length).toBeGreaterThan(0);
  reader.exec('COMMIT');
  store.settings.set('class', 'anything', 1);
  expect(filesHolding(folder, 'SECRET')).toEqual([]);
  reader.close();
});

test('a process killed between forgetting and erasing erases at its next start', () => {
  const { store, folder } = createStore();
  const { student, teacher, say } = createSitting(store);
  MOVED.forEach((length, index) => {
    const words = (index % 3 ? 'SECRET ' : 'public ').repeat(Math.ceil(length / 7));
    const turn = say(words, index % 3 ? student.id : teacher.id);
    store.turns.saveReply(turn.id, createReply(words.repeat(2)));
  });
  const reader = new Database(join(folder, DATABASE_FILE), { readonly: true });
  reader.exec('BEGIN');
  reader.prepare('SELECT count(*) FROM turns').get();
  store.members.forget(student.id);
  store.close();
  reader.close();
  expect(filesHolding(folder, 'SECRET').length).toBeGreaterThan(0);
  createStore(folder).store.close();
  expect(filesHolding(folder, 'SECRET')).toEqual([]);
});

test('an export holds the member’s rows of every table that names members', () => {
  const { store } = createStore();
  const { member } = createEverywhere(store);
  store.sessions.create({ classId: 'class', startedBy: member.id, channelId: 'other', phase: 'ready', state: {} });
  store.consents.record({ memberId: member.id, granted: true, textVersion: '2', recordedBy: member.id });
  store.classes.declare('class', { memberId: member.id, wording: 'We may.' });
  const exported = store.members.export(member.id);
  expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
  const rows = Object.entries(exported).map(([name, list]) => [name, Array.isArray(list) ? list.length : 0]);
  expect(Object.fromEntries(rows)).toEqual({
    ...{
      member: 1,
      consents: 2,
      turns: 1,
      formerTries: 1,
      preferredTries: 2,
      ratings: 1,
      corrections: 1,
      sessionsStarted: 1,
      consentsRecorded: 2,
    },
    ...{ declarations: 1, versionsThatLearnedFromYou: 1, audit: 1 },
  });
  expect(exported.turns).toMatchObject([{ text: 'SECRET-text', reply: 'SECRET-another try' }]);
  expect(exported.formerTries).toMatchObject([{ number: 1, reply: 'SECRET-reply' }]);
  // What others said before a turn is in its prompt, and theirs.
  expect(exported.turns).not.toMatchObject([{ promptIds: expect.anything() }]);

  // A new column that points at members must be thought of here: these are all there are.
  const pointing = Object.values<unknown>(schema)
    .filter((table): table is SQLiteTable => is(table, SQLiteTable))
    .flatMap((table) =>
      Object.values(getTableColumns(table))
        .filter(({ name }) => /^(member_id|recorded_by|started_by|declared_by)$/.test(name))
        .map(({ name }) => `${getTableName(table)}.${name}`),
    );
  expect(pointing.sort()).toEqual([
    ...[
      'audit.member_id',
      'classes.declared_by',
      'consents.member_id',
      'consents.recorded_by',
      'corrections.member_id',
    ],
    ...['ratings.member_id', 'sessions.started_by', 'try_preferences.member_id', 'turns.member_id'],
    'version_members.member_id',
  ]);
});

test('forgetting a stranger changes nothing, and one forgotten may come back as somebody new', () => {
  const { store } = createStore();
  const { member } = createEverywhere(store);
  expect(store.members.forget('nobody')).toMatchObject({ stoppedJobs: [], markedVersions: [] });
  store.members.forget(member.id);
  const again = store.members.ensure({ classId: 'class', userId: 'SECRET-user-id', name: 'Zé' });
  expect(again.id).not.toBe(member.id);
  expect(store.consents.current(again.id)).toBe('unknown');
  expect(store.audit.list('class')[0]).toMatchObject({ action: 'member_forgotten', memberId: null });
});
