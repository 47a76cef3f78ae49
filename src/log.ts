/**
 * The log: pino's JSON lines. Of an error it tells what went wrong and where; never what people said (Discord's errors
 * carry the whole message that was refused), and never a token.
 */
import { type DestinationStream, type Logger, pino, stdSerializers } from 'pino';

/** What of an error is worth keeping: pino's own fields, Discord's, ours. */
const FIELDS = ['type', 'message', 'stack', 'code', 'status', 'method', 'url', 'identifier'] as const;

/** Addresses of interactions hold a token with which anybody could answer in the bot's name. */
const TOKEN_IN_ADDRESS = /\/(interactions|webhooks)\/(\d+)\/[^/?\s"]+/g;

export function openLog(level: string, destination: DestinationStream = pino.destination(2)): Logger {
  return pino({ level, serializers: { err: describeError } }, destination);
}

function describeError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const all: Record<string, unknown> = { ...stdSerializers.err(error) };
  const kept = FIELDS.flatMap((field) => (all[field] === undefined ? [] : [[field, withoutTokens(all[field])]]));
  return Object.fromEntries(kept);
}

function withoutTokens(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(TOKEN_IN_ADDRESS, '/$1/$2/…') : value;
}
