/**
 * The training queue, from the side that asks for training: enqueue, cancel, retry, look. queue-worker.ts is the side that
 * does it. Both are a table and a handful of transactions, small enough that another database with many trainers can stand
 * behind the same interface later. The queue writes its own outbox events (job_queued, job_finished, job_failed,
 * job_cancelled) in the transaction of the change: callers must not add them again.
 */
import { randomUUID } from 'node:crypto';
import { UserError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { and, asc, eq, inArray, max } from './drizzle.ts';
import { outboxStore } from './events.ts';
import type { JobRow } from './job-steps.ts';
import type { JobPayload } from './payload.ts';
import { type JobEnding, workerSide } from './queue-worker.ts';
import { classes, type JobState, jobSteps, jobs, type OutboxKind } from './schema/index.ts';

export interface NewJob {
  id?: string;
  classId: string;
  sessionId: string | null;
  turnId: string | null;
  payload: JobPayload;
  /** The version training starts from; null is the base. */
  fromVersionId: string | null;
}

export function jobQueue(connection: Connection) {
  const { db, now, read, write } = connection;
  const events = outboxStore(connection);
  /** Adds the event that tells of a job's change, inside the change's transaction. */
  const announce = (kind: OutboxKind, { id: jobId, classId, sessionId, turnId, versionId }: JobRow): void => {
    events.add({ classId, sessionId, kind, payload: { jobId, turnId, versionId } });
  };
  const get = (id: string): JobRow | undefined => read(() => db.select().from(jobs).where(eq(jobs.id, id)).get());
  const mustGet = (id: string): JobRow => {
    const job = get(id);
    if (!job) throw new Error(`there is no job ${id}`);
    return job;
  };
  const end: JobEnding = (id, values, kind) => {
    const ended = { ...values, worker: null, leaseUntil: null, finishedAt: now() };
    announce(kind, db.update(jobs).set(ended).where(eq(jobs.id, id)).returning().get());
  };

  return {
    ...workerSide(connection, end),
    get,
    /** Queues a job and returns its id. */
    enqueue({ id = randomUUID(), ...job }: NewJob): string {
      return write(() => {
        const last = db
          .select({ number: max(jobs.number) })
          .from(jobs)
          .get();
        const number = (last?.number ?? 0) + 1;
        const row = { ...job, id, number, state: 'queued' as const, createdAt: now() };
        announce('job_queued', db.insert(jobs).values(row).returning().get());
        return id;
      });
    },
    /**
     * Stops a job that has not ended; asking again is harmless. Discarding takes effect at once: the worker's next beat says
     * so, and its writes are refused. Keeping leaves the job to its worker, which ends it with what was learned so far.
     */
    cancel(id: string, keepProgress: boolean): void {
      write(() => {
        const job = mustGet(id);
        if (job.state !== 'queued' && job.state !== 'running') return;
        const hasProgress = job.state === 'running' || job.checkpointFile !== null;
        if (keepProgress && hasProgress) db.update(jobs).set({ cancelMode: 'keep' }).where(eq(jobs.id, id)).run();
        else end(id, { state: 'cancelled', cancelMode: 'discard' }, 'job_cancelled');
      });
    },
    /**
     * Queues a failed or cancelled job afresh; one that is waiting, running or finished is left alone.
     * UserError job_words_withdrawn where somebody whose words it held was forgotten.
     */
    retry(id: string): void {
      write(() => {
        const job = mustGet(id);
        if (job.state !== 'failed' && job.state !== 'cancelled') return;
        if (job.wordsWithdrawn) throw new UserError('job_words_withdrawn');
        db.delete(jobSteps).where(eq(jobSteps.jobId, id)).run();
        const afresh = { cancelMode: null, checkpointFile: null, error: null, startedAt: null, finishedAt: null };
        announce(
          'job_queued',
          db
            .update(jobs)
            .set({ ...afresh, state: 'queued', attempts: 0 })
            .where(eq(jobs.id, id))
            .returning()
            .get(),
        );
      });
    },
    /** Where a waiting job stands: 1 is the next to run. 0 for a job that runs or has ended. */
    position: (id: string): number => runningOrder(connection).indexOf(id) + 1,
    /** Waiting and running jobs (or those in the given states), in order of arrival. */
    list: ({ classId, states = ['queued', 'running'] }: { classId?: string; states?: JobState[] } = {}): JobRow[] =>
      read(() =>
        db
          .select()
          .from(jobs)
          .where(and(inArray(jobs.state, states), classId === undefined ? undefined : eq(jobs.classId, classId)))
          .orderBy(asc(jobs.number))
          .all(),
      ),
    /** A session's jobs in order of arrival. */
    bySession: (sessionId: string): JobRow[] =>
      read(() => db.select().from(jobs).where(eq(jobs.sessionId, sessionId)).orderBy(asc(jobs.number)).all()),
  };
}

/** Ids of the waiting jobs in the order they will run, if nothing new arrives: the claim's rule played forward. */
function runningOrder({ db, read }: Connection): string[] {
  const waiting = read(() =>
    db
      .select({ id: jobs.id, classId: jobs.classId, lastClaim: classes.lastClaim })
      .from(jobs)
      .innerJoin(classes, eq(classes.id, jobs.classId))
      .where(eq(jobs.state, 'queued'))
      .orderBy(asc(classes.lastClaim), asc(jobs.number))
      .all(),
  );
  // Grouped in the order of their next turn; a class served goes to the back of the line.
  const line = [...Map.groupBy(waiting, (job) => job.classId).values()];
  const order: string[] = [];
  for (let served = line.shift(); served; served = line.shift()) {
    order.push(served.shift()!.id);
    if (served.length > 0) line.push(served);
  }
  return order;
}
