/** Numbers, times and shares as a reader of the locale writes them. */
import type { Locale } from '../i18n/index.ts';

/** Beyond it a number is written with a power of ten: nothing we measure gets there unless something went wrong. */
const LARGE = 1e7;
const SMALL = 1e-4;

/** What cannot be written out: a missing or overflowing value, or one too long to read. */
function unreadable(locale: Locale, value: number): string | null {
  if (!Number.isFinite(value)) return '–';
  return Math.abs(value) >= LARGE ? scientific(locale, value) : null;
}

/** `digits` after the point (or comma), always that many. */
export function decimal(locale: Locale, value: number, digits = 2): string {
  const special = unreadable(locale, value);
  if (special !== null) return special;
  return new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

/** With its sign, and no "-0". */
export function signed(locale: Locale, value: number, digits = 2): string {
  const special = unreadable(locale, value);
  if (special !== null) return special;
  return new Intl.NumberFormat(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: 'exceptZero',
  }).format(value);
}

/** As few digits as tell it: 0.6, 3, 5.00e-5. */
export function plain(locale: Locale, value: number): string {
  const special = unreadable(locale, value);
  if (special !== null) return special;
  if (value !== 0 && Math.abs(value) < SMALL) return scientific(locale, value);
  return new Intl.NumberFormat(locale, { maximumSignificantDigits: 6, maximumFractionDigits: 10 }).format(value);
}

/** Learning rates and the like: "5.00e-5". */
export function scientific(locale: Locale, value: number): string {
  if (!Number.isFinite(value)) return '–';
  const text = value.toExponential(2);
  return locale === 'pt-BR' ? text.replace('.', ',') : text;
}

export function percent(locale: Locale, share: number, digits = 0): string {
  const special = unreadable(locale, share);
  if (special !== null) return special;
  const options = { style: 'percent', minimumFractionDigits: digits, maximumFractionDigits: digits } as const;
  return new Intl.NumberFormat(locale, options).format(share);
}

/** A hundred days: an estimate beyond it estimates nothing. */
const LONGEST = 8_640_000;

/** Seconds as "8 s", "2 min 5 s", "1 h 3 min". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds) || seconds > LONGEST) return '–';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${whole % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A moment as Discord shows it in each reader's own time zone: "t" a time, "R" a countdown, "f" a date. */
export function moment(milliseconds: number, style: 't' | 'R' | 'f' = 'f'): string {
  return `<t:${Math.round(milliseconds / 1000)}:${style}>`;
}
