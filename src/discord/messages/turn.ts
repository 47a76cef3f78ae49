/** A turn as a message: the words and, once it is there, the reply opened up. The same message is edited along the way. */
import type { APIEmbed, APIEmbedField } from 'discord-api-types/v10';
import { modelName } from '../../brain/index.ts';
import type { TurnView } from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import { button, row, select } from '../components.ts';
import { encodeCustomId } from '../custom-id.ts';
import { decimal, plain } from '../format.ts';
import { LIMITS } from '../limits.ts';
import { type Attachment, type Payload, payload, type Row } from '../payload.ts';
import { bar, inline, quoted, truncate } from '../text.ts';
import { choiceLine, choiceRows } from './choices.ts';
import { COLOURS } from './colours.ts';
import { errorWords } from './notices.ts';
import { tokenTable } from './token-table.ts';

export interface TurnOptions {
  /** The words already stand in the thread, in a message this one answers. */
  wordsShown?: boolean;
}

const MOST_WORDS = 1500;
const MOST_REPLY = 1200;

/** The message of a turn in whatever state it is. */
export function turnMessage(view: TurnView, locale: Locale, options: TurnOptions = {}): Payload {
  if (view.state === 'answering') return thinking(view, locale, options);
  if (view.state === 'failed') return failed(view, locale, options);
  return answer(view, locale, options);
}

/** What was said, unless it can be read right above. */
function words(view: TurnView, locale: Locale, { wordsShown = false }: TurnOptions): string {
  if (wordsShown) return '';
  const name = quoted(view.author.name, 80, t(locale, 'discord:somebody'), 1);
  return `🗣️ **${name}**\n${quoted(view.text, MOST_WORDS, t(locale, 'discord:no_words'), 15)}`;
}

function thinking(view: TurnView, locale: Locale, options: TurnOptions): Payload {
  const said = words(view, locale, options);
  const line = `💭 ${t(locale, 'discord:thinking', { model: quoted(modelName(view.model), 60, '·', 1), version: view.versionNumber })}`;
  return payload({ content: said === '' ? line : `${said}\n${line}` });
}

function failed(view: TurnView, locale: Locale, options: TurnOptions): Payload {
  const why = view.error ? truncate(errorWords(view.error, locale), 1000) : '';
  const description = `${why}\n${t(locale, 'discord:turn_failed_next')}`.trim();
  const embed: APIEmbed = { title: `⚠️ ${t(locale, 'discord:turn_failed')}`, description, color: COLOURS.warning };
  return payload({ content: words(view, locale, options), embeds: [embed] });
}

function answer(view: TurnView, locale: Locale, options: TurnOptions): Payload {
  const table = view.report ? tokenTable(view.report, locale) : null;
  const reply = quoted(view.reply ?? '', MOST_REPLY, `*${t(locale, 'discord:empty_reply')}*`, 15)
    // Set off from the report below it: the brain's words first.
    .replace(/^/gm, '> ');
  const stopped = stoppedSign(view.stoppedAt, locale);
  const masked = view.masked ? `\n-# ${t(locale, 'discord:masked')}` : '';
  const embed: APIEmbed = {
    color: COLOURS.brain,
    title: `🧠 ${t(locale, 'discord:turn_title', { number: view.number, iteration: view.iteration })}`,
    description: `${reply}${stopped}${masked}${table ? `\n\n${table.block}\n${table.inWords}` : ''}`,
    fields: [...metricFields(view, locale), ...comparisonField(view, locale), ...ratingField(view, locale)],
    footer: { text: footer(view, locale) },
  };
  const files: Attachment[] = table?.file ? [table.file] : [];
  return payload({ content: words(view, locale, options), embeds: [embed], components: rows(view, locale), files });
}

/** Under a reply that was stopped at the limit of tokens; nothing under one that ended by itself. */
export function stoppedSign(tokens: number | null, locale: Locale): string {
  return tokens === null ? '' : `\n-# ✂️ ${t(locale, 'discord:stopped_at_limit', { tokens })}`;
}

/** The four measures, each with a bar and what it means in one line. */
function metricFields(view: TurnView, locale: Locale): APIEmbedField[] {
  const { scores } = view;
  if (!scores) return [];
  const measures = [
    ['ROUGE-L', scores.rougeL, t(locale, 'discord:rouge_means')],
    ['BLEU', scores.bleu, t(locale, 'discord:bleu_means')],
    ['METEOR', scores.meteor, meteorMeans(scores, locale)],
    ['BERTScore', scores.bertScore?.f1 ?? null, bertScoreMeans(scores.bertScore, locale)],
  ] as const;
  return measures.map(([name, value, meaning]) => ({
    name: value === null ? name : `${name} · ${decimal(locale, value)}`,
    value: `${value === null ? t(locale, 'discord:not_measured') : bar(value)}\n-# ${meaning}`,
    inline: true,
  }));
}

/** Portuguese has no list of synonyms here: saying that there is one would be wrong. */
function meteorMeans({ meteorStages }: NonNullable<TurnView['scores']>, locale: Locale): string {
  return meteorStages.includes('wordnet') ? t(locale, 'discord:meteor_means') : t(locale, 'discord:meteor_means_stems');
}

/** Numbers of different models cannot be compared, so each says whose it is. */
function bertScoreMeans(score: NonNullable<TurnView['scores']>['bertScore'], locale: Locale): string {
  const some = t(locale, 'discord:some_model');
  if (score === null) return t(locale, 'discord:bertscore_means', { model: some });
  const { layer, layers, insteadOf } = score;
  const name = quoted(score.model, 60, some, 1);
  const model =
    layer === undefined || layers === undefined
      ? name
      : t(locale, 'discord:bertscore_layer', { model: name, layer, layers });
  if (insteadOf === undefined) return t(locale, 'discord:bertscore_means', { model });
  return t(locale, 'discord:bertscore_stand_in', { model, wanted: quoted(insteadOf, 60, some, 1) });
}

const MOST_RATINGS = 8;

function ratingField(view: TurnView, locale: Locale): APIEmbedField[] {
  if (view.ratings.length === 0) return [];
  const shown = view.ratings.slice(0, MOST_RATINGS).map(({ person, value }) => {
    return `${quoted(person.name, 60, t(locale, 'discord:somebody'), 1)} ${decimal(locale, value)}`;
  });
  const more = view.ratings.length - shown.length;
  if (more > 0) shown.push(t(locale, 'discord:more', { count: more }));
  const average = decimal(locale, view.averageRating ?? 0);
  const name = `⭐ ${t(locale, 'discord:ratings', { average, threshold: plain(locale, view.threshold) })}`;
  return [{ name, value: shown.join(' · ') }];
}

/** Of many tries the newest are shown: a row holds five buttons. */
const MOST_TRIES = LIMITS.buttonsInRow;
const MOST_OF_TRY = 160;

/** The former tries, quoted shortly, beside the answer above; with how many people find each the better one. */
function comparisonField(view: TurnView, locale: Locale): APIEmbedField[] {
  if (view.comparison.length === 0) return [];
  const lines = view.comparison.slice(-MOST_TRIES).map(({ number, reply, preferredBy }) => {
    const name = `**${t(locale, 'discord:comparison_try', { number })}**`;
    const head = preferredBy === 0 ? name : `${name} · 👍 ${preferredBy}`;
    if (number === view.tries) return `${head} · ${t(locale, 'discord:comparison_above')}`;
    const quote = quoted(reply, MOST_OF_TRY, `*${t(locale, 'discord:empty_reply')}*`, 2).replace(/^/gm, '> ');
    return `${head}\n${quote}`;
  });
  return [{ name: `⚖️ ${t(locale, 'discord:comparison_title')}`, value: lines.join('\n') }];
}

function preferRow({ id: turn, comparison }: TurnView, locale: Locale): Row {
  const buttons = comparison
    .slice(-MOST_TRIES)
    .map(({ number }) =>
      button(
        { action: 'prefer', turn, try: `${number}` },
        t(locale, 'discord:button_prefer', { number }),
        'secondary',
        '👍',
      ),
    );
  return row(...buttons);
}

function footer(view: TurnView, locale: Locale): string {
  const parts = [
    t(locale, 'discord:by_version', { model: inline(modelName(view.model), 60), version: view.versionNumber }),
  ];
  if (view.seconds !== null) parts.push(`${decimal(locale, view.seconds, 1)} s`);
  if (view.tokensPerSecond !== null) {
    parts.push(t(locale, 'discord:tokens_per_second', { value: decimal(locale, view.tokensPerSecond, 1) }));
  }
  if (view.tries > 1) parts.push(t(locale, 'discord:tries', { count: view.tries }));
  parts.push(choiceLine(locale, view.choices));
  return parts.join(' · ');
}

function rows(view: TurnView, locale: Locale): Row[] {
  const turn = view.id;
  const buttons = row(
    button({ action: 'exact', turn }, t(locale, 'discord:button_exact'), 'secondary', '🎯'),
    button({ action: 'better', turn }, t(locale, 'discord:button_better'), 'secondary', '✏️'),
    button({ action: 'why', turn }, t(locale, 'discord:button_why'), 'secondary', '🔍'),
    ...(view.awaitsRating
      ? [button({ action: 'again', turn }, t(locale, 'discord:button_again'), 'secondary', '🔁')]
      : []),
  );
  const ever = [row(ratingSelect(turn, locale)), buttons];
  if (!view.awaitsRating) return ever;
  // A message has room for five rows; and how it was meant stands while replies to it are compared.
  if (view.comparison.length > 0) return [preferRow(view, locale), ...ever];
  return [...ever, ...choiceRows(locale, turn, view.choices)];
}

/** Eleven steps from 0.0 to 1.0; the ends and the middle say what they mean. */
export function ratingSelect(turn: string, locale: Locale): Row['components'][number] {
  const meanings: Record<number, string> = {
    0: t(locale, 'discord:rating_0'),
    5: t(locale, 'discord:rating_5'),
    10: t(locale, 'discord:rating_10'),
  };
  const options = Array.from({ length: 11 }, (_, step) => ({
    value: (step / 10).toFixed(1),
    label: `${decimal(locale, step / 10, 1)} ${bar(step / 10)}`,
    ...(meanings[step] === undefined ? {} : { description: meanings[step] }),
  }));
  return select(encodeCustomId({ action: 'rate', turn }), options, t(locale, 'discord:rate_placeholder'));
}
