/**
 * What every button, menu and form does. The table is typed over all actions: one without a handler does not compile.
 * Handlers change the classroom and answer the one who pressed; what everybody sees comes from the outbox.
 */
import type { APIModalInteractionResponseCallbackData } from 'discord-api-types/v10';
import { type Choices, EMOTIONS, INTENTS, LANGUAGES } from '../brain/index.ts';
import type { TurnView } from '../classroom/index.ts';
import { UserError } from '../errors.ts';
import { type Locale, t } from '../i18n/index.ts';
import type { Action, CustomId } from './custom-id.ts';
import type { Answer, Caller, Desk } from './desk.ts';
import { betterForm, exactForm, FIELDS, speakForm } from './messages/forms.ts';
import { notice, ratedMessage } from './messages/notices.ts';
import { consentNotice, forgottenMessage } from './messages/privacy.ts';
import { whyMessage } from './messages/why.ts';
import { removeTraces, tracesOf } from './traces.ts';

export interface ActionContext {
  readonly desk: Desk;
  readonly caller: Caller;
  /** What was chosen in a menu. */
  readonly values: readonly string[];
  /** What was filled into a form: a text, or the one value of a menu; '' when left empty. */
  field(name: string): string;
}

/** Opens a form: must not wait for anything. */
export interface Opener<A extends Action> {
  form(id: CustomId<A>, locale: Locale): APIModalInteractionResponseCallbackData;
}

export interface Runner<A extends Action> {
  run(id: CustomId<A>, context: ActionContext): Promise<Answer>;
}

export const ACTIONS: { readonly [A in Action]: Opener<A> | Runner<A> } = {
  // a sitting
  speak: { form: ({ session }, locale) => speakForm(session, locale) },

  speak_form: {
    async run({ session }, { desk, caller, field }) {
      const said = { text: field(FIELDS.text), ...choicesIn(field) };
      return spoken(await desk.classroom.say(caller.actor, session, said), caller.locale);
    },
  },

  stop_session: {
    async run({ session }, { desk, caller }) {
      desk.classroom.stopSession(caller.actor, session);
      return say(t(caller.locale, 'discord:stopped'));
    },
  },

  stop_countdown: {
    async run({ session }, { desk, caller }) {
      desk.classroom.stopCountdown(caller.actor, session);
      return say(t(caller.locale, 'discord:stopped'));
    },
  },

  keep: {
    async run({ session, keep }, { desk, caller }) {
      desk.classroom.keepProgress(caller.actor, session, keep === 'yes');
      return say(t(caller.locale, 'discord:keep_noted'));
    },
  },

  retry: {
    async run({ session }, { desk, caller }) {
      desk.classroom.retryJob(caller.actor, session);
      return say(t(caller.locale, 'discord:retrying'));
    },
  },

  skip: {
    async run({ session }, { desk, caller }) {
      desk.classroom.skipJob(caller.actor, session);
      return say(t(caller.locale, 'discord:skipped'));
    },
  },

  consent: {
    async run({ granted }, { desk, caller }) {
      const member = desk.classroom.consent(caller.actor, granted === 'yes');
      return { answer: consentNotice(granted === 'yes', member.consent, caller.locale) };
    },
  },

  // a turn
  intent: { run: ({ turn }, context) => revise(turn, { intent: oneOf(INTENTS, context.values[0]) }, context) },
  emotion: { run: ({ turn }, context) => revise(turn, { emotion: oneOf(EMOTIONS, context.values[0]) }, context) },
  language: { run: ({ turn }, context) => revise(turn, { language: oneOf(LANGUAGES, context.values[0]) }, context) },

  rate: { run: ({ turn }, context) => rate(turn, context.values[0] ?? '', context) },
  exact: { form: ({ turn }, locale) => exactForm(turn, locale) },
  exact_form: { run: ({ turn }, context) => rate(turn, context.field(FIELDS.value), context) },

  better: { form: ({ turn }, locale) => betterForm(turn, locale) },
  better_form: {
    async run({ turn }, { desk, caller, field }) {
      desk.classroom.correct(caller.actor, turn, field(FIELDS.text));
      return say(t(caller.locale, 'discord:corrected'));
    },
  },

  why: {
    async run({ turn }, { desk, caller }) {
      return { answer: whyMessage(desk.classroom.whyTheseWords(caller.actor, turn), caller.locale) };
    },
  },

  again: {
    async run({ turn }, { desk, caller }) {
      return spoken(await desk.classroom.anotherTry(caller.actor, turn), caller.locale);
    },
  },

  prefer: {
    async run({ turn, try: number }, { desk, caller }) {
      desk.classroom.preferTry(caller.actor, turn, Number(number));
      return say(t(caller.locale, 'discord:preferred', { number }));
    },
  },

  // a person
  forget: {
    async run({ member }, { desk, caller }) {
      // The button stands in a private message; its id says whose it is all the same.
      if (member !== caller.actor.userId) throw new UserError('button_gone');
      const traces = tracesOf(desk, caller);
      const report = desk.classroom.deleteMyData(caller.actor);
      await removeTraces(desk, traces);
      return { answer: forgottenMessage(report, caller.locale) };
    },
  },

  declare: {
    async run({ class: classId }, { desk, caller }) {
      if (classId !== caller.actor.classId) throw new UserError('button_gone');
      desk.classroom.declare(caller.actor);
      return say(t(caller.locale, 'discord:declaration_done'));
    },
  },
};

/** The handler of an id, freed of the pairing of action and fields that the table's type has already checked. */
export const handlerOf = ({ action }: CustomId): Opener<Action> | Runner<Action> =>
  ACTIONS[action] as Opener<Action> | Runner<Action>;

const say = (text: string): Answer => ({ answer: notice(`✅ ${text}`) });

/** After the brain has answered (or could not): the thread shows how. */
export function spoken(turn: TurnView, locale: Locale): Answer {
  return turn.state === 'failed'
    ? { answer: notice(`⚠️ ${t(locale, 'discord:said_failed')}`) }
    : say(t(locale, 'discord:said'));
}

async function revise(turn: string, changes: Partial<Choices>, { desk, caller }: ActionContext): Promise<Answer> {
  await desk.classroom.reviseChoices(caller.actor, turn, changes);
  return say(t(caller.locale, 'discord:choices_changed'));
}

async function rate(turn: string, value: string, { desk, caller }: ActionContext): Promise<Answer> {
  return { answer: ratedMessage(await desk.classroom.rate(caller.actor, turn, value), caller.locale) };
}

/** The choices made in a form; those left open are not in it. */
function choicesIn(field: ActionContext['field']): Partial<Choices> {
  const [intent, emotion, language] = [field(FIELDS.intent), field(FIELDS.emotion), field(FIELDS.language)];
  return {
    ...(intent === '' ? {} : { intent: oneOf(INTENTS, intent) }),
    ...(emotion === '' ? {} : { emotion: oneOf(EMOTIONS, emotion) }),
    ...(language === '' ? {} : { language: oneOf(LANGUAGES, language) }),
  };
}

/** A menu's value is one of those we offered; a menu of an older version may offer others. */
export function oneOf<T extends string>(values: readonly T[], value: string | undefined): T {
  const found = values.find((each) => each === value);
  if (found === undefined) throw new UserError('button_gone');
  return found;
}
