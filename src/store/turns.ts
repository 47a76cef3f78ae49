/** Turns, ratings and corrections: what was said, what came back, and what people thought of it. */
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.ts';
import type { SQLiteUpdateSetSource } from './drizzle.ts';
import { desc, eq, max, sql } from './drizzle.ts';
import type { JobError } from './payload.ts';
import { corrections, ratings, turns } from './schema/index.ts';
import { keepFormerTry } from './tries.ts';

export type TurnRow = typeof turns.$inferSelect;
export type RatingRow = typeof ratings.$inferSelect;
export type CorrectionRow = typeof corrections.$inferSelect;

export interface NewTurn {
  id?: string;
  classId: string;
  sessionId: string;
  iterationId: string;
  memberId: string;
  text: string;
  intent: string;
  emotion: string;
  language: string;
  choicesGuessed: boolean;
}

export interface Reply {
  reply: string;
  /** The version that replied; null is the base. */
  versionId: string | null;
  seed: number;
  /** Null where the words of somebody who has asked to be forgotten were in it. */
  promptIds: number[] | null;
  outputIds: number[];
  tokenLogprobs: number[];
  seconds: number;
  tokensPerSecond: number;
  scores: unknown;
}

export function turnStore(connection: Connection) {
  const { db, now, read, write } = connection;
  const select = () => db.select().from(turns);
  const update = (id: string, values: SQLiteUpdateSetSource<typeof turns>): TurnRow =>
    write(() => {
      const row = db.update(turns).set(values).where(eq(turns.id, id)).returning().get();
      if (!row) throw new Error(`there is no turn ${id}`);
      return row;
    });
  return {
    /** Adds the session's next turn, waiting for its reply. */
    append(turn: NewTurn): TurnRow {
      return write(() => {
        const last = db
          .select({ number: max(turns.number) })
          .from(turns)
          .where(eq(turns.sessionId, turn.sessionId))
          .get();
        return db
          .insert(turns)
          .values({
            ...turn,
            id: turn.id ?? randomUUID(),
            number: (last?.number ?? 0) + 1,
            state: 'answering',
            createdAt: now(),
          })
          .returning()
          .get();
      });
    },
    get: (id: string): TurnRow | undefined => read(() => select().where(eq(turns.id, id)).get()),
    /** Keeps the reply; another try replaces the one before, which stays among the turn's former tries. */
    saveReply: (id: string, reply: Reply): TurnRow =>
      write(() => {
        const before = select().where(eq(turns.id, id)).get();
        if (before) keepFormerTry(connection, before, reply);
        return update(id, {
          ...{ ...reply, state: 'answered', error: null, answeredAt: now() },
          tries: sql`${turns.tries} + 1`,
        });
      }),
    /** Waits for a reply again, for another try; the old reply stays until the new one comes. */
    reopen: (id: string): TurnRow => update(id, { state: 'answering', error: null }),
    /** Notes that no reply came, and why. */
    fail: (id: string, error: JobError): TurnRow => update(id, { state: 'failed', error: { ...error } }),
    /** Somebody chose what had been guessed. */
    revise: (id: string, choices: { intent: string; emotion: string; language: string }): TurnRow =>
      update(id, { ...choices, choicesGuessed: false }),
    /** Names the message that shows the reply. */
    setMessage: (id: string, messageId: string): TurnRow => update(id, { messageId }),
    bySession: (sessionId: string): TurnRow[] =>
      read(() => select().where(eq(turns.sessionId, sessionId)).orderBy(turns.number).all()),
    byIteration: (iterationId: string): TurnRow[] =>
      read(() => select().where(eq(turns.iterationId, iterationId)).orderBy(turns.number).all()),
    byMessage: (messageId: string): TurnRow | undefined =>
      read(() => select().where(eq(turns.messageId, messageId)).get()),
    /** The class's newest turns, newest first. */
    recentOf: (classId: string, limit = 25): TurnRow[] =>
      read(() =>
        select()
          .where(eq(turns.classId, classId))
          .orderBy(desc(turns.createdAt), desc(turns.number))
          .limit(limit)
          .all(),
      ),
  };
}

export function ratingStore({ db, now, read, write }: Connection) {
  return {
    /** Adds a member's one rating of a turn, 0 to 1; a second one changes nothing. */
    add({ turnId, memberId, value }: { turnId: string; memberId: string; value: number }): 'added' | 'already_rated' {
      const { changes } = write(() =>
        db
          .insert(ratings)
          .values({ turnId, memberId, value, createdAt: now() })
          .onConflictDoNothing({ target: [ratings.turnId, ratings.memberId] })
          .run(),
      );
      return changes === 1 ? 'added' : 'already_rated';
    },
    ofTurn: (turnId: string): RatingRow[] =>
      read(() =>
        db.select().from(ratings).where(eq(ratings.turnId, turnId)).orderBy(ratings.createdAt, ratings.memberId).all(),
      ),
  };
}

export function correctionStore({ db, now, read, write }: Connection) {
  return {
    /** Keeps a member's better answer for a turn; writing again replaces their own. */
    add({ turnId, memberId, text }: { turnId: string; memberId: string; text: string }): CorrectionRow {
      const createdAt = now();
      return write(() =>
        db
          .insert(corrections)
          .values({ turnId, memberId, text, createdAt })
          .onConflictDoUpdate({ target: [corrections.turnId, corrections.memberId], set: { text, createdAt } })
          .returning()
          .get(),
      );
    },
    /** Oldest first: the last one is the newest. */
    ofTurn: (turnId: string): CorrectionRow[] =>
      read(() =>
        db
          .select()
          .from(corrections)
          .where(eq(corrections.turnId, turnId))
          .orderBy(corrections.createdAt, corrections.memberId)
          .all(),
      ),
  };
}
