/** A stored message as Discord's JSON for one reader: names looked up, file links signed, `attachment://` resolved. */
import { MessageFlags, MessageType } from 'discord-api-types/v10';
import { channelJson } from './channels.ts';
import type { Attachment, Message } from './messages.ts';
import { memberJson, userJson } from './people.ts';
import { signature } from './secrets.ts';
import { snowflakeTime } from './snowflake.ts';
import type { World } from './world.ts';

const DAY = 24 * 60 * 60;

type Json = Record<string, unknown>;

export interface Reader {
  /** Where the reader reaches us ("http://127.0.0.1:8123"): links start with it. */
  base: string;
  /** Gateway events name the author's membership too. */
  withMember?: boolean;
}

export function messageJson(world: World, message: Message, reader: Reader, depth = 0): Json {
  const { body } = message;
  const author = world.people.get(message.authorId);
  const files = message.attachments.map((file) => attachmentJson(world, message.channelId, file, reader.base));
  const thread = world.channels.get(message.id);
  const json: Json = {
    id: message.id,
    channel_id: message.channelId,
    type: message.type,
    content: body.content,
    author: author === null ? deletedUser : userJson(author),
    attachments: files,
    embeds: body.embeds.map((embed) => ({ type: 'rich', ...resolveMedia(dropNulls(embed), files) })),
    components: resolveMedia(body.components, files),
    mentions: body.mentions.flatMap((id) => {
      const user = world.people.get(id);
      return user === null ? [] : [userJson(user)];
    }),
    mention_roles: [],
    mention_everyone: false,
    pinned: message.pinned,
    tts: false,
    timestamp: new Date(snowflakeTime(message.id)).toISOString(),
    edited_timestamp: message.editedAt === null ? null : new Date(message.editedAt).toISOString(),
    flags: message.flags | (thread === null ? 0 : MessageFlags.HasThread),
  };
  if (thread !== null) json.thread = channelJson(thread, world.channelFacts(thread, null));
  if (author?.role === 'bot' && body.interaction !== undefined) {
    json.application_id = world.guild.applicationId;
    json.webhook_id = world.guild.applicationId;
    Object.assign(json, interactionJson(world, body.interaction));
  }
  if (body.reference !== undefined) {
    const { messageId, channelId } = body.reference;
    // "started a thread" points at the thread alone.
    const isThreadLine = message.type === MessageType.ThreadCreated;
    json.message_reference = {
      type: 0,
      ...(!isThreadLine && { message_id: messageId }),
      channel_id: channelId,
      guild_id: world.guild.id,
    };
    const referenced = depth === 0 && !isThreadLine ? world.messages.get(channelId, messageId) : null;
    if (depth === 0 && !isThreadLine)
      json.referenced_message = referenced === null ? null : messageJson(world, referenced, reader, 1);
  }
  if (reader.withMember) {
    json.guild_id = world.guild.id;
    if (author?.isMember) {
      const { user: _, ...member } = memberJson(author, world.guild.roles);
      json.member = member;
    }
  }
  return json;
}

/** The JSON without what a bot lacking the MessageContent intent may not read. */
export function withoutContent(json: Json): Json {
  return { ...json, content: '', embeds: [], attachments: [], components: [] };
}

const deletedUser = {
  id: '1000000000000000000',
  username: 'deleted_user',
  global_name: null,
  discriminator: '0',
  avatar: null,
  bot: false,
  public_flags: 0,
};

function interactionJson(world: World, interaction: NonNullable<Message['body']['interaction']>): Json {
  const user = world.people.get(interaction.userId);
  const about = { id: interaction.id, type: interaction.type, user: user === null ? deletedUser : userJson(user) };
  return {
    interaction_metadata: { ...about, authorizing_integration_owners: { 0: world.guild.id } },
    ...(interaction.name !== undefined && { interaction: { ...about, name: interaction.name } }),
  };
}

export function attachmentJson(world: World, channelId: string, file: Attachment, base: string): Json {
  const url = base + signedPath(world, channelId, file);
  return {
    id: file.id,
    filename: file.filename,
    size: file.size,
    url,
    proxy_url: url,
    content_type: file.contentType,
    ...(file.description !== null && { description: file.description }),
    ...(file.width !== null && { width: file.width, height: file.height }),
  };
}

/** A link that works for a day or two (the same all day, so that pictures are not loaded anew with every edit). */
function signedPath(world: World, channelId: string, file: Attachment): string {
  const issued = Math.floor(world.now() / 1000 / DAY) * DAY;
  const expires = (issued + 2 * DAY).toString(16);
  const seal = signature(world.guild.linkSecret, `${channelId}/${file.id}/${expires}`);
  const name = encodeURIComponent(file.filename);
  return `/attachments/${channelId}/${file.id}/${name}?ex=${expires}&is=${issued.toString(16)}&hm=${seal}`;
}

/** Checks a link made by `signedPath`. */
export function isSignedPath(world: World, channelId: string, id: string, expires: string, seal: string): boolean {
  if (!/^[0-9a-f]{1,10}$/.test(expires) || Number.parseInt(expires, 16) * 1000 < world.now()) return false;
  return signature(world.guild.linkSecret, `${channelId}/${id}/${expires}`) === seal;
}

/** Replaces every `{url: 'attachment://name'}` under `value` by the file's link and size. */
function resolveMedia<T>(value: T, files: readonly Json[]): T {
  return walk(value, files) as T;
}

function walk(value: unknown, files: readonly Json[]): unknown {
  if (Array.isArray(value)) return value.map((item) => walk(item, files));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const file = isAttachmentLink(inner)
      ? files.find(({ filename }) => filename === inner.slice('attachment://'.length))
      : undefined;
    return file === undefined ? [key, walk(inner, files)] : [key, file.url];
  });
  const copy: Json = Object.fromEntries(entries);
  const own = files.find(({ url }) => copy.url !== undefined && url === copy.url);
  if (own === undefined) return copy;
  return {
    ...copy,
    proxy_url: own.url,
    width: own.width ?? 0,
    height: own.height ?? 0,
    content_type: own.content_type,
  };
}

function isAttachmentLink(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('attachment://');
}

/** Links of ours back to `attachment://`, when a bot sends back what it read. Changes nothing else. */
export function unresolveMedia<T>(value: T): T {
  const text = JSON.stringify(value);
  if (!text.includes('/attachments/')) return value;
  const plain = text.replaceAll(/"https?:\/\/[^"/]+\/attachments\/\d+\/\d+\/([^"?]+)\?[^"]*"/g, (_, name: string) =>
    JSON.stringify(`attachment://${decodeURIComponent(name)}`),
  );
  const restored: T = JSON.parse(plain);
  return restored;
}

function dropNulls<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined)) as T;
}
