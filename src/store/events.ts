/**
 * The outbox: events written in the transaction of the change they tell of, shown later by a front door. A door that dies
 * between showing and marking shows the event again: delivery is at least once, marking is idempotent.
 */

import type { Connection } from './connection.ts';
import { and, asc, desc, eq, isNull } from './drizzle.ts';
import { audit, type EventPayload, type OutboxKind, outbox } from './schema/index.ts';

export type OutboxRow = typeof outbox.$inferSelect;
export type AuditRow = typeof audit.$inferSelect;

export interface NewEvent {
  classId: string;
  sessionId: string | null;
  kind: OutboxKind;
  payload: EventPayload;
}

export function outboxStore({ db, now, read, write }: Connection) {
  return {
    /** Adds an event, to be called inside the transaction of its change; returns its id. */
    add: (event: NewEvent): number =>
      write(
        () =>
          db
            .insert(outbox)
            .values({ ...event, createdAt: now() })
            .returning({ id: outbox.id })
            .get().id,
      ),
    get: (id: number): OutboxRow | undefined => read(() => db.select().from(outbox).where(eq(outbox.id, id)).get()),
    /** Events still to be shown, in the order they happened. */
    pending: (classId?: string): OutboxRow[] =>
      read(() =>
        db
          .select()
          .from(outbox)
          .where(and(isNull(outbox.deliveredAt), classId === undefined ? undefined : eq(outbox.classId, classId)))
          .orderBy(asc(outbox.id))
          .all(),
      ),
    /** Marks an event as shown, by which message where there is one. The first marking stands. */
    delivered(id: number, message?: { channelId: string; messageId: string }): void {
      write(() =>
        db
          .update(outbox)
          .set({ deliveredAt: now(), ...message })
          .where(and(eq(outbox.id, id), isNull(outbox.deliveredAt)))
          .run(),
      );
    },
    /** The newest event of a kind in a session: where its message is, for edits. */
    last: (sessionId: string, kind: OutboxKind): OutboxRow | undefined =>
      read(() =>
        db
          .select()
          .from(outbox)
          .where(and(eq(outbox.sessionId, sessionId), eq(outbox.kind, kind)))
          .orderBy(desc(outbox.id))
          .limit(1)
          .get(),
      ),
    ofSession: (sessionId: string): OutboxRow[] =>
      read(() => db.select().from(outbox).where(eq(outbox.sessionId, sessionId)).orderBy(asc(outbox.id)).all()),
  };
}

export function auditStore({ db, now, read, write }: Connection) {
  return {
    /** Notes who did what; `details` holds ids and numbers, never words or names. */
    add(entry: { classId: string; memberId: string | null; action: string; details?: EventPayload }): void {
      write(() =>
        db
          .insert(audit)
          .values({ ...entry, details: entry.details ?? {}, createdAt: now() })
          .run(),
      );
    },
    /** Newest first. */
    list: (classId: string, limit = 100): AuditRow[] =>
      read(() => db.select().from(audit).where(eq(audit.classId, classId)).orderBy(desc(audit.id)).limit(limit).all()),
  };
}
