/** Channels and the threads under them. Few, asked for with every message, so held in memory beside their table. */
import { PermissionFlagsBits as Bit, ChannelType } from 'discord-api-types/v10';
import type { Database } from './database.ts';
import type { User } from './people.ts';
import { allows } from './permissions.ts';
import { snowflakeTime } from './snowflake.ts';

export interface Channel {
  id: string;
  type: ChannelType.GuildText | ChannelType.PublicThread | ChannelType.PrivateThread;
  parentId: string | null;
  name: string;
  topic: string | null;
  position: number;
  ownerId: string | null;
  archived: boolean;
  archivedAt: number;
  autoArchiveMinutes: number;
  locked: boolean;
  invitable: boolean;
}

interface ChannelRow {
  id: string;
  type: Channel['type'];
  parent_id: string | null;
  name: string;
  topic: string | null;
  position: number;
  owner_id: string | null;
  archived: number;
  archived_at: number;
  auto_archive_minutes: number;
  locked: number;
  invitable: number;
}

export interface ThreadMember {
  userId: string;
  joinedAt: number;
}

export class Channels {
  readonly #database: Database;
  readonly #channels = new Map<string, Channel>();
  readonly #threadMembers = new Map<string, Map<string, ThreadMember>>();

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.prepare<[], ChannelRow>('SELECT * FROM channels ORDER BY id').all()) {
      this.#channels.set(row.id, fromRow(row));
    }
    const members = database.prepare<[], { thread_id: string; user_id: string; joined_at: number }>(
      'SELECT * FROM thread_members',
    );
    for (const row of members.all())
      this.#membersOf(row.thread_id).set(row.user_id, { userId: row.user_id, joinedAt: row.joined_at });
  }

  save(channel: Channel): void {
    this.#database
      .prepare(
        `INSERT INTO channels (id, type, parent_id, name, topic, position, owner_id, archived, archived_at, auto_archive_minutes, locked, invitable)
         VALUES (@id, @type, @parentId, @name, @topic, @position, @ownerId, @archived, @archivedAt, @autoArchiveMinutes, @locked, @invitable)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, topic = excluded.topic, position = excluded.position,
           archived = excluded.archived, archived_at = excluded.archived_at, auto_archive_minutes = excluded.auto_archive_minutes,
           locked = excluded.locked, invitable = excluded.invitable`,
      )
      .run({
        ...channel,
        archived: channel.archived ? 1 : 0,
        locked: channel.locked ? 1 : 0,
        invitable: channel.invitable ? 1 : 0,
      });
    this.#channels.set(channel.id, channel);
  }

  delete(channel: Channel): void {
    this.#database.prepare('DELETE FROM channels WHERE id = ?').run(channel.id);
    for (const thread of this.threadsOf(channel.id)) this.#forget(thread.id);
    this.#forget(channel.id);
  }

  get(id: string): Channel | null {
    return this.#channels.get(id) ?? null;
  }

  /** The guild's channels, without threads, in the order they are shown. */
  top(): Channel[] {
    return [...this.#channels.values()].filter((channel) => !isThread(channel)).sort((a, b) => a.position - b.position);
  }

  threads(): Channel[] {
    return [...this.#channels.values()].filter(isThread);
  }

  threadsOf(parentId: string): Channel[] {
    return this.threads().filter((thread) => thread.parentId === parentId);
  }

  /** A private thread is seen by its members and by those who manage threads; everything else by the whole class. */
  isVisible(channel: Channel, user: User): boolean {
    if (channel.type !== ChannelType.PrivateThread) return true;
    return this.#membersOf(channel.id).has(user.id) || allows(user.role, Bit.ManageThreads);
  }

  threadMembers(threadId: string): ThreadMember[] {
    return [...this.#membersOf(threadId).values()];
  }

  threadMember(threadId: string, userId: string): ThreadMember | null {
    return this.#membersOf(threadId).get(userId) ?? null;
  }

  /** @returns false if the user was in it already */
  joinThread(threadId: string, userId: string, now: number): boolean {
    const members = this.#membersOf(threadId);
    if (members.has(userId)) return false;
    this.#database
      .prepare('INSERT INTO thread_members (thread_id, user_id, joined_at) VALUES (?, ?, ?)')
      .run(threadId, userId, now);
    members.set(userId, { userId, joinedAt: now });
    return true;
  }

  leaveThread(threadId: string, userId: string): boolean {
    this.#database.prepare('DELETE FROM thread_members WHERE thread_id = ? AND user_id = ?').run(threadId, userId);
    return this.#membersOf(threadId).delete(userId);
  }

  forgetUser(userId: string): void {
    for (const members of this.#threadMembers.values()) members.delete(userId);
  }

  #membersOf(threadId: string): Map<string, ThreadMember> {
    const members = this.#threadMembers.get(threadId) ?? new Map<string, ThreadMember>();
    this.#threadMembers.set(threadId, members);
    return members;
  }

  #forget(id: string): void {
    this.#channels.delete(id);
    this.#threadMembers.delete(id);
  }
}

export function isThread(channel: Channel): boolean {
  return channel.type !== ChannelType.GuildText;
}

function fromRow(row: ChannelRow): Channel {
  return {
    id: row.id,
    type: row.type,
    parentId: row.parent_id,
    name: row.name,
    topic: row.topic,
    position: row.position,
    ownerId: row.owner_id,
    archived: row.archived === 1,
    archivedAt: row.archived_at,
    autoArchiveMinutes: row.auto_archive_minutes,
    locked: row.locked === 1,
    invitable: row.invitable === 1,
  };
}

/** What the channel's JSON says beyond its row. */
export interface ChannelFacts {
  guildId: string;
  lastMessageId: string | null;
  messageCount: number;
  members: readonly ThreadMember[];
  /** The reader's own membership of a thread. */
  ownMember: ThreadMember | null;
}

export function channelJson(channel: Channel, facts: ChannelFacts): Record<string, unknown> {
  const common = {
    id: channel.id,
    type: channel.type,
    guild_id: facts.guildId,
    name: channel.name,
    parent_id: channel.parentId,
    last_message_id: facts.lastMessageId,
    rate_limit_per_user: 0,
    flags: 0,
  };
  if (!isThread(channel)) {
    return { ...common, position: channel.position, topic: channel.topic, nsfw: false, permission_overwrites: [] };
  }
  const created = new Date(snowflakeTime(channel.id)).toISOString();
  return {
    ...common,
    owner_id: channel.ownerId,
    message_count: facts.messageCount,
    total_message_sent: facts.messageCount,
    member_count: Math.min(facts.members.length, 50),
    thread_metadata: {
      archived: channel.archived,
      auto_archive_duration: channel.autoArchiveMinutes,
      archive_timestamp: channel.archivedAt === 0 ? created : new Date(channel.archivedAt).toISOString(),
      locked: channel.locked,
      create_timestamp: created,
      ...(channel.type === ChannelType.PrivateThread && { invitable: channel.invitable }),
    },
    ...(facts.ownMember && { member: threadMemberJson(channel.id, facts.ownMember) }),
  };
}

export function threadMemberJson(threadId: string, member: ThreadMember) {
  return { id: threadId, user_id: member.userId, join_timestamp: new Date(member.joinedAt).toISOString(), flags: 0 };
}
