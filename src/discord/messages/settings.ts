/** A class's settings: what each is, and whether the class set it or it is the default. */
import type { APIEmbed } from 'discord-api-types/v10';
import { type ClassSettings, declarationText, SETTING_NAMES, type SettingName } from '../../classroom/index.ts';
import { type Locale, t, tDynamic } from '../../i18n/index.ts';
import { button, row } from '../components.ts';
import { moment, plain } from '../format.ts';
import { type Payload, payload } from '../payload.ts';
import { cell, codeBlock, truncate } from '../text.ts';
import { COLOURS } from './colours.ts';

export interface SettingsView {
  settings: ClassSettings;
  /** Settings the class has set itself. */
  changed: readonly string[];
  declarationRequired: boolean;
  declaredAt: number | null;
  /** The teacher role's name; null when there is none, or it is gone. */
  roleName: string | null;
}

export function settingsMessage(view: SettingsView, locale: Locale): Payload {
  const names = SETTING_NAMES.filter((name) => name !== 'teacherRoleId');
  const lines = names.map((name) => {
    return line(optionName(locale, name), valueText(locale, name, view.settings), view.changed.includes(name));
  });
  const role = view.roleName ?? t(locale, 'discord:settings_role_none');
  lines.push(line(optionName(locale, 'teacherRoleId'), role, view.changed.includes('teacherRoleId')));
  const embed: APIEmbed = {
    title: `⚙️ ${t(locale, 'discord:settings_title')}`,
    description: `${codeBlock(lines)}\n-# ${t(locale, 'discord:settings_legend')}\n⚖️ ${declarationLine(view, locale)}`,
    color: COLOURS.quiet,
    footer: { text: t(locale, 'discord:settings_hint') },
  };
  return payload({ embeds: [embed] });
}

/** As wide as a phone: a mark for what the class has set, a name, a value. */
const line = (name: string, value: string, isChanged: boolean): string =>
  `${isChanged ? '●' : ' '} ${cell(name, 19)} ${cell(value, 15)}`.trimEnd();

/** A setting goes by the name of the option that changes it. */
const optionName = (locale: Locale, name: SettingName): string =>
  tDynamic(locale, `commands:option_${OPTION_KEYS[name]}_name`);

/** Option of `/session config` for each setting; `described` reads its words under the same key. */
export const OPTION_KEYS = Object.freeze({
  threshold: 'threshold',
  turnsPerIteration: 'turns',
  iterations: 'iterations',
  recipe: 'recipe',
  method: 'method',
  loraR: 'lora_r',
  loraAlpha: 'lora_alpha',
  learningRate: 'learning_rate',
  epochs: 'epochs',
  beta: 'beta',
  rewardSource: 'reward_source',
  maxNewTokens: 'max_new_tokens',
  temperature: 'temperature',
  topK: 'top_k',
  topP: 'top_p',
  repetitionPenalty: 'repetition_penalty',
  maxScore: 'max_score',
  halfReward: 'half_reward',
  bertscore: 'bertscore',
  studentsMayStart: 'students_may_start',
  teacherRoleId: 'teacher_role',
  locale: 'locale',
} as const satisfies Record<SettingName, string>);

/** Whose eyes BERTScore sees with, in words. */
export function bertscoreName(locale: Locale, value: string): string {
  return t(locale, value === 'exact' ? 'discord:bertscore_is_exact' : 'discord:bertscore_is_stand_in');
}

function valueText(locale: Locale, name: SettingName, settings: ClassSettings): string {
  const value = settings[name];
  if (name === 'iterations' && value === 0) return t(locale, 'discord:settings_without_end');
  if (name === 'locale') return value === 'pt-BR' ? 'Português' : 'English';
  if (name === 'recipe') return t(locale, `discord:recipe_${settings.recipe}`);
  if (name === 'rewardSource') return t(locale, `discord:reward_source_${settings.rewardSource}`);
  if (name === 'method') return value === 'lora' ? 'LoRA' : t(locale, 'discord:method_full');
  if (name === 'bertscore') return bertscoreName(locale, settings.bertscore);
  if (value === null) return t(locale, 'discord:settings_auto');
  if (typeof value === 'number') return plain(locale, value);
  if (typeof value === 'boolean') return value ? t(locale, 'discord:settings_on') : t(locale, 'discord:settings_off');
  return value;
}

function declarationLine(view: SettingsView, locale: Locale): string {
  if (!view.declarationRequired) return t(locale, 'discord:settings_no_declaration_needed');
  if (view.declaredAt === null) return t(locale, 'discord:settings_not_declared');
  return t(locale, 'discord:settings_declared', { date: moment(view.declaredAt) });
}

/** The declaration's wording, and the button that makes it. */
export function declarationMessage(classId: string, locale: Locale): Payload {
  return payload({
    content: `⚖️ **${t(locale, 'discord:declaration_ask')}**\n${truncate(declarationText(locale), 1500)}`,
    components: [
      row(button({ action: 'declare', class: classId }, t(locale, 'discord:button_declare'), 'danger', '⚖️')),
    ],
  });
}
