/** Opens the file and builds the world of the local classroom, making on the first start what never changes afterwards. */
import { ChannelType } from 'discord-api-types/v10';
import { type Channel, Channels, isThread } from './channels.ts';
import { Commands } from './commands.ts';
import { type Database, Facts, openDatabase } from './database.ts';
import { presenceChanged } from './events.ts';
import { Gateway } from './gateway/gateway.ts';
import { Interactions } from './interactions.ts';
import { Messages } from './messages.ts';
import { memberJson, People } from './people.ts';
import { hashOf, newCode, newSecret, newToken } from './secrets.ts';
import { Snowflakes, snowflakeAt } from './snowflake.ts';
import { welcome } from './welcome.ts';
import type { Guild, World } from './world.ts';

const BOT_NAME = 'Brain Factory';
const EPHEMERAL_MS = 24 * 60 * 60_000;
const SWEEP_MS = 10 * 60_000;

export interface WorldOptions {
  dataFolder: string;
  locale: 'en' | 'pt-BR';
  guildName: string;
  now: () => number;
  maxSockets?: number;
}

export interface OpenedWorld {
  world: World;
  botToken: string;
  close(): void;
}

export function openWorld(options: WorldOptions): OpenedWorld {
  const { now } = options;
  const database = openDatabase(options.dataFolder);
  const facts = new Facts(database);
  const messages = new Messages(database);
  const highest = [
    messages.highestId(),
    facts.get('guild_id'),
    facts.get('application_id'),
    facts.get('teacher_role_id'),
    facts.get('bot_role_id'),
  ];
  const ids = new Snowflakes(
    now,
    highest.reduce((a, b) => ((a ?? '') > (b ?? '') ? a : b), null),
  );
  const guild = openGuild(facts, ids, options);
  const people = new People(database, now);
  const channels = new Channels(database);
  const gateway = new Gateway(
    {
      authenticate: (token) => people.byToken(token),
      welcome: (session) => welcome(world, session),
      members: (_session, { nonce }) => ({
        guild_id: guild.id,
        members: people.members().map((user) => memberJson(user, guild.roles)),
        chunk_index: 0,
        chunk_count: 1,
        not_found: [],
        ...(typeof nonce === 'string' && { nonce }),
      }),
      presence: (user, isOnline) => presenceChanged(world, user, isOnline),
    },
    options.maxSockets,
  );
  const world: World = {
    database,
    facts,
    guild,
    ids,
    people,
    channels,
    messages,
    commands: new Commands(database, ids),
    interactions: new Interactions(database),
    gateway,
    now,
    channelFacts: (channel, reader) => ({
      guildId: guild.id,
      lastMessageId: messages.lastIdOf(channel.id),
      messageCount: isThread(channel) ? messages.countOf(channel.id) : 0,
      members: channels.threadMembers(channel.id),
      ownMember: reader === null ? null : channels.threadMember(channel.id, reader.id),
    }),
  };
  const botToken = furnish(world);
  const sweep = () => {
    messages.dropEphemeralBefore(snowflakeAt(now() - EPHEMERAL_MS).toString());
    world.interactions.dropBefore(now());
  };
  sweep();
  const timer = setInterval(sweep, SWEEP_MS);
  timer.unref();
  return { world, botToken, close: () => closeWorld(world, database, timer) };
}

function openGuild(facts: Facts, ids: Snowflakes, options: WorldOptions): Guild {
  const id = facts.once('guild_id', () => ids.next());
  return {
    id,
    name: options.guildName,
    locale: options.locale === 'pt-BR' ? 'pt-BR' : 'en-US',
    botName: BOT_NAME,
    applicationId: facts.once('application_id', () => ids.next()),
    roles: {
      everyone: id,
      teacher: facts.once('teacher_role_id', () => ids.next()),
      bot: facts.once('bot_role_id', () => ids.next()),
    },
    joinCode: facts.once('join_code', newCode),
    teacherCode: facts.once('teacher_code', newCode),
    linkSecret: facts.once('link_secret', newSecret),
  };
}

/** The bot and the first channels. @returns the bot's token */
function furnish(world: World): string {
  const { guild, people, channels, facts, ids } = world;
  if (people.get(guild.applicationId) === null) {
    people.add({
      id: guild.applicationId,
      name: guild.botName,
      role: 'bot',
      locale: guild.locale,
      returnCodeHash: null,
    });
  }
  if (channels.top().length === 0) {
    const names = guild.locale === 'pt-BR' ? ['sala-de-aula', 'conversa'] : ['classroom', 'general'];
    for (const [position, name] of names.entries()) channels.save(newChannel(ids.next(), name, position));
  }
  const token = facts.once('bot_token', () => newToken(guild.applicationId, world.now()));
  world.database
    .prepare('INSERT OR IGNORE INTO tokens (hash, user_id, created_at) VALUES (?, ?, ?)')
    .run(hashOf(token), guild.applicationId, world.now());
  people.learnToken(token, guild.applicationId);
  return token;
}

function newChannel(id: string, name: string, position: number): Channel {
  return {
    id,
    type: ChannelType.GuildText,
    parentId: null,
    name,
    topic: null,
    position,
    ownerId: null,
    archived: false,
    archivedAt: 0,
    autoArchiveMinutes: 1440,
    locked: false,
    invitable: true,
  };
}

function closeWorld(world: World, database: Database, timer: NodeJS.Timeout): void {
  clearInterval(timer);
  world.interactions.close();
  world.gateway.close();
  database.close();
}
