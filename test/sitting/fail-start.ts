/** Starts the bot as a user does where it cannot start, waits for its end, and keeps all it printed. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { PROJECT_FOLDER } from '../../src/config.ts';

/** What `npm start` gives to node. */
const START_ARGUMENTS = packageJson.scripts.start.split(' ').slice(1);
const DEADLINE_MS = 60_000;
const LANGUAGES = { en: 'en_US.UTF-8', 'pt-BR': 'pt_BR.UTF-8' } as const;

export interface FailedStart {
  /** Exit code, or the name of the signal that ended it. */
  code: number | string | null;
  stdout: string;
  stderr: string;
}

/** `npm start -- ...flags` with these settings, read by somebody of this language. */
export function failStart(
  locale: keyof typeof LANGUAGES,
  settings: Record<string, string>,
  flags: readonly string[] = [],
): Promise<FailedStart> {
  const env = { ...process.env, DISCORD_TOKEN: '', PORT: '0', THREADS: '1', LC_ALL: LANGUAGES[locale], ...settings };
  const child = spawn(process.execPath, [...START_ARGUMENTS, ...flags], {
    cwd: PROJECT_FOLDER,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // One that starts all the same is ended, and the test says so.
  const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(deadline);
      resolve({ code: code ?? signal, stdout, stderr });
    });
  });
}

/** Every file under a folder with the hash of its bytes. */
export function fingerprint(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map((entry) => path.join(entry.parentPath, entry.name))
      .sort()
      .map((file) => [path.relative(folder, file), createHash('sha256').update(readFileSync(file)).digest('hex')]),
  );
}
