/** The files a tokenizer was kept in before tokenizer.json, as they lie in a folder, and what they are turned into. */
import type { JsonObject } from './json-file.ts';

/** The contents of the files; null, or empty, where there is none. */
export interface TokenizerParts {
  /** config.json. */
  readonly model: JsonObject;
  /** tokenizer_config.json. */
  readonly config: JsonObject;
  /** special_tokens_map.json: role → token. */
  readonly specialTokens: JsonObject;
  /** added_tokens.json: token → id. */
  readonly addedTokens: JsonObject;
  /** vocab.json: piece → id. */
  readonly vocabulary: JsonObject | null;
  /** merges.txt: two pieces a line, the most frequent pair first. */
  readonly merges: string | null;
  /** vocab.txt: a piece a line, its id the number of the line. */
  readonly words: string | null;
}

/** Piece → id. */
export type Vocabulary = ReadonlyMap<string, number>;

/** What is wrong, in words that need no language: a file, and a piece of it. */
export class TokenizerMismatch extends Error {}

/** Far above any vocabulary, far below what would make a model's table of embeddings absurd. */
const ID_LIMIT = 10_000_000;

export function isTokenId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= ID_LIMIT;
}

/** vocab.json, or the same inside tokenizer.json. @throws TokenizerMismatch for an id that is none. */
export function readVocabulary(ids: JsonObject): Vocabulary {
  const vocabulary = new Map<string, number>();
  for (const [piece, id] of Object.entries(ids)) {
    if (!isTokenId(id)) throw new TokenizerMismatch(`vocab: ${piece.slice(0, 80)}`);
    vocabulary.set(piece, id);
  }
  return vocabulary;
}
