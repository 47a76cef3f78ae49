/** Byte-level BPE from vocab.json and merges.txt, as tokenizer.json describes it. */
import type { JsonObject } from './json-file.ts';
import { linesOf } from './text-file.ts';
import { TokenizerMismatch, type Vocabulary } from './tokenizer-parts.ts';

/** The largest in use has 515,000. */
const MERGE_LIMIT = 600_000;
/** No two pieces are that long together. */
const LINE_LIMIT = 2_000;

/** What differs between the families. */
interface Steps {
  readonly normalizer: JsonObject | null;
  readonly pre_tokenizer: JsonObject;
  readonly post_processor: JsonObject;
}

/** @throws TokenizerMismatch for a line that is no merge of pieces of the vocabulary, or a byte that has no piece. */
export function byteLevelBpe(merges: string, vocabulary: Vocabulary, steps: Steps): JsonObject {
  for (const symbol of byteSymbols()) if (!vocabulary.has(symbol)) throw new TokenizerMismatch(`vocab: ${symbol}`);
  return {
    ...steps,
    decoder: byteLevel({ prefixSpace: true, trimOffsets: true, useRegex: true }),
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary),
      merges: readMerges(merges, vocabulary),
    },
  };
}

export function byteLevel(options: { prefixSpace: boolean; trimOffsets: boolean; useRegex: boolean }): JsonObject {
  const { prefixSpace, trimOffsets, useRegex } = options;
  return { type: 'ByteLevel', add_prefix_space: prefixSpace, trim_offsets: trimOffsets, use_regex: useRegex };
}

function readMerges(text: string, vocabulary: Vocabulary): [string, string][] {
  const merges: [string, string][] = [];
  let number = 0;
  for (const line of linesOf(text)) {
    number += 1;
    if (line === '' || (number === 1 && line.startsWith('#version'))) continue;
    const [left = '', right = '', ...more] = line.slice(0, LINE_LIMIT).split(' ');
    const isMerge = more.length === 0 && [left, right, left + right].every((piece) => vocabulary.has(piece));
    if (!isMerge || merges.length >= MERGE_LIMIT)
      throw new TokenizerMismatch(`merges.txt:${number}: ${line.slice(0, 80)}`);
    merges.push([left, right]);
  }
  return merges;
}

/** GPT-2 writes each byte as a printable character: itself where it is one, else one from U+0100 on, in order. */
function byteSymbols(): string[] {
  const isPrintable = (byte: number) => (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte !== 0xad);
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}
