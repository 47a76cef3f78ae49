/** The training queue, what each job measured, and the brains that came out of it. */
import {
  type AnySQLiteColumn,
  blob,
  check,
  index,
  integer,
  primaryKey,
  real,
  sql,
  sqliteTable,
  text,
  unique,
  uniqueIndex,
} from '../drizzle.ts';
import type { JobError, JobPayload } from '../payload.ts';
import { json, moment } from './columns.ts';
import { classes, members } from './people.ts';
import { sessions, turns } from './sessions.ts';

export const JOB_STATES = ['queued', 'running', 'finished', 'failed', 'cancelled'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const CANCEL_MODES = ['keep', 'discard'] as const;
export type CancelMode = (typeof CANCEL_MODES)[number];

export const jobs = sqliteTable(
  'jobs',
  {
    id: text('id').primaryKey(),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    sessionId: text('session_id').references(() => sessions.id, { onDelete: 'set null' }),
    turnId: text('turn_id').references(() => turns.id, { onDelete: 'set null' }),
    /** The version training starts from; null is the base. */
    fromVersionId: text('from_version_id').references((): AnySQLiteColumn => versions.id, { onDelete: 'set null' }),
    /** Order of arrival over all classes. */
    number: integer('number').notNull(),
    state: text('state', { enum: JOB_STATES }).notNull(),
    payload: json<JobPayload>('payload').notNull(),
    /** True once the words were taken out of `payload` at their writer's request: it cannot run (again). */
    wordsWithdrawn: integer('words_withdrawn', { mode: 'boolean' }).notNull().default(false),
    /** Who holds the job, and until when without a sign of life. */
    worker: text('worker'),
    leaseUntil: moment('lease_until'),
    /** Times a worker took it, less the times one gave it back unharmed. */
    attempts: integer('attempts').notNull().default(0),
    /** Somebody asked it to stop: keep what was learned so far, or discard it. */
    cancelMode: text('cancel_mode', { enum: CANCEL_MODES }),
    /** Where the last checkpoint lies, as the worker named it. */
    checkpointFile: text('checkpoint_file'),
    /** The version it made. */
    versionId: text('version_id').references((): AnySQLiteColumn => versions.id, { onDelete: 'set null' }),
    summary: json<unknown>('summary'),
    push: json<unknown>('push'),
    error: json<JobError>('error'),
    createdAt: moment('created_at').notNull(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    unique('jobs_number').on(table.number),
    index('jobs_class_state').on(table.classId, table.state),
    // The rule "one training at a time over all classes", kept by the database itself.
    uniqueIndex('jobs_one_running').on(table.state).where(sql`${table.state} = 'running'`),
    check('jobs_state', sql`${table.state} IN ('queued', 'running', 'finished', 'failed', 'cancelled')`),
    check('jobs_cancel_mode', sql`${table.cancelMode} IN ('keep', 'discard')`),
    check(
      'jobs_lease',
      sql`(${table.state} = 'running') = (${table.worker} IS NOT NULL) AND (${table.state} = 'running') = (${table.leaseUntil} IS NOT NULL)`,
    ),
  ],
);

/** One row an optimiser step: the Trainer's log. */
export const jobSteps = sqliteTable(
  'job_steps',
  {
    jobId: text('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    step: integer('step').notNull(),
    totalSteps: integer('total_steps').notNull(),
    loss: real('loss').notNull(),
    gradNorm: real('grad_norm').notNull(),
    /** The rate used in this step. */
    learningRate: real('learning_rate').notNull(),
    epoch: real('epoch').notNull(),
    /** What else the recipe measured, by TRL's names; null for those that measure nothing else. */
    metrics: json<Record<string, number>>('metrics'),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.step] })],
);

export const VERSION_METHODS = ['full', 'lora'] as const;
export type VersionMethod = (typeof VERSION_METHODS)[number];

/** A trained brain: an adapter kept here, or the name of a file with all the weights. */
export const versions = sqliteTable(
  'versions',
  {
    id: text('id').primaryKey(),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    /** 1, 2, 3… within the class; v0 is the base and has no row. */
    number: integer('number').notNull(),
    parentId: text('parent_id').references((): AnySQLiteColumn => versions.id, { onDelete: 'set null' }),
    jobId: text('job_id').references((): AnySQLiteColumn => jobs.id, { onDelete: 'set null' }),
    /** The model it grew from, pinned where it can be. */
    base: text('base').notNull(),
    method: text('method', { enum: VERSION_METHODS }).notNull(),
    note: text('note').notNull(),
    /** How many people whose words it learned from have asked to be forgotten since. */
    forgottenMembers: integer('forgotten_members').notNull().default(0),
    weightsFile: text('weights_file'),
    /** Of the adapter's bytes or of the weights file, in hexadecimal. */
    sha256: text('sha256').notNull(),
    createdAt: moment('created_at').notNull(),
    // Last, so that reading the other columns never walks through megabytes of it.
    adapter: blob('adapter', { mode: 'buffer' }),
  },
  (table) => [
    unique('versions_class_number').on(table.classId, table.number),
    check('versions_number', sql`${table.number} >= 1`),
    check('versions_method', sql`${table.method} IN ('full', 'lora')`),
    check('versions_weights', sql`(${table.adapter} IS NULL) <> (${table.weightsFile} IS NULL)`),
    check('versions_sha256', sql`length(${table.sha256}) = 64`),
  ],
);

/** Whose words a version has seen, its parents' included. */
export const versionMembers = sqliteTable(
  'version_members',
  {
    versionId: text('version_id')
      .notNull()
      .references(() => versions.id, { onDelete: 'cascade' }),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
  },
  (table) => [
    primaryKey({ columns: [table.versionId, table.memberId] }),
    index('version_members_member').on(table.memberId),
  ],
);
