/** Threads: opened under a channel or under a message, joined and left. */
import { PermissionFlagsBits as Bit, ChannelType, MessageType } from 'discord-api-types/v10';
import { z } from 'zod';
import { type Channel, channelJson, isThread, threadMemberJson } from '../../channels.ts';
import { channelChanged, messageUpdated, threadMembersChanged } from '../../events.ts';
import { systemMessage } from '../../posting.ts';
import { parseForm } from '../../validate/form.ts';
import { activeThreads } from '../../welcome.ts';
import { asUser, channelOf, checkGuild, checkPermission, messageOf, threadOf, userOf } from '../access.ts';
import { refusals } from '../errors.ts';
import type { RestRequest, RouteTable } from '../router.ts';
import { json } from './channels.ts';

const newThread = z.object({
  name: z.string().min(1).max(100),
  auto_archive_duration: z.literal([60, 1440, 4320, 10080]).default(1440),
  type: z.literal([11, 12]).default(12),
  invitable: z.boolean().default(true),
});

export const threadRoutes: RouteTable = {
  'POST /channels/:channel/threads': startThread,
  'POST /channels/:channel/messages/:message/threads': startThreadFromMessage,
  'GET /channels/:channel/thread-members': (request) => {
    const thread = threadOf(request);
    return request.world.channels.threadMembers(thread.id).map((member) => threadMemberJson(thread.id, member));
  },
  'GET /channels/:channel/thread-members/:user': (request) => {
    const thread = threadOf(request);
    const member = request.world.channels.threadMember(thread.id, userOf(request).id);
    if (member === null) throw refusals.unknownMember();
    return threadMemberJson(thread.id, member);
  },
  'PUT /channels/:channel/thread-members/:user': (request) => {
    const thread = threadOf(request);
    const user = userOf(request);
    const asker = asUser(request);
    if (!user.isMember) throw refusals.unknownMember();
    if (thread.archived) throw refusals.threadArchived();
    if (thread.type === ChannelType.PrivateThread && !thread.invitable && thread.ownerId !== asker.id)
      checkPermission(asker, Bit.ManageThreads);
    if (!request.world.channels.joinThread(thread.id, user.id, request.world.now())) return;
    channelChanged(request.world, 'CREATE', thread);
    threadMembersChanged(request.world, thread, [user], []);
  },
  'DELETE /channels/:channel/thread-members/:user': (request) => {
    const thread = threadOf(request);
    const user = userOf(request);
    const asker = asUser(request);
    if (user.id !== asker.id && thread.ownerId !== asker.id) checkPermission(asker, Bit.ManageThreads);
    if (request.world.channels.leaveThread(thread.id, user.id))
      threadMembersChanged(request.world, thread, [], [user.id]);
  },
  'GET /guilds/:guild/threads/active': (request) => {
    checkGuild(request);
    const reader = asUser(request);
    const members = request.world.channels.threads().flatMap((thread) => {
      const member = thread.archived ? null : request.world.channels.threadMember(thread.id, reader.id);
      return member === null ? [] : [threadMemberJson(thread.id, member)];
    });
    return { threads: activeThreads(request.world, reader), members };
  },
  'GET /channels/:channel/threads/archived/public': (request) => archived(request, ChannelType.PublicThread),
  'GET /channels/:channel/threads/archived/private': (request) => archived(request, ChannelType.PrivateThread),
};

function startThread(request: RestRequest) {
  const parent = channelOf(request);
  if (isThread(parent)) throw refusals.wrongChannelType();
  const form = parseForm(newThread, request.body);
  const isPublic = form.type === ChannelType.PublicThread;
  checkPermission(asUser(request), isPublic ? Bit.CreatePublicThreads : Bit.CreatePrivateThreads);
  const thread = openThread(request, parent, request.world.ids.next(), form);
  if (isPublic) {
    const reference = { messageId: thread.id, channelId: thread.id };
    systemMessage(request.world, asUser(request), parent, MessageType.ThreadCreated, thread.name, reference);
  }
  return json(request, thread);
}

function startThreadFromMessage(request: RestRequest) {
  const parent = channelOf(request);
  const message = messageOf(request, parent);
  if (isThread(parent)) throw refusals.wrongChannelType();
  checkPermission(asUser(request), Bit.CreatePublicThreads);
  if (request.world.channels.get(message.id) !== null) throw refusals.threadExists();
  const form = parseForm(newThread, request.body);
  const thread = openThread(request, parent, message.id, { ...form, type: ChannelType.PublicThread });
  messageUpdated(request.world, message);
  return json(request, thread);
}

/** A thread under a message has the message's id, as on Discord. */
function openThread(request: RestRequest, parent: Channel, id: string, form: z.infer<typeof newThread>): Channel {
  const { world } = request;
  const owner = asUser(request);
  const thread: Channel = {
    id,
    type: form.type,
    parentId: parent.id,
    name: form.name,
    topic: null,
    position: 0,
    ownerId: owner.id,
    archived: false,
    archivedAt: 0,
    autoArchiveMinutes: form.auto_archive_duration,
    locked: false,
    invitable: form.invitable,
  };
  world.channels.save(thread);
  world.channels.joinThread(thread.id, owner.id, world.now());
  channelChanged(world, 'CREATE', thread, { newly_created: true });
  return thread;
}

function archived(request: RestRequest, type: Channel['type']) {
  const parent = channelOf(request);
  const reader = asUser(request);
  if (type === ChannelType.PrivateThread) checkPermission(reader, Bit.ManageThreads);
  const threads = request.world.channels
    .threadsOf(parent.id)
    .filter((thread) => thread.archived && thread.type === type && request.world.channels.isVisible(thread, reader))
    .sort((a, b) => b.archivedAt - a.archivedAt)
    .slice(0, Number(request.query.get('limit') ?? 50));
  return {
    threads: threads.map((thread) => channelJson(thread, request.world.channelFacts(thread, reader))),
    members: threads.flatMap((thread) => {
      const member = request.world.channels.threadMember(thread.id, reader.id);
      return member === null ? [] : [threadMemberJson(thread.id, member)];
    }),
    has_more: false,
  };
}
