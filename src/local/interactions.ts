/**
 * Interactions as rows: a person's command, click, choice or form, and what became of it. Kept in the file, so that an answer
 * may be edited after a restart; only the timers of Discord's three seconds are in memory.
 */
import type { InteractionResponseType as Callback, InteractionType } from 'discord-api-types/v10';
import type { Database } from './database.ts';
import { snowflakeAt } from './snowflake.ts';
import type { Modal } from './validate/modal.ts';

export const ACKNOWLEDGE_MS = 3000;
export const TOKEN_MS = 15 * 60_000;

export interface Interaction {
  id: string;
  token: string;
  type: InteractionType;
  userId: string;
  channelId: string;
  nonce: string | null;
  commandName: string | null;
  /** The message whose component was used. */
  sourceMessageId: string | null;
  callbackType: Callback | null;
  responseMessageId: string | null;
  modal: Modal | null;
}

interface InteractionRow {
  id: string;
  token: string;
  type: InteractionType;
  user_id: string;
  channel_id: string;
  nonce: string | null;
  command_name: string | null;
  source_message_id: string | null;
  callback_type: Callback | null;
  response_message_id: string | null;
  modal: string | null;
}

export class Interactions {
  readonly #database: Database;
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(database: Database) {
    this.#database = database;
  }

  save(interaction: Interaction): void {
    this.#database
      .prepare(
        `INSERT INTO interactions (id, token, type, user_id, channel_id, nonce, command_name, source_message_id, callback_type, response_message_id, modal)
         VALUES (@id, @token, @type, @userId, @channelId, @nonce, @commandName, @sourceMessageId, @callbackType, @responseMessageId, @modal)
         ON CONFLICT (id) DO UPDATE SET callback_type = excluded.callback_type, response_message_id = excluded.response_message_id, modal = excluded.modal`,
      )
      .run({ ...interaction, modal: interaction.modal === null ? null : JSON.stringify(interaction.modal) });
  }

  get(id: string): Interaction | null {
    return this.#read('id', id);
  }

  byToken(token: string): Interaction | null {
    return this.#read('token', token);
  }

  /** Calls `late` unless the interaction is acknowledged in time. */
  await(interaction: Interaction, late: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(interaction.id);
      late();
    }, ACKNOWLEDGE_MS);
    timer.unref();
    this.#timers.set(interaction.id, timer);
  }

  isAwaited(id: string): boolean {
    return this.#timers.has(id);
  }

  acknowledged(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  dropBefore(time: number): void {
    this.#database.prepare('DELETE FROM interactions WHERE id < ?').run(snowflakeAt(time - TOKEN_MS).toString());
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  #read(column: 'id' | 'token', value: string): Interaction | null {
    const row = this.#database
      .prepare<[string], InteractionRow>(`SELECT * FROM interactions WHERE ${column} = ?`)
      .get(value);
    if (row === undefined) return null;
    const modal: Modal | null = row.modal === null ? null : JSON.parse(row.modal);
    return {
      id: row.id,
      token: row.token,
      type: row.type,
      userId: row.user_id,
      channelId: row.channel_id,
      nonce: row.nonce,
      commandName: row.command_name,
      sourceMessageId: row.source_message_id,
      callbackType: row.callback_type,
      responseMessageId: row.response_message_id,
      modal,
    };
  }
}
