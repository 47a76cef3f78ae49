/** The gateway events of the local classroom, each sent to those who may see what it is about. */
import { GatewayIntentBits as Intent } from 'discord-api-types/v10';
import { type Channel, channelJson, isThread, threadMemberJson } from './channels.ts';
import type { Session } from './gateway/session.ts';
import { messageJson, withoutContent } from './message-json.ts';
import type { Message } from './messages.ts';
import { memberJson, type User, userJson } from './people.ts';
import type { World } from './world.ts';

type Json = Record<string, unknown>;

export function messageCreated(world: World, message: Message): void {
  sendMessage(world, 'MESSAGE_CREATE', message, message.nonce === null ? {} : { nonce: message.nonce });
}

export function messageUpdated(world: World, message: Message): void {
  sendMessage(world, 'MESSAGE_UPDATE', message, {});
}

function sendMessage(world: World, name: string, message: Message, extra: Json): void {
  const channel = world.channels.get(message.channelId);
  if (channel === null) return;
  world.gateway.dispatch({
    name,
    intent: Intent.GuildMessages,
    to: (user) => (message.onlyFor === null ? world.channels.isVisible(channel, user) : user.id === message.onlyFor),
    key: (session) => `${session.base} ${isBlankFor(message, session)}`,
    data: (session) => {
      const json = { ...messageJson(world, message, { base: session.base, withMember: true }), ...extra };
      return isBlankFor(message, session) ? withoutContent(json) : json;
    },
  });
}

/** Without the MessageContent intent a bot reads only its own messages and those that mention it. */
export function isBlankFor(message: Message, session: Session): boolean {
  if (session.hears(Intent.MessageContent)) return false;
  return message.authorId !== session.user.id && !message.body.mentions.includes(session.user.id);
}

export function messageDeleted(world: World, message: { id: string; channelId: string; onlyFor: string | null }): void {
  const channel = world.channels.get(message.channelId);
  if (channel === null) return;
  world.gateway.dispatch({
    name: 'MESSAGE_DELETE',
    intent: Intent.GuildMessages,
    to: (user) => (message.onlyFor === null ? world.channels.isVisible(channel, user) : user.id === message.onlyFor),
    data: () => ({ id: message.id, channel_id: message.channelId, guild_id: world.guild.id }),
  });
}

export function messagesDeleted(world: World, channelId: string, ids: readonly string[]): void {
  const channel = world.channels.get(channelId);
  if (channel === null || ids.length === 0) return;
  world.gateway.dispatch({
    name: 'MESSAGE_DELETE_BULK',
    intent: Intent.GuildMessages,
    to: (user) => world.channels.isVisible(channel, user),
    data: () => ({ ids, channel_id: channelId, guild_id: world.guild.id }),
  });
}

export function typingStarted(world: World, channel: Channel, user: User): void {
  world.gateway.dispatch({
    name: 'TYPING_START',
    intent: Intent.GuildMessageTyping,
    to: (reader) => reader.id !== user.id && world.channels.isVisible(channel, reader),
    data: () => ({
      channel_id: channel.id,
      guild_id: world.guild.id,
      user_id: user.id,
      timestamp: Math.floor(world.now() / 1000),
      member: memberJson(user, world.guild.roles),
    }),
  });
}

export type ChannelChange = 'CREATE' | 'UPDATE' | 'DELETE';

export function channelChanged(world: World, change: ChannelChange, channel: Channel, extra: Json = {}): void {
  world.gateway.dispatch({
    name: `${isThread(channel) ? 'THREAD' : 'CHANNEL'}_${change}`,
    intent: Intent.Guilds,
    to: (user) => world.channels.isVisible(channel, user),
    key: (session) => session.user.id,
    data: (session) => {
      if (change === 'DELETE' && isThread(channel)) {
        return { id: channel.id, guild_id: world.guild.id, parent_id: channel.parentId, type: channel.type };
      }
      return { ...channelJson(channel, world.channelFacts(channel, session.user)), ...extra };
    },
  });
}

export function threadMembersChanged(
  world: World,
  thread: Channel,
  added: readonly User[],
  removed: readonly string[],
): void {
  const members = world.channels.threadMembers(thread.id);
  world.gateway.dispatch({
    name: 'THREAD_MEMBERS_UPDATE',
    intent: 0,
    to: (user, session) =>
      world.channels.isVisible(thread, user) &&
      (session.hears(Intent.GuildMembers) || [...added.map(({ id }) => id), ...removed].includes(user.id)),
    data: () => ({
      id: thread.id,
      guild_id: world.guild.id,
      member_count: Math.min(members.length, 50),
      added_members: members
        .filter((member) => added.some((user) => user.id === member.userId))
        .map((member) => ({ ...threadMemberJson(thread.id, member), presence: null })),
      removed_member_ids: removed,
    }),
  });
}

export function memberAdded(world: World, user: User): void {
  world.gateway.dispatch({
    name: 'GUILD_MEMBER_ADD',
    intent: Intent.GuildMembers,
    data: () => ({ ...memberJson(user, world.guild.roles), guild_id: world.guild.id }),
  });
}

export function memberUpdated(world: World, user: User): void {
  world.gateway.dispatch({
    name: 'GUILD_MEMBER_UPDATE',
    intent: Intent.GuildMembers,
    data: () => ({ ...memberJson(user, world.guild.roles), guild_id: world.guild.id }),
  });
}

export function memberRemoved(world: World, user: User): void {
  world.gateway.dispatch({
    name: 'GUILD_MEMBER_REMOVE',
    intent: Intent.GuildMembers,
    data: () => ({ user: userJson(user), guild_id: world.guild.id }),
  });
}

export function presenceChanged(world: World, user: User, isOnline: boolean): void {
  world.gateway.dispatch({
    name: 'PRESENCE_UPDATE',
    intent: Intent.GuildPresences,
    data: () => presenceJson(world, user.id, isOnline),
  });
}

export function presenceJson(world: World, userId: string, isOnline: boolean): Json {
  return {
    user: { id: userId },
    guild_id: world.guild.id,
    status: isOnline ? 'online' : 'offline',
    activities: [],
    client_status: {},
  };
}

/** The commands are not as they were: clients ask for them anew. */
export function commandsChanged(world: World): void {
  world.gateway.dispatch({
    name: 'GUILD_APPLICATION_COMMAND_INDEX_UPDATE',
    intent: 0,
    to: (user) => user.role !== 'bot',
    data: () => ({ guild_id: world.guild.id, application_command_counts: {} }),
  });
}
