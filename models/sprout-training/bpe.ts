/**
 * Byte-level byte-pair encoding as in GPT-2 (Radford et al. 2019; Sennrich et al. 2016): text is cut into pieces by a fixed
 * regular expression, each byte of a piece becomes one of 256 printable characters, and the commonest neighbours are merged
 * over and over. Ties go to the pair whose ids are smallest, so the same text gives the same vocabulary everywhere.
 */

/** GPT-2's pre-tokenisation: English clitics, then words, numbers and signs with one leading space, then white space. */
const pieces = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** GPT-2's byte alphabet: printable Latin-1 bytes stand for themselves, the others for characters from U+0100 on. */
export const byteCharacters: readonly string[] = (() => {
  const printable = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
  let unused = 256;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(printable(byte) ? byte : unused++));
})();

const utf8 = new TextEncoder();

export interface BytePairEncoding {
  /** Token texts in the byte alphabet, by id; the special tokens come first. */
  vocabulary: string[];
  specialTokens: string[];
  merges: [string, string][];
}

interface Word {
  symbols: number[];
  count: number;
}

/** Learns merges until the vocabulary holds `size` tokens, special tokens and the 256 bytes included. */
export function trainBytePairEncoding(
  texts: Iterable<{ text: string; weight: number }>,
  size: number,
  specialTokens: string[],
): BytePairEncoding {
  const vocabulary = [...specialTokens, ...byteCharacters];
  const merges: [string, string][] = [];
  const words = countPieces(texts, specialTokens.length);
  const pairs = new PairCounts();
  for (const [index, word] of words.entries()) pairs.addWord(word, index);

  while (vocabulary.length < size) {
    const best = pairs.commonest();
    if (!best) break;
    const merged = vocabulary.length;
    vocabulary.push(vocabulary[best.left]! + vocabulary[best.right]!);
    merges.push([vocabulary[best.left]!, vocabulary[best.right]!]);
    for (const index of pairs.wordsWith(best)) {
      const word = words[index]!;
      pairs.removeWord(word);
      word.symbols = mergePair(word.symbols, best, merged);
      pairs.addWord(word, index);
    }
    pairs.forget(best);
  }
  return { vocabulary, specialTokens, merges };
}

function countPieces(texts: Iterable<{ text: string; weight: number }>, firstByte: number): Word[] {
  const counts = new Map<string, number>();
  for (const { text, weight } of texts) {
    for (const [piece] of text.matchAll(pieces)) counts.set(piece, (counts.get(piece) ?? 0) + weight);
  }
  return [...counts].map(([piece, count]) => ({ symbols: [...utf8.encode(piece)].map((b) => firstByte + b), count }));
}

function mergePair(symbols: readonly number[], pair: Pair, merged: number): number[] {
  const result: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    if (symbols[i] === pair.left && symbols[i + 1] === pair.right) {
      result.push(merged);
      i++;
    } else result.push(symbols[i]!);
  }
  return result;
}

interface Pair {
  left: number;
  right: number;
  count: number;
  words: Set<number>;
}

/** How often each two neighbours occur, and in which words. Ids stay under 2¹⁶, so that a pair is one number. */
class PairCounts {
  readonly #pairs = new Map<number, Pair>();

  addWord(word: Word, index: number): void {
    for (let i = 0; i + 1 < word.symbols.length; i++) {
      const [left, right] = [word.symbols[i]!, word.symbols[i + 1]!];
      const key = left * 65_536 + right;
      let pair = this.#pairs.get(key);
      if (!pair) {
        pair = { left, right, count: 0, words: new Set() };
        this.#pairs.set(key, pair);
      }
      pair.count += word.count;
      pair.words.add(index);
    }
  }

  removeWord(word: Word): void {
    for (let i = 0; i + 1 < word.symbols.length; i++) {
      this.#pairs.get(word.symbols[i]! * 65_536 + word.symbols[i + 1]!)!.count -= word.count;
    }
  }

  wordsWith(pair: Pair): number[] {
    return [...pair.words];
  }

  forget(pair: Pair): void {
    this.#pairs.delete(pair.left * 65_536 + pair.right);
  }

  commonest(): Pair | undefined {
    let best: Pair | undefined;
    for (const pair of this.#pairs.values()) if (pair.count > 1 && (!best || comesFirst(pair, best))) best = pair;
    return best;
  }
}

function comesFirst(a: Pair, b: Pair): boolean {
  if (a.count !== b.count) return a.count > b.count;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

/** A fast encoder of plain text (no special tokens in it), remembering the pieces it has met. */
export function createEncoder({ vocabulary, merges, specialTokens }: BytePairEncoding): (text: string) => number[] {
  const ids = new Map(vocabulary.map((token, id) => [token, id]));
  const ranks = new Map<number, { rank: number; merged: number }>();
  for (const [rank, [left, right]] of merges.entries()) {
    ranks.set(ids.get(left)! * 65_536 + ids.get(right)!, { rank, merged: ids.get(left + right)! });
  }
  const known = new Map<string, number[]>();

  const encodePiece = (piece: string): number[] => {
    let symbols = [...utf8.encode(piece)].map((byte) => specialTokens.length + byte);
    for (;;) {
      let best: { rank: number; merged: number; left: number; right: number } | undefined;
      for (let i = 0; i + 1 < symbols.length; i++) {
        const found = ranks.get(symbols[i]! * 65_536 + symbols[i + 1]!);
        if (found && (!best || found.rank < best.rank)) best = { ...found, left: symbols[i]!, right: symbols[i + 1]! };
      }
      if (!best) return symbols;
      symbols = mergePair(symbols, { ...best, count: 0, words: new Set() }, best.merged);
    }
  };

  return (text) => {
    const result: number[] = [];
    for (const [piece] of text.matchAll(pieces)) {
      let encoded = known.get(piece);
      if (!encoded) {
        encoded = encodePiece(piece);
        known.set(piece, encoded);
      }
      for (const id of encoded) result.push(id);
    }
    return result;
  };
}
