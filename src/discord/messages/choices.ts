/** The three choices of a turn (intent, emotion, language) as options, for modals, messages and commands alike. */
import type { APISelectMenuOption, APIStringSelectComponent } from 'discord-api-types/v10';
import { type Choices, EMOTIONS, INTENTS, LANGUAGES } from '../../brain/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import { row, select } from '../components.ts';
import { encodeCustomId } from '../custom-id.ts';
import type { Row } from '../payload.ts';

export const CHOICE_NAMES = ['intent', 'emotion', 'language'] as const;
export type ChoiceName = (typeof CHOICE_NAMES)[number];

export const CHOICE_VALUES = Object.freeze({ intent: INTENTS, emotion: EMOTIONS, language: LANGUAGES });

const EMOJI: Record<string, string> = {
  suggest: '💡',
  disagree: '🙅',
  ask: '❓',
  agree: '👍',
  neutral: '😐',
  happy: '😀',
  sad: '😢',
  surprised: '😮',
  excited: '🤩',
  angry: '😠',
  afraid: '😨',
};

/** The word for a choice, in the reader's language. */
export function choiceWord(locale: Locale, name: ChoiceName, value: string): string {
  switch (name) {
    case 'intent':
      return t(locale, `discord:intent_${known(INTENTS, value)}`);
    case 'emotion':
      return t(locale, `discord:emotion_${known(EMOTIONS, value)}`);
    case 'language':
      return t(locale, `discord:language_${known(LANGUAGES, value)}`);
  }
}

function known<T extends string>(values: readonly T[], value: string): T {
  return values.find((each) => each === value) ?? values[0]!;
}

export function choiceOptions(locale: Locale, name: ChoiceName): APISelectMenuOption[] {
  return CHOICE_VALUES[name].map((value) => ({
    value,
    label: choiceWord(locale, name, value),
    ...(EMOJI[value] === undefined ? {} : { emoji: { name: EMOJI[value] } }),
  }));
}

/** Rows of the three menus under a turn, showing what is chosen now. */
export function choiceRows(locale: Locale, turnId: string, choices: Choices): Row[] {
  return CHOICE_NAMES.map((name) => row(choiceSelect(locale, name, turnId, choices[name])));
}

function choiceSelect(locale: Locale, name: ChoiceName, turn: string, chosen: string): APIStringSelectComponent {
  const id = encodeCustomId({ action: name, turn });
  // The label says which menu it is: a menu that shows its choice hides its placeholder.
  const options = choiceOptions(locale, name).map((option) => ({
    ...option,
    label: `${t(locale, `discord:choice_${name}`)}: ${option.label}`,
  }));
  return select(id, options, t(locale, `discord:choice_${name}`), chosen);
}

/** "💡 suggests · 😐 neutral · English" */
export function choiceLine(locale: Locale, choices: Choices): string {
  return CHOICE_NAMES.map((name) => {
    const emoji = EMOJI[choices[name]];
    return `${emoji === undefined ? '' : `${emoji} `}${choiceWord(locale, name, choices[name])}`;
  }).join(' · ');
}
