/**
 * A message before it is sent. Builders make these; what turns them into Discord's bodies is here too, so that
 * `allowed_mentions` cannot be forgotten: nothing a member or a model writes ever pings anybody.
 * An edit replaces the whole message (text, embeds, components, files): a message is always what its last payload says.
 */
import type { RawFile } from 'discord.js';
import type {
  APIActionRowComponent,
  APIComponentInMessageActionRow,
  APIEmbed,
  RESTPostAPIChannelMessageJSONBody,
} from 'discord-api-types/v10';

import { assertWithinLimits } from './limits.ts';

export type Row = APIActionRowComponent<APIComponentInMessageActionRow>;

export interface Attachment {
  name: string;
  data: Uint8Array;
  /** What a screen reader says. */
  description?: string;
}

export interface Payload {
  content: string;
  embeds: APIEmbed[];
  components: Row[];
  files: Attachment[];
  allowedMentions: { parse: never[] };
}

export type PayloadParts = Partial<Omit<Payload, 'allowedMentions'>>;

/** A message of the given parts; what is not given is empty. */
export function payload(parts: PayloadParts): Payload {
  return { content: '', embeds: [], components: [], files: [], ...parts, allowedMentions: { parse: [] } };
}

export interface SendOptions {
  /** Same nonce, same message: Discord answers a repeated send with the first message. At most 25 characters. */
  nonce?: string;
  /** The message this one answers; sent plainly when that one is gone. */
  replyTo?: string | null;
}

export function createBody(message: Payload, options: SendOptions = {}): RESTPostAPIChannelMessageJSONBody {
  return {
    ...editBody(message),
    ...(options.nonce === undefined ? {} : { nonce: options.nonce, enforce_nonce: true }),
    ...(options.replyTo ? { message_reference: { message_id: options.replyTo, fail_if_not_exists: false } } : {}),
  };
}

export interface MessageBody {
  content: string;
  embeds: APIEmbed[];
  components: Row[];
  allowed_mentions: { parse: never[]; replied_user: false };
  attachments: { id: number; filename: string; description?: string }[];
}

/** @throws Error naming the limit, for a message Discord would refuse: then the builder has a bug. */
export function editBody(message: Payload): MessageBody {
  assertWithinLimits(message);
  return {
    content: message.content,
    embeds: message.embeds,
    components: message.components,
    allowed_mentions: { parse: message.allowedMentions.parse, replied_user: false },
    attachments: message.files.map(({ name, description }, id) => ({
      id,
      filename: name,
      ...(description === undefined ? {} : { description }),
    })),
  };
}

/** The files of a message as the REST client wants them; their order is that of `attachments`. */
export function rawFiles(message: Payload): RawFile[] {
  return message.files.map(({ name, data }) => ({ name, data: Buffer.from(data) }));
}
