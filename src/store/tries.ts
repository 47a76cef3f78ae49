/**
 * A turn's former replies, and which of its replies people find better. All tries of a turn answered one prompt, the turn's:
 * replies to different prompts say nothing about each other, so a changed prompt begins anew, without former tries.
 */
import type { Connection } from './connection.ts';
import { and, eq } from './drizzle.ts';
import { tries, tryPreferences, type turns } from './schema/index.ts';

export type TryRow = typeof tries.$inferSelect;
export type TryPreferenceRow = typeof tryPreferences.$inferSelect;

export function tryStore({ db, now, read, write }: Connection) {
  return {
    /** The former tries of a turn, oldest first; its own reply is not among them. */
    ofTurn: (turnId: string): TryRow[] =>
      read(() => db.select().from(tries).where(eq(tries.turnId, turnId)).orderBy(tries.number).all()),
    /** Notes which try, by its number, a member finds better; choosing again replaces their own choice. */
    prefer({ turnId, memberId, number }: { turnId: string; memberId: string; number: number }): void {
      const createdAt = now();
      write(() =>
        db
          .insert(tryPreferences)
          .values({ turnId, memberId, number, createdAt })
          .onConflictDoUpdate({
            target: [tryPreferences.turnId, tryPreferences.memberId],
            set: { number, createdAt },
          })
          .run(),
      );
    },
    preferencesOf: (turnId: string): TryPreferenceRow[] =>
      read(() =>
        db
          .select()
          .from(tryPreferences)
          .where(eq(tryPreferences.turnId, turnId))
          .orderBy(tryPreferences.createdAt, tryPreferences.memberId)
          .all(),
      ),
  };
}

/**
 * Before `next` takes the place of the turn's reply: keeps that one as a former try. To be called inside a transaction.
 * A reply that was there before is one try, not two: it moves to the new number, with those who prefer it.
 */
export function keepFormerTry(
  { db }: Connection,
  { id, tries: number, reply, promptIds, outputIds }: typeof turns.$inferSelect,
  next: { promptIds: number[] | null; outputIds: number[] },
): void {
  if (reply === null) return;
  const samePrompt = promptIds !== null && next.promptIds !== null && `${promptIds}` === `${next.promptIds}`;
  if (!samePrompt || outputIds === null) {
    db.delete(tries).where(eq(tries.turnId, id)).run();
    db.delete(tryPreferences).where(eq(tryPreferences.turnId, id)).run();
    return;
  }
  db.insert(tries).values({ turnId: id, number, reply, outputIds }).run();
  const former = db.select().from(tries).where(eq(tries.turnId, id)).all();
  for (const twin of former.filter((one) => `${one.outputIds}` === `${next.outputIds}`)) {
    db.update(tryPreferences)
      .set({ number: number + 1 })
      .where(and(eq(tryPreferences.turnId, id), eq(tryPreferences.number, twin.number)))
      .run();
    db.delete(tries)
      .where(and(eq(tries.turnId, id), eq(tries.number, twin.number)))
      .run();
  }
}
