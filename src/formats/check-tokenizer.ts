/**
 * What the tokenizers library believes of a tokenizer.json: ids that are numbers, merges of pieces there are, added tokens with a name.
 * A damaged one would open, and give ids that are none in the middle of a sitting; a hostile one would never come back from
 * a text. What else its steps are made of, the library checks itself.
 */
import { isJsonObject, type JsonObject } from './json-file.ts';
import { isTokenId, readVocabulary, TokenizerMismatch, type Vocabulary } from './tokenizer-parts.ts';
import { checkSteps } from './tokenizer-steps.ts';

/** @throws TokenizerMismatch, naming the place; UnsafePattern. */
export function checkTokenizer(tokenizer: JsonObject): void {
  const { model, added_tokens: added = [] } = tokenizer;
  if (!isJsonObject(model)) throw new TokenizerMismatch('model');
  const { vocab, merges } = model;
  // Unigram keeps its pieces as a list of [piece, score]; a piece's place is its id.
  if (Array.isArray(vocab)) checkScores(vocab);
  else if (isJsonObject(vocab)) checkMerges(merges, readVocabulary(vocab));
  else throw new TokenizerMismatch('vocab');
  if (!Array.isArray(added)) throw new TokenizerMismatch('added_tokens');
  added.forEach((token: unknown, i) => {
    const isToken =
      isJsonObject(token) && isTokenId(token.id) && typeof token.content === 'string' && token.content !== '';
    if (!isToken) throw new TokenizerMismatch(`added_tokens[${i}]`);
  });
  checkSteps(tokenizer);
}

function checkScores(pieces: readonly unknown[]): void {
  pieces.forEach((entry, i) => {
    const [piece, score] = Array.isArray(entry) ? entry : [];
    if (typeof piece !== 'string' || typeof score !== 'number') throw new TokenizerMismatch(`vocab[${i}]`);
  });
}

/** "a b", or ["a", "b"]. A merge whose outcome is no piece could never be given an id. */
function checkMerges(merges: unknown, vocabulary: Vocabulary): void {
  if (merges === undefined) return;
  if (!Array.isArray(merges)) throw new TokenizerMismatch('merges');
  merges.forEach((merge: unknown, i) => {
    const [left, right, ...more]: unknown[] =
      typeof merge === 'string' ? merge.split(' ') : Array.isArray(merge) ? merge : [];
    const isPair = typeof left === 'string' && typeof right === 'string' && more.length === 0;
    const isMerge = isPair && vocabulary.has(left) && vocabulary.has(right) && vocabulary.has(left + right);
    if (!isMerge) throw new TokenizerMismatch(`merges[${i}]`);
  });
}
