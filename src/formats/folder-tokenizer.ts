/**
 * The tokenizer of a model folder: its tokenizer.json, or what older folders hold instead (vocab.json and merges.txt,
 * vocab.txt), made into one.
 */
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { buildTokenizer } from './built-tokenizer.ts';
import { checkTokenizer } from './check-tokenizer.ts';
import { type JsonObject, readJsonObject, VOCABULARY_LIMITS } from './json-file.ts';
import type { TokenizerFiles } from './model-source.ts';
import { readTextFile } from './text-file.ts';
import { TokenizerMismatch } from './tokenizer-parts.ts';
import { UnsafePattern } from './tokenizer-steps.ts';

/** merges.txt and vocab.txt; the largest in use take 8 MB. */
const LINES_LIMIT_BYTES = 16 * 1024 * 1024;
const TEMPLATE_LIMIT_BYTES = 1024 * 1024;

/**
 * Null where there is none, or where it is of a kind that only tokenizer.json describes. @param model the folder's config.json.
 * @throws UserError json_unreadable, text_too_large, tokenizer_unreadable, tokenizer_pattern_refused.
 */
export function readTokenizer(folder: string, model: JsonObject): TokenizerFiles | null {
  const settings = readJsonObject(join(folder, 'tokenizer_config.json')) ?? {};
  const template = readTextFile(join(folder, 'chat_template.jinja'), TEMPLATE_LIMIT_BYTES);
  // As transformers has it: the file goes before the one in the settings.
  const config = template === null ? settings : { ...settings, chat_template: template };
  const tokenizer = readJsonObject(join(folder, 'tokenizer.json'), VOCABULARY_LIMITS);
  try {
    if (tokenizer === null) return readOlder(folder, model, config);
    checkTokenizer(tokenizer);
    return { tokenizer, config };
  } catch (error) {
    if (!(error instanceof TokenizerMismatch)) throw error;
    if (error instanceof UnsafePattern)
      throw new UserError(
        'tokenizer_pattern_refused',
        { folder, pattern: error.message.slice(0, 80) },
        { cause: error },
      );
    throw new UserError('tokenizer_unreadable', { folder, problem: error.message.slice(0, 200) }, { cause: error });
  }
}

function readOlder(folder: string, model: JsonObject, config: JsonObject): TokenizerFiles | null {
  return buildTokenizer({
    model,
    config,
    specialTokens: readJsonObject(join(folder, 'special_tokens_map.json')) ?? {},
    addedTokens: readJsonObject(join(folder, 'added_tokens.json')) ?? {},
    vocabulary: readJsonObject(join(folder, 'vocab.json'), VOCABULARY_LIMITS),
    merges: readTextFile(join(folder, 'merges.txt'), LINES_LIMIT_BYTES),
    words: readTextFile(join(folder, 'vocab.txt'), LINES_LIMIT_BYTES),
  });
}
