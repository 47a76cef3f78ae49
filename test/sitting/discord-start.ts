/** Starts the bot as a user does who has a Discord token, against a server that speaks Discord's protocol. */
import { type ChildProcess, spawn } from 'node:child_process';
import packageJson from '../../package.json' with { type: 'json' };
import { PROJECT_FOLDER } from '../../src/config.ts';
import { t } from '../../src/i18n/index.ts';
import type { ProtocolServer } from '../discord/protocol-server.ts';

/** What `npm start` gives to node. */
const START_ARGUMENTS = packageJson.scripts.start.split(' ').slice(1);

export interface DiscordBot {
  child: ChildProcess;
  stderr(): string;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
  /** Ctrl+C, and wait. */
  stop(): Promise<void>;
}

export async function startOnDiscord(server: ProtocolServer, dataFolder: string): Promise<DiscordBot> {
  const child = spawn(process.execPath, START_ARGUMENTS, {
    cwd: PROJECT_FOLDER,
    env: {
      ...process.env,
      LC_ALL: 'en_US.UTF-8',
      DATA_FOLDER: dataFolder,
      DISCORD_TOKEN: server.token,
      DISCORD_API_URL: server.apiUrl,
      DISCORD_MESSAGE_CONTENT: 'true',
      THREADS: '1',
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (stdout.includes(t('en', 'setup:discord_open'))) resolve();
    });
    child.once('close', (code) => reject(new Error(`the bot ended with code ${code}:\n${stdout}${stderr}`)));
  });
  return {
    child,
    stderr: () => stderr,
    ended,
    async stop() {
      child.kill('SIGINT');
      await ended;
    },
  };
}
