/**
 * Slash commands: one file a command in `commands/`, found by listing the folder. A file's default export is its
 * declaration and what it does, checked with `satisfies Command`.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AutocompleteInteraction, ChatInputCommandInteraction } from 'discord.js';
import {
  type APIApplicationCommandBasicOption,
  type APIApplicationCommandSubcommandOption,
  ApplicationCommandOptionType,
  ApplicationCommandType,
  InteractionContextType,
  type RESTPostAPIChatInputApplicationCommandsJSONBody,
} from 'discord-api-types/v10';
import { UserError } from '../errors.ts';
import { LOCALES, type Locale, tDynamic } from '../i18n/index.ts';
import type { Answer, Caller, Desk } from './desk.ts';
import { commandViolations } from './limits.ts';
import type { HelpEntry } from './messages/help.ts';

export interface CommandContext {
  readonly desk: Desk;
  readonly caller: Caller;
  readonly options: ChatInputCommandInteraction['options'];
}

export interface Choice {
  name: string;
  value: string;
}

/** One thing a command does: the command itself, or one of its subcommands. */
export interface CommandPart {
  /** Who may: said in /help, and checked by the classroom whatever the client shows. */
  readonly who: 'everyone' | 'teacher';
  run(context: CommandContext): Promise<Answer>;
}

export interface Command {
  readonly data: RESTPostAPIChatInputApplicationCommandsJSONBody;
  /** By subcommand; a command without subcommands has the one part ''. */
  readonly parts: Readonly<Record<string, CommandPart>>;
  complete?(interaction: AutocompleteInteraction, locale: Locale): Choice[];
}

export const COMMANDS_FOLDER = path.resolve(import.meta.dirname, '..', '..', 'commands');

/** Every command of the folder, in the order of their file names. @throws UserError command_file_bad naming the file. */
export async function loadCommands(folder = COMMANDS_FOLDER): Promise<Command[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.ts')).sort();
  return Promise.all(names.map((name) => loadCommand(path.join(folder, name))));
}

async function loadCommand(file: string): Promise<Command> {
  const refuse = (problem: string, cause?: unknown): never => {
    throw new UserError('command_file_bad', { path: file, problem }, { cause });
  };
  let module: { default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error), error);
  }
  const command = module.default;
  if (!isCommand(command)) return refuse('its default export is not a command (data and parts)');
  const expected = path.basename(file, '.ts');
  if (command.data.name !== expected) return refuse(`it declares "${command.data.name}", not "${expected}"`);
  const problems = commandViolations(command.data);
  if (problems.length > 0) return refuse(problems.join('; '));
  const declared = partNames(command.data);
  const missing = declared.filter((name) => !Object.hasOwn(command.parts, name));
  const extra = Object.keys(command.parts).filter((name) => !declared.includes(name));
  if (missing.length > 0) return refuse(`nothing runs its part ${missing.join(', ')}`);
  if (extra.length > 0) return refuse(`its part ${extra.join(', ')} is not declared`);
  return command;
}

function isCommand(value: unknown): value is Command {
  if (typeof value !== 'object' || value === null || !('data' in value) || !('parts' in value)) return false;
  const { data, parts } = value;
  if (typeof data !== 'object' || data === null || !('name' in data) || typeof data.name !== 'string') return false;
  return typeof parts === 'object' && parts !== null && Object.values(parts).every(isPart);
}

const isPart = (part: unknown): part is CommandPart =>
  typeof part === 'object' && part !== null && 'who' in part && 'run' in part && typeof part.run === 'function';

/** Subcommands a declaration names, or '' where it has none. */
export function partNames(data: Command['data']): string[] {
  const names = (data.options ?? [])
    .filter((option) => option.type === ApplicationCommandOptionType.Subcommand)
    .map((option) => option.name);
  return names.length > 0 ? names : [''];
}

/** Every part of every command as a reader of the locale types it, for /help. */
export function helpEntries(commands: readonly Command[], locale: Locale): HelpEntry[] {
  return commands.flatMap(({ data, parts }) =>
    partNames(data).map((part) => {
      const option = (data.options ?? []).find((each) => each.name === part);
      const words = [data, ...(option ? [option] : [])].map(
        (each) => each.name_localizations?.[asTag(locale)] ?? each.name,
      );
      const last = option ?? data;
      const description = last.description_localizations?.[asTag(locale)] ?? last.description;
      return { name: `/${words.join(' ')}`, description, who: parts[part]?.who ?? 'everyone' };
    }),
  );
}

/** Discord knows more languages than we; English stands in the plain fields. */
const asTag = (locale: Locale) => (locale === 'pt-BR' ? 'pt-BR' : 'en-US');

// ── declarations in two languages ──────────────────────────────────────────────────────────────────────────────────

interface Described {
  name: string;
  name_localizations: Partial<Record<'pt-BR', string>>;
  description: string;
  description_localizations: Partial<Record<'pt-BR', string>>;
}

/**
 * Name and description of `key` in both languages, from the catalogue's section "commands": KEY_name and KEY_description.
 * Discord knows English by the plain fields; Portuguese stands beside them.
 */
export function described(key: string): Described {
  return {
    name: tDynamic('en', `commands:${key}_name`),
    name_localizations: { 'pt-BR': tDynamic('pt-BR', `commands:${key}_name`) },
    description: tDynamic('en', `commands:${key}_description`),
    description_localizations: { 'pt-BR': tDynamic('pt-BR', `commands:${key}_description`) },
  };
}

/** A slash command for servers only: there are no classes in direct messages. */
export function slashCommand(
  key: string,
  options: RESTPostAPIChatInputApplicationCommandsJSONBody['options'] = [],
): RESTPostAPIChatInputApplicationCommandsJSONBody {
  return {
    ...described(key),
    type: ApplicationCommandType.ChatInput,
    contexts: [InteractionContextType.Guild],
    options,
  };
}

export function subcommand(
  key: string,
  options: APIApplicationCommandBasicOption[] = [],
): APIApplicationCommandSubcommandOption {
  return { ...described(key), type: ApplicationCommandOptionType.Subcommand, options };
}

/** Choices of an option whose words the catalogue has: `word` gives each value's text in a language. */
export function localisedChoices<V extends string>(values: readonly V[], word: (locale: Locale, value: V) => string) {
  return values.map((value) => ({
    value,
    name: word('en', value),
    name_localizations: Object.fromEntries(
      LOCALES.filter((locale) => locale !== 'en').map((locale) => [locale, word(locale, value)]),
    ),
  }));
}
