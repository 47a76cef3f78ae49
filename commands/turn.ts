/** /turn say: a turn for those who would rather type a command than open the form. */
import { type APIApplicationCommandBasicOption, ApplicationCommandOptionType } from 'discord-api-types/v10';
import { EMOTIONS, INTENTS, LANGUAGES } from '../src/brain/index.ts';
import { MAX_TURN_LENGTH } from '../src/classroom/index.ts';
import {
  type Answer,
  type Command,
  type CommandContext,
  choiceWord,
  described,
  localisedChoices,
  oneOf,
  slashCommand,
  spoken,
  subcommand,
} from '../src/discord/index.ts';
import { UserError } from '../src/errors.ts';

const CHOICES = { intent: INTENTS, emotion: EMOTIONS, language: LANGUAGES } as const;

const choiceOption = (name: keyof typeof CHOICES): APIApplicationCommandBasicOption => ({
  ...described(`option_${name}`),
  type: ApplicationCommandOptionType.String,
  choices: localisedChoices(CHOICES[name], (locale, value) => choiceWord(locale, name, value)),
});

const optionName = (name: keyof typeof CHOICES): string => described(`option_${name}`).name;

async function say({ desk, caller, options }: CommandContext): Promise<Answer> {
  const session = desk.classroom.openSession(caller.actor.classId);
  if (!session) throw new UserError('no_session_here');
  const intent = options.getString(optionName('intent'));
  const emotion = options.getString(optionName('emotion'));
  const language = options.getString(optionName('language'));
  const turn = await desk.classroom.say(caller.actor, session.id, {
    text: options.getString('text', true),
    ...(intent === null ? {} : { intent: oneOf(INTENTS, intent) }),
    ...(emotion === null ? {} : { emotion: oneOf(EMOTIONS, emotion) }),
    ...(language === null ? {} : { language: oneOf(LANGUAGES, language) }),
  });
  return spoken(turn, caller.locale);
}

export default {
  data: slashCommand('turn', [
    subcommand('turn_say', [
      {
        ...described('option_text'),
        type: ApplicationCommandOptionType.String,
        required: true,
        min_length: 1,
        max_length: MAX_TURN_LENGTH,
      },
      choiceOption('intent'),
      choiceOption('emotion'),
      choiceOption('language'),
    ]),
  ]),
  parts: { say: { who: 'everyone', run: say } },
} satisfies Command;
