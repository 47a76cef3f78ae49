/** Channels and their messages. */
import { PermissionFlagsBits as Bit, ChannelType, MessageFlags, MessageType } from 'discord-api-types/v10';
import { z } from 'zod';
import { type Channel, channelJson, isThread } from '../../channels.ts';
import { channelChanged, messagesDeleted, messageUpdated, typingStarted } from '../../events.ts';
import { messageJson } from '../../message-json.ts';
import type { Message } from '../../messages.ts';
import { allows } from '../../permissions.ts';
import { checkMaySend, createMessage, deleteMessage, editMessage, systemMessage } from '../../posting.ts';
import { isSnowflake } from '../../snowflake.ts';
import { fieldError, parseForm } from '../../validate/form.ts';
import { messageCreate, messageEdit } from '../../validate/message.ts';
import { asUser, channelOf, checkGuild, checkPermission, messageOf } from '../access.ts';
import { refusals } from '../errors.ts';
import type { RestRequest, RouteTable } from '../router.ts';

export const channelRoutes: RouteTable = {
  'GET /channels/:channel': (request) => json(request, channelOf(request)),
  'PATCH /channels/:channel': changeChannel,
  'DELETE /channels/:channel': deleteChannel,
  'GET /guilds/:guild/channels': (request) => {
    checkGuild(request);
    asUser(request);
    return request.world.channels.top().map((channel) => json(request, channel));
  },
  'POST /guilds/:guild/channels': addChannel,
  'POST /channels/:channel/typing': (request) => {
    typingStarted(request.world, channelOf(request), asUser(request));
  },
  'GET /channels/:channel/messages': listMessages,
  'POST /channels/:channel/messages': (request) => {
    const channel = channelOf(request);
    const user = asUser(request);
    checkMaySend(channel, user);
    const form = parseForm(messageCreate, request.body);
    // Only a bot's messages have embeds and components.
    const own = user.role === 'bot' ? form : { ...form, embeds: [], components: [], flags: 0 };
    return shown(request, createMessage(request.world, user, channel, own, request.files));
  },
  'POST /channels/:channel/messages/bulk-delete': bulkDelete,
  'GET /channels/:channel/messages/:message': (request) => shown(request, messageOf(request, channelOf(request))),
  'PATCH /channels/:channel/messages/:message': (request) => {
    const message = messageOf(request, channelOf(request));
    const user = asUser(request);
    if (message.authorId !== user.id) throw refusals.notYourMessage();
    if (isSystem(message)) throw refusals.systemMessage();
    const form = parseForm(messageEdit, request.body);
    const own = user.role === 'bot' ? form : { content: form.content, attachments: form.attachments };
    return shown(request, editMessage(request.world, message, own, user.role === 'bot' ? request.files : []));
  },
  'DELETE /channels/:channel/messages/:message': (request) => {
    const message = messageOf(request, channelOf(request));
    const user = asUser(request);
    const isTheirs = message.authorId === user.id || message.onlyFor === user.id;
    if (!isTheirs) checkPermission(user, Bit.ManageMessages);
    deleteMessage(request.world, message);
  },
  'GET /channels/:channel/pins': (request) => pinned(request),
  'GET /channels/:channel/messages/pins': (request) => ({
    items: pinned(request).map((message) => ({ pinned_at: message.timestamp, message })),
    has_more: false,
  }),
  'PUT /channels/:channel/pins/:message': (request) => pin(request, true),
  'PUT /channels/:channel/messages/pins/:message': (request) => pin(request, true),
  'DELETE /channels/:channel/pins/:message': (request) => pin(request, false),
  'DELETE /channels/:channel/messages/pins/:message': (request) => pin(request, false),
  'GET /channels/:channel/webhooks': (request) => {
    channelOf(request);
    return [];
  },
};

export function json(request: RestRequest, channel: Channel): Record<string, unknown> {
  return channelJson(channel, request.world.channelFacts(channel, request.user));
}

function shown(request: RestRequest, message: Message): Record<string, unknown> {
  return messageJson(request.world, message, { base: request.base });
}

function listMessages(request: RestRequest) {
  const channel = channelOf(request);
  const user = asUser(request);
  const page: Record<string, string> = {};
  for (const key of ['before', 'after', 'around']) {
    const value = request.query.get(key);
    if (value === null) continue;
    if (!isSnowflake(value)) throw fieldError([key], 'NUMBER_TYPE_COERCE', 'Not a snowflake');
    page[key] = value;
  }
  const limit = Number(request.query.get('limit') ?? 50);
  if (!Number.isInteger(limit) || limit < 1 || limit > 100)
    throw fieldError(['limit'], 'NUMBER_TYPE_MAX', 'int value should be between 1 and 100.');
  return request.world.messages.list(channel.id, user.id, { limit, ...page }).map((message) => shown(request, message));
}

function bulkDelete(request: RestRequest): void {
  const channel = channelOf(request);
  checkPermission(asUser(request), Bit.ManageMessages);
  const { messages } = parseForm(z.object({ messages: z.array(z.string()).min(2).max(100) }), request.body);
  for (const id of messages) request.world.messages.delete(id);
  messagesDeleted(request.world, channel.id, messages);
}

function pinned(request: RestRequest) {
  return request.world.messages.pinned(channelOf(request).id).map((message) => shown(request, message));
}

function pin(request: RestRequest, isPinned: boolean): void {
  const channel = channelOf(request);
  const message = messageOf(request, channel);
  const user = asUser(request);
  checkPermission(user, Bit.ManageMessages);
  if (message.pinned === isPinned) return;
  const changed = { ...message, pinned: isPinned };
  request.world.messages.save(changed);
  messageUpdated(request.world, changed);
  if (isPinned) {
    systemMessage(request.world, user, channel, MessageType.ChannelPinnedMessage, '', {
      messageId: message.id,
      channelId: channel.id,
    });
  }
}

function isSystem(message: Message): boolean {
  const written: MessageType[] = [MessageType.Default, MessageType.Reply, MessageType.ChatInputCommand];
  return !written.includes(message.type) || (message.flags & MessageFlags.Loading) !== 0;
}

const channelName = z.string().min(1).max(100);
const newChannel = z.object({
  name: channelName,
  type: z.literal(0).default(0),
  topic: z.string().max(1024).nullish(),
});

function addChannel(request: RestRequest) {
  checkGuild(request);
  checkPermission(asUser(request), Bit.ManageChannels);
  const form = parseForm(newChannel, request.body);
  const { world } = request;
  const channel: Channel = {
    id: world.ids.next(),
    type: ChannelType.GuildText,
    parentId: null,
    name: form.name.toLowerCase().replaceAll(/\s+/g, '-'),
    topic: form.topic ?? null,
    position: world.channels.top().length,
    ownerId: null,
    archived: false,
    archivedAt: 0,
    autoArchiveMinutes: 1440,
    locked: false,
    invitable: true,
  };
  world.channels.save(channel);
  channelChanged(world, 'CREATE', channel);
  return json(request, channel);
}

const channelEdit = z.object({
  name: channelName.optional(),
  topic: z.string().max(1024).nullish(),
  archived: z.boolean().optional(),
  locked: z.boolean().optional(),
  invitable: z.boolean().optional(),
  auto_archive_duration: z.literal([60, 1440, 4320, 10080]).optional(),
});

function changeChannel(request: RestRequest) {
  const channel = channelOf(request);
  const user = asUser(request);
  const form = parseForm(channelEdit, request.body);
  if (!isThread(channel)) {
    checkPermission(user, Bit.ManageChannels);
    if (form.topic !== undefined) channel.topic = form.topic ?? null;
  } else {
    const isOwner = channel.ownerId === user.id;
    const needsManager = form.locked !== undefined || (!isOwner && !(form.archived === false && !channel.locked));
    if (needsManager) checkPermission(user, Bit.ManageThreads);
    if (channel.archived && form.archived !== false && Object.keys(form).length > 0) throw refusals.threadArchived();
    if (form.archived !== undefined && form.archived !== channel.archived) {
      channel.archived = form.archived;
      channel.archivedAt = request.world.now();
    }
    channel.locked = form.locked ?? channel.locked;
    channel.invitable = form.invitable ?? channel.invitable;
    channel.autoArchiveMinutes = form.auto_archive_duration ?? channel.autoArchiveMinutes;
  }
  channel.name = form.name ?? channel.name;
  request.world.channels.save(channel);
  channelChanged(request.world, 'UPDATE', channel);
  return json(request, channel);
}

function deleteChannel(request: RestRequest) {
  const channel = channelOf(request);
  checkPermission(asUser(request), isThread(channel) ? Bit.ManageThreads : Bit.ManageChannels);
  const gone = json(request, channel);
  const isOnlyOne = !isThread(channel) && request.world.channels.top().length === 1;
  if (isOnlyOne || !allows(asUser(request).role, Bit.ViewChannel)) throw refusals.missingPermissions();
  channelChanged(request.world, 'DELETE', channel);
  request.world.channels.delete(channel);
  return gone;
}
