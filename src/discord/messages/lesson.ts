/** /learn: one term explained, with the reader's own numbers where there are some. */
import type { APIEmbed } from 'discord-api-types/v10';
import { type Locale, t } from '../../i18n/index.ts';
import type { Lesson } from '../../lessons/index.ts';
import { LIMITS } from '../limits.ts';
import { type Payload, payload } from '../payload.ts';
import { truncate } from '../text.ts';
import { COLOURS } from './colours.ts';

export function lessonMessage(lesson: Lesson, others: readonly string[], locale: Locale): Payload {
  const embed: APIEmbed = {
    title: `📖 ${truncate(lesson.title, LIMITS.embedTitle - 4)}`,
    description: truncate(lesson.text, LIMITS.embedDescription),
    color: COLOURS.brain,
    footer: { text: truncate(t(locale, 'discord:learn_try', { terms: others.join(', ') }), LIMITS.footer) },
  };
  return payload({ embeds: [embed] });
}
