/**
 * The command line: data goes to stdout, everything else to stderr; what somebody got wrong ends with status 2 and one line
 * in their language, a bug with status 1 and its trace. A command is loaded when it is called, so that scoring text does
 * not load a runtime for models.
 */
import { parseArgs } from 'node:util';
import { UserError } from '../errors.ts';
import { t, tDynamic } from '../i18n/index.ts';
import type { Command } from './command.ts';
import { loadEnvironment, readerOf } from './environment.ts';
import { Options } from './options.ts';
import { Terminal } from './terminal.ts';

const COMMANDS: Readonly<Record<string, () => Promise<{ default: Command }>>> = {
  score: () => import('./commands/score.ts'),
  tokens: () => import('./commands/tokens.ts'),
  generate: () => import('./commands/generate.ts'),
  logprobs: () => import('./commands/logprobs.ts'),
  hidden: () => import('./commands/hidden.ts'),
  train: () => import('./commands/train.ts'),
  info: () => import('./commands/info.ts'),
  download: () => import('./commands/download.ts'),
  import: () => import('./commands/import.ts'),
  export: () => import('./commands/export.ts'),
};

const DONE = 0;
const BUG = 1;
const WRONG_INPUT = 2;

/** Runs one command. @returns the status to exit with. */
export async function runCommandLine(given: readonly string[]): Promise<number> {
  const locale = readerOf(process.env);
  const terminal = new Terminal(locale);
  try {
    loadEnvironment();
    const [name = '--help', ...rest] = given;
    if (name === '--help' || name === '-h' || name === 'help') {
      await terminal.write(`${t(locale, 'cli:help')}\n`);
      return DONE;
    }
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (load === undefined)
      throw new UserError('cli_command_unknown', { command: name, commands: Object.keys(COMMANDS).join(', ') });
    const { default: command } = await load();
    if (rest.includes('--help') || rest.includes('-h')) {
      await terminal.write(`${tDynamic(locale, `cli:help_${name}`)}\n`);
      return DONE;
    }
    await command.run(parse(name, command, rest, new Options(locale)), terminal);
    return DONE;
  } catch (error) {
    terminal.clearProgress();
    if (error instanceof UserError) {
      process.stderr.write(`${tDynamic(locale, `errors:${error.identifier}`, error.context)}\n`);
      return WRONG_INPUT;
    }
    console.error(error);
    return BUG;
  }
}

/** @throws UserError for an option we do not have, one without its value, a missing or superfluous argument. */
function parse(name: string, command: Command, given: readonly string[], options: Options): Options {
  const usage = `brain ${name} ${command.arguments.join(' ')}`;
  const { tokens } = parseArgs({
    args: [...given],
    options: command.options,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') options.arguments.push(token.value);
    if (token.kind !== 'option') continue;
    const known = Object.hasOwn(command.options, token.name) ? command.options[token.name] : undefined;
    if (known === undefined) throw new UserError('cli_option_unknown', { option: token.rawName, command: name });
    if (known.type === 'boolean' && token.value !== undefined)
      throw new UserError('cli_option_flag', { option: token.rawName, value: token.value });
    // "--seed --greedy" is a forgotten value; "--seed=--greedy" is meant.
    const forgotten = token.value === undefined || (!token.inlineValue && /^--./.test(token.value));
    if (known.type === 'string' && forgotten) throw new UserError('cli_option_value', { option: token.rawName });
    options.values.set(token.name, token.value ?? true);
  }
  const [missing] = command.arguments.slice(options.arguments.length);
  if (missing !== undefined) throw new UserError('cli_argument_missing', { argument: missing, usage });
  const [extra] = options.arguments.slice(command.arguments.length);
  if (extra !== undefined) throw new UserError('cli_argument_extra', { argument: extra, usage });
  return options;
}
