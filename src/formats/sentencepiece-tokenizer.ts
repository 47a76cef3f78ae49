/**
 * SentencePiece's BPE, as Llama and llama2.c have it, in the terms of Hugging Face's tokenizers library. SentencePiece joins,
 * again and again, the two neighbours whose union has the best score; the library joins the pair that comes first in a
 * list of merges. So the list is every way to cut a piece in two known ones, best score first (as transformers,
 * convert_slow_tokenizer.py, makes it). What no piece covers is spelt in byte tokens.
 */
import type { JsonObject } from './json-file.ts';

/** No piece that is joined from parts is longer; the longest known are runs of 256 spaces. */
const PIECE_LIMIT = 512;

export interface Piece {
  readonly text: string;
  readonly score: number;
  /** Text may be joined into it; control and byte tokens are never made of text. */
  readonly fromText: boolean;
}

/** Model, normalizer and decoder. @param space what stands for a space in pieces. @param prefix a space goes before a text. */
export function sentencePieceParts(
  pieces: readonly Piece[],
  { space, prefix, unknown }: { space: '▁' | ' '; prefix: boolean; unknown: string | undefined },
): { model: JsonObject; normalizer: JsonObject; decoder: JsonObject } {
  const isMarked = space !== ' ';
  return {
    model: { unk_token: unknown ?? null, fuse_unk: true, byte_fallback: true, merges: mergesOf(pieces) },
    normalizer: {
      type: 'Sequence',
      normalizers: [
        ...(prefix ? [{ type: 'Prepend', prepend: space }] : []),
        ...(isMarked ? [{ type: 'Replace', pattern: { String: ' ' }, content: space }] : []),
      ],
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        ...(isMarked ? [{ type: 'Replace', pattern: { String: space }, content: ' ' }] : []),
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefix ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
  };
}

interface Merge {
  readonly score: number;
  readonly left: string;
  readonly right: string;
}

/** Pairs rather than "left right", as a piece may hold a space. */
function mergesOf(pieces: readonly Piece[]): [string, string][] {
  const ids = new Map(pieces.map(({ text }, id) => [text, id]));
  const merges = pieces.flatMap(({ text, score, fromText }) => (fromText ? cuts(text, score, ids) : []));
  return merges.sort((a, b) => b.score - a.score).map(({ left, right }) => [left, right]);
}

function cuts(text: string, score: number, ids: ReadonlyMap<string, number>): Merge[] {
  if (text.length > PIECE_LIMIT) return [];
  const found: Merge[] = [];
  for (let at = 1; at < text.length; at++) {
    const left = text.slice(0, at);
    const right = text.slice(at);
    // A cut inside a surrogate pair gives halves that are no pieces.
    if (ids.has(left) && ids.has(right)) found.push({ score, left, right });
  }
  return found.sort((a, b) => ids.get(a.left)! - ids.get(b.left)! || ids.get(a.right)! - ids.get(b.right)!);
}
