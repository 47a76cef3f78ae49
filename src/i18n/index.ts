/**
 * Every sentence a person reads, in English and Brazilian Portuguese. English is the source of the keys: `Catalogue`
 * makes a key that Portuguese lacks, or has too many of, a compile error; `t` makes a wrong key or a missing value one.
 */
import i18next from 'i18next';
import type { Catalogue } from './catalogue.ts';
import * as en from './en/index.ts';
import * as ptBR from './pt-BR/index.ts';

export type { Catalogue, Section } from './catalogue.ts';

export const LOCALES = ['en', 'pt-BR'] as const;
export type Locale = (typeof LOCALES)[number];

type Source = typeof en;
export type SectionName = keyof Source;
export type TextKey = { [S in SectionName]: `${S}:${keyof Source[S] & string}` }[SectionName];
export type ErrorIdentifier = keyof Source['errors'] & string;

type TextOf<K extends TextKey> = K extends `${infer S extends SectionName}:${infer N}`
  ? N extends keyof Source[S]
    ? Source[S][N]
    : never
  : never;
type ParameterNames<T> = T extends `${string}{{${infer P}}}${infer Rest}` ? P | ParameterNames<Rest> : never;
type Parameters<K extends TextKey> = Record<ParameterNames<TextOf<K>>, string | number>;
type Arguments<K extends TextKey> = [ParameterNames<TextOf<K>>] extends [never] ? [] : [parameters: Parameters<K>];

const portuguese = ptBR satisfies Catalogue<Source>;

const instance = i18next.createInstance();
await instance.init({
  lng: 'en',
  fallbackLng: false,
  ns: Object.keys(en),
  resources: { en: { ...en }, 'pt-BR': { ...portuguese } },
  // Discord and the page escape what they show; escaping here would show "&quot;" to people.
  interpolation: { escapeValue: false },
  keySeparator: false,
});

/** The text behind `key` ("section:name") in `locale`, its {{parameters}} filled in. */
export function t<K extends TextKey>(locale: Locale, key: K, ...values: Arguments<K>): string {
  return tDynamic(locale, key, values[0]);
}

/** The text behind a key known only at run time (an error's identifier, a lesson's name); throws for a key nobody wrote. */
export function tDynamic(locale: Locale, key: string, values: Record<string, string | number> = {}): string {
  if (!instance.exists(key, { lng: locale })) throw new Error(`no text for ${key} in ${locale}`);
  return String(instance.t(key, { lng: locale, ...values }));
}

/** All texts of one section in `locale`: for a reader who words things elsewhere, such as the page in the browser. */
export function sectionTexts(locale: Locale, section: SectionName): Readonly<Record<string, string>> {
  return (locale === 'en' ? en : portuguese)[section];
}

/** The locale we write for a reader whose Discord or browser locale is `tag` ("pt", "pt-PT" and "pt-BR" read Portuguese). */
export function readerLocale(tag: string | null | undefined): Locale {
  return tag?.toLowerCase().startsWith('pt') ? 'pt-BR' : 'en';
}
