/** Sprout's tokenizer: its special tokens, and its files as Hugging Face's libraries read them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CONTROL_TEMPLATE } from '../../src/brain/control-template.ts';
import { CONTROLS } from '../../src/brain/prompt.ts';
import type { BytePairEncoding } from './bpe.ts';

export const END = '<|endoftext|>';
export const specialTokens = [END, ...CONTROLS.map((name) => `<|${name}|>`)];
export const VOCABULARY = 6144;
export const WINDOW = 256;
const TOKENIZER_FILE = 'tokenizer.json';

export function writeTokenizer(folder: string, { vocabulary, merges }: BytePairEncoding): void {
  mkdirSync(folder, { recursive: true });
  writeJson(path.join(folder, TOKENIZER_FILE), {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: specialTokens.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.join(' ')),
    },
  });
  writeTokenizerSettings(folder);
}

/** The vocabulary that `writeTokenizer` wrote. */
export function readVocabulary(folder: string): BytePairEncoding {
  const { model } = JSON.parse(readFileSync(path.join(folder, TOKENIZER_FILE), 'utf8'));
  const vocabulary: string[] = [];
  for (const [token, id] of Object.entries(model.vocab as Record<string, number>)) vocabulary[id] = token;
  return { specialTokens, vocabulary, merges: model.merges.map((pair: string) => pair.split(' ')) };
}

/** What stands beside the vocabulary, which is the same for every one. */
export function writeTokenizerSettings(folder: string): void {
  writeJson(
    path.join(folder, 'tokenizer_config.json'),
    {
      tokenizer_class: 'GPT2Tokenizer',
      add_prefix_space: false,
      add_bos_token: false,
      bos_token: END,
      eos_token: END,
      pad_token: END,
      unk_token: END,
      additional_special_tokens: specialTokens.slice(1),
      clean_up_tokenization_spaces: false,
      model_max_length: WINDOW,
      chat_template: CONTROL_TEMPLATE,
    },
    2,
  );
  writeJson(
    path.join(folder, 'special_tokens_map.json'),
    {
      bos_token: END,
      eos_token: END,
      pad_token: END,
      unk_token: END,
      additional_special_tokens: specialTokens.slice(1),
    },
    2,
  );
}

function writeJson(file: string, value: unknown, indent?: number): void {
  writeFileSync(file, `${JSON.stringify(value, null, indent)}\n`);
}
