/** The checks nearly every route begins with: who asks, and whether what they ask about is there for them. */
import type { Channel } from '../channels.ts';
import { isThread } from '../channels.ts';
import type { Message } from '../messages.ts';
import type { User } from '../people.ts';
import { allows } from '../permissions.ts';
import { isSnowflake } from '../snowflake.ts';
import { refusals } from './errors.ts';
import type { RestRequest } from './router.ts';

export function asUser(request: RestRequest): User {
  if (request.user === null) throw refusals.unauthorized();
  return request.user;
}

export function asPerson(request: RestRequest): User {
  const user = asUser(request);
  if (user.role === 'bot') throw refusals.onlyPeople();
  return user;
}

export function asBot(request: RestRequest): User {
  const user = asUser(request);
  if (user.role !== 'bot') throw refusals.onlyBots();
  if (request.params.application !== undefined && request.params.application !== request.world.guild.applicationId) {
    throw refusals.missingAccess();
  }
  return user;
}

export function checkPermission(user: User, permission: bigint): void {
  if (!allows(user.role, permission)) throw refusals.missingPermissions();
}

export function checkGuild(request: RestRequest): void {
  if (request.params.guild !== request.world.guild.id) throw refusals.unknownGuild();
}

/** The channel the path names, if the asker may see it. */
export function channelOf(request: RestRequest): Channel {
  const user = asUser(request);
  const channel = request.world.channels.get(request.params.channel ?? '');
  if (channel === null) throw refusals.unknownChannel();
  if (!request.world.channels.isVisible(channel, user)) throw refusals.missingAccess();
  return channel;
}

export function threadOf(request: RestRequest): Channel {
  const channel = channelOf(request);
  if (!isThread(channel)) throw refusals.wrongChannelType();
  return channel;
}

/** The message the path names; another's ephemeral message does not exist for the asker. */
export function messageOf(request: RestRequest, channel: Channel): Message {
  const user = asUser(request);
  const id = request.params.message;
  const message = isSnowflake(id) ? request.world.messages.get(channel.id, id) : null;
  if (message === null || (message.onlyFor !== null && message.onlyFor !== user.id)) throw refusals.unknownMessage();
  return message;
}

/** The user the path names; "@me" is the asker. */
export function userOf(request: RestRequest): User {
  const asker = asUser(request);
  const id = request.params.user;
  const user = id === '@me' ? asker : request.world.people.get(id ?? '');
  if (user === null) throw refusals.unknownUser();
  return user;
}
