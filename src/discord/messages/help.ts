/** /help: what to do first, in three steps; then every command with who may use it. */
import type { APIEmbed } from 'discord-api-types/v10';
import { type Locale, t } from '../../i18n/index.ts';
import { plain } from '../format.ts';
import { LIMITS } from '../limits.ts';
import { type Payload, payload } from '../payload.ts';
import { truncate } from '../text.ts';
import { COLOURS } from './colours.ts';

export interface HelpEntry {
  /** "/session start" as the reader types it. */
  name: string;
  description: string;
  who: 'everyone' | 'teacher';
}

export function helpMessage(entries: readonly HelpEntry[], threshold: number, locale: Locale): Payload {
  const steps = [
    t(locale, 'discord:help_step_1'),
    t(locale, 'discord:help_step_2'),
    t(locale, 'discord:help_step_3', { threshold: plain(locale, threshold) }),
  ];
  const lines = entries.map(({ name, description, who }) => {
    const teachers = who === 'teacher' ? ` *(${t(locale, 'discord:help_teacher')})*` : '';
    return `\`${name}\` ${description}${teachers}`;
  });
  const embed: APIEmbed = {
    title: `🏭 ${t(locale, 'discord:help_title')}`,
    color: COLOURS.brain,
    fields: [
      {
        name: t(locale, 'discord:help_first'),
        value: steps.map((step, index) => `**${index + 1}.** ${step}`).join('\n'),
      },
    ],
    description: t(locale, 'discord:help_learn'),
  };
  const list: APIEmbed = {
    title: t(locale, 'discord:help_commands'),
    color: COLOURS.quiet,
    description: truncate(lines.join('\n'), LIMITS.embedDescription),
  };
  return payload({ embeds: [embed, list] });
}
