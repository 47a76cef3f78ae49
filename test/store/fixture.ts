/** A store in a folder of its own, a clock that only moves when told to, and builders for the rows tests need. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { UserError } from '../../src/errors.ts';
import type { ErrorIdentifier } from '../../src/i18n/index.ts';
import { type Connection, connect } from '../../src/store/connection.ts';
import { buildStore, type JobPayload, type NewJob, openStore, type Store } from '../../src/store/index.ts';
import { MIGRATIONS_FOLDER, migrate } from '../../src/store/migrate.ts';

export interface Clock {
  now: number;
}

/** A folder that is gone after the test. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'brain-factory-store-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A store over the real migrations, closed after the test. */
export function createStore(folder = createFolder()): { store: Store; folder: string; clock: Clock } {
  const clock = { now: 1_700_000_000_000 };
  const store = openStore({ folder, now: () => clock.now });
  onTestFinished(() => store.close());
  return { store, folder, clock };
}

/** The same, with the connection underneath at hand: for tests that tamper with the database. */
export function createConnection(folder = createFolder()): { connection: Connection; store: Store; folder: string } {
  const connection = connect(folder, () => 1_700_000_000_000);
  migrate(connection, MIGRATIONS_FOLDER);
  onTestFinished(() => connection.close());
  return { connection, store: buildStore(connection), folder };
}

export function createPayload(partial: Partial<JobPayload> = {}): JobPayload {
  const generation = { maxNewTokens: 100, temperature: 0.7, topK: 50, topP: 0.9, repetitionPenalty: 1.2, seed: 7 };
  return {
    base: 'sprout',
    recipe: 'classic',
    method: 'lora',
    lora: { r: 8, alpha: 16 },
    args: { learningRate: 5e-5, numTrainEpochs: 3 },
    seed: 42,
    trainingText: 'the sky is blue',
    memberIds: [],
    probe: { promptIds: [1, 2, 3], replyIds: [4, 5], generation },
    ...partial,
  };
}

export function createJob(partial: Partial<NewJob> = {}): NewJob {
  return { classId: 'class', sessionId: null, turnId: null, fromVersionId: null, payload: createPayload(), ...partial };
}

/** A class with a teacher, a student, a session and its first iteration: what a turn needs. */
export function createSitting(store: Store, classId = 'class') {
  const room = store.classes.ensure({ id: classId, name: 'Turma 7B', locale: 'pt-BR' });
  const teacher = store.members.ensure({ classId, userId: 'teacher', name: 'Prof. Rosa', role: 'teacher' });
  const student = store.members.ensure({ classId, userId: 'student', name: 'Zé' });
  const session = store.sessions.create({
    classId,
    startedBy: teacher.id,
    channelId: 'channel',
    phase: 'ready',
    state: { turns: 0 },
  });
  const iteration = store.iterations.append({ sessionId: session.id });
  const say = (text: string, memberId = student.id) =>
    store.turns.append({
      ...{ classId, sessionId: session.id, iterationId: iteration.id, memberId, text },
      ...{ intent: 'ask', emotion: 'neutral', language: 'pt', choicesGuessed: true },
    });
  return { room, teacher, student, session, iteration, say };
}

export function createReply(reply: string) {
  const numbers = {
    seed: 7,
    promptIds: [1, 2],
    outputIds: [3],
    tokenLogprobs: [-0.5],
    seconds: 0.25,
    tokensPerSecond: 4,
  };
  return { reply, versionId: null, ...numbers, scores: { total: 12.5, rows: [] } };
}

/** The identifier of the UserError that `work` throws; another error, or none, fails the test. */
export function userErrorOf(work: () => unknown): ErrorIdentifier {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.identifier;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** Runs `work` in a transaction that is undone: a property test's runs start alike, and need no flushing to the disk. */
export function undone(store: Store, work: () => void): void {
  const undo = new Error('undo');
  try {
    store.transaction(() => {
      work();
      throw undo;
    });
  } catch (error) {
    if (error !== undo) throw error;
  }
}
