/**
 * `npm run commands`: registers the slash commands if they changed and prints the link that invites the bot. With a server's
 * id (`npm run commands -- 123456789012345678`) they are registered there only, and there at once.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { REST } from 'discord.js';
import { type RESTGetCurrentApplicationResult, Routes } from 'discord-api-types/v10';
import { UserError } from '../errors.ts';
import { readerLocale, t, tDynamic } from '../i18n/index.ts';
import { loadCommands } from './command.ts';
import { DISCORD_API, loginError } from './connection.ts';
import { registerCommands } from './registration.ts';
import { failureOf } from './transport.ts';

/**
 * View channels, send messages, embed links, attach files, read history, create public threads, send in threads: what the
 * bot needs, and nothing more.
 */
export const INVITE_PERMISSIONS = '309237763072';

export function inviteLink(applicationId: string): string {
  const query = new URLSearchParams({
    client_id: applicationId,
    permissions: INVITE_PERMISSIONS,
    scope: 'bot applications.commands',
  });
  return `https://discord.com/oauth2/authorize?${query}`;
}

export interface DeployResult {
  applicationId: string;
  changed: boolean;
  count: number;
}

/** @throws UserError discord_token_wrong, discord_unreachable, discord_server_closed, command_file_bad. */
export async function deployCommands(token: string, apiUrl = DISCORD_API, guildId?: string): Promise<DeployResult> {
  const declarations = (await loadCommands()).map(({ data }) => data);
  const rest = new REST({ api: apiUrl, version: '10' }).setToken(token);
  try {
    const { id } = (await rest.get(Routes.currentApplication())) as RESTGetCurrentApplicationResult;
    const changed = await registerCommands(rest, id, declarations, guildId);
    return { applicationId: id, changed, count: declarations.length };
  } catch (error) {
    const closed = guildId !== undefined && failureOf(error) === 'place_gone';
    throw closed ? new UserError('discord_server_closed', { server: guildId }) : loginError(error, apiUrl);
  } finally {
    rest.clearHandlerSweeper();
    rest.clearHashSweeper();
  }
}

/** Only two settings matter here, so the rest of the environment is not asked for. */
function readSettings(): { token: string; apiUrl: string | undefined } {
  const file = path.resolve(import.meta.dirname, '..', '..', '.env');
  if (existsSync(file)) process.loadEnvFile(file);
  const { DISCORD_TOKEN = '', DISCORD_API_URL = '' } = process.env;
  if (DISCORD_TOKEN.trim() === '') throw new UserError('discord_token_missing');
  return { token: DISCORD_TOKEN.trim(), apiUrl: DISCORD_API_URL === '' ? undefined : DISCORD_API_URL };
}

if (import.meta.main) {
  const locale = readerLocale(process.env.LC_ALL || process.env.LANG || Intl.DateTimeFormat().resolvedOptions().locale);
  try {
    const { token, apiUrl } = readSettings();
    const [guildId] = process.argv.slice(2);
    const { applicationId, changed, count } = await deployCommands(token, apiUrl, guildId);
    console.log(t(locale, changed ? 'commands:deploy_registered' : 'commands:deploy_unchanged', { commands: count }));
    console.log(t(locale, 'commands:deploy_invite', { link: inviteLink(applicationId) }));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    console.error(tDynamic(locale, `errors:${error.identifier}`, error.context));
    process.exitCode = 1;
  }
}
