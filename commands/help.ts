/** /help: what to do first, then everything there is. */
import {
  type Answer,
  type Command,
  type CommandContext,
  helpEntries,
  helpMessage,
  slashCommand,
} from '../src/discord/index.ts';

async function help({ desk, caller }: CommandContext): Promise<Answer> {
  const { threshold } = desk.classroom.settings(caller.actor.classId);
  return { answer: helpMessage(helpEntries(desk.commands, caller.locale), threshold, caller.locale) };
}

export default {
  data: slashCommand('help'),
  parts: { '': { who: 'everyone', run: help } },
} satisfies Command;
