/** Who is in a class, what they agreed to, and how the class wants things. Everything else hangs off a class. */
import {
  type AnySQLiteColumn,
  check,
  index,
  integer,
  primaryKey,
  sql,
  sqliteTable,
  text,
  uniqueIndex,
} from '../drizzle.ts';
import { json, moment } from './columns.ts';
import { versions } from './training.ts';

/** A class: a Discord server, or one local classroom. */
export const classes = sqliteTable('classes', {
  id: text('id').primaryKey(),
  name: text('name').notNull(),
  locale: text('locale').notNull(),
  /** The version that answers; null is the base (v0). */
  currentVersionId: text('current_version_id').references((): AnySQLiteColumn => versions.id, { onDelete: 'set null' }),
  /** The operator's declaration that this server's texts may train a model: when, who, in which words. */
  declaredAt: moment('declared_at'),
  declaredBy: text('declared_by').references((): AnySQLiteColumn => members.id, { onDelete: 'set null' }),
  declarationWording: text('declaration_wording'),
  /** The number of the claim that last served this class: the queue's fairness. 0 = never served. */
  lastClaim: integer('last_claim').notNull().default(0),
  createdAt: moment('created_at').notNull(),
});

export const MEMBER_ROLES = ['student', 'teacher'] as const;
export type MemberRole = (typeof MEMBER_ROLES)[number];

export const members = sqliteTable(
  'members',
  {
    id: text('id').primaryKey(),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    /** The person's id on Discord or in the local classroom. */
    userId: text('user_id').notNull(),
    name: text('name').notNull(),
    role: text('role', { enum: MEMBER_ROLES }).notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('members_class_user').on(table.classId, table.userId),
    check('members_role', sql`${table.role} IN ('student', 'teacher')`),
  ],
);

/** Every answer to the consent question, never overwritten: the newest one counts. */
export const consents = sqliteTable(
  'consents',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    granted: integer('granted', { mode: 'boolean' }).notNull(),
    /** Which wording of the question was answered. */
    textVersion: text('text_version').notNull(),
    /** The member who recorded it: the person themself, or the teacher holding the guardian's paper. */
    recordedBy: text('recorded_by').references(() => members.id, { onDelete: 'set null' }),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [index('consents_member').on(table.memberId), check('consents_granted', sql`${table.granted} IN (0, 1)`)],
);

export const settings = sqliteTable(
  'settings',
  {
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    key: text('key').notNull(),
    /** null is a value, too: JSON's and SQL's are one here. */
    value: json<unknown>('value'),
    updatedAt: moment('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.classId, table.key] })],
);
