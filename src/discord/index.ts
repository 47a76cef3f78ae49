/** Discord: the gateway client and the messages. `commands/` builds on what is exported here, the house on `startBot`. */
export { oneOf, spoken } from './actions.ts';
export { type Bot, type BotOptions, startBot } from './bot.ts';
export {
  type Choice,
  COMMANDS_FOLDER,
  type Command,
  type CommandContext,
  type CommandPart,
  described,
  helpEntries,
  loadCommands,
  localisedChoices,
  slashCommand,
  subcommand,
} from './command.ts';
export type { Answer, Caller, Desk } from './desk.ts';
export { plain } from './format.ts';
export { LIMITS } from './limits.ts';
export type { Logger } from './logger.ts';
export {
  brainsMessage,
  chatMessage,
  comparisonMessage,
  exportedMessage,
  queueMessage,
  usingMessage,
} from './messages/brains.ts';
export { choiceWord } from './messages/choices.ts';
export { helpMessage } from './messages/help.ts';
export { lessonMessage } from './messages/lesson.ts';
export { notice } from './messages/notices.ts';
export {
  askForgetMessage,
  consentMessage,
  consentNotice,
  exportMessage,
  guardianNotice,
} from './messages/privacy.ts';
export { statusMessage } from './messages/session.ts';
export { bertscoreName, declarationMessage, OPTION_KEYS, settingsMessage } from './messages/settings.ts';
