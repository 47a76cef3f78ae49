/** Messages and their files, as rows; how they are shown to a reader is `message-json.ts`. */
import type { MessageType } from 'discord-api-types/v10';
import type { Database } from './database.ts';
import type { MessageComponents } from './validate/components.ts';
import type { StoredEmbed } from './validate/message.ts';

export interface MessageBody {
  content: string;
  embeds: StoredEmbed[];
  components: MessageComponents;
  /** Ids of the users it really mentions (allowed mentions applied). */
  mentions: string[];
  /** The message it answers. */
  reference?: { messageId: string; channelId: string };
  /** The interaction it is the response to. */
  interaction?: { id: string; type: number; userId: string; name?: string };
}

export interface Message {
  id: string;
  channelId: string;
  authorId: string;
  type: MessageType;
  flags: number;
  body: MessageBody;
  editedAt: number | null;
  pinned: boolean;
  nonce: string | null;
  /** The one reader of an ephemeral message. */
  onlyFor: string | null;
  attachments: Attachment[];
}

export interface Attachment {
  id: string;
  filename: string;
  description: string | null;
  contentType: string;
  width: number | null;
  height: number | null;
  size: number;
}

export interface NewAttachment extends Attachment {
  data: Buffer;
}

interface MessageRow {
  id: string;
  channel_id: string;
  author_id: string;
  type: MessageType;
  flags: number;
  body: string;
  edited_at: number | null;
  pinned: number;
  nonce: string | null;
  only_for: string | null;
}

interface AttachmentRow {
  id: string;
  message_id: string;
  filename: string;
  description: string | null;
  content_type: string;
  width: number | null;
  height: number | null;
  size: number;
}

export interface PageOfMessages {
  limit: number;
  before?: string;
  after?: string;
  around?: string;
}

const ATTACHMENT_COLUMNS = 'id, message_id, filename, description, content_type, width, height, length(data) AS size';

export class Messages {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Writes a message and its new files in one transaction; files it no longer names are dropped. */
  save(message: Message, files: readonly NewAttachment[] = []): void {
    const save = this.#database.transaction(() => {
      this.#database
        .prepare(
          `INSERT INTO messages (id, channel_id, author_id, type, flags, body, edited_at, pinned, nonce, only_for)
           VALUES (@id, @channelId, @authorId, @type, @flags, @body, @editedAt, @pinned, @nonce, @onlyFor)
           ON CONFLICT (id) DO UPDATE SET flags = excluded.flags, body = excluded.body, edited_at = excluded.edited_at,
             pinned = excluded.pinned, type = excluded.type`,
        )
        .run({
          ...message,
          attachments: undefined,
          body: JSON.stringify(message.body),
          pinned: message.pinned ? 1 : 0,
        });
      const insert = this.#database.prepare(
        `INSERT INTO attachments (id, message_id, channel_id, filename, description, content_type, width, height, data)
         VALUES (@id, @messageId, @channelId, @filename, @description, @contentType, @width, @height, @data)`,
      );
      for (const file of files) insert.run({ ...file, messageId: message.id, channelId: message.channelId });
      this.#database
        .prepare('DELETE FROM attachments WHERE message_id = ? AND id NOT IN (SELECT value FROM json_each(?))')
        .run(message.id, JSON.stringify(message.attachments.map(({ id }) => id)));
    });
    save.immediate();
  }

  get(channelId: string, id: string): Message | null {
    const row = this.#database
      .prepare<[string, string], MessageRow>('SELECT * FROM messages WHERE id = ? AND channel_id = ?')
      .get(id, channelId);
    return row === undefined ? null : (this.#withAttachments([row])[0] ?? null);
  }

  byNonce(authorId: string, channelId: string, nonce: string, since: string): Message | null {
    const row = this.#database
      .prepare<[string, string, string, string], MessageRow>(
        'SELECT * FROM messages WHERE author_id = ? AND channel_id = ? AND nonce = ? AND id > ? ORDER BY id LIMIT 1',
      )
      .get(authorId, channelId, nonce, since);
    return row === undefined ? null : (this.#withAttachments([row])[0] ?? null);
  }

  /** Newest first, as Discord lists them; ephemeral ones only for their reader. */
  list(channelId: string, readerId: string, { limit, before, after, around }: PageOfMessages): Message[] {
    if (around !== undefined) {
      const half = Math.floor(limit / 2);
      const older = this.#select(channelId, readerId, 'id <= ? ORDER BY id DESC', around, half + 1);
      const newer = this.#select(channelId, readerId, 'id > ? ORDER BY id', around, half);
      return this.#withAttachments([...newer.reverse(), ...older]);
    }
    if (after !== undefined) {
      return this.#withAttachments(this.#select(channelId, readerId, 'id > ? ORDER BY id', after, limit).reverse());
    }
    return this.#withAttachments(
      this.#select(channelId, readerId, 'id < ? ORDER BY id DESC', before ?? '9'.repeat(20), limit),
    );
  }

  pinned(channelId: string): Message[] {
    const rows = this.#database
      .prepare<[string], MessageRow>('SELECT * FROM messages WHERE channel_id = ? AND pinned = 1 ORDER BY id DESC')
      .all(channelId);
    return this.#withAttachments(rows);
  }

  delete(id: string): void {
    this.#database.prepare('DELETE FROM messages WHERE id = ?').run(id);
  }

  lastIdOf(channelId: string): string | null {
    const row = this.#database
      .prepare<[string], { id: string | null }>(
        'SELECT max(id) AS id FROM messages WHERE channel_id = ? AND only_for IS NULL',
      )
      .get(channelId);
    return row?.id ?? null;
  }

  countOf(channelId: string): number {
    const row = this.#database
      .prepare<[string], { count: number }>(
        'SELECT count(*) AS count FROM messages WHERE channel_id = ? AND only_for IS NULL',
      )
      .get(channelId);
    return row?.count ?? 0;
  }

  /** Ids of a user's messages, by channel. */
  idsOfAuthor(authorId: string): { id: string; channelId: string }[] {
    return this.#database
      .prepare<[string], { id: string; channelId: string }>(
        'SELECT id, channel_id AS channelId FROM messages WHERE author_id = ?',
      )
      .all(authorId);
  }

  /** Drops ephemeral messages made before `id`. */
  dropEphemeralBefore(id: string): void {
    this.#database.prepare('DELETE FROM messages WHERE only_for IS NOT NULL AND id < ?').run(id);
  }

  file(id: string): { filename: string; contentType: string; data: Buffer } | null {
    const row = this.#database
      .prepare<[string], { filename: string; content_type: string; data: Buffer }>(
        'SELECT filename, content_type, data FROM attachments WHERE id = ?',
      )
      .get(id);
    return row === undefined ? null : { filename: row.filename, contentType: row.content_type, data: row.data };
  }

  /** The highest id of any message or file, to number on from. */
  highestId(): string | null {
    const row = this.#database
      .prepare<[], { id: string | null }>(
        `SELECT max(id) AS id FROM (SELECT max(id) AS id FROM messages UNION ALL SELECT max(id) FROM attachments
         UNION ALL SELECT max(id) FROM users UNION ALL SELECT max(id) FROM channels UNION ALL SELECT max(id) FROM commands
         UNION ALL SELECT max(id) FROM interactions)`,
      )
      .get();
    return row?.id ?? null;
  }

  #select(channelId: string, readerId: string, condition: string, bound: string, limit: number): MessageRow[] {
    return this.#database
      .prepare<[string, string, string, number], MessageRow>(
        `SELECT * FROM messages WHERE channel_id = ? AND (only_for IS NULL OR only_for = ?) AND ${condition} LIMIT ?`,
      )
      .all(channelId, readerId, bound, limit);
  }

  #withAttachments(rows: readonly MessageRow[]): Message[] {
    const attachments = this.#database
      .prepare<[string], AttachmentRow>(
        `SELECT ${ATTACHMENT_COLUMNS} FROM attachments WHERE message_id IN (SELECT value FROM json_each(?)) ORDER BY id`,
      )
      .all(JSON.stringify(rows.map(({ id }) => id)));
    return rows.map((row) => ({
      id: row.id,
      channelId: row.channel_id,
      authorId: row.author_id,
      type: row.type,
      flags: row.flags,
      body: readBody(row.body),
      editedAt: row.edited_at,
      pinned: row.pinned === 1,
      nonce: row.nonce,
      onlyFor: row.only_for,
      attachments: attachments.filter((file) => file.message_id === row.id).map(attachmentFromRow),
    }));
  }
}

/** The body as `save` wrote it; nobody else writes to this file. */
function readBody(json: string): MessageBody {
  const body: MessageBody = JSON.parse(json);
  return body;
}

function attachmentFromRow(row: AttachmentRow): Attachment {
  const { id, filename, description, width, height, size } = row;
  return { id, filename, description, contentType: row.content_type, width, height, size };
}
