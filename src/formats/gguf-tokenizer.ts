/**
 * The tokenizer that a GGUF file carries in its metadata, as tokenizer.json and tokenizer_config.json would have it. Two
 * kinds: byte-level BPE with its list of merges ("gpt2"), and SentencePiece BPE with scores ("llama"). What the metadata
 * leaves to llama.cpp's code (how a text is cut before merging, when bos is put in front) is as llama-vocab.cpp has it.
 */
import { UserError } from '../errors.ts';
import { GgufSettings } from './gguf-architectures.ts';
import { type Metadata, shown } from './gguf-header.ts';
import type { JsonObject } from './json-file.ts';
import type { TokenizerFiles } from './model-source.ts';
import { sentencePieceParts } from './sentencepiece-tokenizer.ts';
import { type AddedToken, assembleTokenizer, type SpecialIds } from './tokenizer-assembly.ts';

const KEY = 'tokenizer.ggml.';
const TOKENS = `${KEY}tokens`;
const TYPES = `${KEY}token_type`;
const SCORES = `${KEY}scores`;
const MERGES = `${KEY}merges`;
const KIND = `${KEY}model`;
const PRE = `${KEY}pre`;

/** llama.cpp's `llama_token_type`; UNKNOWN (2), UNUSED (5) and BYTE (6) need nothing said. */
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;

/** @returns null where the file has no tokenizer. @throws UserError for a kind that is not known, or one that contradicts itself. */
export function ggufTokenizer(metadata: Metadata, file: string): TokenizerFiles | null {
  const settings = new GgufSettings(metadata, file);
  const kind = settings.text(KIND);
  if (kind === undefined || kind === 'no_vocab') return null;
  if (kind !== 'gpt2' && kind !== 'llama') return settings.unsupported(KIND, 'gpt2, llama');
  const pieces = readPieces(settings, file);
  const types = readNumbers(settings, TYPES, pieces.length) ?? pieces.map(() => NORMAL);
  const chatTemplate = settings.text('tokenizer.chat_template');
  const common = { pieces, added: addedTokens(pieces, types), chatTemplate };
  return kind === 'gpt2' ? byteLevel(settings, common) : sentencePiece(settings, types, common);
}

interface Common {
  readonly pieces: readonly string[];
  readonly added: readonly AddedToken[];
  readonly chatTemplate: string | undefined;
}

function readPieces(settings: GgufSettings, file: string): readonly string[] {
  const pieces = settings.get(TOKENS);
  if (pieces === undefined) throw new UserError('gguf_key_missing', { file, key: TOKENS });
  if (!isStrings(pieces)) return settings.wrong(TOKENS, 'string[]');
  const known = new Set<string>();
  for (const piece of pieces) {
    if (known.has(piece)) throw new UserError('gguf_duplicate', { file, name: shown(piece) });
    known.add(piece);
  }
  return pieces;
}

function readNumbers(settings: GgufSettings, key: string, count: number): readonly number[] | undefined {
  const numbers = settings.get(key);
  if (numbers === undefined) return undefined;
  if (!isNumbers(numbers) || numbers.length !== count) return settings.wrong(key, `number[${count}]`);
  return numbers;
}

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** A score that is not a number could not be put in order. */
function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'number' && !Number.isNaN(each));
}

function addedTokens(pieces: readonly string[], types: readonly number[]): AddedToken[] {
  return pieces
    .map((content, id) => ({ id, content, special: types[id] === CONTROL, type: types[id] }))
    .filter(({ content, type }) => content !== '' && (type === CONTROL || type === USER_DEFINED))
    .map(({ id, content, special }) => ({ id, content, special }));
}

function specialIds(settings: GgufSettings, vocabulary: number, addBos: boolean): SpecialIds {
  const id = (name: string) => settings.token(`${KEY}${name}_token_id`, vocabulary);
  return {
    bos: id('bos'),
    eos: id('eos'),
    unk: id('unknown'),
    pad: id('padding'),
    addBos: settings.flag(`${KEY}add_bos_token`, addBos),
    addEos: settings.flag(`${KEY}add_eos_token`, false),
  };
}

/** GPT-2's cut of a text into words, numbers, signs and spaces. */
const GPT2_WORDS = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** Llama 3's and Qwen 2's: contractions in any case, line ends apart, and numbers in groups of so many digits. */
const newerWords = (digits: string) =>
  "(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" +
  `\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

interface PreTokenizer {
  /** Applied one after another, each to what the one before left. */
  readonly cuts: readonly string[];
  /** A word that is a token is taken as it is, whatever the merges would make of it. */
  readonly ignoreMerges?: boolean;
  readonly addBos?: boolean;
  /** llama.cpp leaves texts as they are; the models' own tokenizer.json composes their characters first. */
  readonly composed?: boolean;
}

const gpt2: PreTokenizer = { cuts: [GPT2_WORDS] };
const digitsThenGpt2: PreTokenizer = { cuts: ['\\p{N}', GPT2_WORDS] };
const llama3: PreTokenizer = { cuts: [newerWords('{1,3}')], ignoreMerges: true, addBos: true };
const qwen2: PreTokenizer = { cuts: [newerWords('')], composed: true };

/** By `tokenizer.ggml.pre`. */
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  'gpt-2': gpt2,
  smollm: digitsThenGpt2,
  starcoder: digitsThenGpt2,
  refact: digitsThenGpt2,
  'llama-bpe': llama3,
  llama3,
  'llama-v3': llama3,
  qwen2,
  'deepseek-r1-qwen': qwen2,
  default: { cuts: ['[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2_WORDS, '\\p{N}+', '[0-9][0-9][0-9]'] },
};

function byteLevel(settings: GgufSettings, common: Common): TokenizerFiles {
  const pre = settings.text(PRE) ?? 'default';
  if (!Object.hasOwn(PRE_TOKENIZERS, pre)) return settings.unsupported(PRE, Object.keys(PRE_TOKENIZERS).join(', '));
  const { cuts, ignoreMerges = false, addBos = false, composed = false } = PRE_TOKENIZERS[pre]!;
  const split = (Regex: string) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false });
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false };
  return assembleTokenizer({
    ...common,
    ids: specialIds(settings, common.pieces.length, addBos),
    normalizer: composed ? { type: 'NFC' } : null,
    preTokenizer: { type: 'Sequence', pretokenizers: [...cuts.map(split), bytes] },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { ignore_merges: ignoreMerges, merges: readMerges(settings, common.pieces) },
  });
}

/** Each "left right", both tokens, and together one: else the tokenizers library would not take the file. */
function readMerges(settings: GgufSettings, pieces: readonly string[]): readonly string[] {
  const merges = settings.get(MERGES);
  if (!isStrings(merges)) return settings.wrong(MERGES, 'string[]');
  const known = new Set(pieces);
  for (const merge of merges) {
    const space = merge.indexOf(' ');
    const [left, right] = [merge.slice(0, space), merge.slice(space + 1)];
    if (space < 1 || !known.has(left) || !known.has(right) || !known.has(left + right))
      return settings.wrong(MERGES, `${TOKENS}[i] ${TOKENS}[j]`, merge);
  }
  return merges;
}

function sentencePiece(settings: GgufSettings, types: readonly number[], common: Common): TokenizerFiles {
  const { pieces } = common;
  const scores = readNumbers(settings, SCORES, pieces.length);
  if (scores === undefined) return settings.wrong(SCORES, `number[${pieces.length}]`);
  const ids = specialIds(settings, pieces.length, true);
  const prefix = settings.flag(`${KEY}add_space_prefix`, true);
  const scored = pieces.map((text, id) => {
    return { text, score: scores[id]!, fromText: types[id] === NORMAL || types[id] === USER_DEFINED };
  });
  const unknown = ids.unk === undefined ? undefined : pieces[ids.unk];
  const parts: { model: JsonObject; normalizer: JsonObject; decoder: JsonObject } = sentencePieceParts(scored, {
    space: '▁',
    prefix,
    unknown,
  });
  return assembleTokenizer({ ...common, ids, preTokenizer: null, ...parts });
}
