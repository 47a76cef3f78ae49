/**
 * Sending: payloads in, Discord's REST routes out, and what a failure means for whoever sends. Waiting out rate limits and
 * three retries on 5xx are the REST client's; what is left is told apart here into "later" and "never".
 */
import { DiscordAPIError, HTTPError, RateLimitError, type REST } from 'discord.js';
import {
  ChannelType,
  type RESTPostAPIChannelMessageResult,
  type RESTPostAPIChannelThreadsJSONBody,
  type RESTPostAPIChannelThreadsResult,
  Routes,
  ThreadAutoArchiveDuration,
} from 'discord-api-types/v10';
import { UserError } from '../errors.ts';
import { createBody, editBody, type Payload, rawFiles, type SendOptions } from './payload.ts';

/** Discord's own error codes that we act on (topics/opcodes-and-status-codes). */
export const API_ERRORS = Object.freeze({
  unknownChannel: 10003,
  unknownGuild: 10004,
  unknownMessage: 10008,
  unknownInteraction: 10062,
  alreadyAcknowledged: 40060,
  missingAccess: 50001,
  missingPermissions: 50013,
  threadArchived: 50083,
  tooManyOldEdits: 30046,
});

export interface Transport {
  /** @returns the message's id. */
  send(channelId: string, message: Payload, options?: SendOptions): Promise<string>;
  edit(channelId: string, messageId: string, message: Payload): Promise<void>;
  /** Deletes a message of ours; one that is gone already is no error. */
  remove(channelId: string, messageId: string): Promise<void>;
  /** Opens a public thread in a text channel. @returns its id. */
  startThread(channelId: string, name: string): Promise<string>;
}

/** Whoever has the REST client to use now. */
export interface RestHolder {
  readonly rest: REST;
}

export function restTransport(holder: RestHolder): Transport {
  return {
    async send(channelId, message, options) {
      const answer = (await holder.rest.post(Routes.channelMessages(channelId), {
        body: createBody(message, options),
        files: rawFiles(message),
      })) as RESTPostAPIChannelMessageResult;
      return answer.id;
    },
    async edit(channelId, messageId, message) {
      await holder.rest.patch(Routes.channelMessage(channelId, messageId), {
        body: editBody(message),
        files: rawFiles(message),
      });
    },
    async remove(channelId, messageId) {
      try {
        await holder.rest.delete(Routes.channelMessage(channelId, messageId));
      } catch (error) {
        if (failureOf(error) !== 'message_gone' && failureOf(error) !== 'place_gone') throw error;
      }
    },
    async startThread(channelId, name) {
      const body: RESTPostAPIChannelThreadsJSONBody = {
        name,
        type: ChannelType.PublicThread,
        auto_archive_duration: ThreadAutoArchiveDuration.OneDay,
      };
      const answer = (await holder.rest.post(Routes.threads(channelId), { body })) as RESTPostAPIChannelThreadsResult;
      return answer.id;
    },
  };
}

/** The number Discord gives an error, or null when `error` did not come from its API. */
export function apiErrorCode(error: unknown): number | null {
  return error instanceof DiscordAPIError && typeof error.code === 'number' ? error.code : null;
}

export type Failure =
  /** The network, Discord itself or a rate limit: the same request may work in a while. */
  | 'later'
  /** The channel is gone or closed to us: nothing can be shown there until somebody changes that. */
  | 'place_gone'
  /** The message to edit is gone, or too old to be edited so often: a new one can take its place. */
  | 'message_gone'
  /** Discord refuses the message itself, or we have a bug. */
  | 'refused';

export function failureOf(error: unknown): Failure {
  const code = apiErrorCode(error);
  if (error instanceof DiscordAPIError) {
    if (code === API_ERRORS.unknownMessage || code === API_ERRORS.tooManyOldEdits) return 'message_gone';
    const closed: (number | null)[] = [API_ERRORS.unknownChannel, API_ERRORS.unknownGuild];
    closed.push(API_ERRORS.missingAccess, API_ERRORS.missingPermissions, API_ERRORS.threadArchived);
    if (closed.includes(code)) return 'place_gone';
    // A token that was changed under us (the gateway says so, too), or a filter of the network that speaks for Discord.
    if (error.status === 401 || code === null) return 'later';
    return error.status === 429 ? 'later' : 'refused';
  }
  if (error instanceof HTTPError || error instanceof RateLimitError) return 'later';
  if (error instanceof UserError && DISK.includes(error.identifier)) return 'later';
  return isNetworkError(error) ? 'later' : 'refused';
}

/** What we could not note down ourselves: there is room again one day, and a nonce keeps the message from standing twice. */
const DISK: string[] = ['disk_full', 'database_busy', 'disk_failing'];

const NETWORK_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EPIPE',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_SOCKET',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
];

/** A connection that failed, or took longer than the REST client waits; fetch hides the system's error as `cause`. */
export function isNetworkError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === 'AbortError') return true;
  if ('code' in error && NETWORK_CODES.includes(String(error.code))) return true;
  return error.cause !== undefined && isNetworkError(error.cause);
}
