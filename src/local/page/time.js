// @ts-check
/** Times for people, in their language. */

/** Discord's styles of <t:…>. @type {Record<string, Intl.DateTimeFormatOptions>} */
const STYLES = {
  t: { timeStyle: 'short' },
  T: { timeStyle: 'medium' },
  d: { dateStyle: 'short' },
  D: { dateStyle: 'long' },
  f: { dateStyle: 'long', timeStyle: 'short' },
  F: { dateStyle: 'full', timeStyle: 'short' },
  s: { dateStyle: 'short', timeStyle: 'short' },
  S: { dateStyle: 'short', timeStyle: 'medium' },
};

/**
 * @param {Date} date
 * @param {string} style
 * @param {string} locale
 */
export function styledTime(date, style, locale) {
  return new Intl.DateTimeFormat(locale, STYLES[style] ?? STYLES.f).format(date);
}

const UNITS = /** @type {const} */ ([
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
]);

/**
 * @param {Date} date
 * @param {string} locale
 */
export function relativeTime(date, locale) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const [unit, size] = UNITS.find(([, each]) => Math.abs(seconds) >= each) ?? ['second', 1];
  return new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(Math.trunc(seconds / size), unit);
}

/**
 * The time of a message: of today only the hour.
 * @param {string} iso
 * @param {string} locale
 */
export function messageTime(iso, locale) {
  const date = new Date(iso);
  const isToday = date.toDateString() === new Date().toDateString();
  return styledTime(date, isToday ? 't' : 's', locale);
}

/**
 * The line between two days.
 * @param {string} iso
 * @param {string} locale
 */
export function dayLine(iso, locale) {
  return new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(iso));
}

/** @param {number} bytes @param {string} locale */
export function fileSize(bytes, locale) {
  const kilobytes = bytes / 1024;
  const [value, unit] = kilobytes < 1024 ? [Math.max(kilobytes, 0.1), 'KB'] : [kilobytes / 1024, 'MB'];
  return `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(value)} ${unit}`;
}
