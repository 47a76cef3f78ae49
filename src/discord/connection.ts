/**
 * The gateway connection: one discord.js client at a time, its login's failures in plain words, and a watchdog that
 * replaces a client which has stopped hearing from Discord (discord.js issues 9510, 10174: a shard can stay stuck).
 * Reconnecting and resuming after a drop are discord.js's own; how often it may identify is `identify-throttle.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientOptions, DiscordAPIError, Events, GatewayIntentBits, Options, Status } from 'discord.js';
import { Routes } from 'discord-api-types/v10';
import { UserError } from '../errors.ts';
import { IdentifyThrottle } from './identify-throttle.ts';
import type { Logger } from './logger.ts';
import { failureOf } from './transport.ts';

export const DISCORD_API = 'https://discord.com/api';

export interface ConnectionOptions {
  token: string;
  /** REST address without the version, for a server other than Discord's. */
  apiUrl?: string | undefined;
  messageContent: boolean;
  logger: Logger;
  /** Keeps the times of identifies over restarts. */
  identifyFile?: string | undefined;
  /** Milliseconds between two identifies; Discord's rule unless told otherwise. */
  identifySpacing?: number | undefined;
  /** The watchdog looks this often, and replaces a client silent for `deadAfterMs`. */
  watchEveryMs?: number;
  deadAfterMs?: number;
  /** Called with every new client, before it logs in. */
  listen(client: Client): void;
  /** Discord closed the door for good (token changed, intents taken away): nothing will come any more. */
  onLost(error: UserError): void;
}

const WATCH_EVERY_MS = 30_000;
/** Four missed heartbeats at Discord's interval of 41 s. */
const DEAD_AFTER_MS = 180_000;
const RETRY_MS = 5_000;
const MOST_RETRY_MS = 300_000;

export interface Connection {
  /** The client in use; another one after the watchdog has struck. */
  readonly client: Client<true>;
  stop(): Promise<void>;
}

/** @throws UserError discord_token_wrong, discord_intents_refused, discord_unreachable, discord_sessions_spent. */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const throttle = new IdentifyThrottle({
    ...(options.identifyFile === undefined ? {} : { file: options.identifyFile }),
    ...(options.identifySpacing === undefined ? {} : { spacing: options.identifySpacing }),
  });
  const open = (): Promise<Client<true>> => login(createClient(options, throttle), options);
  let client = await open();
  let stopped = false;
  let replacing = false;
  let quietSince = Date.now();

  const replace = async (): Promise<void> => {
    options.logger.warn('the gateway has been silent: opening a new connection');
    await client.destroy();
    for (let pause = RETRY_MS; !stopped; pause = Math.min(MOST_RETRY_MS, pause * 2)) {
      try {
        client = await open();
        if (stopped) await client.destroy();
        return;
      } catch (error) {
        options.logger.warn({ err: error }, 'no new connection yet');
        if (error instanceof UserError && FINAL.includes(error.identifier)) return options.onLost(error);
        await sleep(pause, undefined, { ref: false });
      }
    }
  };

  const watch = setInterval(() => {
    const heard = lastSign(client, Date.now());
    quietSince = Math.max(quietSince, heard ?? 0);
    if (replacing || Date.now() - quietSince < (options.deadAfterMs ?? DEAD_AFTER_MS)) return;
    replacing = true;
    void replace().finally(() => {
      replacing = false;
      quietSince = Date.now();
    });
  }, options.watchEveryMs ?? WATCH_EVERY_MS);
  watch.unref();

  return {
    get client() {
      return client;
    },
    async stop() {
      stopped = true;
      clearInterval(watch);
      await client.destroy();
    },
  };
}

/** When the shard last answered a heartbeat, or null while it is not connected. */
function lastSign(client: Client, now: number): number | null {
  const shard = client.ws.shards.first();
  if (!shard || shard.status !== Status.Ready) return null;
  // Before the first heartbeat is answered there is nothing to go by: being ready is the sign.
  return shard.lastPingTimestamp > 0 ? shard.lastPingTimestamp + Math.max(0, shard.ping) : now;
}

function createClient(options: ConnectionOptions, throttle: IdentifyThrottle): Client {
  const clientOptions: ClientOptions = {
    intents: [
      GatewayIntentBits.Guilds,
      GatewayIntentBits.GuildMessages,
      ...(options.messageContent ? [GatewayIntentBits.MessageContent] : []),
    ],
    // Our payloads say the same; this is for the one that would forget it.
    allowedMentions: { parse: [] },
    enforceNonce: true,
    // We keep what we show in the store; old messages need no memory.
    makeCache: Options.cacheWithLimits({ ...Options.DefaultMakeCacheSettings, MessageManager: 20 }),
    rest: { api: options.apiUrl ?? DISCORD_API, version: '10', invalidRequestWarningInterval: 100 },
    ws: { buildIdentifyThrottler: async () => throttle },
  };
  const client = new Client(clientOptions);
  const { logger } = options;
  client.rest.on('invalidRequestWarning', ({ count, remainingTime }) => {
    logger.warn({ count, remainingTime }, 'many requests were refused; at 10,000 in ten minutes Discord shuts us out');
  });
  client.rest.on('rateLimited', ({ route, timeToReset }) => logger.info({ route, timeToReset }, 'waiting: rate limit'));
  client.on(Events.Error, (error) => logger.error({ err: error }, 'the client reports an error'));
  client.on(Events.Warn, (message) => logger.warn(message));
  // While logging in, the failure is worded by whoever asked for it.
  client.on(Events.ShardError, (error) =>
    logger[client.readyTimestamp === null ? 'info' : 'warn']({ err: error }, 'the gateway connection failed'),
  );
  client.on(Events.ShardReconnecting, () => logger.info('the gateway dropped; reconnecting'));
  client.on(Events.ShardResume, (_shard, replayed) => logger.info({ replayed }, 'the gateway is back'));
  return client;
}

/** Logs in and waits until the servers are known. */
async function login(client: Client, options: ConnectionOptions): Promise<Client<true>> {
  const url = options.apiUrl ?? DISCORD_API;
  if (!TOKEN.test(options.token)) throw new UserError('discord_token_wrong');
  options.listen(client);
  const ready = new Promise<Client<true>>((resolve) => client.once(Events.ClientReady, resolve));
  const patience = new AbortController();
  const silence = sleep(options.deadAfterMs ?? DEAD_AFTER_MS, null, { ref: false, signal: patience.signal });
  let readyClient: Client<true> | null;
  try {
    // The promise of `ready` alone would wait for ever on a gateway that takes the connection and says nothing.
    readyClient = await Promise.race([client.login(options.token).then(() => ready), silence]);
  } catch (error) {
    const known = loginError(error, url);
    throw known instanceof UserError || (await speaksDiscord(client))
      ? known
      : new UserError('discord_blocked', { url });
  } finally {
    patience.abort();
    silence.catch(() => {});
  }
  if (!readyClient) {
    await client.destroy();
    throw new UserError('discord_unreachable', { url });
  }
  client.on(Events.ShardDisconnect, ({ code }) => options.onLost(closeError(code)));
  return readyClient;
}

/** What can stand in a request's header; anything else was copied wrong. */
const TOKEN = /^[\x21-\x7e]+$/;

/**
 * Whether the address answers as Discord does. A school's filter may answer in its place, with a page of its own or a
 * certificate of its own; the route is one of Discord's that needs no token.
 */
async function speaksDiscord({ rest }: Client): Promise<boolean> {
  try {
    const answer = await rest.get(Routes.gateway(), { auth: false });
    return typeof answer === 'object' && answer !== null && 'url' in answer;
  } catch (error) {
    return error instanceof DiscordAPIError && typeof error.code === 'number';
  }
}

const FINAL: string[] = ['discord_token_wrong', 'discord_intents_refused'];

/** Why logging in failed, in words for whoever runs the bot. The token itself is never part of it. */
export function loginError(error: unknown, apiUrl: string): Error {
  if (!(error instanceof Error)) return new Error('login failed', { cause: error });
  const because = { cause: error };
  if ('code' in error && error.code === 'TokenInvalid') return new UserError('discord_token_wrong', {}, because);
  if (error.message === 'Authentication failed') return new UserError('discord_token_wrong', {}, because);
  if (/disallowed intents/i.test(error.message)) return new UserError('discord_intents_refused', {}, because);
  if (/sessions remaining/.test(error.message)) return new UserError('discord_sessions_spent', {}, because);
  if (error instanceof DiscordAPIError && error.status === 401)
    return new UserError('discord_token_wrong', {}, because);
  // An answer that is none of Discord's is not the silence of a Discord that is away.
  if (!(error instanceof DiscordAPIError) && failureOf(error) === 'later')
    return new UserError('discord_unreachable', { url: apiUrl }, because);
  return new Error('login failed', because);
}

function closeError(code: number): UserError {
  if (code === 4004) return new UserError('discord_token_wrong');
  if (code === 4013 || code === 4014) return new UserError('discord_intents_refused');
  return new UserError('discord_closed', { code });
}
