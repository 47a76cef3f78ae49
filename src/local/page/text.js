// @ts-check
/** The page's texts, in the reader's language, fetched as JSON; the server's catalogue is their only source. */
import { recall, remember } from './storage.js';

export const LOCALES = /** @type {const} */ (['en', 'pt-BR']);
/** @typedef {(typeof LOCALES)[number]} Locale */

/** @type {Record<string, string>} */
let texts = {};
/** @type {Locale} */
let current = 'en';

/** The language chosen before, or the browser's. @returns {Locale} */
export function preferredLocale() {
  const saved = recall('locale');
  if (saved === 'en' || saved === 'pt-BR') return saved;
  return navigator.languages.some((tag) => tag.toLowerCase().startsWith('pt')) ? 'pt-BR' : 'en';
}

/** @param {Locale} locale */
export async function loadTexts(locale) {
  const answer = await fetch(`/texts/${locale}.json`);
  if (!answer.ok) throw new Error(`texts: ${answer.status}`);
  texts = await answer.json();
  current = locale;
  document.documentElement.lang = locale;
}

/** @param {Locale} locale */
export function rememberLocale(locale) {
  remember('locale', locale);
}

export function locale() {
  return current;
}

/** Discord's name of the language. */
export function discordLocale() {
  return current === 'pt-BR' ? 'pt-BR' : 'en-US';
}

/**
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replaceAll(/\{\{(\w+)\}\}/g, (whole, name) => String(values[name] ?? whole));
}

/**
 * A count with its noun: `key_one` or `key_other`.
 * @param {string} key
 * @param {number} count
 */
export function plural(key, count) {
  return t(`${key}_${count === 1 ? 'one' : 'other'}`, { count });
}
