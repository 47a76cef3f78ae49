/** "Why these words?": each token of a reply with how likely the brain found it there. */
import type { APIEmbed } from 'discord-api-types/v10';
import type { WhyView } from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import { percent } from '../format.ts';
import { type Payload, payload } from '../payload.ts';
import { bar, cell, codeBlock, inline } from '../text.ts';
import { COLOURS } from './colours.ts';

const MOST_TOKENS = 25;
const WORD = 14;

export function whyMessage(view: WhyView, locale: Locale): Payload {
  if (view.tokens.length === 0) return payload({ content: t(locale, 'discord:why_nothing') });
  const shown = view.tokens.slice(0, MOST_TOKENS).map(({ text, probability }) => {
    return `${cell(visible(text), WORD)} ${bar(probability)} ${percent(locale, probability, 1).padStart(7)}`;
  });
  const more = view.tokens.length - shown.length;
  if (more > 0) shown.push(t(locale, 'discord:more', { count: more }));
  const words = view.tokens.some(isText) ? view.tokens.filter(isText) : view.tokens;
  const surest = words.reduce((best, token) => (token.probability > best.probability ? token : best));
  const least = words.reduce((worst, token) => (token.probability < worst.probability ? token : worst));
  const values = {
    sure: `“${inline(visible(surest.text), WORD)}”`,
    unsure: `“${inline(visible(least.text), WORD)}”`,
  };
  const embed: APIEmbed = {
    title: `🔍 ${t(locale, 'discord:why_title')}`,
    description: `${t(locale, 'discord:why_text')}\n${codeBlock(shown)}`,
    color: COLOURS.brain,
    footer: { text: t(locale, 'discord:why_footer', values) },
  };
  return payload({ embeds: [embed] });
}

const END = '■';
const isText = ({ text }: WhyView['tokens'][number]): boolean => visible(text) !== END;

/** A leading space belongs to the token: shown as "·", so that it can be seen. A token that stands for no text is "■". */
const visible = (text: string): string =>
  text
    .replace(/^<(?:\|\w+\||\/?s)>$/, END)
    .replace(/^ /, '·')
    .replace(/\n/g, '⏎');
