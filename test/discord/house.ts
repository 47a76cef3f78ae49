/**
 * The whole house for a test: the real bot on the real discord.js, against the protocol server; the real classroom, store
 * and queue; a real tiny brain, and, where asked for, a real worker process that trains it.
 */
import { onTestFinished } from 'vitest';
import type { Brain } from '../../src/brain/index.ts';
import { Classroom, type ClassroomOptions } from '../../src/classroom/index.ts';
import { type Bot, type BotOptions, startBot } from '../../src/discord/index.ts';
import { UserError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { type Supervisor, startSupervisor } from '../../src/training/index.ts';
import { adapterBytes, SUMMARY, temporaryFolder } from '../classroom/fixture.ts';
import { offers, Person } from './protocol-person.ts';
import {
  type InteractionRecord,
  ProtocolServer,
  type ProtocolServerOptions,
  type StoredMessage,
} from './protocol-server.ts';

export { sharedBrain } from '../classroom/fixture.ts';

export interface House {
  server: ProtocolServer;
  store: Store;
  classroom: Classroom;
  bot: Bot;
  /** What the bot wrote into its log as warnings and errors. */
  log: { level: string; details: unknown; message: string }[];
  rosa: Person;
  ana: Person;
  bia: Person;
  /** Stops the bot and opens another one over the same store, as after a restart. */
  restartBot(): Promise<Bot>;
}

export interface HouseOptions {
  server?: ProtocolServerOptions;
  bot?: Partial<BotOptions>;
  classroom?: Partial<ClassroomOptions>;
  /** Train with a real worker process. Otherwise jobs wait for whoever plays the worker. */
  trains?: boolean;
}

/** Fast enough for a test, slow enough to see that edits are throttled. */
const PACE = { retryMs: 20, editMs: 200, lookMs: 50 };

export async function openHouse(
  shared: Pick<ClassroomOptions, 'brain'> & { model: string },
  options: HouseOptions = {},
): Promise<House> {
  const server = await new ProtocolServer(options.server).start();
  const folder = temporaryFolder();
  const store = openStore({ folder });
  const log: House['log'] = [];
  const note =
    (level: string) =>
    (details: unknown, message = String(details)) =>
      void log.push({ level, details, message });
  const logger = { info: () => {}, warn: note('warn'), error: note('error') };
  let supervisor: Supervisor | null = null;
  const classroom = new Classroom({
    store,
    brain: shared.brain,
    model: shared.model,
    wakeTraining: () => supervisor?.wake(),
    declarationRequired: false,
    countdownMs: 300,
    random: sequence(),
    ...options.classroom,
  });
  if (options.trains) {
    const onChange = (jobId: string): void => classroom.jobChanged(jobId);
    supervisor = startSupervisor({ store, dataFolder: folder, onChange, logger, threads: 1, lookMs: 50 });
  }
  const botOptions: BotOptions = {
    token: server.token,
    apiUrl: server.apiUrl,
    classroom,
    store,
    logger,
    messageContent: true,
    declarationRequired: false,
    identifySpacing: 0,
    pace: PACE,
    ...options.bot,
  };
  const house = {
    ...{ server, store, classroom, log },
    rosa: new Person(server, { id: '400000000000000001', name: 'Rosa', teacher: true }),
    ana: new Person(server, { id: '400000000000000002', name: 'Ana' }),
    bia: new Person(server, { id: '400000000000000003', name: 'Bia', locale: 'pt-BR' }),
    bot: await startBot(botOptions),
    async restartBot() {
      await house.bot.stop();
      house.bot = await startBot(botOptions);
      return house.bot;
    },
  };
  onTestFinished(async () => {
    await house.bot.stop();
    await classroom.close();
    await supervisor?.stop();
    store.close();
    await server.stop();
  });
  return house;
}

function sequence(): () => number {
  let count = 0;
  return () => {
    count += 1;
    return (count % 997) / 997;
  };
}

/** Everything a message says. */
export function textOf(message: StoredMessage): string {
  const parts = message.embeds.flatMap((embed) => {
    const { title, description, fields, footer } = embed as Record<string, unknown> & {
      fields?: { name: string; value: string }[];
    };
    const inFields = (fields ?? []).flatMap(({ name, value }) => [name, value]);
    return [title, description, ...inFields, (footer as { text?: string } | undefined)?.text];
  });
  return [message.content, ...parts].filter((part) => typeof part === 'string').join('\n');
}

/** Waits for a message in a channel. */
export function message(
  { server }: Pick<House, 'server'>,
  channelId: string,
  what: string,
  is: (message: StoredMessage) => boolean = (each) => textOf(each).includes(what),
): Promise<StoredMessage> {
  return server.until(
    () => server.inChannel(channelId).findLast(is),
    `a message: ${what}\n${describe(server, channelId)}`,
  );
}

function describe(server: ProtocolServer, channelId: string): string {
  return server
    .inChannel(channelId)
    .map((each) => `  - ${textOf(each).slice(0, 100).replace(/\n/g, ' / ')}`)
    .join('\n');
}

/** Waits for the private reply to an interaction. */
export async function answer(
  { server }: Pick<House, 'server'>,
  interaction: InteractionRecord,
): Promise<StoredMessage> {
  return server.until(() => interaction.original, 'the answer to an interaction');
}

/** Opens a sitting as the teacher. @returns the id of its thread. */
export async function openSitting(house: House, options: Record<string, unknown> = {}): Promise<string> {
  const { server, rosa } = house;
  const reply = await answer(house, rosa.command(server.channelId, 'session start', options));
  const [, threadId] = reply.content.match(/<#(\d+)>/) ?? [];
  if (threadId === undefined) throw new Error(`no sitting was opened: ${textOf(reply)}`);
  await message(house, threadId, 'Let us raise a brain');
  return threadId;
}

const WORKER = 'worker';

/** Plays the worker: claims the next job and logs its first step. @returns the job's id. */
export function beginTraining({ store, classroom }: House): string {
  const job = store.jobs.claim(WORKER, 60_000);
  if (!job) throw new Error('no job waits');
  logStep({ store, classroom }, job.id, 1);
  return job.id;
}

export function logStep({ store, classroom }: Pick<House, 'store' | 'classroom'>, jobId: string, step: number): void {
  const log = {
    step,
    totalSteps: 9,
    loss: 4 - step / 9,
    gradNorm: 1.5,
    learningRate: 5e-5 * (1 - step / 9),
    epoch: step / 3,
  };
  store.jobs.step(jobId, WORKER, log);
  classroom.jobChanged(jobId);
}

export function endTraining({ store, classroom }: House, brain: Brain, jobId: string): void {
  store.jobs.finish(jobId, WORKER, {
    version: { note: 'classic', adapter: adapterBytes(brain, 1) },
    summary: SUMMARY,
    push: {
      ...{ replyTokens: 4, replyLogprobBefore: -6.2, replyLogprobAfter: -7.6, replyVerdict: 'pushed_away' },
      ...{ replyBefore: 'before', replyAfter: 'after' },
    },
  });
  classroom.jobChanged(jobId);
}

export function failTraining({ store, classroom }: House, jobId: string): void {
  store.jobs.fail(jobId, WORKER, new UserError('disk_full'));
  classroom.jobChanged(jobId);
}

/** Ana agrees to training, says something and rates the answer. @returns the turn's message. */
export async function ratedTurn(house: House, threadId: string, value: string): Promise<StoredMessage> {
  const { ana, classroom, server } = house;
  const actor = { classId: server.guildId, className: 'Test class', userId: ana.id, name: 'Ana', isTeacher: false };
  classroom.consent({ ...actor, locale: 'en' }, true);
  const known = new Set(server.inChannel(threadId).map(({ id }) => id));
  ana.write(threadId, 'What do you like?');
  const shown = await message(house, threadId, 'an answer', (each) => !known.has(each.id) && offers(each, 'rate'));
  await answer(house, ana.choose(shown, 'rate', value));
  return shown;
}
