/** Writing messages: what every way of sending or editing one (a person, the bot, an interaction's answer) goes through. */
import { PermissionFlagsBits as Bit, MessageFlags, MessageType } from 'discord-api-types/v10';
import type { Channel } from './channels.ts';
import { isThread } from './channels.ts';
import { channelChanged, messageCreated, messageDeleted, messageUpdated, threadMembersChanged } from './events.ts';
import { checkFileLinks, keptAttachments, newAttachments, type UploadedFile } from './files.ts';
import { unresolveMedia } from './message-json.ts';
import type { Attachment, Message, MessageBody } from './messages.ts';
import type { User } from './people.ts';
import { allows } from './permissions.ts';
import { refusals } from './rest/errors.ts';
import { snowflakeAt, snowflakeTime } from './snowflake.ts';
import { numberComponents } from './validate/components.ts';
import { fieldError } from './validate/form.ts';
import { MAX_FILES, type MessageCreate, type MessageEdit } from './validate/message.ts';
import type { World } from './world.ts';

/** A nonce sent again within this time brings back the first message. */
const NONCE_MS = 15 * 60_000;
const HOUR = 60 * 60_000;
/** Discord says that there is a limit to edits of messages older than an hour, not which; ours is low, to be felt. */
const OLD_EDITS_PER_HOUR = 30;

export interface Origin {
  type?: MessageType;
  onlyFor?: string | null;
  flags?: number;
  interaction?: MessageBody['interaction'];
  reference?: MessageBody['reference'];
}

/** Sends a message. @returns the message, or the first one sent under the same enforced nonce */
export function createMessage(
  world: World,
  author: User,
  channel: Channel,
  form: MessageCreate,
  files: readonly UploadedFile[],
  origin: Origin = {},
): Message {
  const nonce = form.nonce === null || form.nonce === undefined ? null : String(form.nonce);
  if (nonce !== null && form.enforce_nonce === true) {
    const since = snowflakeAt(world.now() - NONCE_MS).toString();
    const first = world.messages.byNonce(author.id, channel.id, nonce, since);
    if (first !== null) return first;
  }
  const attachments = newAttachments(world, form.attachments ?? [], files);
  const body: MessageBody = {
    content: (form.content ?? '').trim() === '' ? '' : (form.content ?? ''),
    embeds: unresolveMedia(form.embeds ?? []),
    components: unresolveMedia(form.components ?? []),
    mentions: mentionsIn(world, form.content ?? '', form.allowed_mentions),
    ...(origin.interaction !== undefined && { interaction: origin.interaction }),
  };
  const reference = origin.reference ?? repliedTo(world, channel, form);
  if (reference !== undefined) body.reference = reference;
  const flags = (origin.flags ?? 0) | ((form.flags ?? 0) & CLIENT_FLAGS);
  numberComponents(body.components);
  checkNotEmpty(body, attachments, flags);
  checkFileLinks(body, attachments);
  const message: Message = {
    id: world.ids.next(),
    channelId: channel.id,
    authorId: author.id,
    type: origin.type ?? (reference === undefined ? MessageType.Default : MessageType.Reply),
    flags,
    body,
    editedAt: null,
    pinned: false,
    nonce,
    onlyFor: origin.onlyFor ?? null,
    attachments,
  };
  world.messages.save(message, attachments);
  if (message.onlyFor === null && isThread(channel)) wakeThread(world, channel, author);
  messageCreated(world, message);
  return message;
}

const CLIENT_FLAGS = MessageFlags.SuppressEmbeds | MessageFlags.SuppressNotifications | MessageFlags.IsComponentsV2;

/** Whether a user may write here. @throws ApiError */
export function checkMaySend(channel: Channel, user: User): void {
  const needed = isThread(channel) ? Bit.SendMessagesInThreads : Bit.SendMessages;
  if (!allows(user.role, needed)) throw refusals.missingPermissions();
  if (channel.locked && !allows(user.role, Bit.ManageThreads)) throw refusals.missingPermissions();
}

/** A message in a sleeping thread wakes it; its author is a member from then on. */
function wakeThread(world: World, thread: Channel, author: User): void {
  if (thread.archived) {
    thread.archived = false;
    thread.archivedAt = world.now();
    world.channels.save(thread);
    channelChanged(world, 'UPDATE', thread);
  }
  if (world.channels.joinThread(thread.id, author.id, world.now())) threadMembersChanged(world, thread, [author], []);
}

/** Changes what `form` names and leaves the rest; an edit of a "thinking" answer completes it. */
export function editMessage(
  world: World,
  message: Message,
  form: MessageEdit,
  files: readonly UploadedFile[],
): Message {
  checkOldEdits(world, message);
  const added = newAttachments(world, form.attachments ?? [], files);
  const kept = keptAttachments(message.attachments, form.attachments);
  const isV2 = ((message.flags | (form.flags ?? 0)) & MessageFlags.IsComponentsV2) !== 0;
  const body: MessageBody = {
    ...message.body,
    ...(form.content !== undefined && {
      content: form.content ?? '',
      mentions: mentionsIn(world, form.content ?? '', form.allowed_mentions),
    }),
    ...(form.embeds !== undefined && { embeds: unresolveMedia(form.embeds ?? []) }),
    ...(form.components !== undefined && { components: unresolveMedia(form.components ?? []) }),
  };
  const editable = MessageFlags.SuppressEmbeds | MessageFlags.IsComponentsV2;
  const flags =
    form.flags === undefined || form.flags === null
      ? message.flags
      : (message.flags & ~MessageFlags.SuppressEmbeds) | (form.flags & editable);
  const attachments = [...kept, ...added];
  if (attachments.length > MAX_FILES)
    throw fieldError(['attachments'], 'BASE_TYPE_MAX_LENGTH', `Must be ${MAX_FILES} or fewer in length.`);
  if (isV2 && (body.content !== '' || body.embeds.length > 0)) {
    throw fieldError(
      ['flags'],
      'MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2',
      'A message of components V2 has neither content nor embeds',
    );
  }
  numberComponents(body.components);
  checkNotEmpty(body, attachments, flags);
  checkFileLinks(body, attachments);
  const isFirstAnswer = (message.flags & MessageFlags.Loading) !== 0;
  const edited: Message = {
    ...message,
    body,
    attachments,
    flags: flags & ~MessageFlags.Loading,
    editedAt: isFirstAnswer ? null : world.now(),
  };
  world.messages.save(edited, added);
  messageUpdated(world, edited);
  return edited;
}

export function deleteMessage(world: World, message: Message): void {
  world.messages.delete(message.id);
  messageDeleted(world, message);
}

/** A line the server itself writes ("… started a thread"). */
export function systemMessage(
  world: World,
  author: User,
  channel: Channel,
  type: MessageType,
  content: string,
  reference?: MessageBody['reference'],
): Message {
  const body: MessageBody = {
    content,
    embeds: [],
    components: [],
    mentions: [],
    ...(reference !== undefined && { reference }),
  };
  const message: Message = {
    id: world.ids.next(),
    channelId: channel.id,
    authorId: author.id,
    type,
    flags: 0,
    body,
    editedAt: null,
    pinned: false,
    nonce: null,
    onlyFor: null,
    attachments: [],
  };
  world.messages.save(message);
  messageCreated(world, message);
  return message;
}

const oldEdits = new WeakMap<World, Map<string, number[]>>();

function checkOldEdits(world: World, message: Message): void {
  const now = world.now();
  if (now - snowflakeTime(message.id) < HOUR) return;
  const edits = oldEdits.get(world) ?? new Map<string, number[]>();
  oldEdits.set(world, edits);
  const recent = (edits.get(message.id) ?? []).filter((time) => now - time < HOUR);
  if (recent.length >= OLD_EDITS_PER_HOUR) {
    throw refusals.tooManyOldEdits(((recent[0] ?? now) + HOUR - now) / 1000);
  }
  edits.set(message.id, [...recent, now]);
}

function checkNotEmpty(body: MessageBody, attachments: readonly Attachment[], flags: number): void {
  const isLoading = (flags & MessageFlags.Loading) !== 0;
  if (!isLoading && body.content === '' && body.embeds.length + body.components.length + attachments.length === 0)
    throw refusals.emptyMessage();
  body.embeds.forEach((embed, index) => {
    const hasContent = Object.entries(embed).some(
      ([key, value]) => key !== 'color' && key !== 'url' && value !== null && value !== undefined,
    );
    if (!hasContent) throw fieldError(['embeds', index, 'description'], 'BASE_TYPE_REQUIRED', 'This field is required');
  });
}

function mentionsIn(world: World, content: string, allowed: MessageCreate['allowed_mentions']): string[] {
  const ids = [...new Set([...content.matchAll(/<@!?(\d{17,20})>/g)].map(([, id]) => id ?? ''))];
  const isAllowed = (id: string) =>
    !allowed || allowed.parse?.includes('users') === true || allowed.users?.includes(id) === true;
  return ids.filter((id) => world.people.member(id) !== null && isAllowed(id));
}

function repliedTo(world: World, channel: Channel, form: MessageCreate): MessageBody['reference'] {
  const wanted = form.message_reference;
  if (!wanted) return undefined;
  const channelId = wanted.channel_id ?? channel.id;
  if (world.messages.get(channelId, wanted.message_id) !== null) return { messageId: wanted.message_id, channelId };
  if (wanted.fail_if_not_exists === false) return undefined;
  throw fieldError(['message_reference'], 'REPLIES_UNKNOWN_MESSAGE', 'Unknown message');
}
