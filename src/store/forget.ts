/**
 * What a member may ask for: everything kept about them, to have it forgotten, and that their words no longer train.
 * Forgetting deletes their rows and, by cascade, their words; takes their words out of training jobs (a job still to run is
 * stopped); marks the versions that learned from them, for weights cannot be asked what they know; and leaves no copy
 * behind in freed pages, in the write-ahead log or in the backups made before migrations. Backups an operator made
 * elsewhere are the operator's.
 */
import { rmSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { dropBackups } from './backup.ts';
import type { Connection } from './connection.ts';
import { and, eq, getTableColumns, inArray, isNotNull, max, or, sql, union } from './drizzle.ts';
import { outboxStore } from './events.ts';
import * as tables from './schema/index.ts';

const { audit, classes, consents, corrections, jobs, members, ratings, sessions } = tables;
const { tries, tryPreferences, turns, versionMembers, versions } = tables;

/** How the audit calls it: nobody's name is left to say whom. */
const FORGOTTEN = 'member_forgotten';

export interface ForgetReport {
  /** Jobs that were waiting or running on the member's words, and were stopped. */
  stoppedJobs: string[];
  /** Versions that learned from them, now marked. */
  markedVersions: string[];
  /** False while another process still holds the file or its log: the rest is erased with a later write. */
  erased: boolean;
}

/** A turn's prompt holds what others said before it: that is theirs. */
const { promptIds: _promptIds, ...ownColumns } = getTableColumns(tables.turns);

export function exportMember({ db, read }: Connection, memberId: string): Record<string, unknown> {
  return read(() => {
    const of = <Row>(rows: Row[]): unknown => JSON.parse(JSON.stringify(rows));
    const learned = db
      .select({ id: versions.id, number: versions.number, createdAt: versions.createdAt })
      .from(versions)
      .innerJoin(versionMembers, eq(versionMembers.versionId, versions.id))
      .where(eq(versionMembers.memberId, memberId))
      .orderBy(versions.number);
    return {
      member: of(db.select().from(members).where(eq(members.id, memberId)).all()),
      consents: of(db.select().from(consents).where(eq(consents.memberId, memberId)).all()),
      turns: of(db.select(ownColumns).from(turns).where(eq(turns.memberId, memberId)).orderBy(turns.createdAt).all()),
      formerTries: of(
        db
          .select(getTableColumns(tries))
          .from(tries)
          .innerJoin(turns, eq(turns.id, tries.turnId))
          .where(eq(turns.memberId, memberId))
          .orderBy(turns.createdAt, tries.number)
          .all(),
      ),
      preferredTries: of(db.select().from(tryPreferences).where(eq(tryPreferences.memberId, memberId)).all()),
      ratings: of(db.select().from(ratings).where(eq(ratings.memberId, memberId)).all()),
      corrections: of(db.select().from(corrections).where(eq(corrections.memberId, memberId)).all()),
      sessionsStarted: of(db.select().from(sessions).where(eq(sessions.startedBy, memberId)).all()),
      consentsRecorded: of(db.select().from(consents).where(eq(consents.recordedBy, memberId)).all()),
      declarations: of(db.select().from(classes).where(eq(classes.declaredBy, memberId)).all()),
      versionsThatLearnedFromYou: of(learned.all()),
      audit: of(db.select().from(audit).where(eq(audit.memberId, memberId)).all()),
    };
  });
}

export function forgetMember(connection: Connection, memberId: string): ForgetReport {
  const { db, write, now } = connection;
  const { stoppedJobs, markedVersions, checkpoints } = write(() => {
    const member = db.select().from(members).where(eq(members.id, memberId)).get();
    if (!member) return { stoppedJobs: [], markedVersions: [], checkpoints: [] };
    const markedVersions = markVersions(connection, memberId);
    const withdrawn = withdrawWords(connection, memberId);
    db.delete(members).where(eq(members.id, memberId)).run();
    connection.holdsRemains();
    const entry = {
      classId: member.classId,
      memberId: null,
      action: FORGOTTEN,
      details: {},
      createdAt: now(),
    };
    db.insert(audit).values(entry).run();
    return { markedVersions, ...withdrawn };
  });
  removeCheckpoints(connection.folder, checkpoints);
  dropBackups(connection.folder);
  return { stoppedJobs, markedVersions, erased: connection.erase() };
}

/** At a start: what a process killed between forgetting and erasing left behind. */
export function finishForgetting(connection: Connection): void {
  const { db, read } = connection;
  const last = read(() =>
    db
      .select({ moment: max(audit.createdAt) })
      .from(audit)
      .where(eq(audit.action, FORGOTTEN))
      .get(),
  );
  if (last?.moment) dropBackups(connection.folder, last.moment);
  connection.erase();
}

function markVersions({ db }: Connection, memberId: string): string[] {
  const seen = db
    .select({ id: versionMembers.versionId })
    .from(versionMembers)
    .where(eq(versionMembers.memberId, memberId))
    .all()
    .map(({ id }) => id);
  db.update(versions)
    .set({ forgottenMembers: sql`${versions.forgottenMembers} + 1` })
    .where(inArray(versions.id, seen))
    .run();
  return seen;
}

/**
 * Stops what still was to train on the member's words, a failed job that could be tried again included. To be called inside
 * a transaction. @returns checkpoints to hand to `removeCheckpoints` once it stands.
 */
export function withdrawFromTraining(connection: Connection, memberId: string): string[] {
  const unfinished = inArray(jobs.state, ['queued', 'running', 'failed', 'cancelled']);
  const named = connection.db
    .select({ id: jobs.id })
    .from(jobs)
    .where(and(holdsWordsOf(memberId), unfinished))
    .all();
  return emptyJobs(connection, named).checkpoints;
}

export function removeCheckpoints(folder: string, files: readonly string[]): void {
  for (const file of files) removeInside(folder, file);
}

/** Empties every job that may hold the member's words, in its text or as the context of its probe. */
function withdrawWords(connection: Connection, memberId: string): Emptied {
  const { db } = connection;
  // Words reach a job from the member's own turns and from corrections they wrote for others'.
  const spokeIn = db
    .select({ id: turns.sessionId })
    .from(turns)
    .where(or(eq(turns.memberId, memberId), inArray(turns.id, correctedBy(connection, memberId))));
  db.update(turns)
    .set({ promptIds: null })
    .where(and(inArray(turns.sessionId, spokeIn), isNotNull(turns.promptIds)))
    .run();
  const named = db.select({ id: jobs.id }).from(jobs).where(holdsWordsOf(memberId));
  const inSession = db.select({ id: jobs.id }).from(jobs).where(inArray(jobs.sessionId, spokeIn));
  return emptyJobs(connection, union(named, inSession).all());
}

const holdsWordsOf = (memberId: string) =>
  sql`EXISTS (SELECT 1 FROM json_each(${jobs.payload}, '$.memberIds') WHERE value = ${memberId})`;

interface Emptied {
  stoppedJobs: string[];
  /** Files to remove once the transaction stands. */
  checkpoints: string[];
}

/** Takes all words out of jobs, and stops those that wait or run. */
function emptyJobs(connection: Connection, held: readonly { id: string }[]): Emptied {
  const { db, now } = connection;
  const stoppedJobs: string[] = [];
  const checkpoints: string[] = [];
  for (const { id } of held) {
    const job = db.select().from(jobs).where(eq(jobs.id, id)).get()!;
    if (job.checkpointFile) checkpoints.push(job.checkpointFile);
    const { turnIds: _turnIds, material: _material, ...payload } = job.payload;
    const probe = { promptIds: [], replyIds: [], generation: payload.probe.generation };
    const emptied = { ...payload, trainingText: '', memberIds: [], probe };
    db.update(jobs)
      .set({ payload: emptied, push: withoutTexts(job.push), wordsWithdrawn: true, checkpointFile: null })
      .where(eq(jobs.id, id))
      .run();
    if (job.state !== 'queued' && job.state !== 'running') continue;
    stoppedJobs.push(id);
    const error = { identifier: 'job_words_withdrawn' as const, context: {} };
    db.update(jobs)
      .set({ state: 'failed', error, worker: null, leaseUntil: null, finishedAt: now() })
      .where(eq(jobs.id, id))
      .run();
    const { classId, sessionId, turnId } = job;
    const payloadOfEvent = { jobId: id, turnId, versionId: null };
    outboxStore(connection).add({ classId, sessionId, kind: 'job_failed', payload: payloadOfEvent });
  }
  return { stoppedJobs, checkpoints };
}

const correctedBy = ({ db }: Connection, memberId: string) =>
  db.select({ id: corrections.turnId }).from(corrections).where(eq(corrections.memberId, memberId));

/** The numbers of a measured push without the replies it quotes. */
function withoutTexts(push: unknown): unknown {
  if (push === null || typeof push !== 'object' || Array.isArray(push)) return null;
  return Object.fromEntries(Object.entries(push).filter(([, value]) => typeof value === 'number'));
}

/** Removes a file of the data folder; a path that leads out of it is not ours to remove. */
function removeInside(folder: string, file: string): void {
  const path = resolve(folder, file);
  const inside = relative(folder, path);
  if (inside && !inside.startsWith('..') && !isAbsolute(inside)) rmSync(path, { force: true });
}
