/** A training job as messages: its place in the queue, the numbers as they move, the summary, the failure. */
import type { APIEmbed } from 'discord-api-types/v10';
import { type JobView, pushWords, type StepView } from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import { DRAWS } from '../../training/index.ts';
import { button, row } from '../components.ts';
import { decimal, duration, percent, plain, scientific } from '../format.ts';
import { type Attachment, type Payload, payload, type Row } from '../payload.ts';
import { bar, cell, codeBlock, quoted, truncate } from '../text.ts';
import { COLOURS } from './colours.ts';
import { errorWords } from './notices.ts';

/** The one message that follows a job from the queue to its end; edited as it goes. */
export function progressMessage(job: JobView, locale: Locale): Payload {
  if (job.state === 'queued' && job.steps.length === 0) return queuedMessage(job, locale);
  const last = job.steps.at(-1);
  const share = last ? last.step / Math.max(1, last.totalSteps) : 0;
  const embed: APIEmbed = {
    title: progressTitle(job, locale),
    description: [`${bar(share, 20)} ${percent(locale, share)}`, ...(last ? [numbers(job, last, locale)] : [])].join(
      '\n',
    ),
    color: job.state === 'failed' ? COLOURS.bad : COLOURS.training,
    footer: { text: trainsOn(job, locale) },
  };
  if (!last) embed.description = `⏳ ${t(locale, 'discord:training_loading')}`;
  return payload({ embeds: [embed] });
}

function queuedMessage(job: JobView, locale: Locale): Payload {
  const place =
    job.position <= 1 ? t(locale, 'discord:queued_next') : t(locale, 'discord:queued', { count: job.position - 1 });
  const embed: APIEmbed = {
    title: `🏋️ ${t(locale, 'discord:training_title')}`,
    description: [
      place,
      ...nothingBetter(job, locale),
      `-# ${t(locale, `discord:training_why_${job.learning.recipe}`)}`,
    ].join('\n'),
    color: COLOURS.training,
    footer: { text: trainsOn(job, locale) },
  };
  return payload({ embeds: [embed] });
}

function progressTitle(job: JobView, locale: Locale): string {
  const last = job.steps.at(-1);
  switch (job.state) {
    case 'finished':
      return `✅ ${t(locale, 'discord:training_done')}`;
    case 'failed':
      return `⚠️ ${t(locale, 'discord:training_failed')}`;
    case 'cancelled':
      return `⏹️ ${t(locale, 'discord:training_cancelled')}`;
    default:
      return last
        ? `🏋️ ${t(locale, 'discord:training_step', { step: last.step, total: last.totalSteps })}`
        : `🏋️ ${t(locale, 'discord:training_title')}`;
  }
}

/** The Trainer's numbers under its own names, the loss beside where it began. */
function numbers(job: JobView, last: StepView, locale: Locale): string {
  const first = job.steps[0];
  const began =
    first && first.step !== last.step
      ? ` (${t(locale, 'discord:began_at', { value: decimal(locale, first.loss, 4) })})`
      : '';
  const lines: [string, string][] = [
    ['loss', `${decimal(locale, last.loss, 4)}${began}`],
    ['grad_norm', decimal(locale, last.gradNorm, 4)],
    ['learning_rate', scientific(locale, last.learningRate)],
    ['epoch', decimal(locale, last.epoch)],
    ...SHOWN_METRICS.flatMap((name): [string, string][] => {
      const value = last.metrics[name];
      return value === undefined ? [] : [[name, decimal(locale, value, 3)]];
    }),
  ];
  if (job.state === 'running' && job.etaSeconds !== null) lines.push(['ETA', duration(job.etaSeconds)]);
  return codeBlock(lines.map(([name, value]) => `${cell(name, 15)} ${value}`));
}

/** Of what a recipe measures beside: as wide as a phone. */
const SHOWN_METRICS = ['rewards/margins', 'reward', 'kl'] as const;

function trainsOn(job: JobView, locale: Locale): string {
  const { learning, method, people } = job;
  const parts = [method === 'lora' ? 'LoRA' : t(locale, 'discord:method_full')];
  parts.push(t(locale, `discord:recipe_${learning.recipe}`));
  parts.push(...learnsFrom(job, locale));
  parts.push(people === 1 ? t(locale, 'discord:of_one') : t(locale, 'discord:of_people', { people }));
  return parts.join(' · ');
}

function learnsFrom({ learning, trainingCharacters }: JobView, locale: Locale): string[] {
  const { recipe, learnt, avoided, compared, alone, rated, drawn } = learning;
  if (recipe === 'classic')
    return [t(locale, 'discord:learns_characters', { characters: plain(locale, trainingCharacters) })];
  return [
    ...(learnt > 0 ? [t(locale, 'discord:learns_replies', { count: learnt })] : []),
    ...(avoided + alone > 0 ? [t(locale, 'discord:learns_avoiding', { count: avoided + alone })] : []),
    ...(compared > 0 ? [t(locale, 'discord:learns_pairs', { count: compared })] : []),
    ...(rated > 0 ? [t(locale, 'discord:learns_ratings', { count: rated })] : []),
    ...(drawn ? [t(locale, 'discord:learns_draws', { draws: DRAWS })] : []),
  ];
}

/** A preference needs two; said before the training as well as after. */
function nothingBetter({ learning }: JobView, locale: Locale): string[] {
  if (learning.alone === 0) return [];
  return [`💡 ${t(locale, learning.recipe === 'guided' ? 'discord:nothing_better' : 'discord:nothing_preferred')}`];
}

/** What the recipe itself measured, in plain words; nothing for recipes that measure nothing of their own. */
function learningWords(job: JobView, locale: Locale): string[] {
  const { margin, reward, kl, drawn } = job.learning;
  const number = (value: number) => decimal(locale, value, 2);
  const lines = nothingBetter(job, locale);
  if (margin)
    lines.push(t(locale, 'discord:learned_margin', { first: number(margin.first), last: number(margin.last) }));
  if (reward) {
    const values = { first: number(reward.first), last: number(reward.last) };
    lines.push(drawn ? t(locale, 'discord:learned_reward_drawn', values) : t(locale, 'discord:learned_reward', values));
  }
  if (kl !== null) lines.push(t(locale, 'discord:learned_kl', { kl: number(kl) }));
  return lines;
}

const MOST_REPLY = 700;

/** What the training did: the Trainer's summary, the push in plain words, the same prompt answered before and after. */
export function summaryMessage(job: JobView, locale: Locale, chart: Attachment | null): Payload {
  const versions = { from: job.fromVersionNumber, to: job.versionNumber ?? job.fromVersionNumber };
  const embed: APIEmbed = {
    title: `🎓 ${t(locale, 'discord:summary_title', versions)}`,
    color: COLOURS.good,
    fields: [],
    footer: { text: `${t(locale, 'discord:summary_footer', versions)} · ${trainsOn(job, locale)}` },
    ...(chart ? { image: { url: `attachment://${chart.name}` } } : {}),
  };
  if (job.summary) embed.description = summaryBlock(job.summary, locale);
  const fields = embed.fields ?? [];
  if (job.verdict)
    fields.push({
      name: `🧭 ${t(locale, 'discord:push_title')}`,
      value: truncate(pushWords(locale, job.verdict, job.learning.recipe), 1024),
    });
  const learned = learningWords(job, locale);
  if (learned.length > 0)
    fields.push({ name: `⚖️ ${t(locale, 'discord:learned_title')}`, value: truncate(learned.join('\n'), 1024) });
  if (job.before !== null && job.after !== null) {
    const nothing = `*${t(locale, 'discord:empty_reply')}*`;
    fields.push(
      {
        name: t(locale, 'discord:before', { version: versions.from }),
        value: quoted(job.before, MOST_REPLY, nothing, 8),
      },
      { name: t(locale, 'discord:after', { version: versions.to }), value: quoted(job.after, MOST_REPLY, nothing, 8) },
    );
    if (job.before === job.after) fields.push({ name: '🪞', value: t(locale, 'discord:same_reply') });
  }
  if (!embed.description && fields.length === 0) embed.description = t(locale, 'discord:summary_missing');
  return payload({ embeds: [{ ...embed, fields }], files: chart ? [chart] : [] });
}

function summaryBlock(summary: NonNullable<JobView['summary']>, locale: Locale): string {
  const lines: [string, string][] = [
    ['train_runtime', `${decimal(locale, summary.trainRuntime, 1)} s`],
    ['train_samples_per_second', decimal(locale, summary.trainSamplesPerSecond, 3)],
    ['train_steps_per_second', decimal(locale, summary.trainStepsPerSecond, 3)],
    ['train_loss', decimal(locale, summary.trainLoss, 4)],
    ['peak_memory_mb', plain(locale, Math.round(summary.peakMemoryMb))],
  ];
  const notes = [
    summary.cutTokens > 0 ? t(locale, 'discord:summary_cut', { tokens: plain(locale, summary.cutTokens) }) : '',
    summary.stoppedEarly ? t(locale, 'discord:summary_early') : '',
  ].filter((note) => note !== '');
  return [codeBlock(lines.map(([name, value]) => `${cell(name, 24)} ${value}`)), ...notes].join('\n');
}

/** A job that failed: the old version stays in use; try again or go on without. */
export function jobFailedMessage(job: JobView, session: string, locale: Locale, open: boolean): Payload {
  const why = job.error ? truncate(errorWords(job.error, locale), 1000) : '';
  const embed: APIEmbed = {
    title: `⚠️ ${t(locale, 'discord:training_failed')}`,
    description: [why, t(locale, 'discord:job_failed_next', { version: job.fromVersionNumber })]
      .filter((line) => line !== '')
      .join('\n'),
    color: COLOURS.bad,
  };
  const components = open ? [failureRow(session, locale)] : [];
  return payload({ embeds: [embed], components });
}

/** A failed training waits for one of these. */
export const failureRow = (session: string, locale: Locale): Row =>
  row(
    button({ action: 'retry', session }, t(locale, 'discord:button_retry'), 'primary', '🔁'),
    button({ action: 'skip', session }, t(locale, 'discord:button_skip'), 'secondary', '⏭️'),
  );
