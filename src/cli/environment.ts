/** What the command line takes from the environment: the reader's language, where caches are kept, how many threads. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';
import { type Locale, readerLocale } from '../i18n/index.ts';

const PROJECT_FOLDER = path.resolve(import.meta.dirname, '..', '..');

/** Adds the project's `.env` to the environment, where there is one; what is set already stays. */
export function loadEnvironment(): void {
  const file = path.join(PROJECT_FOLDER, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/** The reader's language: the terminal's (LC_ALL, LC_MESSAGES, LANG), else the system's. */
export function readerOf({ LC_ALL, LC_MESSAGES, LANG }: NodeJS.ProcessEnv): Locale {
  return readerLocale(LC_ALL || LC_MESSAGES || LANG || Intl.DateTimeFormat().resolvedOptions().locale);
}

/** What opening a model needs. @throws UserError setting_wrong. */
export function brainOptions({ DATA_FOLDER, THREADS }: NodeJS.ProcessEnv): { dataFolder: string; threads?: number } {
  const dataFolder = path.resolve(PROJECT_FOLDER, DATA_FOLDER || 'data');
  if (!THREADS) return { dataFolder };
  const threads = Number(THREADS);
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError('setting_wrong', { key: 'THREADS', problem: THREADS });
  return { dataFolder, threads };
}
