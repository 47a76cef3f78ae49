/** What a person is told about their own data. */
import type { MemberView } from '../../classroom/index.ts';
import { type Locale, t } from '../../i18n/index.ts';
import type { ForgetReport } from '../../store/index.ts';
import { button, row } from '../components.ts';
import { LIMITS } from '../limits.ts';
import { type Attachment, type Payload, payload } from '../payload.ts';
import { notice } from './notices.ts';
import { consentRow, consentWords } from './session.ts';

/** @param said the person's own answer. @param consent what counts now: a guardian may have said otherwise. */
export function consentNotice(said: boolean, consent: MemberView['consent'], locale: Locale): Payload {
  if (!said) return notice(`🚫 ${t(locale, 'discord:consent_refused')}`);
  return consent === 'granted'
    ? notice(`🌱 ${t(locale, 'discord:consent_granted')}`)
    : notice(`🚫 ${t(locale, 'discord:consent_guardian_refused')}`);
}

/** @param said the guardian's answer. @param consent what counts now: the student may have said otherwise. */
export function guardianNotice(said: boolean, consent: MemberView['consent'], locale: Locale): Payload {
  return said && consent !== 'granted'
    ? notice(`🚫 ${t(locale, 'discord:guardian_noted_refused')}`)
    : notice(`🌱 ${t(locale, 'discord:guardian_noted')}`);
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
  return payload({ content: `📦 ${t(locale, 'discord:privacy_export')}`, files: exportFiles(data) });
}

/** One file; when Discord would refuse it, the turns, of which there may be many, in files of their own. */
function exportFiles(data: Record<string, unknown>): Attachment[] {
  const whole = jsonFile('my-data.json', data, 2);
  if (whole.data.byteLength <= LIMITS.fileBytes) return [whole];
  const { turns, ...rest } = data;
  const parts = partsOf(Array.isArray(turns) ? turns : [], LIMITS.fileBytes);
  const turnFiles = parts.map((part, index) => jsonFile(`my-data-turns-${index + 1}.json`, part));
  return [jsonFile('my-data.json', rest, 2), ...turnFiles];
}

const jsonFile = (name: string, value: unknown, indent = 0): Attachment => ({
  name,
  data: new TextEncoder().encode(`${JSON.stringify(value, null, indent)}\n`),
});

/** `values` in order, in as few lists as can each be written in `most` bytes. */
function partsOf(values: readonly unknown[], most: number): unknown[][] {
  const parts: unknown[][] = [];
  let size = most;
  for (const value of values) {
    const bytes = Buffer.byteLength(JSON.stringify(value)) + 1;
    if (size + bytes > most) {
      parts.push([]);
      // Brackets and the line's end.
      size = 3;
    }
    parts.at(-1)!.push(value);
    size += bytes;
  }
  return parts;
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
