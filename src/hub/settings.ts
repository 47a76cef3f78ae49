/** What Python's huggingface_hub takes from the environment, taken in the same order, so that both share one cache. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { UserError } from '../errors.ts';

/** The settings that `.env.example` documents. Older names and those of other programs are honoured too. */
export const HUB_KEYS = [
  'HF_TOKEN',
  'HF_HOME',
  'HF_HUB_CACHE',
  'HF_ENDPOINT',
  'HF_HUB_OFFLINE',
  'HF_HUB_DOWNLOAD_TIMEOUT',
] as const;

export interface HubSettings {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly cacheFolder: string;
  /** The access token, read when asked. A function, so that no log of the settings shows it. */
  readonly token: () => string | undefined;
  readonly offline: boolean;
  /** How long a server may say nothing. */
  readonly timeoutMs: number;
  /** Whether the cache may use symbolic links where the system allows them. */
  readonly symlinks: boolean;
  /** HTTP_PROXY, HTTPS_PROXY and NO_PROXY in either case, where a proxy is set; else undefined. */
  readonly proxy: NodeJS.ProcessEnv | undefined;
}

const ENDPOINT = 'https://huggingface.co';
const TIMEOUT_SECONDS = 10;
const LONGEST_TIMEOUT_SECONDS = 3600;
const PROXY_KEYS = ['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((key) => [key, key.toLowerCase()]);

/** @param environment usually `process.env`. @throws UserError setting_wrong. */
export function readHubSettings(environment: NodeJS.ProcessEnv): HubSettings {
  const home = folderOf(environment.HF_HOME) ?? path.join(cacheHome(environment), 'huggingface');
  return {
    endpoint: readEndpoint(environment.HF_ENDPOINT || ENDPOINT),
    cacheFolder: folderOf(environment.HF_HUB_CACHE || environment.HUGGINGFACE_HUB_CACHE) ?? path.join(home, 'hub'),
    token: () => readToken(environment, path.join(home, 'token')),
    offline: isTrue(environment.HF_HUB_OFFLINE || environment.TRANSFORMERS_OFFLINE),
    timeoutMs: 1000 * readTimeout(environment.HF_HUB_DOWNLOAD_TIMEOUT || String(TIMEOUT_SECONDS)),
    symlinks: !isTrue(environment.HF_HUB_DISABLE_SYMLINKS),
    proxy: readProxy(environment),
  };
}

function cacheHome({ XDG_CACHE_HOME }: NodeJS.ProcessEnv): string {
  return folderOf(XDG_CACHE_HOME) ?? path.join(homedir(), '.cache');
}

/** No shell has looked at what stands in `.env`, so `~` is ours to read. */
function folderOf(written: string | undefined): string | undefined {
  return written ? path.resolve(written.replace(/^~(?=$|[\\/])/, homedir())) : undefined;
}

function isTrue(written: string | undefined): boolean {
  return ['1', 'ON', 'YES', 'TRUE'].includes(written?.toUpperCase() ?? '');
}

function readEndpoint(written: string): string {
  const url = URL.parse(written);
  const usable = url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search;
  if (!usable) throw new UserError('setting_wrong', { key: 'HF_ENDPOINT', problem: url === null ? written : url.host });
  return url.href.replace(/\/+$/, '');
}

function readTimeout(written: string): number {
  const seconds = Number(written);
  if (seconds > 0 && seconds <= LONGEST_TIMEOUT_SECONDS) return seconds;
  throw new UserError('setting_wrong', { key: 'HF_HUB_DOWNLOAD_TIMEOUT', problem: written });
}

/** @throws UserError hub_token_wrong for one that no header can carry; the token itself is in no message. */
function readToken(environment: NodeJS.ProcessEnv, file: string): string | undefined {
  const { HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_TOKEN_PATH } = environment;
  const kept = folderOf(HF_TOKEN_PATH) ?? file;
  const written = HF_TOKEN || HUGGING_FACE_HUB_TOKEN || (existsSync(kept) ? readFileSync(kept, 'utf8') : '');
  const token = written.trim();
  if (!/^[\x21-\x7e]*$/.test(token)) throw new UserError('hub_token_wrong');
  return token === '' ? undefined : token;
}

function readProxy(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv | undefined {
  const set = PROXY_KEYS.filter((key) => environment[key]);
  if (!set.some((key) => /^https?_proxy$/i.test(key))) return undefined;
  return Object.fromEntries(set.map((key) => [key, environment[key]]));
}
