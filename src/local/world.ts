/** What every part of the local classroom's server works on: the guild, its people, channels, messages and listeners. */
import type { Channel, ChannelFacts, Channels } from './channels.ts';
import type { Commands } from './commands.ts';
import type { Database, Facts } from './database.ts';
import type { Gateway } from './gateway/gateway.ts';
import type { Interactions } from './interactions.ts';
import type { Messages } from './messages.ts';
import type { People, RoleIds, User } from './people.ts';
import type { Snowflakes } from './snowflake.ts';

export interface Guild {
  id: string;
  name: string;
  locale: 'en-US' | 'pt-BR';
  applicationId: string;
  roles: RoleIds;
  botName: string;
  joinCode: string;
  teacherCode: string;
  linkSecret: string;
}

export interface World {
  readonly database: Database;
  readonly facts: Facts;
  readonly guild: Guild;
  readonly ids: Snowflakes;
  readonly people: People;
  readonly channels: Channels;
  readonly messages: Messages;
  readonly commands: Commands;
  readonly interactions: Interactions;
  readonly gateway: Gateway;
  readonly now: () => number;
  /** What a channel's JSON needs to know; `reader` sees whether a thread is theirs. */
  channelFacts(channel: Channel, reader: User | null): ChannelFacts;
}
