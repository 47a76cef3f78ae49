/** Somebody at their screen: what they can do with what they see, as Discord would tell the bot. */
import type { InteractionRecord, Json, ProtocolServer, StoredMessage } from './protocol-server.ts';

export interface PersonOptions {
  id: string;
  name: string;
  /** Discord's tag of the language they read. */
  locale?: string;
  /** May manage the server. */
  teacher?: boolean;
  roles?: string[];
}

const MANAGE_GUILD = 1n << 5n;
const SEND_MESSAGES = 1n << 11n;

export class Person {
  readonly id: string;
  readonly #server: ProtocolServer;
  readonly #options: PersonOptions;

  constructor(server: ProtocolServer, options: PersonOptions) {
    this.id = options.id;
    this.#server = server;
    this.#options = options;
  }

  /** Writes a message into a channel. @returns its id. */
  write(channelId: string, content: string): string {
    const server = this.#server;
    const message: StoredMessage = {
      ...{ id: server.id(), channel_id: channelId, content, embeds: [], components: [], files: [] },
      ...{ author: this.#user(), attachments: [], mentions: [], mention_roles: [], mention_everyone: false },
      ...{ pinned: false, tts: false, timestamp: '2026-01-01T00:00:00.000Z', edited_timestamp: null, type: 0 },
    };
    server.messages.set(message.id, message);
    const { files: _, ...seen } = message;
    server.dispatch('MESSAGE_CREATE', { ...seen, guild_id: server.guildId, member: this.#member() });
    return message.id;
  }

  /** "/session start" with options by name. */
  command(channelId: string, line: string, options: Json = {}): InteractionRecord {
    const [name, subcommand] = line.split(' ');
    const given = Object.entries(options).map(([key, value]) => ({ name: key, value, type: optionType(value) }));
    const inner = subcommand === undefined ? given : [{ type: 1, name: subcommand, options: given }];
    return this.#interact(2, channelId, { id: '1', name, type: 1, options: inner });
  }

  /** Types into an option that completes itself. */
  complete(channelId: string, name: string, option: string, typed: string): InteractionRecord {
    const options = [{ type: 3, name: option, value: typed, focused: true }];
    return this.#interact(4, channelId, { id: '1', name, type: 1, options });
  }

  /** Presses the button of an action ("speak", "again"). */
  press(message: StoredMessage, action: string): InteractionRecord {
    const data = { custom_id: customIdOf(message, action), component_type: 2 };
    return this.#interact(3, message.channel_id, data, message);
  }

  /** Chooses in the menu of an action ("rate", "emotion"). */
  choose(message: StoredMessage, action: string, value: string): InteractionRecord {
    const data = { custom_id: customIdOf(message, action), component_type: 3, values: [value] };
    return this.#interact(3, message.channel_id, data, message);
  }

  /** "/privacy consent" about somebody: a person as an option comes with who they are. */
  commandAbout(channelId: string, line: string, option: string, person: Person, options: Json = {}): InteractionRecord {
    const [name, subcommand] = line.split(' ');
    const given = Object.entries(options).map(([key, value]) => ({ name: key, value, type: optionType(value) }));
    given.push({ name: option, value: person.id, type: 6 });
    const resolved = { users: { [person.id]: person.#user() }, members: { [person.id]: person.#member() } };
    const inner = [{ type: 1, name: subcommand, options: given }];
    return this.#interact(2, channelId, { id: '1', name, type: 1, options: inner, resolved });
  }

  /** Fills in the form that an interaction opened. Fields left out are left empty. */
  async submit(opened: InteractionRecord, fields: Record<string, string>): Promise<InteractionRecord> {
    const callback = await this.#server.until(() => opened.callback, 'the form');
    const form = callback.data as { custom_id: string; components: { component: Json }[] };
    const components = form.components.map(({ component }, index) => {
      const value = fields[String(component.custom_id)];
      const filled = component.type === 4 ? { value: value ?? '' } : { values: value === undefined ? [] : [value] };
      return {
        type: 18,
        id: index,
        component: { type: component.type, id: index, custom_id: component.custom_id, ...filled },
      };
    });
    return this.#interact(5, opened.channelId, { custom_id: form.custom_id, components });
  }

  /** Presses something whose custom id is written out, as an old or foreign message may have it. */
  pressId(channelId: string, customId: string): InteractionRecord {
    return this.#interact(
      3,
      channelId,
      { custom_id: customId, component_type: 2 },
      this.#server.blankMessage(channelId),
    );
  }

  /** The same, but from a direct message. */
  pressInDirectMessage(customId: string): InteractionRecord {
    const { channelId } = this.#server;
    return this.#interact(
      3,
      channelId,
      { custom_id: customId, component_type: 2 },
      this.#server.blankMessage(channelId),
      true,
    );
  }

  #interact(type: number, channelId: string, data: Json, message?: StoredMessage, direct = false): InteractionRecord {
    const server = this.#server;
    const record: InteractionRecord = {
      ...{ id: server.id(), token: `token-${server.id()}`, channelId, sourceMessageId: message?.id ?? null },
      ...{ callback: null, original: null, followUps: [] },
    };
    server.interactions.set(record.id, record);
    const who = direct
      ? { user: this.#user(), channel: { id: channelId, type: 1 } }
      : {
          guild_id: server.guildId,
          guild: { id: server.guildId, locale: 'en-US', features: [] },
          guild_locale: 'en-US',
          channel: server.channels.get(channelId) ?? { id: channelId, type: 0 },
          member: { ...this.#member(), user: this.#user() },
        };
    server.dispatch('INTERACTION_CREATE', {
      ...{ id: record.id, application_id: server.applicationId, type, token: record.token, version: 1 },
      ...who,
      ...{ channel_id: channelId, data, locale: this.#options.locale ?? 'en-US', app_permissions: '309237763072' },
      ...{ entitlements: [], authorizing_integration_owners: { 0: server.guildId }, context: direct ? 1 : 0 },
      attachment_size_limit: 10_485_760,
      ...(message ? { message: { ...message, files: undefined } } : {}),
    });
    return record;
  }

  #user(): Json {
    const { id, name } = this.#options;
    return { id, username: name.toLowerCase(), global_name: name, discriminator: '0', avatar: null };
  }

  #member(): Json {
    const permissions = this.#options.teacher ? MANAGE_GUILD | SEND_MESSAGES : SEND_MESSAGES;
    return {
      ...{ nick: null, roles: this.#options.roles ?? [], permissions: String(permissions) },
      ...{ joined_at: '2026-01-01T00:00:00.000Z', deaf: false, mute: false, flags: 0, avatar: null },
    };
  }
}

function optionType(value: unknown): number {
  if (typeof value === 'boolean') return 5;
  if (typeof value === 'number') return Number.isInteger(value) ? 4 : 10;
  return 3;
}

/** The custom id of an action's component in a message. */
export function customIdOf(message: StoredMessage, action: string): string {
  const ids = message.components.flatMap((row) => row.components.map((component) => String(component.custom_id)));
  const found = ids.find((id) => id.split(':')[1] === action);
  if (!found) throw new Error(`no ${action} in a message with ${ids.join(', ') || 'no components'}`);
  return found;
}

/** Whether a message has an action's component. */
export const offers = (message: StoredMessage, action: string): boolean =>
  message.components.some((row) => row.components.some(({ custom_id }) => String(custom_id).split(':')[1] === action));
