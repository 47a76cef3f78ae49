/**
 * What sprout reads, as documents: a language and the utterances in their order. Each source has a weight, how often one of
 * its documents appears in a pass, so that Portuguese, rare in the data, does not drown in English.
 *
 * Held out and never trained on: 400 sentence pairs and, of the dialogues, about one in sixty. The split is our own and
 * deterministic; the PyTorch script's shuffle is Python's and cannot be repeated here, but the proportions are the same.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Language } from '../../src/brain/types.ts';
import { seededRandom } from '../../src/engine/index.ts';
import { similarPairs } from './neighbours.ts';
import { shuffle } from './shuffle.ts';
import { isSuitable } from './suitable.ts';

export interface TrainingDocument {
  language: Language;
  turns: string[];
}

export interface Source {
  name: string;
  weight: number;
  documents: TrainingDocument[];
}

const HELD_OUT_PAIRS = 400;
const HELD_OUT_DIALOGUES = 400;
const splitSeed = 20_240;

/** Portuguese topics that are not fit for a class or are word-for-word translations that read badly. */
const skippedPortugueseTopics = new Set(['compliment', 'money', 'politics', 'unilab']);

export interface SproutData {
  training: Source[];
  /** Held out, mixed as the PyTorch script mixes them. */
  heldOut: TrainingDocument[];
  /** Portuguese alone: held-out dialogues, and the held-out pairs' Portuguese sides. */
  heldOutPortuguese: TrainingDocument[];
}

export function readDocuments(folder: string): SproutData {
  const read = (file: string) =>
    gunzipSync(readFileSync(path.join(folder, file)))
      .toString('utf8')
      .trimEnd()
      .split('\n');
  const random = seededRandom(splitSeed).uniform;

  const dialogues = shuffle(
    read('self-dialogue.en.jsonl.gz').map((line): TrainingDocument => document('en', JSON.parse(line).turns)),
    random,
  );
  const small: TrainingDocument[] = [];
  for (const line of read('chatterbot.en-pt.jsonl.gz')) {
    const { lang, topic, turns } = JSON.parse(line);
    if (lang === 'pt' && skippedPortugueseTopics.has(topic)) continue;
    small.push(document(lang, turns));
  }
  shuffle(small, random);
  const pairs = shuffle(
    read('tatoeba.en-pt.tsv.gz').map((line) => line.split('\t').map(tidy) as [string, string]),
    random,
  ).filter((pair) => isSuitable(pair));

  const heldOutPairs = pairs.splice(0, HELD_OUT_PAIRS);
  const heldOutSmall = small.splice(0, Math.round(HELD_OUT_DIALOGUES * 0.1));
  const heldOut = [
    ...dialogues.splice(0, HELD_OUT_DIALOGUES - heldOutSmall.length),
    ...heldOutSmall,
    ...heldOutPairs.map(
      ([en, pt], index): TrainingDocument =>
        index % 2 ? { language: 'en-pt', turns: [en, pt] } : { language: 'pt-en', turns: [pt, en] },
    ),
  ];
  const english = small.filter((one) => one.language === 'en');
  const portuguese = small.filter((one) => one.language === 'pt');
  const training: Source[] = [
    { name: 'self-dialogue', weight: 1, documents: dialogues },
    { name: 'chatterbot-en', weight: 2, documents: english },
    { name: 'chatterbot-pt', weight: 25, documents: portuguese },
    { name: 'own-en', weight: 25, documents: ownDialogues('en') },
    { name: 'own-pt', weight: 40, documents: ownDialogues('pt') },
    { name: 'tatoeba-en-pt', weight: 2, documents: pairs.map(([en, pt]) => ({ language: 'en-pt', turns: [en, pt] })) },
    { name: 'tatoeba-pt-en', weight: 2, documents: pairs.map(([en, pt]) => ({ language: 'pt-en', turns: [pt, en] })) },
    { name: 'tatoeba-pt', weight: 3, documents: similarPairs(pairs.map(([, pt]) => pt)) },
  ];
  const heldOutPortuguese = [
    ...heldOutSmall.filter((one) => one.language === 'pt'),
    ...heldOutPairs.map(([, pt]): TrainingDocument => ({ language: 'pt', turns: [pt] })),
  ];
  const unseen = new Set([...heldOut, ...heldOutPortuguese].map((one) => one.turns.join('\n')));
  for (const source of training) {
    source.documents = source.documents.filter((one) => isSuitable(one.turns) && !unseen.has(one.turns.join('\n')));
  }
  const fit = (documents: TrainingDocument[]) => documents.filter((one) => isSuitable(one.turns));
  return { training, heldOut: fit(heldOut), heldOutPortuguese: fit(heldOutPortuguese) };
}

/** Dialogues written for this project: one a line, utterances between bars. */
function ownDialogues(language: 'en' | 'pt'): TrainingDocument[] {
  const file = path.join(import.meta.dirname, `dialogues.${language}.txt`);
  return readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => document(language, line.split('|')));
}

function document(language: Language, turns: readonly string[]): TrainingDocument {
  return { language, turns: turns.map(tidy).filter((turn) => turn !== '') };
}

/** One space between words, composed accents, no control characters. */
function tidy(text: string): string {
  return text
    .normalize('NFC')
    .replace(/[\p{Cc}\p{Zs}\s]+/gu, ' ')
    .trim();
}
