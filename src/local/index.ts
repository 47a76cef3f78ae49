/**
 * The local classroom: a server of our own that speaks Discord's protocol (REST and gateway) and serves the web page that
 * speaks it too. The bot connects to it unchanged; people join by name with a join code. For schools where Discord is
 * blocked, for trying the bot in a minute, and for tests that play whole lessons.
 */

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UserError } from '../errors.ts';
import { openWorld } from './open-world.ts';
import { createHttpSide } from './server.ts';

export { DATABASE_FILE } from './database.ts';

export interface LocalServerOptions {
  /** 0 takes any free port. */
  port?: number;
  /** 127.0.0.1 (this computer only) or 0.0.0.0 (the classroom's network). */
  host?: string;
  dataFolder: string;
  locale?: 'en' | 'pt-BR';
  /** What the one guild is called. */
  guildName?: string;
  now?: () => number;
  maxSockets?: number;
}

export interface LocalServer {
  /** The page, as this computer opens it. */
  url: string;
  /** The page, as other computers of the network open it; empty unless opened to them. */
  lanUrls: string[];
  /** For discord.js: `rest: { api: apiUrl, version: '10' }`. */
  apiUrl: string;
  botToken: string;
  applicationId: string;
  guildId: string;
  joinCode: string;
  /** Makes whoever joins with it a teacher. */
  teacherCode: string;
  stop(): Promise<void>;
}

const DEFAULT_PORT = 8123;

/** @throws UserError local_port_in_use, local_port_forbidden, local_host_unknown, local_database_damaged, local_database_newer */
export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const { port = DEFAULT_PORT, host = '127.0.0.1', dataFolder, locale = 'en' } = options;
  const opened = openWorld({
    dataFolder,
    locale,
    guildName: options.guildName ?? (locale === 'pt-BR' ? 'Nossa turma' : 'Our class'),
    now: options.now ?? Date.now,
    ...(options.maxSockets !== undefined && { maxSockets: options.maxSockets }),
  });
  const { world, botToken } = opened;
  const { server, hosts } = createHttpSide(world, host);
  try {
    await listen(server, port, host);
  } catch (error) {
    opened.close();
    throw error;
  }
  const actualPort = addressOf(server).port;
  const own = hosts.isOpenToNetwork ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  const url = `http://${own}:${actualPort}`;
  return {
    url,
    lanUrls: hosts.isOpenToNetwork ? hosts.lanAddresses().map((address) => `http://${address}:${actualPort}`) : [],
    apiUrl: `${url}/api`,
    botToken,
    applicationId: world.guild.applicationId,
    guildId: world.guild.id,
    joinCode: world.guild.joinCode,
    teacherCode: world.guild.teacherCode,
    async stop() {
      world.gateway.close();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      opened.close();
    },
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new UserError('local_port_in_use', { port }, { cause: error }));
      else if (error.code === 'EACCES') reject(new UserError('local_port_forbidden', { port, host }, { cause: error }));
      else if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
        reject(new UserError('local_host_unknown', { host }, { cause: error }));
      else reject(error);
    });
    server.listen(port, host, resolve);
  });
}

function addressOf(server: Server): AddressInfo {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address;
}
