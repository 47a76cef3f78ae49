/** Brain versions: numbered per class, their bytes checked against a sha-256 whenever they are read. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import type { Connection } from './connection.ts';
import { and, eq, getTableColumns, inArray, max } from './drizzle.ts';
import { sha256Of, verifiedPath } from './files.ts';
import { members, type VersionMethod, versionMembers, versions } from './schema/index.ts';

const { adapter: _adapter, ...lightColumns } = getTableColumns(versions);

/** A version without its adapter's bytes: `versions.adapter(id)` reads those. */
export type VersionRow = Omit<typeof versions.$inferSelect, 'adapter'>;

export const WEIGHTS_FOLDER = 'weights';

/** Either an adapter's bytes, or the name and sha-256 of a file in the weights folder (`store.files.writeWeights`). */
export type VersionContent =
  | { adapter: Uint8Array; weightsFile?: undefined; weightsSha256?: undefined }
  | { adapter?: undefined; weightsFile: string; weightsSha256: string };

export type NewVersion = {
  id?: string;
  classId: string;
  /** The version it grew from; null is the base. */
  parentId: string | null;
  jobId: string | null;
  /** The brain's name, pinned where it can be: 'sprout@…', 'owner/name@…', or a folder. */
  base: string;
  method: VersionMethod;
  note: string;
  /** Members whose words were trained on; the parent's are added. */
  memberIds?: readonly string[];
} & VersionContent;

/** Adds the class's next version; to be called inside a transaction. */
export function insertVersion({ db, now }: Connection, version: NewVersion): VersionRow {
  const { memberIds = [], adapter, weightsFile, weightsSha256, ...columns } = version;
  const last = db
    .select({ number: max(versions.number) })
    .from(versions)
    .where(eq(versions.classId, version.classId))
    .get();
  const row = db
    .insert(versions)
    .values({
      ...columns,
      id: version.id ?? randomUUID(),
      number: (last?.number ?? 0) + 1,
      createdAt: now(),
      ...(adapter === undefined
        ? { weightsFile, sha256: weightsSha256 }
        : { adapter: Buffer.from(adapter), sha256: sha256Of(adapter) }),
    })
    .returning(lightColumns)
    .get();

  const inherited = version.parentId
    ? db
        .select({ id: versionMembers.memberId })
        .from(versionMembers)
        .where(eq(versionMembers.versionId, version.parentId))
        .all()
    : [];
  const seen = new Set([...memberIds, ...inherited.map(({ id }) => id)]);
  const present = db
    .select({ id: members.id })
    .from(members)
    .where(inArray(members.id, [...seen]))
    .all();
  for (const { id } of present) db.insert(versionMembers).values({ versionId: row.id, memberId: id }).run();
  return row;
}

export function versionStore(connection: Connection) {
  const { db, folder, read, write } = connection;
  const select = () => db.select(lightColumns).from(versions);
  const get = (id: string): VersionRow | undefined => read(() => select().where(eq(versions.id, id)).get());
  return {
    get,
    /** Adds the class's next version (v1, v2…) and returns it; `classes.setCurrentVersion` puts it to use. */
    add: (version: NewVersion): VersionRow => write(() => insertVersion(connection, version)),
    byNumber: (classId: string, number: number): VersionRow | undefined =>
      read(() =>
        select()
          .where(and(eq(versions.classId, classId), eq(versions.number, number)))
          .get(),
      ),
    /** Oldest first. */
    list: (classId: string): VersionRow[] =>
      read(() => select().where(eq(versions.classId, classId)).orderBy(versions.number).all()),
    /** The adapter's bytes. UserError adapter_damaged where they are not those that were kept. */
    adapter(id: string): Uint8Array {
      const row = read(() => db.select().from(versions).where(eq(versions.id, id)).get());
      if (!row?.adapter) throw new Error(`version ${id} has no adapter`);
      if (sha256Of(row.adapter) !== row.sha256) {
        throw new UserError('adapter_damaged', { detail: `v${row.number}, sha-256` });
      }
      return row.adapter;
    },
    /** The path of a full fine-tune's weights file, its bytes verified. UserError file_missing, weights_damaged. */
    weightsPath(id: string): string {
      const row = get(id);
      if (!row?.weightsFile) throw new Error(`version ${id} has no weights file`);
      return verifiedPath(join(folder, WEIGHTS_FOLDER), row.weightsFile);
    },
    /** Ids of the members whose words the version has seen. */
    members: (id: string): string[] =>
      read(() =>
        db
          .select({ id: versionMembers.memberId })
          .from(versionMembers)
          .where(eq(versionMembers.versionId, id))
          .orderBy(versionMembers.memberId)
          .all()
          .map((row) => row.id),
      ),
  };
}
