/** Classes, members, consents and settings. Forgetting a member has a file of its own: forget.ts. */
import { randomUUID } from 'node:crypto';
import type { Connection } from './connection.ts';
import { and, eq } from './drizzle.ts';
import { exportMember, type ForgetReport, forgetMember, removeCheckpoints, withdrawFromTraining } from './forget.ts';
import { classes, consents, type MemberRole, members, settings, versions } from './schema/index.ts';

export type ClassRow = typeof classes.$inferSelect;
export type MemberRow = typeof members.$inferSelect;
export type ConsentRow = typeof consents.$inferSelect;
export type ConsentState = 'granted' | 'refused' | 'unknown';

export function classStore({ db, now, read, write }: Connection) {
  return {
    /** The class with this id (a Discord server's, or the local classroom's); made on first sight, its name kept current. */
    ensure({ id, name, locale }: { id: string; name: string; locale: string }): ClassRow {
      const existing = read(() => db.select().from(classes).where(eq(classes.id, id)).get());
      // A class is looked up on every interaction: only news is written.
      if (existing?.name === name) return existing;
      return write(() =>
        db
          .insert(classes)
          .values({ id, name, locale, createdAt: now() })
          .onConflictDoUpdate({ target: classes.id, set: { name } })
          .returning()
          .get(),
      );
    },
    get: (id: string): ClassRow | undefined => read(() => db.select().from(classes).where(eq(classes.id, id)).get()),
    list: (): ClassRow[] => read(() => db.select().from(classes).orderBy(classes.createdAt, classes.id).all()),
    /** Changes the language the class is spoken to in. */
    setLocale(id: string, locale: string): void {
      write(() => db.update(classes).set({ locale }).where(eq(classes.id, id)).run());
    },
    /** Records the operator's declaration that this class's texts may train a model. */
    declare(id: string, { memberId, wording }: { memberId: string; wording: string }): void {
      write(() =>
        db
          .update(classes)
          .set({ declaredAt: now(), declaredBy: memberId, declarationWording: wording })
          .where(eq(classes.id, id))
          .run(),
      );
    },
    /** Makes a version of this class (null: the base) the one that answers. */
    setCurrentVersion(id: string, versionId: string | null): void {
      write(() => {
        if (versionId !== null) {
          const version = db
            .select({ classId: versions.classId })
            .from(versions)
            .where(eq(versions.id, versionId))
            .get();
          if (version?.classId !== id) throw new Error(`version ${versionId} is not of class ${id}`);
        }
        db.update(classes).set({ currentVersionId: versionId }).where(eq(classes.id, id)).run();
      });
    },
    /** Deletes a class with everything that hangs off it. */
    remove(id: string): void {
      write(() => db.delete(classes).where(eq(classes.id, id)).run());
    },
  };
}

export function memberStore(connection: Connection) {
  const { db, now, read, write } = connection;
  const find = (classId: string, userId: string): MemberRow | undefined =>
    read(() =>
      db
        .select()
        .from(members)
        .where(and(eq(members.classId, classId), eq(members.userId, userId)))
        .get(),
    );
  return {
    find,
    get: (id: string): MemberRow | undefined => read(() => db.select().from(members).where(eq(members.id, id)).get()),
    inClass: (classId: string): MemberRow[] =>
      read(() =>
        db.select().from(members).where(eq(members.classId, classId)).orderBy(members.createdAt, members.id).all(),
      ),
    /** The member behind a person's id in a class; made on first sight, name and (where given) role kept current. */
    ensure(person: { classId: string; userId: string; name: string; role?: MemberRole }): MemberRow {
      const { classId, userId, name, role } = person;
      const existing = find(classId, userId);
      if (existing?.name === name && (role === undefined || existing.role === role)) return existing;
      return write(() =>
        db
          .insert(members)
          .values({ id: randomUUID(), classId, userId, name, role: role ?? 'student', createdAt: now() })
          .onConflictDoUpdate({ target: [members.classId, members.userId], set: { name, ...(role && { role }) } })
          .returning()
          .get(),
      );
    },
    /** Everything kept about a member, as plain JSON. */
    export: (memberId: string): Record<string, unknown> => exportMember(connection, memberId),
    /** Deletes a member and every word of theirs; see forget.ts for what happens to jobs and versions. */
    forget: (memberId: string): ForgetReport => forgetMember(connection, memberId),
  };
}

export function consentStore(connection: Connection) {
  const { db, now, read, write } = connection;
  const history = (memberId: string): ConsentRow[] =>
    read(() => db.select().from(consents).where(eq(consents.memberId, memberId)).orderBy(consents.id).all());
  const counted = (memberId: string): ConsentRow[] => {
    const answers = history(memberId);
    const own = answers.findLast(({ recordedBy }) => recordedBy === memberId);
    const guardians = answers.findLast(({ recordedBy }) => recordedBy !== memberId);
    return [own, guardians].filter((answer) => answer !== undefined);
  };
  return {
    /**
     * Adds an answer to the consent question; earlier ones stay as history. `recordedBy` is a member's id. A no stops, in
     * the same transaction, what still was to train on the member's words.
     */
    record(answer: { memberId: string; granted: boolean; textVersion: string; recordedBy: string }): void {
      const checkpoints = write(() => {
        db.insert(consents)
          .values({ ...answer, createdAt: now() })
          .run();
        return answer.granted ? [] : withdrawFromTraining(connection, answer.memberId);
      });
      removeCheckpoints(connection.folder, checkpoints);
    },
    /**
     * The newest answer of the member's own and the newest that somebody recorded for them (a guardian's) count, and
     * either's no is a no: a child cannot overrule a guardian, nor a guardian a child.
     */
    current(memberId: string): ConsentState {
      const answers = counted(memberId);
      if (answers.length === 0) return 'unknown';
      return answers.every(({ granted }) => granted) ? 'granted' : 'refused';
    },
    /** The oldest wording among the answers that count, where all of them are a yes; else null. */
    agreedTo(memberId: string): string | null {
      const answers = counted(memberId);
      if (!answers.every(({ granted }) => granted)) return null;
      const wordings = answers.map(({ textVersion }) => textVersion);
      return wordings.sort((a, b) => Number(a) - Number(b))[0] ?? null;
    },
    history,
  };
}

export function settingStore({ db, now, read, write }: Connection) {
  return {
    /** What the class has set, by key; the classroom parses it and adds the defaults. */
    get(classId: string): Record<string, unknown> {
      const rows = read(() => db.select().from(settings).where(eq(settings.classId, classId)).all());
      return Object.fromEntries(rows.map(({ key, value }) => [key, value]));
    },
    set(classId: string, key: string, value: unknown): void {
      const updatedAt = now();
      write(() =>
        db
          .insert(settings)
          .values({ classId, key, value, updatedAt })
          .onConflictDoUpdate({ target: [settings.classId, settings.key], set: { value, updatedAt } })
          .run(),
      );
    },
  };
}
