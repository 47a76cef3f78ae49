/** A local classroom for one test: a server on a free port with its file in a folder of its own, and whoever is needed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ChannelType, Client, GatewayIntentBits as Intent, type TextChannel } from 'discord.js';
import { onTestFinished } from 'vitest';
import { type LocalServer, type LocalServerOptions, startLocalServer } from '../../src/local/index.ts';
import { Person } from './person.ts';

const ALL_INTENTS = [Intent.Guilds, Intent.GuildMessages, Intent.MessageContent];

export interface TestClassroom {
  server: LocalServer;
  folder: string;
  /** A logged-in discord.js client with the bot's token. */
  bot(intents?: readonly number[]): Promise<Client<true>>;
  person(name: string): Promise<Person>;
  /** Stops the server and starts it again over the same file, on the same port. */
  restart(): Promise<void>;
}

export async function createClassroom(options: Partial<LocalServerOptions> = {}): Promise<TestClassroom> {
  const folder = options.dataFolder ?? temporaryFolder();
  let server = await startLocalServer({ port: 0, ...options, dataFolder: folder });
  onTestFinished(() => server.stop());
  return {
    get server() {
      return server;
    },
    folder,
    bot: (intents = ALL_INTENTS) => logIn(server, intents),
    async person(name) {
      const person = await Person.join(server.apiUrl, name, server.joinCode);
      onTestFinished(() => person.close());
      return person;
    },
    async restart() {
      const port = Number(new URL(server.url).port);
      await server.stop();
      server = await startLocalServer({ ...options, port, dataFolder: folder });
    },
  };
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'brain-factory-local-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export async function logIn(server: LocalServer, intents: readonly number[] = ALL_INTENTS): Promise<Client<true>> {
  const client = new Client({ intents: [...intents], rest: { api: server.apiUrl, version: '10' } });
  onTestFinished(() => client.destroy());
  const ready = new Promise<Client<true>>((resolve) => client.once('clientReady', resolve));
  await client.login(server.botToken);
  return ready;
}

export function textChannel(bot: Client, name = 'classroom'): TextChannel {
  const found = bot.channels.cache.find(
    (channel): channel is TextChannel => channel.type === ChannelType.GuildText && channel.name === name,
  );
  if (found === undefined) throw new Error(`no channel ${name}`);
  return found;
}

/** The next event a client emits that fits. */
export function heard<T>(client: Client, event: string, fits: (value: T) => boolean = () => true): Promise<T> {
  return new Promise((resolve) => {
    const listener = (value: T) => {
      if (!fits(value)) return;
      client.off(event, listener);
      resolve(value);
    };
    client.on(event, listener);
  });
}

/** A PNG of one pixel's header, enough to be recognised. */
export const PNG = Buffer.from('89504e470d0a1a0a0000000d494844520000000300000002080600000000000000', 'hex');
