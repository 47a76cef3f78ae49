/**
 * The bot: opens the connection, registers the commands when they changed, and lets interactions, messages and the outbox
 * flow until it is stopped. Everything it knows is in the classroom and its store; a bot that dies and starts again shows
 * what was left to show.
 */
import path from 'node:path';
import { type Client, Events, type REST } from 'discord.js';
import type { Classroom } from '../classroom/index.ts';
import type { UserError } from '../errors.ts';
import type { Store } from '../store/index.ts';
import { loadCommands } from './command.ts';
import { connect, DISCORD_API, loginError } from './connection.ts';
import { Delivery } from './delivery.ts';
import type { Desk } from './desk.ts';
import type { Logger } from './logger.ts';
import { progressMessage } from './messages/training.ts';
import { ProgressBoard } from './progress.ts';
import { registerCommands } from './registration.ts';
import { Responder } from './respond.ts';
import { Router } from './router.ts';
import { apologise, type Stage, showEvent } from './show.ts';
import { SourceMessages } from './sources.ts';
import { Speech } from './speech.ts';
import { Threads } from './threads.ts';
import { failureOf, type RestHolder, restTransport } from './transport.ts';

export interface BotOptions {
  token: string;
  /** REST address without the version (`http://127.0.0.1:8123/api`), for a server other than Discord's. */
  apiUrl?: string | undefined;
  classroom: Classroom;
  store: Store;
  logger: Logger;
  /** Where the times of identifies are kept; default the store's folder. */
  dataFolder?: string;
  /** Ask for the MessageContent intent: then a plain message in a sitting's thread is a turn. Default false. */
  messageContent?: boolean;
  /** Texts may train only after the operator's declaration. Default true: this is Discord. */
  declarationRequired?: boolean;
  /** Register the commands for this server only (there at once) instead of everywhere. */
  guildId?: string | undefined;
  /** Discord's rule on identifies holds for Discord; a server of ours has none. Milliseconds; default Discord's 5 s. */
  identifySpacing?: number;
  /** Where the slash commands are; default the project's own folder. */
  commandsFolder?: string;
  /** For tests: how fast things are tried again. */
  pace?: { retryMs?: number; editMs?: number; lookMs?: number; watchEveryMs?: number; deadAfterMs?: number };
}

export interface Bot {
  /** The application's id, for invite links. */
  readonly applicationId: string;
  /** The supervisor's nudge: something about a job changed. */
  jobChanged(jobId: string): void;
  /** Resolves when Discord closed the connection for good, with the reason. Never rejects. */
  readonly lost: Promise<UserError>;
  /** Finishes what is being sent, then leaves. */
  stop(): Promise<void>;
}

/** How long a stop waits for interactions under way. */
const SETTLE_MS = 5_000;
/** The outbox is looked at this often even if nobody says so: the trainer writes to it from its own process. */
const POLL_MS = 1_000;

/** @throws UserError discord_token_wrong, discord_intents_refused, discord_unreachable, command_file_bad. */
export async function startBot(options: BotOptions): Promise<Bot> {
  const { classroom, store, logger, messageContent = false, pace = {} } = options;
  const commands = await loadCommands(options.commandsFolder);
  const current = new CurrentClient(options.token);
  const transport = restTransport(current);
  const desk: Desk = {
    classroom,
    store,
    transport,
    threads: new Threads(classroom, transport, logger),
    logger,
    commands,
    roleName: (classId, roleId) => current.roleName(classId, roleId),
    plainMessages: messageContent,
    declarationRequired: options.declarationRequired ?? true,
  };
  const progress = new ProgressBoard({
    transport,
    logger,
    look: (jobId) => (store.jobs.get(jobId) ? classroom.job(jobId) : null),
    build: (job) => progressMessage(job, job.locale),
    ...pace,
  });
  const stage: Stage = { desk, progress, sources: new SourceMessages() };
  const delivery = new Delivery({
    outbox: store.outbox,
    show: (event) => showEvent(stage, event),
    apologise: (event, reference) => apologise(stage, event, reference),
    logger,
    ...pace,
  });
  const router = new Router(desk, new Responder(current), commands, pace.retryMs);
  const speech = new Speech(desk, stage.sources);
  const lost = Promise.withResolvers<UserError>();

  const connection = await connect({
    token: options.token,
    apiUrl: options.apiUrl,
    messageContent,
    logger,
    identifyFile: path.join(options.dataFolder ?? store.folder, 'discord-identifies.json'),
    identifySpacing: options.identifySpacing,
    ...pace,
    listen(client) {
      current.use(client);
      client.on(Events.InteractionCreate, (interaction) => void router.handle(interaction));
      if (messageContent) client.on(Events.MessageCreate, (message) => void speech.hear(message));
      // What was parked may have a place again.
      for (const event of PLACES) client.on(event, () => delivery.unpark());
    },
    onLost(error) {
      logger.error({ err: error }, 'Discord closed the connection for good');
      lost.resolve(error);
    },
  });
  try {
    const declarations = commands.map(({ data }) => data);
    const { application } = connection.client;
    const changed = await registerCommands(connection.client.rest, application.id, declarations, options.guildId);
    logger.info({ changed, commands: declarations.length }, 'commands');
  } catch (error) {
    await connection.stop();
    throw failureOf(error) === 'later' ? loginError(error, options.apiUrl ?? DISCORD_API) : error;
  }

  const stopListening = classroom.onEvent(() => delivery.nudge());
  const poll = setInterval(() => delivery.nudge(), POLL_MS);
  poll.unref();
  followRunningJobs(stage);
  delivery.nudge();

  return {
    applicationId: connection.client.application.id,
    lost: lost.promise,
    jobChanged(jobId) {
      progress.nudge(jobId);
      delivery.nudge();
    },
    async stop() {
      clearInterval(poll);
      stopListening();
      await router.settle(SETTLE_MS);
      await delivery.stop();
      progress.stop();
      await connection.stop();
    },
  };
}

const PLACES = [Events.GuildCreate, Events.ThreadUpdate, Events.ShardResume, Events.ChannelUpdate] as const;

/** Whatever client is in use: the watchdog may replace it. */
class CurrentClient implements RestHolder {
  readonly #token: string;
  #client: Client | null = null;

  constructor(token: string) {
    this.#token = token;
  }

  use(client: Client): void {
    this.#client = client;
  }

  get rest(): REST {
    if (!this.#client) throw new Error('the bot is not connected yet');
    // discord.js forgets its token at the first 401, be it a slip of Discord's. One that is wrong is told by the gateway.
    return this.#client.rest.setToken(this.#token);
  }

  roleName(guildId: string, roleId: string | null): string | null {
    if (roleId === null) return null;
    return this.#client?.guilds.cache.get(guildId)?.roles.cache.get(roleId)?.name ?? null;
  }
}

/** After a start: jobs that are waiting or training already have their message. */
function followRunningJobs({ desk, progress }: Stage): void {
  for (const session of desk.store.sessions.open()) {
    const shown = desk.store.outbox.last(session.id, 'job_queued');
    const jobId = shown?.payload.jobId;
    if (!shown?.channelId || !shown.messageId || typeof jobId !== 'string') continue;
    const state = desk.store.jobs.get(jobId)?.state;
    if (state === 'queued' || state === 'running') progress.follow(jobId, shown.channelId, shown.messageId);
  }
}
