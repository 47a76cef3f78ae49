/** The modals: speaking, a better answer, an exact rating. */
import type { APIModalInteractionResponseCallbackData } from 'discord-api-types/v10';
import { type Locale, t } from '../../i18n/index.ts';
import { labelled, modal, select, textInput } from '../components.ts';
import { CHOICE_NAMES, choiceOptions } from './choices.ts';

/** Names of the fields inside the modals. */
export const FIELDS = Object.freeze({
  text: 'text',
  value: 'value',
  intent: 'intent',
  emotion: 'emotion',
  language: 'language',
});

/** Text, intent, emotion and language in one form; what is not chosen is guessed. */
export function speakForm(session: string, locale: Locale): APIModalInteractionResponseCallbackData {
  return modal({ action: 'speak_form', session }, t(locale, 'discord:speak_title'), [
    labelled(
      t(locale, 'discord:speak_text'),
      textInput(FIELDS.text, { long: true, placeholder: t(locale, 'discord:speak_placeholder') }),
    ),
    ...CHOICE_NAMES.map((name) =>
      labelled(t(locale, `discord:choice_${name}`), {
        ...select(FIELDS[name], choiceOptions(locale, name), t(locale, 'discord:choice_guess')),
        min_values: 0,
        required: false,
      }),
    ),
  ]);
}

export function betterForm(turn: string, locale: Locale): APIModalInteractionResponseCallbackData {
  return modal({ action: 'better_form', turn }, t(locale, 'discord:better_title'), [
    labelled(
      t(locale, 'discord:better_text'),
      textInput(FIELDS.text, { long: true }),
      t(locale, 'discord:better_description'),
    ),
  ]);
}

export function exactForm(turn: string, locale: Locale): APIModalInteractionResponseCallbackData {
  return modal({ action: 'exact_form', turn }, t(locale, 'discord:exact_title'), [
    labelled(
      t(locale, 'discord:exact_text'),
      textInput(FIELDS.value, { most: 10, placeholder: locale === 'pt-BR' ? '0,73' : '0.73' }),
      t(locale, 'discord:exact_description'),
    ),
  ]);
}
