/** What the command line takes from the environment: the reader's language, where caches are kept, how many threads, how exact. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BrainOptions } from '../brain/index.ts';
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
export function brainOptions({ DATA_FOLDER, THREADS, BRAIN_PRECISION }: NodeJS.ProcessEnv): BrainOptions {
  const dataFolder = path.resolve(PROJECT_FOLDER, DATA_FOLDER || 'data');
  const precision = BRAIN_PRECISION || 'float32';
  if (precision !== 'float32' && precision !== 'quantised')
    throw new UserError('setting_wrong', { key: 'BRAIN_PRECISION', problem: precision });
  if (!THREADS) return { dataFolder, precision };
  const threads = Number(THREADS);
  if (!Number.isInteger(threads) || threads < 1)
    throw new UserError('setting_wrong', { key: 'THREADS', problem: THREADS });
  return { dataFolder, precision, threads };
}
