/** /brain: the versions that training made; which one answers, two side by side, a chat aside, an export. */
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord-api-types/v10';
import { MAX_TURN_LENGTH, type VersionView } from '../src/classroom/index.ts';
import {
  type Answer,
  brainsMessage,
  type Command,
  type CommandContext,
  chatMessage,
  comparisonMessage,
  described,
  exportedMessage,
  LIMITS,
  notice,
  slashCommand,
  subcommand,
  usingMessage,
} from '../src/discord/index.ts';
import { t } from '../src/i18n/index.ts';

const MOST_VERSIONS = 1_000_000;

const versionOption = (key: string, required: boolean): APIApplicationCommandBasicOption => ({
  ...described(`option_${key}`),
  type: ApplicationCommandOptionType.Integer,
  required,
  min_value: 0,
  max_value: MOST_VERSIONS,
});

const textOption = (key: string, required: boolean): APIApplicationCommandBasicOption => ({
  ...described(`option_${key}`),
  type: ApplicationCommandOptionType.String,
  required,
  min_length: 1,
  max_length: MAX_TURN_LENGTH,
});

async function list({ desk, caller }: CommandContext): Promise<Answer> {
  return { answer: brainsMessage(desk.classroom.brains(caller.actor.classId), caller.locale) };
}

async function use({ desk, caller, options }: CommandContext): Promise<Answer> {
  return announced(desk.classroom.useVersion(caller.actor, options.getInteger('version', true)), caller);
}

async function rollback({ desk, caller }: CommandContext): Promise<Answer> {
  return announced(desk.classroom.rollback(caller.actor), caller);
}

/** Which brain answers concerns everybody: it is said to all, once. */
function announced(versions: readonly VersionView[], { locale, classLocale }: CommandContext['caller']): Answer {
  const current = versions.find((version) => version.current);
  if (!current) throw new Error('no version is in use');
  return { answer: notice(`✅ ${t(locale, 'discord:using_told')}`), post: usingMessage(current, classLocale) };
}

async function compare({ desk, caller, options }: CommandContext): Promise<Answer> {
  const [a, b] = [options.getInteger('first', true), options.getInteger('second', true)];
  const prompt = options.getString('sentence') ?? undefined;
  const view = await desk.classroom.compare(caller.actor, a, b, prompt);
  const answer = notice(`⚖️ ${t(caller.locale, 'discord:compared')}`);
  return { answer, post: comparisonMessage(view, caller.classLocale) };
}

async function chat({ desk, caller, options }: CommandContext): Promise<Answer> {
  const text = options.getString('text', true);
  const view = await desk.classroom.chat(caller.actor, text, options.getInteger('version') ?? undefined);
  return { answer: chatMessage(text, view, caller.locale) };
}

async function exportVersion({ desk, caller, options }: CommandContext): Promise<Answer> {
  const number = options.getInteger('version', true);
  const { folder, files } = await desk.classroom.exportVersion(caller.actor, number);
  return { answer: exportedMessage(number, folder, await attachable(folder, files), caller.locale) };
}

/** The files of an adapter fit into a message; those of a whole model stay where they are. */
async function attachable(folder: string, files: readonly string[]) {
  if (files.length > LIMITS.files) return [];
  const sizes = await Promise.all(files.map(async (file) => (await stat(file)).size));
  if (sizes.reduce((sum, size) => sum + size, 0) > LIMITS.fileBytes) return [];
  return Promise.all(
    files.map(async (file) => ({
      name: path.relative(folder, file).split(path.sep).join('-'),
      data: new Uint8Array(await readFile(file)),
    })),
  );
}

export default {
  data: slashCommand('brain', [
    subcommand('brain_list'),
    subcommand('brain_use', [versionOption('version', true)]),
    subcommand('brain_rollback'),
    subcommand('brain_compare', [
      versionOption('version_a', true),
      versionOption('version_b', true),
      textOption('prompt', false),
    ]),
    subcommand('brain_chat', [textOption('text', true), versionOption('version', false)]),
    subcommand('brain_export', [versionOption('version', true)]),
  ]),
  parts: {
    list: { who: 'everyone', run: list },
    use: { who: 'teacher', run: use },
    rollback: { who: 'teacher', run: rollback },
    compare: { who: 'everyone', run: compare },
    chat: { who: 'everyone', run: chat },
    export: { who: 'teacher', run: exportVersion },
  },
} satisfies Command;
