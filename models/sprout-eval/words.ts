/**
 * Which words exist, in English and in Brazilian Portuguese, and so which language a sentence is in. Hunspell itself, as
 * WebAssembly, reads the dictionaries that browsers and office programs spell by: dictionary-en (SCOWL, American) and
 * dictionary-pt (VERO, of Brazil), whose rules make the inflected forms.
 *
 * A word also exists as it is written in chats ("vc", "kkk", "gonna"), and when it is a name in what the brain was trained on.
 * Capitals do not count: "brazil" exists.
 */
import english from 'dictionary-en';
import portuguese from 'dictionary-pt';
import { loadModule } from 'hunspell-asm';
import { guessLanguage } from '../../src/brain/index.ts';

/** Names by the language of the sentences they stand in, lower case. */
export type Names = Readonly<Record<'pt' | 'en', ReadonlySet<string>>>;

/** A capital inside a sentence. */
const NAME = /(?<=[\p{L},] )\p{Lu}\p{Ll}+/gu;

export interface WordLists {
  exists(word: string, language: 'pt' | 'en'): boolean;
  /** The language more of whose words stand in the text; the product's own guess where both have as many; null without words. */
  languageOf(text: string): Promise<'pt' | 'en' | null>;
}

/** Spellings no dictionary has, though everybody reads them. */
const chatSpellings = {
  pt: /^(vcs?|tb|tbm|pq|blz|mds|oie|né|tô|tá|tava|tavam|pra|pras|pro|pros|cê|cês|num|numa|ué|uai|eita|ih|ahn?|hum+|hã|aff|nossa+|(rs)+|k{2,}|(ha){2,}h?|(he){2,}|zap|pix|uhu+l?)$/iu,
  en: /^(lol|omg|gonna|wanna|gotta|kinda|dunno|lemme|nah|yup|yep|yay|ugh|hmm+|um+|uh+|ah+|oh+|aw+|(ha){2,}h?|(he){2,}|btw|idk|im|dont|thats|didnt|cant|ive)$/iu,
};

export async function openWordLists(names: Names): Promise<WordLists> {
  spellers ??= loadSpellers();
  const loaded = await spellers;
  const known = new Map<string, boolean>();

  const look = (word: string, language: 'pt' | 'en'): boolean => {
    const plain = word.replaceAll('’', "'");
    const lower = plain.toLowerCase();
    if (names[language].has(lower) || chatSpellings[language].test(lower)) return true;
    const capitalised = lower.charAt(0).toUpperCase() + lower.slice(1);
    return [plain, lower, capitalised].some((form) => loaded[language].spell(form));
  };
  const exists = (word: string, language: 'pt' | 'en'): boolean => {
    const key = `${language} ${word}`;
    const found = known.get(key) ?? look(word, language);
    known.set(key, found);
    return found;
  };
  return {
    exists,
    languageOf: async (text) => {
      // Names say nothing: English ones are in English dictionaries, whoever speaks of them.
      const words = wordsOf(text.replace(NAME, ''));
      if (words.length === 0) return null;
      const count = (language: 'pt' | 'en') => words.filter((word) => exists(word, language)).length;
      const lead = count('pt') - count('en');
      if (lead !== 0) return lead > 0 ? 'pt' : 'en';
      return guessLanguage(text);
    },
  };
}

/** The dictionaries, read once: that takes a second. */
let spellers: ReturnType<typeof loadSpellers> | undefined;

async function loadSpellers() {
  const hunspell = await loadHunspell();
  const open = ({ aff, dic }: { aff: Uint8Array; dic: Uint8Array }) =>
    hunspell.create(hunspell.mountBuffer(aff), hunspell.mountBuffer(dic));
  return { pt: open(portuguese), en: open(english) };
}

/** Its listeners would answer any error of this process with a page of their own source: they go. */
async function loadHunspell() {
  const emitter: NodeJS.EventEmitter = process;
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = new Set(events.flatMap((event) => emitter.listeners(event)));
  const hunspell = await loadModule();
  for (const event of events)
    for (const listener of emitter.listeners(event))
      if (!before.has(listener)) emitter.off(event, listener as (...args: unknown[]) => void);
  return hunspell;
}

/** Runs of letters, with the apostrophes and hyphens inside them. */
export function wordsOf(text: string): string[] {
  return text.match(/\p{L}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*/gu) ?? [];
}

/** Words that have a capital inside a sentence, `least` times or more, in lower case. */
export function namesIn(texts: readonly string[], least: number): Set<string> {
  const counts = new Map<string, number>();
  for (const text of texts)
    for (const [word] of text.matchAll(NAME)) {
      const name = word.toLowerCase();
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  return new Set([...counts.keys()].filter((name) => counts.get(name)! >= least));
}
