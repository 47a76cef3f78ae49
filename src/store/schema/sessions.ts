/** What happens in a sitting: sessions, their iterations, the turns, and what people thought of the replies. */
import { check, index, integer, primaryKey, real, sql, sqliteTable, text, unique, uniqueIndex } from '../drizzle.ts';
import { json, moment } from './columns.ts';
import { classes, members } from './people.ts';
import { versions } from './training.ts';

/** `phase` and `state` belong to the classroom's state machine. `state` holds ids and numbers; words live in turns. */
export const sessions = sqliteTable(
  'sessions',
  {
    id: text('id').primaryKey(),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    startedBy: text('started_by').references(() => members.id, { onDelete: 'set null' }),
    channelId: text('channel_id').notNull(),
    threadId: text('thread_id'),
    phase: text('phase').notNull(),
    state: json<unknown>('state').notNull(),
    createdAt: moment('created_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
    /** Set while the phase is `ended`. */
    endedAt: moment('ended_at'),
  },
  (table) => [
    index('sessions_class').on(table.classId),
    uniqueIndex('sessions_open_thread').on(table.threadId).where(sql`${table.endedAt} IS NULL`),
    check('sessions_ended', sql`(${table.phase} = 'ended') = (${table.endedAt} IS NOT NULL)`),
  ],
);

export const iterations = sqliteTable(
  'iterations',
  {
    id: text('id').primaryKey(),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** 1, 2, 3… within the session. */
    number: integer('number').notNull(),
    /** The class's version when the iteration closed; null is the base. */
    versionId: text('version_id').references(() => versions.id, { onDelete: 'set null' }),
    /** The averages shown at its close. */
    averages: json<unknown>('averages'),
    createdAt: moment('created_at').notNull(),
    closedAt: moment('closed_at'),
  },
  (table) => [unique('iterations_session_number').on(table.sessionId, table.number)],
);

export const TURN_STATES = ['answering', 'answered', 'failed'] as const;
export type TurnState = (typeof TURN_STATES)[number];

export const turns = sqliteTable(
  'turns',
  {
    id: text('id').primaryKey(),
    classId: text('class_id')
      .notNull()
      .references(() => classes.id, { onDelete: 'cascade' }),
    sessionId: text('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    iterationId: text('iteration_id')
      .notNull()
      .references(() => iterations.id, { onDelete: 'cascade' }),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    /** 1, 2, 3… within the session. */
    number: integer('number').notNull(),
    text: text('text').notNull(),
    intent: text('intent').notNull(),
    emotion: text('emotion').notNull(),
    language: text('language').notNull(),
    /** True while nobody has chosen: the three choices are the bot's guess. */
    choicesGuessed: integer('choices_guessed', { mode: 'boolean' }).notNull(),
    state: text('state', { enum: TURN_STATES }).notNull(),
    /** How many replies were generated: another try replaces the reply, and the one before goes to `tries`. */
    tries: integer('tries').notNull().default(0),
    reply: text('reply'),
    /** The version that replied; null is the base. */
    versionId: text('version_id').references(() => versions.id, { onDelete: 'set null' }),
    seed: integer('seed'),
    promptIds: json<number[]>('prompt_ids'),
    outputIds: json<number[]>('output_ids'),
    /** Natural-log probability of each token of the reply. */
    tokenLogprobs: json<number[]>('token_logprobs'),
    seconds: real('seconds'),
    tokensPerSecond: real('tokens_per_second'),
    /** The token report and the metrics of the reply. */
    scores: json<unknown>('scores'),
    /** Why no reply came: the identifier of a UserError and its context. */
    error: json<unknown>('error'),
    /** The message that shows the reply. */
    messageId: text('message_id'),
    createdAt: moment('created_at').notNull(),
    answeredAt: moment('answered_at'),
  },
  (table) => [
    unique('turns_session_number').on(table.sessionId, table.number),
    index('turns_member').on(table.memberId),
    index('turns_class_created').on(table.classId, table.createdAt),
    check('turns_state', sql`${table.state} IN ('answering', 'answered', 'failed')`),
    check('turns_reply', sql`${table.state} <> 'answered' OR ${table.reply} IS NOT NULL`),
  ],
);

/** A reply that another try has replaced. It answered the same prompt as its turn's reply: so the prompt stands there alone. */
export const tries = sqliteTable(
  'tries',
  {
    turnId: text('turn_id')
      .notNull()
      .references(() => turns.id, { onDelete: 'cascade' }),
    /** 1, 2, 3… within the turn; the turn's own reply is number `turns.tries`. */
    number: integer('number').notNull(),
    reply: text('reply').notNull(),
    outputIds: json<number[]>('output_ids').notNull(),
  },
  (table) => [primaryKey({ columns: [table.turnId, table.number] })],
);

/** Which of a turn's replies a member finds better: one a member and turn. */
export const tryPreferences = sqliteTable(
  'try_preferences',
  {
    turnId: text('turn_id')
      .notNull()
      .references(() => turns.id, { onDelete: 'cascade' }),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    /** The number of the try. */
    number: integer('number').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.turnId, table.memberId] }),
    index('try_preferences_member').on(table.memberId),
  ],
);

/** One rating a member and turn, 0 (useless) to 1 (perfect): the key enforces it. */
export const ratings = sqliteTable(
  'ratings',
  {
    turnId: text('turn_id')
      .notNull()
      .references(() => turns.id, { onDelete: 'cascade' }),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    value: real('value').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.turnId, table.memberId] }),
    index('ratings_member').on(table.memberId),
    check('ratings_value', sql`${table.value} BETWEEN 0 AND 1`),
  ],
);

/** A better answer somebody wrote; writing again replaces one's own. */
export const corrections = sqliteTable(
  'corrections',
  {
    turnId: text('turn_id')
      .notNull()
      .references(() => turns.id, { onDelete: 'cascade' }),
    memberId: text('member_id')
      .notNull()
      .references(() => members.id, { onDelete: 'cascade' }),
    text: text('text').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.turnId, table.memberId] }), index('corrections_member').on(table.memberId)],
);
