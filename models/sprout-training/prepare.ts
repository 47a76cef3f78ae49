/** Reads the data, learns the vocabulary or keeps it, and hands out what training and validation need. Same data, same result. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type BytePairEncoding, createEncoder, trainBytePairEncoding } from './bpe.ts';
import { readDocuments, type SproutData } from './documents.ts';
import type { Encoder } from './packing.ts';
import { readVocabulary, specialTokens, VOCABULARY, writeTokenizer } from './tokenizer.ts';

export interface Prepared extends SproutData {
  encode: Encoder;
}

/**
 * @param tokenizerFolder where the tokenizer's files are written, or are already.
 * @param keepVocabulary takes the vocabulary that is there: to weights that have learnt it, a new one would be another language.
 */
export function prepare(dataFolder: string, tokenizerFolder: string, { keepVocabulary = false } = {}): Prepared {
  if (!existsSync(path.join(dataFolder, 'self-dialogue.en.jsonl.gz'))) {
    console.error(`Sprout is trained from the dialogues in ${dataFolder}, which are not there; nothing was done.`);
    process.exit(2);
  }
  const data = readDocuments(dataFolder);
  const encoding = keepVocabulary ? readVocabulary(tokenizerFolder) : learnVocabulary(data, tokenizerFolder);
  return { ...data, encode: createEncoder(encoding) };
}

function learnVocabulary(data: SproutData, folder: string): BytePairEncoding {
  const encoding = trainBytePairEncoding(weighedTexts(data), VOCABULARY, specialTokens);
  writeTokenizer(folder, encoding);
  return encoding;
}

function* weighedTexts({ training }: SproutData): Generator<{ text: string; weight: number }> {
  for (const { documents, weight } of training) {
    for (const { turns } of documents) for (const text of turns) yield { text, weight };
  }
}
