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
