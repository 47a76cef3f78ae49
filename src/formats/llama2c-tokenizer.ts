/**
 * Tokenizers of llama2.c (tokenizer.py, `export`): the longest piece's length, then for each piece its score, its length and
 * its bytes. Pieces 0, 1 and 2 are unknown, bos and eos, 3 to 258 the bytes. Encodes as run.c's `encode`: a space in front,
 * then the best-scored neighbours joined again and again.
 */
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { UserError } from '../errors.ts';
import { withFile } from './byte-source.ts';
import type { TokenizerFiles } from './model-source.ts';
import { type Piece, sentencePieceParts } from './sentencepiece-tokenizer.ts';
import { assembleTokenizer } from './tokenizer-assembly.ts';

/** What the file calls "\n<s>\n" and "\n</s>\n", for run.c to print. */
const CONTROL = ['<unk>', '<s>', '</s>'];
const FIRST_TEXT = 259;
/** Llama's own 32,000 pieces take 0.4 MB. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * The tokenizer in the folder of the model at `path`: tok512.bin (for 512 tokens), else tokenizer.bin, or null.
 * @throws UserError llama2c_tokenizer for a file that is damaged or has another number of tokens.
 */
export function llama2cTokenizer(path: string, vocabulary: number): TokenizerFiles | null {
  const file = [`tok${vocabulary}.bin`, 'tokenizer.bin']
    .map((name) => join(dirname(path), name))
    .find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
  return file === undefined ? null : build(readPieces(file, vocabulary));
}

function build(pieces: readonly Piece[]): TokenizerFiles {
  const [unknown] = CONTROL;
  return assembleTokenizer({
    pieces: pieces.map(({ text }) => text),
    added: CONTROL.map((content, id) => ({ id, content, special: true })),
    ids: { unk: 0, bos: 1, eos: 2, addBos: true, addEos: false },
    preTokenizer: null,
    ...sentencePieceParts(pieces, { space: ' ', prefix: true, unknown }),
  });
}

function readPieces(path: string, vocabulary: number): Piece[] {
  const bytes = readWhole(path);
  const file = basename(path);
  const refuse = (position: number): never => {
    throw new UserError('llama2c_tokenizer', { file, position, tokens: vocabulary });
  };
  if (bytes.length < 4 || vocabulary < CONTROL.length) refuse(0);
  const longest = bytes.readUInt32LE(0);
  const pieces = new Map<string, Piece>();
  let at = 4;
  while (pieces.size < vocabulary) {
    if (at + 8 > bytes.length) refuse(at);
    const score = bytes.readFloatLE(at);
    const length = bytes.readInt32LE(at + 4);
    const end = at + 8 + length;
    if (Number.isNaN(score) || length < 0 || length > longest || end > bytes.length) refuse(at);
    const id = pieces.size;
    const raw = bytes.subarray(at + 8, end);
    const text = CONTROL[id] ?? raw.toString('utf8');
    // Two tokens of one spelling, or one that is no text, could not be told apart again.
    if (pieces.has(text) || (id >= CONTROL.length && !Buffer.from(text, 'utf8').equals(raw))) refuse(at);
    pieces.set(text, { text, score, fromText: id >= FIRST_TEXT });
    at = end;
  }
  if (at !== bytes.length) refuse(at);
  return [...pieces.values()];
}

function readWhole(path: string): Buffer {
  return withFile(path, ({ size, fill }) => {
    if (size > LIMIT_BYTES) throw new UserError('text_too_large', { path, bytes: size, limit: LIMIT_BYTES });
    const bytes = Buffer.alloc(size);
    fill(bytes, 0);
    return bytes;
  });
}
