/** What a brain is measured on: held-out documents and pairs, as far as they are there, and why the rest is missing. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { readCorpus } from '../sprout-training/corpus.ts';
import { ownHeldOut, readDocuments, type TrainingDocument } from '../sprout-training/documents.ts';
import type { Pair } from './translation.ts';
import { type Names, namesIn } from './words.ts';

export interface Material {
  /** By name: those of the PyTorch run, whole and by language, and sprout's own. */
  heldOut: Record<string, TrainingDocument[]>;
  /** Empty without the shared data. */
  pairs: Pair[];
  /** Names in what sprout is trained on. */
  names: Names;
  /** What could not be measured, and why. */
  missing: string[];
}

/** How often a word has its capital before it is taken for a name, not for a slip. */
const NAMED = 3;

export function readMaterial(dataFolder: string, corpusFolder: string): Material {
  const corpus = existsSync(corpusFolder) ? readCorpus(corpusFolder) : [];
  const missing: string[] = [];
  if (corpus.length === 0)
    missing.push("Sprout's own held-out dialogues, and replies under their labels: its corpus is empty.");
  if (!existsSync(path.join(dataFolder, 'self-dialogue.en.jsonl.gz'))) {
    missing.push("The PyTorch run's held-out dialogues, and translation: the shared data is not there.");
    const turns = corpus.flatMap((dialogue) => dialogue.turns);
    const names = {
      pt: namesIn(
        turns.map(({ pt }) => pt),
        NAMED,
      ),
      en: namesIn(
        turns.map(({ en = '' }) => en),
        NAMED,
      ),
    };
    return { heldOut: ownHeldOut(corpus), pairs: [], names, missing };
  }
  const { training, heldOut, heldOutPairs } = readDocuments(dataFolder, corpus);
  const turnsIn = (wanted: 'pt' | 'en') =>
    training
      .flatMap(({ documents }) => documents)
      .flatMap(({ language, turns }) => {
        const [first, second = first] = language.split('-');
        return turns.filter((_, index) => (index % 2 === 0 ? first : second) === wanted);
      });
  const names = { pt: namesIn(turnsIn('pt'), NAMED), en: namesIn(turnsIn('en'), NAMED) };
  const pairs = heldOutPairs.map(({ turns }): Pair => ({ en: turns[0]!, pt: turns[1]! }));
  return { heldOut, pairs, names, missing };
}
