/** Versions of the class's brain: the list, two of them side by side, a chat outside any sitting, an export. */
import type { APIEmbed } from 'discord-api-types/v10';
import { modelName } from '../../brain/index.ts';
import type { ChatView, ComparisonView, QueueView, VersionView } from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import { decimal, duration, moment } from '../format.ts';
import { type Attachment, type Payload, payload } from '../payload.ts';
import { inline, quoted } from '../text.ts';
import { COLOURS } from './colours.ts';
import { stoppedSign } from './turn.ts';

const MOST_VERSIONS = 20;

/** Newest first; the one in use is marked. */
export function brainsMessage(versions: readonly VersionView[], locale: Locale): Payload {
  const newest = versions.toSorted((one, other) => other.number - one.number);
  const current = newest.filter((version) => version.current);
  const shown = [...current, ...newest.filter((version) => !version.current)].slice(0, MOST_VERSIONS);
  const lines = shown
    .toSorted((one, other) => other.number - one.number)
    .map((version) => versionLine(version, locale));
  const more = versions.length - shown.length;
  if (more > 0) lines.push(t(locale, 'discord:more', { count: more }));
  const embed: APIEmbed = {
    title: `🧠 ${t(locale, 'discord:brains_title')}`,
    description: lines.join('\n'),
    color: COLOURS.brain,
    footer: { text: t(locale, 'discord:brains_footer') },
  };
  return payload({ embeds: [embed] });
}

function versionLine(version: VersionView, locale: Locale): string {
  const mark = version.current ? '▶️ ' : '';
  const parts = [
    version.number === 0
      ? t(locale, 'discord:version_base', { base: quoted(modelName(version.base), 40, '·', 1) })
      : '',
    version.method === null ? '' : version.method === 'lora' ? 'LoRA' : t(locale, 'discord:method_full'),
    version.parentNumber === null ? '' : t(locale, 'discord:version_from', { number: version.parentNumber }),
    version.createdAt === null ? '' : moment(version.createdAt),
    version.note === '' ? '' : quoted(version.note, 60, '', 1),
    version.forgottenMembers === 0
      ? ''
      : `🕊️ ${t(locale, 'discord:version_forgotten', { count: version.forgottenMembers })}`,
  ];
  return `${mark}**v${version.number}** ${parts.filter((part) => part !== '').join(' · ')}`;
}

export function usingMessage(version: VersionView, locale: Locale): Payload {
  return payload({ content: `🧠 ${t(locale, 'discord:using', { number: version.number })}` });
}

/** The same prompt and seed, answered by two versions. */
export function comparisonMessage(view: ComparisonView, locale: Locale): Payload {
  const nothing = `*${t(locale, 'discord:empty_reply')}*`;
  const embed: APIEmbed = {
    title: `⚖️ ${t(locale, 'discord:compare_title')}`,
    description: `🗣️ ${quoted(view.prompt, 800, t(locale, 'discord:no_words'), 8)}`,
    color: COLOURS.brain,
    fields: view.answers.slice(0, 4).map((answer) => ({
      name: `v${answer.versionNumber} · ${decimal(locale, answer.seconds, 1)} s`,
      value: quoted(answer.reply, 1000, nothing, 8),
    })),
    footer: { text: t(locale, 'discord:compare_footer', { seed: view.seed }) },
  };
  return payload({ embeds: [embed] });
}

export function chatMessage(prompt: string, view: ChatView, locale: Locale): Payload {
  const reply = quoted(view.reply, 1500, `*${t(locale, 'discord:empty_reply')}*`, 15);
  const stopped = stoppedSign(view.reachedLimit ? view.outputIds.length : null, locale);
  const embed: APIEmbed = {
    description: `🗣️ ${quoted(prompt, 1000, t(locale, 'discord:no_words'), 8)}\n\n🧠 ${reply}${stopped}`,
    color: COLOURS.quiet,
    footer: {
      text: [
        t(locale, 'discord:by_version', { model: inline(modelName(view.model), 60), version: view.versionNumber }),
        duration(view.seconds),
        t(locale, 'discord:chat_footer'),
      ].join(' · '),
    },
  };
  return payload({ embeds: [embed] });
}

const MOST_JOBS = 20;

/** Classes other than the reader's are counted, not named. */
export function queueMessage(view: QueueView, classId: string, locale: Locale): Payload {
  if (view.entries.length === 0) return payload({ content: `🌤️ ${t(locale, 'discord:queue_empty')}` });
  const lines = view.entries.slice(0, MOST_JOBS).map((entry) => {
    const whose = entry.classId === classId ? t(locale, 'discord:queue_ours') : t(locale, 'discord:queue_others');
    const state = entry.state === 'running' ? t(locale, 'discord:queue_running') : t(locale, 'discord:queue_waiting');
    return `${entry.state === 'running' ? '🏋️' : '⏳'} ${whose} · ${state} · ${moment(entry.createdAt, 't')}`;
  });
  const more = view.entries.length - lines.length;
  if (more > 0) lines.push(t(locale, 'discord:more', { count: more }));
  const embed: APIEmbed = {
    title: `🏋️ ${t(locale, 'discord:queue_title')}`,
    description: lines.join('\n'),
    color: COLOURS.training,
  };
  return payload({ embeds: [embed] });
}

/** An export lies on the bot's computer; an adapter is small enough to be handed over as well. */
export function exportedMessage(number: number, folder: string, files: readonly Attachment[], locale: Locale): Payload {
  const where = t(locale, 'discord:exported', { number, place: quoted(folder, 800, '·', 1) });
  const handed = files.length > 0 ? `\n${t(locale, 'discord:exported_file', { number })}` : '';
  return payload({ content: `📦 ${where}${handed}`, files: [...files] });
}
