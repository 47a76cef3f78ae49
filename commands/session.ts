/** /session: opening, seeing, changing, stopping and taking up a sitting. */
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord-api-types/v10';
import { NUMBER_BOUNDS, REWARD_SOURCES, type SessionView, type SettingName } from '../src/classroom/index.ts';
import {
  type Answer,
  bertscoreName,
  type Command,
  type CommandContext,
  declarationMessage,
  described,
  localisedChoices,
  notice,
  OPTION_KEYS,
  settingsMessage,
  slashCommand,
  statusMessage,
  subcommand,
} from '../src/discord/index.ts';
import { UserError } from '../src/errors.ts';
import { LOCALES, type Locale, t } from '../src/i18n/index.ts';
import { RECIPES } from '../src/training/index.ts';

/** An option for a setting: numbers with their bounds, the rest with their choices. */
function settingOption(name: SettingName): APIApplicationCommandBasicOption {
  const texts = described(`option_${OPTION_KEYS[name]}`);
  if (isNumber(name)) {
    const bounds = NUMBER_BOUNDS[name];
    const range = { ...texts, min_value: bounds.min, max_value: bounds.max };
    return 'whole' in bounds
      ? { ...range, type: ApplicationCommandOptionType.Integer }
      : { ...range, type: ApplicationCommandOptionType.Number };
  }
  if (name === 'teacherRoleId') return { ...texts, type: ApplicationCommandOptionType.Role };
  if (name === 'studentsMayStart') return { ...texts, type: ApplicationCommandOptionType.Boolean };
  return { ...texts, type: ApplicationCommandOptionType.String, choices: choicesOf(name) };
}

function choicesOf(name: 'recipe' | 'method' | 'rewardSource' | 'bertscore' | 'locale') {
  switch (name) {
    case 'recipe':
      return localisedChoices(RECIPES, (locale, recipe) => t(locale, `discord:recipe_${recipe}`));
    case 'method':
      return localisedChoices(METHODS, methodName);
    case 'rewardSource':
      return localisedChoices(REWARD_SOURCES, (locale, source) => t(locale, `discord:reward_source_${source}`));
    case 'bertscore':
      return localisedChoices(BERTSCORES, bertscoreName);
    case 'locale':
      return localisedChoices(LOCALES, localeName);
  }
}

const BERTSCORES = ['stand-in', 'exact'] as const;
const METHODS = ['lora', 'full'] as const;
const methodName = (locale: Locale, value: string): string =>
  value === 'lora' ? 'LoRA' : t(locale, 'discord:method_full');
const localeName = (_reader: Locale, value: string): string => (value === 'pt-BR' ? 'Português' : 'English');
const isNumber = (name: SettingName): name is keyof typeof NUMBER_BOUNDS => Object.hasOwn(NUMBER_BOUNDS, name);

/** What one sitting may set for itself. */
const OF_SITTING = ['threshold', 'turnsPerIteration', 'iterations', 'method'] as const satisfies SettingName[];
/** What a class may set; the rest keeps the original's values. */
const OF_CLASS = [
  ...OF_SITTING,
  'recipe',
  'learningRate',
  'epochs',
  'beta',
  'rewardSource',
  'loraR',
  'loraAlpha',
  'maxNewTokens',
  'temperature',
  'topK',
  'topP',
  'repetitionPenalty',
  'maxScore',
  'halfReward',
  'bertscore',
  'studentsMayStart',
  'locale',
  'teacherRoleId',
] as const satisfies SettingName[];

/** The settings among the given options, under the classroom's names. */
function chosen(options: CommandContext['options'], names: readonly SettingName[]): Record<string, unknown> {
  const given = names.map((name) => {
    const key = described(`option_${OPTION_KEYS[name]}`).name;
    return [name, options.get(key)?.value] as const;
  });
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

const placeOf = (session: SessionView): string => `<#${session.threadId ?? session.channelId}>`;

/** The class's open sitting, else the one this thread was for. */
function sittingOf({ desk, caller }: CommandContext): SessionView {
  const session = desk.classroom.openSession(caller.actor.classId) ?? desk.classroom.sessionAt(caller.channelId);
  if (!session) throw new UserError('no_session_here');
  return session;
}

/** Where a sitting begins: a text channel, which gets a thread for it, or the thread we are in. */
function placeHere({ caller: { channelId, parentId } }: CommandContext) {
  return parentId === null ? { channelId } : { channelId: parentId, threadId: channelId };
}

async function start(context: CommandContext): Promise<Answer> {
  const { desk, caller, options } = context;
  const session = desk.classroom.startSession(caller.actor, placeHere(context), chosen(options, OF_SITTING));
  const place = `<#${await desk.threads.of(session)}>`;
  return { answer: notice(`🏭 ${t(caller.locale, 'discord:started', { place })}`) };
}

async function resume(context: CommandContext): Promise<Answer> {
  const { desk, caller } = context;
  const session = desk.classroom.resumeSession(caller.actor, placeHere(context));
  return { answer: notice(`▶️ ${t(caller.locale, 'discord:continued', { place: placeOf(session) })}`) };
}

async function status(context: CommandContext): Promise<Answer> {
  const session = sittingOf(context);
  const { locale } = context.caller;
  return { answer: statusMessage(session, locale, t(locale, 'discord:status_place', { place: placeOf(session) })) };
}

async function stop(context: CommandContext): Promise<Answer> {
  const { desk, caller } = context;
  desk.classroom.stopSession(caller.actor, sittingOf(context).id);
  return { answer: notice(`⏹️ ${t(caller.locale, 'discord:stopped')}`) };
}

async function config({ desk, caller, options }: CommandContext): Promise<Answer> {
  const { actor, locale } = caller;
  if (options.getBoolean('declare')) {
    if (!actor.isTeacher) throw new UserError('not_teacher');
    return { answer: declarationMessage(actor.classId, locale) };
  }
  const changes = chosen(options, OF_CLASS);
  const changing = Object.keys(changes).length > 0;
  if (changing) desk.classroom.configure(actor, actor.classId, changes);
  const settings = desk.classroom.settings(actor.classId);
  const view = {
    settings,
    changed: Object.keys(desk.store.settings.get(actor.classId)),
    declarationRequired: desk.declarationRequired,
    declaredAt: desk.classroom.declaredAt(actor.classId),
    roleName: desk.roleName(actor.classId, settings.teacherRoleId),
  };
  const message = settingsMessage(view, locale);
  return { answer: changing ? { ...message, content: `✅ ${t(locale, 'discord:settings_saved')}` } : message };
}

const declare: APIApplicationCommandBasicOption = {
  ...described('option_declare'),
  type: ApplicationCommandOptionType.Boolean,
};

export default {
  data: slashCommand('session', [
    subcommand('session_start', OF_SITTING.map(settingOption)),
    subcommand('session_config', [...OF_CLASS.map(settingOption), declare]),
    subcommand('session_status'),
    subcommand('session_stop'),
    subcommand('session_resume'),
  ]),
  parts: {
    start: { who: 'everyone', run: start },
    config: { who: 'everyone', run: config },
    status: { who: 'everyone', run: status },
    stop: { who: 'everyone', run: stop },
    resume: { who: 'everyone', run: resume },
  },
} satisfies Command;
