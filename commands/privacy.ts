/** /privacy: whether one's words may train, everything that is kept about one, and its deletion. Works at once. */
import { ApplicationCommandOptionType } from 'discord-api-types/v10';
import {
  type Answer,
  askForgetMessage,
  type Command,
  type CommandContext,
  consentMessage,
  consentNotice,
  described,
  exportMessage,
  guardianNotice,
  notice,
  slashCommand,
  subcommand,
} from '../src/discord/index.ts';
import { t } from '../src/i18n/index.ts';

async function consent({ desk, caller, options }: CommandContext): Promise<Answer> {
  const { actor, locale } = caller;
  const student = options.getUser('student');
  const answer = options.getBoolean('answer');
  if (student && answer !== null) {
    const member = desk.classroom.guardianConsent(actor, student.id, answer);
    return { answer: guardianNotice(answer, member.consent, locale) };
  }
  if (student) return { answer: notice(`🌱 ${t(locale, 'discord:guardian_answer_missing')}`) };
  if (answer === null) return { answer: consentMessage(desk.classroom.member(actor).consent, locale) };
  return { answer: consentNotice(answer, desk.classroom.consent(actor, answer).consent, locale) };
}

async function exportData({ desk, caller }: CommandContext): Promise<Answer> {
  return { answer: exportMessage(desk.classroom.exportMyData(caller.actor), caller.locale) };
}

async function remove({ caller }: CommandContext): Promise<Answer> {
  return { answer: askForgetMessage(caller.actor.userId, caller.locale) };
}

export default {
  data: slashCommand('privacy', [
    subcommand('privacy_consent', [
      { ...described('option_answer'), type: ApplicationCommandOptionType.Boolean },
      { ...described('option_student'), type: ApplicationCommandOptionType.User },
    ]),
    subcommand('privacy_export'),
    subcommand('privacy_delete'),
  ]),
  parts: {
    consent: { who: 'everyone', run: consent },
    export: { who: 'everyone', run: exportData },
    delete: { who: 'everyone', run: remove },
  },
} satisfies Command;
