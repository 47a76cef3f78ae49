/** Short private answers: what a person's click or command did, and what to do when something is not possible. */
import type { RatingOutcome } from '../../classroom/index.ts';
import type { UserError } from '../../errors.ts';
import { type Locale, t, tDynamic } from '../../i18n/index.ts';
import { decimal, plain } from '../format.ts';
import { LIMITS } from '../limits.ts';
import { type Payload, payload } from '../payload.ts';
import { quoted, truncate } from '../text.ts';

export const notice = (text: string): Payload => payload({ content: truncate(text, LIMITS.content) });

export function userErrorMessage(error: UserError, locale: Locale): Payload {
  return notice(`🤔 ${errorWords(error, locale)}`);
}

const MOST_CONTEXT = 300;

/** An error's sentence; what it quotes may be what somebody typed, so it is shown as it is and does nothing. */
export function errorWords({ identifier, context }: Pick<UserError, 'identifier' | 'context'>, locale: Locale): string {
  const values = Object.entries(context).map(([name, value]) => {
    if (typeof value === 'string') return [name, quoted(value, MOST_CONTEXT, '·', 3)] as const;
    // A whole number may be a name (a port, a code), which nobody writes with separators.
    return [name, Number.isInteger(value) ? value : plain(locale, value)] as const;
  });
  return tDynamic(locale, `errors:${identifier}`, Object.fromEntries(values));
}

/** A bug of ours: kind words and a number to find it by in the log. */
export function bugMessage(reference: string, locale: Locale): Payload {
  return notice(`🔧 ${t(locale, 'discord:bug', { reference })}`);
}

/** What a rating led to, for the one who gave it. */
export function ratedMessage(outcome: RatingOutcome, locale: Locale): Payload {
  const value = decimal(locale, outcome.value);
  const thanks = t(locale, 'discord:rated', { value });
  if (!outcome.decided || outcome.leadTo === null) return notice(`⭐ ${thanks} ${t(locale, 'discord:rated_beside')}`);
  const threshold = plain(locale, outcome.turn.threshold);
  const next = {
    turn: t(locale, 'discord:rated_turn', { threshold }),
    training: t(locale, 'discord:rated_training', { threshold }),
    training_blocked: t(locale, 'discord:rated_blocked', { threshold }),
    iteration: t(locale, 'discord:rated_iteration'),
    end: t(locale, 'discord:rated_end'),
  }[outcome.leadTo];
  return notice(`⭐ ${thanks} ${next}`);
}
