/**
 * Slash commands are registered only when they changed: Discord allows 200 new ones a day, and every registration makes
 * people's clients load them again. What Discord sends back has ids and defaults filled in, so both sides are normalised.
 */
import type { REST } from 'discord.js';
import {
  type RESTGetAPIApplicationCommandsResult,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
  Routes,
} from 'discord-api-types/v10';

type Declaration = RESTPostAPIChatInputApplicationCommandsJSONBody;

/** @param guildId one server only (there at once); absent: everywhere. @returns whether anything had to be registered. */
export async function registerCommands(
  rest: REST,
  applicationId: string,
  declarations: readonly Declaration[],
  guildId?: string,
): Promise<boolean> {
  const route = guildId
    ? Routes.applicationGuildCommands(applicationId, guildId)
    : Routes.applicationCommands(applicationId);
  const query = new URLSearchParams({ with_localizations: 'true' });
  const registered = (await rest.get(route, { query })) as RESTGetAPIApplicationCommandsResult;
  if (sameCommands(registered, declarations)) return false;
  await rest.put(route, { body: declarations });
  return true;
}

/** Whether two lists of commands declare the same, whatever their order, ids and spelled-out defaults. */
export function sameCommands(one: readonly object[], other: readonly object[]): boolean {
  const normalised = (list: readonly object[]): string =>
    JSON.stringify(list.map((each) => normalise(each)).toSorted(byName));
  return normalised(one) === normalised(other);
}

const byName = (one: unknown, other: unknown): number => JSON.stringify(one).localeCompare(JSON.stringify(other), 'en');

/** What Discord adds; it says nothing about what a command is. */
const ADDED = new Set([
  'id',
  'application_id',
  'guild_id',
  'version',
  'dm_permission',
  'default_permission',
  'handler',
]);

/** Values that mean the same as leaving the key out. Type 1 is a slash command, or in options a subcommand: kept there. */
const DEFAULTS: Record<string, unknown> = {
  nsfw: false,
  required: false,
  autocomplete: false,
  integration_types: '[0]',
};

/** The same object with keys in one order and everything that says nothing left out. */
function normalise(value: unknown, depth = 0): unknown {
  if (Array.isArray(value)) return value.map((each) => normalise(each, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .filter(([key, inner]) => !(depth === 0 && (ADDED.has(key) || (key === 'type' && inner === 1))))
    .filter(([key]) => !/^(name|description)_localized$/.test(key))
    .filter(([key, inner]) => DEFAULTS[key] !== (Array.isArray(inner) ? JSON.stringify(inner) : inner))
    .map(([key, inner]) => [
      key,
      key === 'contexts' && Array.isArray(inner) ? inner.toSorted() : normalise(inner, depth + 1),
    ])
    .filter(([, inner]) => !isNothing(inner))
    .toSorted(([one], [other]) => (String(one) < String(other) ? -1 : 1));
  return Object.fromEntries(entries);
}

const isNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === 'object' && Object.keys(value).length === 0);
