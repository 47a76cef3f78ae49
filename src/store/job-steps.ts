/** A job's row, and the log of its optimiser steps. */

import type { Connection } from './connection.ts';
import { asc, eq } from './drizzle.ts';
import type { StepLog } from './payload.ts';
import { jobSteps, type jobs } from './schema/index.ts';

export type JobRow = typeof jobs.$inferSelect;
export type JobStepRow = typeof jobSteps.$inferSelect;

export function jobStepStore({ db, now, read, write }: Connection) {
  return {
    /** Adds a step of a job (a step redone after a resume replaces itself). Workers use `jobs.step`, which checks the lease. */
    add(jobId: string, { step, metrics, ...log }: StepLog): void {
      const values = { ...log, metrics: metrics ? { ...metrics } : null, createdAt: now() };
      write(() =>
        db
          .insert(jobSteps)
          .values({ jobId, step, ...values })
          .onConflictDoUpdate({ target: [jobSteps.jobId, jobSteps.step], set: values })
          .run(),
      );
    },
    of: (jobId: string): JobStepRow[] =>
      read(() => db.select().from(jobSteps).where(eq(jobSteps.jobId, jobId)).orderBy(asc(jobSteps.step)).all()),
  };
}
