/**
 * tokenizer.json from the files that came before it, for the kinds of tokenizer whose rules are known: each is what
 * transformers' convert_slow_tokenizer.py makes of it.
 */
import { byteLevel, byteLevelBpe } from './byte-level-bpe.ts';
import type { JsonObject } from './json-file.ts';
import type { TokenizerFiles } from './model-source.ts';
import { collectTokens, type SpecialTokens, type UsualTokens } from './special-tokens.ts';
import { linesOf } from './text-file.ts';
import { readVocabulary, TokenizerMismatch, type TokenizerParts, type Vocabulary } from './tokenizer-parts.ts';
import { wordPiece } from './word-piece.ts';

/** The largest in use has 120,000. */
const PIECE_LIMIT = 500_000;

interface Kind {
  /** tokenizer_config.json's tokenizer_class decides where there is one, else config.json's model_type. */
  readonly classes: RegExp;
  readonly modelTypes: readonly string[];
  readonly usual: UsualTokens;
  /** Null where the files it needs are not there. */
  build(parts: TokenizerParts, tokens: (vocabulary: Vocabulary) => SpecialTokens): Built | null;
}

interface Built {
  readonly body: JsonObject;
  readonly tokens: SpecialTokens;
}

/** Where Qwen2 cuts text into words: PRETOKENIZE_REGEX of its tokenizer in transformers. */
const QWEN2_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const KINDS: readonly Kind[] = [
  {
    classes: /^GPT2Tokenizer(Fast)?$/,
    modelTypes: ['gpt2', 'gpt_neo', 'gptj'],
    usual: { bos_token: '<|endoftext|>', eos_token: '<|endoftext|>', unk_token: '<|endoftext|>' },
    build: (parts, tokensOf) =>
      fromMerges(parts, tokensOf, () => ({
        normalizer: null,
        pre_tokenizer: byteLevel({ prefixSpace: addsPrefixSpace(parts), trimOffsets: true, useRegex: true }),
        post_processor: byteLevel({ prefixSpace: true, trimOffsets: false, useRegex: true }),
      })),
  },
  {
    classes: /^(Roberta|Bart|Longformer)Tokenizer(Fast)?$/,
    modelTypes: ['roberta', 'bart', 'longformer'],
    usual: {
      bos_token: '<s>',
      eos_token: '</s>',
      unk_token: '<unk>',
      sep_token: '</s>',
      pad_token: '<pad>',
      cls_token: '<s>',
      mask_token: { content: '<mask>', lstrip: true },
    },
    build: (parts, tokensOf) =>
      fromMerges(parts, tokensOf, (tokens) => ({
        normalizer: null,
        pre_tokenizer: byteLevel({ prefixSpace: addsPrefixSpace(parts), trimOffsets: true, useRegex: true }),
        post_processor: {
          type: 'RobertaProcessing',
          sep: tokens.get('sep_token'),
          cls: tokens.get('cls_token'),
          trim_offsets: true,
          add_prefix_space: addsPrefixSpace(parts),
        },
      })),
  },
  {
    classes: /^Qwen2Tokenizer(Fast)?$/,
    modelTypes: ['qwen2'],
    usual: { eos_token: '<|endoftext|>', pad_token: '<|endoftext|>' },
    build: (parts, tokensOf) =>
      fromMerges(parts, tokensOf, () => ({
        normalizer: { type: 'NFC' },
        pre_tokenizer: {
          type: 'Sequence',
          pretokenizers: [
            { type: 'Split', pattern: { Regex: QWEN2_WORDS }, behavior: 'Isolated', invert: false },
            byteLevel({ prefixSpace: false, trimOffsets: true, useRegex: false }),
          ],
        },
        post_processor: byteLevel({ prefixSpace: false, trimOffsets: false, useRegex: false }),
      })),
  },
  {
    classes: /^(Bert|DistilBert)Tokenizer(Fast)?$/,
    modelTypes: ['bert', 'distilbert'],
    usual: {
      unk_token: '[UNK]',
      sep_token: '[SEP]',
      pad_token: '[PAD]',
      cls_token: '[CLS]',
      mask_token: '[MASK]',
    },
    build: ({ words, config }, tokensOf) => {
      if (words === null) return null;
      const vocabulary = readLines(words);
      const tokens = tokensOf(vocabulary);
      return { body: wordPiece(config, vocabulary, tokens), tokens };
    },
  },
];

/** Null where the files are not there or the kind is none of these. @throws TokenizerMismatch for a damaged file. */
export function buildTokenizer(parts: TokenizerParts): TokenizerFiles | null {
  const kind = findKind(parts);
  const built = kind?.build(parts, (vocabulary) => collectTokens(parts, kind.usual, vocabulary)) ?? null;
  if (built === null) return null;
  const { body, tokens } = built;
  return {
    tokenizer: { version: '1.0', truncation: null, padding: null, added_tokens: tokens.added, ...body },
    config: { ...parts.config, ...tokens.names },
  };
}

function findKind({ config, model }: TokenizerParts): Kind | undefined {
  const { tokenizer_class: className } = config;
  if (typeof className === 'string') return KINDS.find(({ classes }) => classes.test(className));
  return KINDS.find(({ modelTypes }) => modelTypes.some((type) => type === model.model_type));
}

function fromMerges(
  { vocabulary: ids, merges }: TokenizerParts,
  tokensOf: (vocabulary: Vocabulary) => SpecialTokens,
  steps: (tokens: SpecialTokens) => Parameters<typeof byteLevelBpe>[2],
): Built | null {
  if (ids === null || merges === null) return null;
  const vocabulary = readVocabulary(ids);
  const tokens = tokensOf(vocabulary);
  return { body: byteLevelBpe(merges, vocabulary, steps(tokens)), tokens };
}

function addsPrefixSpace({ config }: TokenizerParts): boolean {
  return config.add_prefix_space === true;
}

/** A piece that stands twice has its later line's number, as in Python. */
function readLines(text: string): Vocabulary {
  const vocabulary = new Map<string, number>();
  let number = 0;
  for (const piece of linesOf(text)) {
    if (vocabulary.size >= PIECE_LIMIT) throw new TokenizerMismatch(`vocab.txt:${number + 1}`);
    vocabulary.set(piece, number);
    number += 1;
  }
  return vocabulary;
}
