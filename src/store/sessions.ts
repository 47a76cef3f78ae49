/** Sessions and their iterations: the rows behind the classroom's state machine. */
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.ts';
import { and, desc, eq, isNotNull, isNull, max } from './drizzle.ts';
import { iterations, sessions } from './schema/index.ts';

export type SessionRow = typeof sessions.$inferSelect;
export type IterationRow = typeof iterations.$inferSelect;

/** The phase the store itself knows: a session in it is over until something else is saved. */
const ENDED = 'ended';

export function sessionStore({ db, now, read, write }: Connection) {
  const select = () => db.select().from(sessions);
  return {
    create(row: {
      id?: string;
      classId: string;
      startedBy: string | null;
      channelId: string;
      threadId?: string | null;
      phase: string;
      state: unknown;
    }): SessionRow {
      const moment = now();
      const endedAt = row.phase === ENDED ? moment : null;
      return write(() =>
        db
          .insert(sessions)
          .values({ ...row, id: row.id ?? randomUUID(), createdAt: moment, updatedAt: moment, endedAt })
          .returning()
          .get(),
      );
    },
    get: (id: string): SessionRow | undefined => read(() => select().where(eq(sessions.id, id)).get()),
    /** All sessions of the class, oldest first. */
    inClass: (classId: string): SessionRow[] =>
      read(() => select().where(eq(sessions.classId, classId)).orderBy(sessions.createdAt, sessions.id).all()),
    /** Sessions of the class that are not over, oldest first. */
    openIn: (classId: string): SessionRow[] =>
      read(() =>
        select()
          .where(and(eq(sessions.classId, classId), isNull(sessions.endedAt)))
          .orderBy(sessions.createdAt, sessions.id)
          .all(),
      ),
    /** Sessions of every class that are not over: what a restart carries on. */
    open: (): SessionRow[] =>
      read(() => select().where(isNull(sessions.endedAt)).orderBy(sessions.createdAt, sessions.id).all()),
    /** The session a thread belongs to: the open one, else the newest. */
    byThread: (threadId: string): SessionRow | undefined =>
      read(() =>
        select()
          .where(eq(sessions.threadId, threadId))
          .orderBy(isNotNull(sessions.endedAt), desc(sessions.updatedAt))
          .limit(1)
          .get(),
      ),
    /** Keeps where the state machine stands. `state` holds ids and numbers, never words: those live in turns. */
    save(id: string, { phase, state }: { phase: string; state: unknown }): void {
      const moment = now();
      const endedAt = phase === ENDED ? moment : null;
      write(() =>
        db.update(sessions).set({ phase, state, updatedAt: moment, endedAt }).where(eq(sessions.id, id)).run(),
      );
    },
    /** Names the thread the session is held in. */
    setThread(id: string, threadId: string): void {
      write(() => db.update(sessions).set({ threadId }).where(eq(sessions.id, id)).run());
    },
    /** The session of this channel that ended last: the one `/session resume` takes up. */
    lastStopped: (classId: string, channelId: string): SessionRow | undefined =>
      read(() =>
        select()
          .where(and(eq(sessions.classId, classId), eq(sessions.channelId, channelId), isNotNull(sessions.endedAt)))
          .orderBy(desc(sessions.endedAt), desc(sessions.createdAt))
          .limit(1)
          .get(),
      ),
  };
}

export function iterationStore({ db, now, read, write }: Connection) {
  return {
    /** Opens the session's next iteration: 1, 2, 3… */
    append({ sessionId, id }: { sessionId: string; id?: string }): IterationRow {
      return write(() => {
        const last = db
          .select({ number: max(iterations.number) })
          .from(iterations)
          .where(eq(iterations.sessionId, sessionId))
          .get();
        return db
          .insert(iterations)
          .values({ id: id ?? randomUUID(), sessionId, number: (last?.number ?? 0) + 1, createdAt: now() })
          .returning()
          .get();
      });
    },
    get: (id: string): IterationRow | undefined =>
      read(() => db.select().from(iterations).where(eq(iterations.id, id)).get()),
    bySession: (sessionId: string): IterationRow[] =>
      read(() =>
        db.select().from(iterations).where(eq(iterations.sessionId, sessionId)).orderBy(iterations.number).all(),
      ),
    /** Closes an iteration with its averages and the class's version at that moment (null: the base). Once only. */
    close(id: string, { averages, versionId }: { averages: unknown; versionId: string | null }): void {
      write(() =>
        db
          .update(iterations)
          .set({ averages, versionId, closedAt: now() })
          .where(and(eq(iterations.id, id), isNull(iterations.closedAt)))
          .run(),
      );
    },
  };
}
