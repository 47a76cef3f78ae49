/** Starts the bot as a user does (the script behind `npm start`, as a process of its own) and reads what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import packageJson from '../../package.json' with { type: 'json' };
import { PROJECT_FOLDER } from '../../src/config.ts';
import type { Door } from './person.ts';

/** What `npm start` gives to node. */
const START_ARGUMENTS = packageJson.scripts.start.split(' ').slice(1);

export interface Running extends Door {
  /** The page. */
  url: string;
  teacherCode: string;
  child: ChildProcess;
  /** Process id of the last worker the bot said it started (needs LOG_LEVEL=info), or null. */
  workerPid(): number | null;
  /** Ctrl+C, and wait. */
  stop(): Promise<void>;
  /** kill −9, and wait. */
  kill(): Promise<void>;
}

/** @param port 0 takes any free one; a restart passes the port of before, as the page and the people stay where they are. */
export async function startBot(dataFolder: string, environment: NodeJS.ProcessEnv = {}, port = 0): Promise<Running> {
  const child = spawn(process.execPath, START_ARGUMENTS, {
    cwd: PROJECT_FOLDER,
    env: {
      ...process.env,
      LC_ALL: 'en_US.UTF-8',
      DATA_FOLDER: dataFolder,
      PORT: String(port),
      DISCORD_TOKEN: '',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let printed = '';
  const opened = new Promise<RegExpMatchArray>((resolve, reject) => {
    const read = (data: Buffer) => {
      printed += data.toString();
      const match = printed.match(/In the browser\s+(\S+)\s+Join code\s+(\S+)\s+Teacher code\s+(\S+)/);
      if (match) resolve(match);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('exit', (code) => reject(new Error(`the bot ended with code ${code}:\n${printed}`)));
  });
  const [, url = '', joinCode = '', teacherCode = ''] = await opened;
  return {
    url,
    apiUrl: `${url}/api`,
    joinCode,
    teacherCode,
    child,
    workerPid: () => Number([...printed.matchAll(/"workerPid":(\d+)/g)].at(-1)?.[1] ?? 0) || null,
    async stop() {
      child.kill('SIGINT');
      await gone;
    },
    async kill() {
      child.kill('SIGKILL');
      await gone;
    },
  };
}
