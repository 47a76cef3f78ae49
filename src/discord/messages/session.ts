/** A sitting's own messages: the opening, whose turn it is, the countdown, the question whether to keep, the averages. */
import type { APIEmbed } from 'discord-api-types/v10';
import { modelName } from '../../brain/index.ts';
import {
  type Averages,
  type CountdownLeadsTo,
  consentText,
  type IterationView,
  type SessionView,
  type TrainingBlock,
} from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import { button, row } from '../components.ts';
import { decimal, moment, plain, signed } from '../format.ts';
import { type Payload, payload, type Row } from '../payload.ts';
import { bar, cell, codeBlock, inline, quoted, truncate } from '../text.ts';
import { COLOURS } from './colours.ts';
import { failureRow } from './training.ts';
import { ratingSelect } from './turn.ts';

const speakButton = (session: string, locale: Locale) =>
  button({ action: 'speak', session }, t(locale, 'discord:button_speak'), 'primary', '🗣️');

const stopButton = (session: string, locale: Locale) =>
  button({ action: 'stop_session', session }, t(locale, 'discord:button_stop'), 'secondary', '⏹️');

/** What a person agrees to: the classroom's own wording, which is recorded with the answer. */
export const consentWords = (locale: Locale): string => truncate(consentText(locale), 1000);

/** Two buttons with which a person says whether their words may train. */
export function consentRow(locale: Locale): Row {
  return row(
    button({ action: 'consent', granted: 'yes' }, t(locale, 'discord:button_consent_yes'), 'success', '🌱'),
    button({ action: 'consent', granted: 'no' }, t(locale, 'discord:button_consent_no'), 'secondary', '🚫'),
  );
}

export interface OpeningOptions {
  /** Plain messages in the thread are turns. */
  plainMessages: boolean;
  /** The operator has not declared that texts of this server may train. */
  declarationMissing: boolean;
}

/** The first message of a sitting: what this is, how a turn works, and the question of consent. */
export function openingMessage(view: SessionView, locale: Locale, options: OpeningOptions): Payload {
  const person = quoted(view.startedBy?.name ?? '', 80, t(locale, 'discord:somebody'), 1);
  const steps = [
    t(locale, options.plainMessages ? 'discord:opening_say_plain' : 'discord:opening_say'),
    t(locale, 'discord:opening_rate', { threshold: plain(locale, view.threshold) }),
    t(locale, 'discord:opening_train'),
  ];
  const description = [
    t(locale, 'discord:opening_intro', { name: person }),
    '',
    ...steps.map((step, index) => `**${index + 1}.** ${step}`),
  ];
  const embed: APIEmbed = {
    title: `🏭 ${t(locale, 'discord:opening_title')}`,
    description: description.join('\n'),
    color: COLOURS.brain,
    fields: [
      { name: `🌱 ${t(locale, 'discord:consent_title')}`, value: consentWords(locale) },
      ...(options.declarationMissing
        ? [{ name: `⚖️ ${t(locale, 'discord:declaration_title')}`, value: t(locale, 'discord:declaration_text') }]
        : []),
    ],
    footer: { text: sittingFooter(view, locale) },
  };
  return payload({
    embeds: [embed],
    components: [row(speakButton(view.id, locale), stopButton(view.id, locale)), consentRow(locale)],
  });
}

function sittingFooter(view: SessionView, locale: Locale): string {
  const parts = [
    t(locale, 'discord:by_version', { model: inline(modelName(view.model), 60), version: view.versionNumber }),
    t(locale, 'discord:turns_per_iteration', { count: view.turnsPerIteration }),
    view.iterations === 0
      ? t(locale, 'discord:until_stopped')
      : t(locale, 'discord:iterations_in_all', { count: view.iterations }),
  ];
  return parts.join(' · ');
}

/** It is somebody's turn to speak. */
export function turnOpenMessage(view: SessionView, locale: Locale): Payload {
  const values = { turn: view.turn, turns: view.turnsPerIteration, iteration: view.iteration };
  return payload({
    content: `🎤 ${t(locale, 'discord:turn_open', values)}`,
    components: [row(speakButton(view.id, locale), stopButton(view.id, locale))],
  });
}

/** Somebody spoke without having said whether their words may train. */
export function consentNeededMessage(name: string, locale: Locale): Payload {
  const who = quoted(name, 80, t(locale, 'discord:somebody'), 1);
  return payload({
    content: `🌱 ${t(locale, 'discord:consent_needed', { name: who })}\n${consentWords(locale)}`,
    components: [consentRow(locale)],
  });
}

export function blockedMessage(why: TrainingBlock, locale: Locale): Payload {
  const texts = {
    declaration: t(locale, 'discord:blocked_declaration'),
    consent: t(locale, 'discord:blocked_consent'),
    nothing: t(locale, 'discord:blocked_nothing'),
    judgement: t(locale, 'discord:blocked_judgement'),
  };
  const components = why === 'consent' || why === 'judgement' ? [consentRow(locale)] : [];
  return payload({ content: `🌙 ${texts[why]}`, components });
}

/** Discord counts the seconds down on every screen by itself; the button is there as long as it runs. */
export function countdownMessage(
  session: string,
  { deadline, leadsTo, running }: { deadline: number; leadsTo: CountdownLeadsTo; running: boolean },
  locale: Locale,
): Payload {
  const next = {
    turn: t(locale, 'discord:countdown_turn'),
    iteration: t(locale, 'discord:countdown_iteration'),
    end: t(locale, 'discord:countdown_end'),
  }[leadsTo];
  if (!running) return payload({ content: `⏱️ ${t(locale, 'discord:countdown_over')}` });
  return payload({
    content: `⏱️ ${next} ${moment(deadline, 'R')}`,
    components: [row(button({ action: 'stop_countdown', session }, t(locale, 'discord:button_stop'), 'danger', '⏹️'))],
  });
}

/** Stopped: keep what was learned in this sitting, or go back to how it began? */
export function keepMessage(view: SessionView, locale: Locale): Payload {
  const session = view.id;
  if (view.outcome || view.savingProgress) {
    const text = view.savingProgress ? t(locale, 'discord:saving') : keptText(view, locale);
    return payload({ content: `💾 ${text}` });
  }
  const values = { version: view.versionNumber, start: view.startVersionNumber };
  const question = view.jobId
    ? t(locale, 'discord:keep_question_training')
    : t(locale, 'discord:keep_question', values);
  return payload({
    content: `⏸️ ${question}`,
    components: [
      row(
        button({ action: 'keep', session, keep: 'yes' }, t(locale, 'discord:button_keep'), 'success', '💾'),
        button(
          { action: 'keep', session, keep: 'no' },
          t(locale, 'discord:button_discard', { version: view.startVersionNumber }),
          'danger',
          '↩️',
        ),
      ),
    ],
  });
}

function keptText(view: SessionView, locale: Locale): string {
  return view.outcome?.kept
    ? t(locale, 'discord:kept', { version: view.versionNumber })
    : t(locale, 'discord:discarded', { version: view.versionNumber });
}

/** An iteration is over: its averages beside those of the ones before. */
export function iterationMessage(view: SessionView, number: number, locale: Locale): Payload {
  const embed: APIEmbed = {
    title: `📊 ${t(locale, 'discord:iteration_closed', { number })}`,
    description: averagesTable(view.iterationsSoFar, view.averages, locale),
    color: COLOURS.good,
    footer: { text: t(locale, 'discord:averages_note') },
  };
  return payload({ embeds: [embed] });
}

export function endedMessage(view: SessionView, locale: Locale): Payload {
  const why =
    view.outcome?.reason === 'completed' ? t(locale, 'discord:ended_completed') : t(locale, 'discord:ended_stopped');
  const lines = [why, keptText(view, locale)];
  if (view.averages.turns > 0) lines.push('', averagesTable(view.iterationsSoFar, view.averages, locale));
  lines.push('', t(locale, 'discord:ended_next'));
  const embed: APIEmbed = {
    title: `🏁 ${t(locale, 'discord:ended_title')}`,
    description: lines.join('\n'),
    color: COLOURS.quiet,
  };
  return payload({ embeds: [embed] });
}

export function resumedMessage(view: SessionView, locale: Locale): Payload {
  return payload({
    content: `▶️ ${t(locale, 'discord:resumed', { iteration: view.iteration, turn: view.turn })}`,
    components: [row(speakButton(view.id, locale), stopButton(view.id, locale))],
  });
}

/** Where the sitting stands, for one reader. */
export function statusMessage(view: SessionView, locale: Locale, place: string): Payload {
  const phase = {
    ready: t(locale, 'discord:phase_ready'),
    answering: t(locale, 'discord:phase_answering'),
    rating: t(locale, 'discord:phase_rating'),
    training: t(locale, 'discord:phase_training'),
    failed: t(locale, 'discord:phase_failed'),
    countdown: t(locale, 'discord:phase_countdown'),
    stopping: t(locale, 'discord:phase_stopping'),
    ended: t(locale, 'discord:phase_ended'),
  }[view.phase];
  const values = { turn: view.turn, turns: view.turnsPerIteration, iteration: view.iteration };
  const lines = [`**${phase}**`, t(locale, 'discord:status_where', values), place];
  if (view.averages.turns > 0) lines.push('', averagesTable(view.iterationsSoFar, view.averages, locale));
  const embed: APIEmbed = {
    title: `🏭 ${t(locale, 'discord:status_title')}`,
    description: lines.filter((line, index) => line !== '' || index > 0).join('\n'),
    color: COLOURS.brain,
    footer: { text: sittingFooter(view, locale) },
  };
  return payload({ embeds: [embed], components: statusRows(view, locale) });
}

/** What the sitting waits for, at hand: the message that asked may be far up, or gone with its thread. */
function statusRows(view: SessionView, locale: Locale): Row[] {
  const session = view.id;
  switch (view.phase) {
    case 'ready':
      return [row(speakButton(session, locale), stopButton(session, locale))];
    case 'rating':
      return view.turnId === null ? [] : [row(ratingSelect(view.turnId, locale))];
    case 'failed':
      return [failureRow(session, locale)];
    case 'stopping':
      return keepMessage(view, locale).components;
    default:
      return [];
  }
}

/** The newest iterations fit; a sitting may have a hundred. */
const MOST_ITERATIONS = 10;

/** Widths of the columns (rating, token total, ROUGE-L, BLEU, METEOR, BERTScore): with the first, what a phone is wide. */
const WIDTHS = [4, 6, 5, 4, 6, 4] as const;
const FIRST_WIDTH = 2;

/** One line an iteration and one for all. */
function averagesTable(iterations: readonly IterationView[], all: Averages, locale: Locale): string {
  const head = averagesCells('', ['⭐', t(locale, 'discord:column_total'), 'ROUGE', 'BLEU', 'METEOR', 'BERT']);
  const shown = iterations
    .slice(-MOST_ITERATIONS)
    .map((each) => averagesLine(String(each.number), each.averages, locale));
  const lines = [head, ...shown];
  if (iterations.length > 1) lines.push(averagesLine('Σ', all, locale));
  const rating = all.rating === null ? '' : `\n⭐ ${bar(all.rating)} ${decimal(locale, all.rating)}`;
  return `${codeBlock(lines)}${rating}`;
}

function averagesLine(
  name: string,
  { rating, tokenTotal, rougeL, bleu, meteor, bertScore }: Averages,
  locale: Locale,
): string {
  const number = (value: number | null): string => (value === null ? '·' : decimal(locale, value));
  const total = tokenTotal === null ? '·' : signed(locale, tokenTotal, 1);
  return averagesCells(name, [number(rating), total, ...[rougeL, bleu, meteor, bertScore].map(number)]);
}

const averagesCells = (name: string, values: readonly string[]): string =>
  [cell(name, FIRST_WIDTH), ...values.map((value, index) => cell(value, WIDTHS[index] ?? 6, 'right'))].join(' ');
