/**
 * The store: one SQLite file that the bot, its worker and the worker's heartbeat thread use at once, and the folder of big
 * files beside it. Everything is synchronous. A method that changes something has committed, to the disk, when it
 * returns; several changes that belong together go into one `transaction`. Rows are plain objects with the columns of
 * schema/, times are milliseconds since 1970, ids are UUIDs unless given.
 */
import { join } from 'node:path';
import { backUp } from './backup.ts';
import { type Connection, connect, prepareFolder } from './connection.ts';
import { auditStore, outboxStore } from './events.ts';
import { type StoredFile, sweepUnfinished, writeFileDurably } from './files.ts';
import { finishForgetting } from './forget.ts';
import { jobStepStore } from './job-steps.ts';
import { assertMigrated, inspect, MIGRATIONS_FOLDER, migrate } from './migrate.ts';
import { classStore, consentStore, memberStore, settingStore } from './people.ts';
import { jobQueue } from './queue.ts';
import { iterationStore, sessionStore } from './sessions.ts';
import { tryStore } from './tries.ts';
import { correctionStore, ratingStore, turnStore } from './turns.ts';
import { versionStore, WEIGHTS_FOLDER } from './versions.ts';

export type { AuditRow, NewEvent, OutboxRow } from './events.ts';
export { readFileVerified, replaceFileDurably, type StoredFile, verifiedPath, writeFileDurably } from './files.ts';
export type { ForgetReport } from './forget.ts';
export type { JobRow, JobStepRow } from './job-steps.ts';
export {
  JOB_RECIPES,
  type JobError,
  type JobGenerationSettings,
  type JobMaterial,
  type JobPayload,
  type JobPreference,
  type JobRecipe,
  type JobReply,
  type JobTrainingArguments,
  type StepLog,
} from './payload.ts';
export type { ClassRow, ConsentRow, ConsentState, MemberRow } from './people.ts';
export type { NewJob } from './queue.ts';
export { type FinishedVersion, LeaseLostError, MAX_ATTEMPTS } from './queue-worker.ts';
export type {
  CancelMode,
  EventPayload,
  JobState,
  MemberRole,
  OutboxKind,
  TurnState,
  VersionMethod,
} from './schema/index.ts';
export { CANCEL_MODES, JOB_STATES, MEMBER_ROLES, OUTBOX_KINDS, TURN_STATES, VERSION_METHODS } from './schema/index.ts';
export type { IterationRow, SessionRow } from './sessions.ts';
export type { TryPreferenceRow, TryRow } from './tries.ts';
export type { CorrectionRow, NewTurn, RatingRow, Reply, TurnRow } from './turns.ts';
export type { NewVersion, VersionContent, VersionRow } from './versions.ts';

export interface StoreOptions {
  /** The data folder; made if absent. */
  folder: string;
  now?: () => number;
  /** False: leave migrating, checking and sweeping to the process that opened the store first. Cheap; for worker threads. */
  migrate?: boolean;
}

export type Store = ReturnType<typeof buildStore>;
export type JobQueue = Store['jobs'];

/**
 * Opens the store of a data folder, bringing its database to this version's schema (after a verified backup, kept in
 * `backups`). UserErrors: database_newer (nothing touched), database_damaged, disk_full, folder_not_writable,
 * database_busy, disk_failing, node_too_old, sqlite_too_old.
 */
export function openStore({ folder, now = Date.now, migrate: migrates = true }: StoreOptions): Store {
  return openStoreWith({ folder, now, migrate: migrates, migrationsFolder: MIGRATIONS_FOLDER });
}

/** `openStore` with other migrations: for tests of migrating itself. */
export function openStoreWith(options: Required<StoreOptions> & { migrationsFolder: string }): Store {
  const { folder, now, migrationsFolder } = options;
  if (options.migrate) inspect(prepareFolder(folder), migrationsFolder);
  const connection = connect(folder, now);
  try {
    if (options.migrate) {
      migrate(connection, migrationsFolder);
      sweepUnfinished(folder, now());
      finishForgetting(connection);
    } else assertMigrated(connection, migrationsFolder);
    return buildStore(connection);
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The rooms of the store over an open connection. */
export function buildStore(connection: Connection) {
  const { folder, write } = connection;
  return {
    folder,
    /** Runs `work` as one change: all of it happens, or none. Inside another transaction it is a savepoint of that one. */
    transaction: <T>(work: () => T): T => write(work),
    classes: classStore(connection),
    members: memberStore(connection),
    consents: consentStore(connection),
    settings: settingStore(connection),
    sessions: sessionStore(connection),
    iterations: iterationStore(connection),
    turns: turnStore(connection),
    tries: tryStore(connection),
    ratings: ratingStore(connection),
    corrections: correctionStore(connection),
    jobs: jobQueue(connection),
    jobSteps: jobStepStore(connection),
    versions: versionStore(connection),
    outbox: outboxStore(connection),
    audit: auditStore(connection),
    files: {
      /** Where `versions.weightsPath` looks. */
      weightsFolder: join(folder, WEIGHTS_FOLDER),
      /** Keeps a full fine-tune's weights; the names go into the version that `jobs.finish` or `versions.add` makes. */
      writeWeights: (bytes: Uint8Array): StoredFile =>
        writeFileDurably(join(folder, WEIGHTS_FOLDER), bytes, { extension: '.safetensors' }),
    },
    /** Writes a verified copy of the database to `path`. UserError disk_full, folder_not_writable. */
    backup: async (path: string): Promise<void> => backUp(connection, path),
    close: (): void => connection.close(),
  };
}
