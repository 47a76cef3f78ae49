/**
 * What sprout reads, as documents: a language and the utterances in their order. Each source has a weight, how
 * often one of its documents appears in a pass: what was written for sprout counts more, as it is what it should sound like.
 *
 * Held out and never trained on: the very dialogues and pairs that the PyTorch run holds out (shared/peers), in either direction,
 * and one in twenty of sprout's own corpus.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Emotion, Intent, Language } from '../../src/brain/types.ts';
import { type CorpusDialogue, isBilingual, readCorpus } from './corpus.ts';
import { PythonRandom } from './python-random.ts';
import { isSuitable } from './suitable.ts';

export interface Labels {
  intent: Intent;
  emotion: Emotion;
}

export interface TrainingDocument {
  language: Language;
  turns: string[];
  /** As their author meant them, one a turn; absent: guessed by rules. */
  labels?: Labels[];
  /** Whether a person's labels always stand there: where the reply answers them more than the words. */
  alwaysLabelled?: true;
}

export interface Source {
  name: string;
  /** How often a pass shows each document; of a fraction, the share of passes. */
  weight: number;
  documents: TrainingDocument[];
}

/** Shown once a pass each, the self-dialogues, grown-ups on films and sport, would be more than half of all that is read. */
export const WEIGHTS = {
  'self-dialogue': 0.5,
  'chatterbot-en': 2,
  'chatterbot-pt': 4,
  'tatoeba-en-pt': 1,
  'tatoeba-pt-en': 1,
  'own-pt': 3,
  'own-en': 3,
  'own-en-pt': 0.5,
  'own-pt-en': 0.5,
  'own-tones': 6,
  'own-talks': 6,
} as const satisfies Record<string, number>;

export type SourceName = keyof typeof WEIGHTS;

export interface SproutData {
  training: Source[];
  /** Held out, by name: what the PyTorch run holds out, whole and by language, and sprout's own. */
  heldOut: Record<string, TrainingDocument[]>;
  /** The sentence pairs that the PyTorch run holds out, English first. */
  heldOutPairs: TrainingDocument[];
}

const PYTORCH_SEED = 0;
const HELD_OUT_PAIRS = 400;
const HELD_OUT_DOCUMENTS = 800;
/** How often the PyTorch run shows a Portuguese ChatterBot dialogue: it counts for which are held out. */
const PORTUGUESE_COPIES = 5;
const OWN_HELD_OUT_EVERY = 20;

/** Portuguese topics that are not fit for a class or are word-for-word translations that read badly. */
const skippedPortugueseTopics = new Set(['compliment', 'money', 'politics', 'unilab']);

export function readDocuments(folder: string, corpus: readonly CorpusDialogue[] = readCorpus()): SproutData {
  const shared = readShared(folder);
  const heldOutKeys = new Set(shared.heldOut.flatMap(keysOf));
  const own = corpus.filter((_, index) => !isOwnHeldOut(index));
  const ofTheme = (theme: string) => {
    const { pt, en } = ownDocuments(own.filter((dialogue) => dialogue.theme === theme));
    return [...pt, ...en];
  };
  const others = ownDocuments(own.filter(({ theme }) => theme !== TONES && theme !== TALKS));
  const bilingual = own.filter(isBilingual);
  const pairsOf = (first: 'en' | 'pt') => (dialogue: CorpusDialogue) => translationPairs(dialogue, first);

  const source = (name: SourceName, documents: TrainingDocument[]): Source => ({
    name,
    weight: WEIGHTS[name],
    documents,
  });
  const training = [
    source('self-dialogue', shared.dialogues),
    source('chatterbot-en', shared.chatterbot.en),
    source('chatterbot-pt', shared.chatterbot.pt),
    source('tatoeba-en-pt', shared.pairs),
    source('tatoeba-pt-en', shared.pairs.map(turnedRound)),
    source('own-pt', others.pt),
    source('own-en', others.en),
    source('own-tones', ofTheme(TONES)),
    source('own-talks', ofTheme(TALKS)),
    source('own-en-pt', bilingual.flatMap(pairsOf('en'))),
    source('own-pt-en', bilingual.flatMap(pairsOf('pt'))),
  ];
  for (const source of training)
    source.documents = source.documents.filter(
      (document) =>
        (isOwn(source) || (isSuitable(document.turns) && isTalk(document.turns))) &&
        !keysOf(document).some((key) => heldOutKeys.has(key)),
    );
  const heldOut: SproutData['heldOut'] = {
    mixed: shared.heldOut,
    en: shared.heldOut.filter(({ language }) => language === 'en'),
    'en-pt': shared.heldOut.filter(({ language }) => language === 'en-pt'),
    'pt-en': shared.heldOut.filter(({ language }) => language === 'pt-en'),
    'tatoeba-pt': shared.heldOutPairs.map(({ turns }): TrainingDocument => ({ language: 'pt', turns: [turns[1]!] })),
    ...ownHeldOut(corpus),
  };
  return { training, heldOut, heldOutPairs: shared.heldOutPairs };
}

/** What is held out of the corpus: whole dialogues, so that none of it is trained on in English or as a pair. */
export function ownHeldOut(corpus: readonly CorpusDialogue[]): Record<'own-pt' | 'own-en', TrainingDocument[]> {
  const { pt, en } = ownDocuments(corpus.filter((_, index) => isOwnHeldOut(index)));
  return { 'own-pt': pt, 'own-en': en };
}

/** The corpus's themes that say the same words in several tones, each with its own reply, and that change the subject. */
const TONES = 'your-tone';
const TALKS = 'your-turn';

const isOwnHeldOut = (index: number): boolean => index % OWN_HELD_OUT_EVERY === OWN_HELD_OUT_EVERY - 1;

/** What was written for a class needs no list that also hits "sexta-feira" and "cama": test/brain/corpus.test.ts looks at it more closely. */
const isOwn = ({ name }: Source): boolean => name.startsWith('own-');

/** The shared data as the PyTorch script reads and splits it; its shuffles are Python's, over the same lists in the same order. */
function readShared(folder: string) {
  const lines = (file: string) =>
    gunzipSync(readFileSync(path.join(folder, file)))
      .toString('utf8')
      .trimEnd()
      .split('\n');
  const random = new PythonRandom(PYTORCH_SEED);
  interface Item extends TrainingDocument {
    source: 'dialogues' | 'chatterbot' | 'pairs';
    topic?: string;
  }
  const all: Item[] = lines('self-dialogue.en.jsonl.gz').map((line) => ({
    source: 'dialogues',
    language: 'en',
    turns: JSON.parse(line).turns,
  }));
  for (const line of lines('chatterbot.en-pt.jsonl.gz')) {
    const { lang, topic, turns } = JSON.parse(line);
    const item: Item = { source: 'chatterbot', language: lang.slice(0, 2), turns, topic };
    for (let copy = 0; copy < (item.language === 'pt' ? PORTUGUESE_COPIES : 1); copy++) all.push(item);
  }
  const pairs = random.shuffle(lines('tatoeba.en-pt.tsv.gz').map((line) => line.split('\t') as [string, string]));
  const asDocument = ([en, pt]: [string, string]): Item => ({ source: 'pairs', language: 'en-pt', turns: [en, pt] });
  const heldOutPairs = pairs.splice(0, HELD_OUT_PAIRS).map(asDocument);
  const forward = pairs.map(asDocument);
  all.push(...forward, ...forward.map((item) => ({ ...item, ...turnedRound(item) })));
  random.shuffle(all);
  const heldOut = all.slice(0, HELD_OUT_DOCUMENTS).map(tidied);
  const unique = [...new Set(all.slice(HELD_OUT_DOCUMENTS))];
  const of = (source: Item['source']) => unique.filter((item) => item.source === source);
  const chatterbot = of('chatterbot').filter(({ topic }) => !skippedPortugueseTopics.has(topic!));
  return {
    heldOut,
    heldOutPairs: heldOutPairs.map(tidied),
    dialogues: of('dialogues').map(tidied),
    chatterbot: {
      en: chatterbot.filter(({ language }) => language === 'en').map(tidied),
      pt: chatterbot.filter(({ language }) => language === 'pt').map(tidied),
    },
    pairs: of('pairs')
      .filter(({ language }) => language === 'en-pt')
      .map(tidied),
  };
}

/** A few dialogues hold program code, or braces where somebody said nothing. */
function isTalk(turns: readonly string[]): boolean {
  return !turns.some((turn) => /[{}`\\]/.test(turn));
}

/** What a document says, whatever its direction: a pair held out one way is not trained on the other way. */
function keysOf({ turns }: TrainingDocument): string[] {
  const key = turns.join('\n');
  return turns.length === 2 ? [key, [...turns].reverse().join('\n')] : [key];
}

function turnedRound({ language, turns: [first, second] }: TrainingDocument): TrainingDocument {
  return { language: language === 'en-pt' ? 'pt-en' : 'en-pt', turns: [second!, first!] };
}

function ownDocuments(corpus: readonly CorpusDialogue[]) {
  const inLanguage =
    (language: 'pt' | 'en') =>
    (dialogue: CorpusDialogue): TrainingDocument => ({
      language,
      turns: dialogue.turns.map((turn) => tidy(turn[language]!)),
      labels: dialogue.turns.map(({ intent, emotion }) => ({ intent, emotion })),
      ...(dialogue.theme === TONES && { alwaysLabelled: true }),
    });
  return { pt: corpus.map(inLanguage('pt')), en: corpus.filter(isBilingual).map(inLanguage('en')) };
}

function translationPairs({ turns }: CorpusDialogue, first: 'en' | 'pt'): TrainingDocument[] {
  return turns.map(({ pt, en }) =>
    first === 'en'
      ? { language: 'en-pt', turns: [tidy(en!), tidy(pt)] }
      : { language: 'pt-en', turns: [tidy(pt), tidy(en!)] },
  );
}

function tidied({ language, turns }: TrainingDocument): TrainingDocument {
  return { language, turns: turns.map(tidy).filter((turn) => turn !== '') };
}

/** One space between words, composed accents, no control characters. */
function tidy(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zs}\s]+/gu, ' ')
    .trim();
}
