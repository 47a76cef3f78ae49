/**
 * The environment, parsed once; what is about the hub, by `src/hub`. `.env.example` documents every key; a test holds the
 * two together.
 * Where a value comes from, strongest first: the command line (`--lan`), the environment, the file `.env`, the default.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { UserError } from './errors.ts';
import { type HubSettings, readHubSettings } from './hub/index.ts';

/** The project's own folder: where `models`, `commands` and `migrations` are, whatever folder we were started from. */
export const PROJECT_FOLDER = path.resolve(import.meta.dirname, '..');

const flag = z
  .enum(['true', 'false'])
  .default('false')
  .transform((value) => value === 'true');

export const environmentSchema = z.object({
  DISCORD_TOKEN: z.string().trim().default(''),
  DISCORD_API_URL: z.url().optional(),
  DISCORD_MESSAGE_CONTENT: flag,
  DATA_FOLDER: z.string().min(1).default('data'),
  BRAIN: z.string().min(1).default('sprout'),
  BERTSCORE_EN: z.string().min(1).optional(),
  BERTSCORE_MULTILINGUAL: z.string().min(1).optional(),
  CLASS_NAME: z.string().trim().min(1).max(100).default('Brain Factory'),
  CLASS_LOCALE: z.enum(['en', 'pt-BR']).optional(),
  PORT: z.coerce.number().int().min(0).max(65535).default(8123),
  LAN: flag,
  BRAIN_PRECISION: z.enum(['float32', 'quantised']).default('float32'),
  THREADS: z.coerce.number().int().min(1).max(64).optional(),
  LOG_LEVEL: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('warn'),
});

export interface Config {
  /** Empty when there is none: then the local classroom opens. */
  discordToken: string;
  discordApiUrl: string | undefined;
  /** Ask for the MessageContent intent, so that a plain message in a sitting's thread is a turn. */
  messageContent: boolean;
  dataFolder: string;
  brain: string;
  /** Folders of roberta-large and bert-base-multilingual-cased, where somebody put them. */
  bertscore: { en: string | undefined; multilingual: string | undefined };
  /** Where a brain named as on the hub is fetched from, and kept. */
  hub: HubSettings;
  className: string;
  classLocale: 'en' | 'pt-BR';
  port: number;
  /** Listen on every network interface instead of loopback only. */
  lan: boolean;
  /** What the brain answers with: its weights as float32, or in 4 to 8 bits. */
  precision: 'float32' | 'quantised';
  threads: number | undefined;
  logLevel: 'silent' | 'error' | 'warn' | 'info' | 'debug';
}

/** Reads `.env` beside package.json, if there is one, without overwriting what is already set. */
export function loadEnvironmentFile(folder = PROJECT_FOLDER): void {
  const file = path.join(folder, '.env');
  if (existsSync(file)) process.loadEnvFile(file);
}

/**
 * @param environment usually `process.env`. @param flags the command line after the script's name.
 * @throws UserError `setting_wrong` naming the first key that does not parse, `flag_unknown` for a flag we do not have.
 */
export function readConfig(environment: NodeJS.ProcessEnv, flags: readonly string[] = []): Config {
  for (const given of flags) if (given !== '--lan') throw new UserError('flag_unknown', { flag: given });
  // `KEY=` in an .env file means "not set", not "set to nothing".
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''));
  const words = systemLocale(environment) === 'pt-BR' ? z.locales.pt() : z.locales.en();
  const parsed = environmentSchema.safeParse(set, { error: words.localeError });
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new UserError('setting_wrong', { key: issue.path.join('.'), problem: issue.message });
  }
  const env = parsed.data;
  return {
    discordToken: env.DISCORD_TOKEN,
    discordApiUrl: env.DISCORD_API_URL,
    messageContent: env.DISCORD_MESSAGE_CONTENT,
    dataFolder: path.resolve(PROJECT_FOLDER, env.DATA_FOLDER),
    brain: env.BRAIN,
    bertscore: { en: env.BERTSCORE_EN, multilingual: env.BERTSCORE_MULTILINGUAL },
    hub: readHubSettings(environment),
    className: env.CLASS_NAME,
    classLocale: env.CLASS_LOCALE ?? systemLocale(environment),
    port: env.PORT,
    lan: env.LAN || flags.includes('--lan'),
    precision: env.BRAIN_PRECISION,
    threads: env.THREADS,
    logLevel: env.LOG_LEVEL,
  };
}

/** The operator's language: what the terminal says, else what the system says. */
export function systemLocale(environment: NodeJS.ProcessEnv): 'en' | 'pt-BR' {
  const tag = environment.LC_ALL || environment.LANG || Intl.DateTimeFormat().resolvedOptions().locale;
  return tag.toLowerCase().startsWith('pt') ? 'pt-BR' : 'en';
}
