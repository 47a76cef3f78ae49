/**
 * The training queue, from the worker's side. A worker holds its job by a lease it renews while it lives; every write
 * checks that it still does, inside the write's own transaction, so a worker that slept through its lease can spoil
 * nothing. A job whose worker vanished is queued again, at most three times in all.
 */

import type { Connection } from './connection.ts';
import { and, asc, eq, lte, max } from './drizzle.ts';
import { type JobRow, jobStepStore } from './job-steps.ts';
import type { JobError, StepLog } from './payload.ts';

import { classes, jobs, type OutboxKind } from './schema/index.ts';
import { insertVersion, type NewVersion, type VersionContent, type VersionRow } from './versions.ts';

export const MAX_ATTEMPTS = 3;

/** The job is no longer this worker's: taken from it, cancelled, or ended. Stop working on it. */
export class LeaseLostError extends Error {
  constructor(jobId: string, worker: string) {
    super(`job ${jobId} is no longer held by ${worker}`);
    this.name = 'LeaseLostError';
  }
}

/** Ends a job and announces it; to be called inside a transaction. */
export type JobEnding = (id: string, values: Partial<typeof jobs.$inferInsert>, kind: OutboxKind) => void;

export type FinishedVersion = Pick<NewVersion, 'id' | 'note'> & VersionContent;

export function workerSide(connection: Connection, end: JobEnding) {
  const { db, now, write } = connection;
  const steps = jobStepStore(connection);
  const set = (id: string, values: Partial<typeof jobs.$inferInsert>) =>
    db.update(jobs).set(values).where(eq(jobs.id, id)).returning().get();

  /** The job, if `worker` holds it. */
  const held = (id: string, worker: string): JobRow => {
    const job = db
      .select()
      .from(jobs)
      .where(and(eq(jobs.id, id), eq(jobs.state, 'running'), eq(jobs.worker, worker)))
      .get();
    if (!job) throw new LeaseLostError(id, worker);
    return job;
  };

  /** A worker vanished: its job waits again, or has failed for good. */
  const handleCrash = ({ id, attempts }: JobRow): void => {
    if (attempts < MAX_ATTEMPTS) set(id, { state: 'queued', worker: null, leaseUntil: null });
    else end(id, { state: 'failed', error: { identifier: 'job_crashed', context: { attempts } } }, 'job_failed');
  };

  const freeExpired = (): void =>
    write(() => {
      const expired = db
        .select()
        .from(jobs)
        .where(and(eq(jobs.state, 'running'), lte(jobs.leaseUntil, now())))
        .all();
      expired.forEach(handleCrash);
    });

  return {
    /** Frees jobs whose worker gave no sign of life for the length of its lease. */
    freeExpired,
    /**
     * Takes the next job for `worker` (a name no other process ever has), or null when none waits or one is running. Fair:
     * of the waiting classes, the one served longest ago; within a class, the job that arrived first.
     */
    claim(worker: string, leaseMs: number): JobRow | null {
      return write(() => {
        freeExpired();
        if (db.select({ id: jobs.id }).from(jobs).where(eq(jobs.state, 'running')).get()) return null;
        const next = db
          .select({ id: jobs.id, classId: jobs.classId, attempts: jobs.attempts })
          .from(jobs)
          .innerJoin(classes, eq(classes.id, jobs.classId))
          .where(eq(jobs.state, 'queued'))
          .orderBy(asc(classes.lastClaim), asc(jobs.number))
          .limit(1)
          .get();
        if (!next) return null;
        const newest = db
          .select({ claim: max(classes.lastClaim) })
          .from(classes)
          .get();
        db.update(classes)
          .set({ lastClaim: (newest?.claim ?? 0) + 1 })
          .where(eq(classes.id, next.classId))
          .run();
        const attempts = next.attempts + 1;
        return set(next.id, { state: 'running', worker, leaseUntil: now() + leaseMs, attempts, startedAt: now() });
      });
    },
    /** A sign of life. 'cancel': stop, and keep or discard as the job's cancelMode says. 'lost': stop, it is not yours. */
    beat(id: string, worker: string, leaseMs: number): 'ok' | 'lost' | 'cancel' {
      return write(() => {
        const job = db.select().from(jobs).where(eq(jobs.id, id)).get();
        if (job?.state === 'cancelled') return 'cancel';
        if (job?.state !== 'running' || job.worker !== worker) return 'lost';
        set(id, { leaseUntil: now() + leaseMs });
        return job.cancelMode ? 'cancel' : 'ok';
      });
    },
    /** Keeps a step's log. Like every write below: LeaseLostError where the job is not this worker's any more. */
    step(id: string, worker: string, log: StepLog): void {
      write(() => {
        held(id, worker);
        steps.add(id, log);
      });
    },
    /** Names the newest checkpoint (a file already safe on the disk): the next attempt starts from it. */
    checkpoint(id: string, worker: string, file: string): void {
      write(() => {
        held(id, worker);
        set(id, { checkpointFile: file });
      });
    },
    /** In one transaction: the new version, put to use in its class; the job finished; the event that tells of it. */
    finish(
      id: string,
      worker: string,
      { version, summary, push }: { version: FinishedVersion; summary: unknown; push: unknown },
    ): VersionRow {
      return write(() => {
        const { classId, fromVersionId, payload } = held(id, worker);
        const { base, method, memberIds } = payload;
        const row = insertVersion(connection, {
          ...version,
          ...{ classId, parentId: fromVersionId, jobId: id, base, method, memberIds },
        });
        db.update(classes).set({ currentVersionId: row.id }).where(eq(classes.id, classId)).run();
        end(id, { state: 'finished', versionId: row.id, checkpointFile: null, summary, push }, 'job_finished');
        return row;
      });
    },
    /** Ends the job with the reason it cannot be done; the version in use stays. A crash is not a reason: just vanish. */
    fail(id: string, worker: string, error: JobError): void {
      write(() => {
        held(id, worker);
        end(id, { state: 'failed', error }, 'job_failed');
      });
    },
    /** Gives the job back unharmed (the bot is going down): it waits again, and the attempt does not count. */
    release(id: string, worker: string): void {
      write(() => {
        const { attempts } = held(id, worker);
        set(id, { state: 'queued', worker: null, leaseUntil: null, attempts: attempts - 1 });
      });
    },
    /** Ends a job that was to keep its progress before it had any. */
    abandon(id: string, worker: string): void {
      write(() => {
        held(id, worker);
        end(id, { state: 'cancelled' }, 'job_cancelled');
      });
    },
    /** Frees what a worker known to be dead still holds, without waiting for its lease to run out. */
    workerDied(worker: string): void {
      write(() => {
        const job = db
          .select()
          .from(jobs)
          .where(and(eq(jobs.state, 'running'), eq(jobs.worker, worker)))
          .get();
        if (job) handleCrash(job);
      });
    },
  };
}
