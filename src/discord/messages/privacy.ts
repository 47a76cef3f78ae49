/** What a person is told about their own data. */
import type { MemberView } from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import type { ForgetReport } from '../../store/index.ts';
import { button, row } from '../components.ts';
import { type Payload, payload } from '../payload.ts';
import { notice } from './notices.ts';
import { consentRow, consentWords } from './session.ts';

export function consentNotice(consent: MemberView['consent'], locale: Locale): Payload {
  return consent === 'granted'
    ? notice(`🌱 ${t(locale, 'discord:consent_granted')}`)
    : notice(`🚫 ${t(locale, 'discord:consent_refused')}`);
}

/** Where a person stands, and the two buttons to change it. */
export function consentMessage(consent: MemberView['consent'], locale: Locale): Payload {
  const now = {
    granted: t(locale, 'discord:consent_now_granted'),
    refused: t(locale, 'discord:consent_now_refused'),
    unknown: t(locale, 'discord:consent_now_unknown'),
  }[consent];
  return payload({ content: `🌱 **${now}**\n${consentWords(locale)}`, components: [consentRow(locale)] });
}

export function exportMessage(data: Record<string, unknown>, locale: Locale): Payload {
  const json = new TextEncoder().encode(`${JSON.stringify(data, null, 2)}\n`);
  return payload({
    content: `📦 ${t(locale, 'discord:privacy_export')}`,
    files: [{ name: 'my-data.json', data: json }],
  });
}

export function askForgetMessage(userId: string, locale: Locale): Payload {
  return payload({
    content: `🕊️ ${t(locale, 'discord:privacy_ask')}`,
    components: [row(button({ action: 'forget', member: userId }, t(locale, 'discord:button_forget'), 'danger', '🗑️'))],
  });
}

export function forgottenMessage(report: ForgetReport | null, locale: Locale): Payload {
  const count = report?.markedVersions.length ?? 0;
  const text = count > 0 ? t(locale, 'discord:privacy_gone_versions', { count }) : t(locale, 'discord:privacy_gone');
  return notice(`🕊️ ${text}`);
}
