/** The application's commands, global and of the guild, as they were declared; only the server's own fields are added. */
import { ApplicationCommandOptionType as Option } from 'discord-api-types/v10';
import type { Database } from './database.ts';
import type { User } from './people.ts';
import { permissionsOf } from './permissions.ts';
import type { Snowflakes } from './snowflake.ts';
import type { Command, LeafOption } from './validate/commands.ts';

export interface StoredCommand {
  id: string;
  /** Empty for a global command. */
  guildId: string;
  version: string;
  body: Command;
}

interface CommandRow {
  id: string;
  guild_id: string;
  version: string;
  body: string;
}

export class Commands {
  readonly #database: Database;
  readonly #ids: Snowflakes;

  constructor(database: Database, ids: Snowflakes) {
    this.#database = database;
    this.#ids = ids;
  }

  list(guildId: string): StoredCommand[] {
    return this.#database
      .prepare<[string], CommandRow>('SELECT * FROM commands WHERE guild_id = ? ORDER BY id')
      .all(guildId)
      .map(fromRow);
  }

  get(id: string): StoredCommand | null {
    const row = this.#database.prepare<[string], CommandRow>('SELECT * FROM commands WHERE id = ?').get(id);
    return row === undefined ? null : fromRow(row);
  }

  /** Makes `bodies` the whole list of a scope; a command keeps its id, and its version if it is as it was. */
  replaceAll(guildId: string, bodies: readonly Command[]): StoredCommand[] {
    const replace = this.#database.transaction(() => {
      const kept = bodies.map((body) => this.#put(guildId, body).id);
      this.#database
        .prepare('DELETE FROM commands WHERE guild_id = ? AND id NOT IN (SELECT value FROM json_each(?))')
        .run(guildId, JSON.stringify(kept));
    });
    replace.immediate();
    return this.list(guildId);
  }

  put(guildId: string, body: Command): StoredCommand {
    return this.#put(guildId, body);
  }

  delete(id: string): void {
    this.#database.prepare('DELETE FROM commands WHERE id = ?').run(id);
  }

  /** What a member may use: the guild's commands before global ones of the same name. */
  usableBy(user: User, guildId: string): StoredCommand[] {
    const own = this.list(guildId);
    const global = this.list('').filter(
      ({ body }) => !own.some((other) => other.body.name === body.name && other.body.type === body.type),
    );
    return [...own, ...global].filter(({ body }) => isUsable(body, user));
  }

  #put(guildId: string, body: Command): StoredCommand {
    const known = this.list(guildId).find((other) => other.body.name === body.name && other.body.type === body.type);
    if (known !== undefined && JSON.stringify(known.body) === JSON.stringify(body)) return known;
    const command = { id: known?.id ?? this.#ids.next(), guildId, version: this.#ids.next(), body };
    this.#database
      .prepare(
        `INSERT INTO commands (id, guild_id, type, name, version, body) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body`,
      )
      .run(command.id, guildId, body.type, body.name, command.version, JSON.stringify(body));
    return command;
  }
}

export function isUsable(body: Command, user: User): boolean {
  const needed = body.default_member_permissions;
  if (needed === null || needed === undefined) return true;
  const bits = BigInt(needed);
  return bits !== 0n && (permissionsOf(user.role) & bits) === bits;
}

export function commandJson(command: StoredCommand, applicationId: string): Record<string, unknown> {
  const { body } = command;
  return {
    id: command.id,
    application_id: applicationId,
    version: command.version,
    ...(command.guildId !== '' && { guild_id: command.guildId }),
    default_member_permissions: null,
    nsfw: false,
    dm_permission: true,
    contexts: null,
    integration_types: [0],
    name_localizations: null,
    description_localizations: null,
    ...body,
    description: body.description ?? '',
  };
}

/** The options a use of the command may carry, following its subcommand path. Null if the path leads nowhere. */
export function optionsAt(body: Command, path: readonly string[]): LeafOption[] | null {
  let options = body.type === 1 ? (body.options ?? []) : [];
  for (const name of path) {
    const inner = options.find((option) => option.name === name);
    if (inner === undefined || (inner.type !== Option.Subcommand && inner.type !== Option.SubcommandGroup)) return null;
    options = inner.options ?? [];
  }
  const leaves = options.filter((option): option is LeafOption => option.type !== 1 && option.type !== 2);
  return leaves.length === options.length ? leaves : null;
}

function fromRow(row: CommandRow): StoredCommand {
  const body: Command = JSON.parse(row.body);
  return { id: row.id, guildId: row.guild_id, version: row.version, body };
}
