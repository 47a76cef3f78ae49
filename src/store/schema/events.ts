/** What the front doors still have to show, and what was done by whom. Both hold ids and numbers, never words. */
import { index, integer, sqliteTable, text } from '../drizzle.ts';
import { json, moment } from './columns.ts';
import { classes, members } from './people.ts';
import { sessions } from './sessions.ts';

export const OUTBOX_KINDS = [
  'session_started',
  'consent_needed',
  'turn_answering',
  'turn_answered',
  'turn_failed',
  'rated',
  'try_preferred',
  'turn_open',
  'training_blocked',
  'job_queued',
  'job_finished',
  'job_failed',
  'job_cancelled',
  'countdown_started',
  'countdown_stopped',
  'iteration_closed',
  'session_ended',
] as const;
export type OutboxKind = (typeof OUTBOX_KINDS)[number];

/** Ids and numbers: what a front door needs to look the rest up. */
export type EventPayload = Record<string, string | number | boolean | null>;

export const outbox = sqliteTable(
  'outbox',
  {
    /** Events are shown in this order. */
    id: integer('id').primaryKey({ autoIncrement: true }),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    sessionId: text('session_id').references(() => sessions.id, { onDelete: 'cascade' }),
    kind: text('kind', { enum: OUTBOX_KINDS }).notNull(),
    payload: json<EventPayload>('payload').notNull(),
    createdAt: moment('created_at').notNull(),
    deliveredAt: moment('delivered_at'),
    /** The message that showed it, where there is one. */
    channelId: text('channel_id'),
    messageId: text('message_id'),
  },
  (table) => [index('outbox_pending').on(table.deliveredAt, table.id), index('outbox_session').on(table.sessionId)],
);

export const audit = sqliteTable(
  'audit',
  {
    id: integer('id').primaryKey({ autoIncrement: true }),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    memberId: text('member_id').references(() => members.id, { onDelete: 'set null' }),
    action: text('action').notNull(),
    details: json<EventPayload>('details').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [index('audit_class').on(table.classId)],
);
