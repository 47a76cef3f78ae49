/** Text to the ids an encoder reads: between its first and its last token, and for sentences exactly as bert_score does. */
import { type EncoderConfig, encoderOf } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { isJsonObject, type ModelSource } from '../formats/index.ts';
import { strip } from '../scoring/index.ts';
import { openTokenizer } from './tokenizer.ts';
import type { EncoderTokenizer } from './types.ts';

/** What transformers' tokenizer classes call the first and last token: many folders do not say. */
const ENDS = {
  bert: { cls_token: '[CLS]', sep_token: '[SEP]' },
  roberta: { cls_token: '<s>', sep_token: '</s>' },
  'xlm-roberta': { cls_token: '<s>', sep_token: '</s>' },
} as const satisfies Record<EncoderConfig['architecture'], Record<string, string>>;

/** @throws UserError tokenizer_unreadable. */
export function openEncoderTokenizer(source: ModelSource, config: EncoderConfig): EncoderTokenizer {
  // An encoder writes nothing, so nobody asks for the token it would end with.
  const tokenizer = openTokenizer(source, config.padTokenId);
  const settings = source.tokenizer()?.config ?? {};
  const idOf = (key: 'cls_token' | 'sep_token'): number => {
    const name = tokenName(settings[key]) ?? ENDS[config.architecture][key];
    const id = tokenizer.specialId(name);
    if (id === null) throw new UserError('tokenizer_unreadable', { folder: source.path, problem: `${key}: ${name}` });
    return id;
  };
  const [first, last] = tokenizer.known ? [idOf('cls_token'), idOf('sep_token')] : [-1, -1];

  const words = (text: string) => tokenizer.encode(text, { parseSpecial: true });
  const space = addsSpace(settings.tokenizer_class, config) ? ' ' : '';
  const most = Math.min(encoderOf(config).window, maxLength(settings.model_max_length)) - 2;
  return {
    known: tokenizer.known,
    encode: (text) => [first, ...words(text), last],
    encodeSentence(text) {
      const sentence = strip(text);
      return [first, ...(sentence === '' ? [] : words(`${space}${sentence}`).slice(0, most)), last];
    },
    isEnd: (id) => id === first || id === last,
  };
}

/** A token in tokenizer_config.json: its name, or an object around it. */
function tokenName(token: unknown): string | undefined {
  const name = isJsonObject(token) ? token.content : token;
  return typeof name === 'string' ? name : undefined;
}

/**
 * bert_score asks for a leading space where the tokenizer's class is RoBERTa's or GPT-2's (`sent_encode`), so that the first
 * word is the word it would be elsewhere. A folder that names no class has its architecture's.
 */
function addsSpace(tokenizerClass: unknown, { architecture }: EncoderConfig): boolean {
  if (typeof tokenizerClass !== 'string') return architecture === 'roberta';
  return /^(Roberta|GPT2)Tokenizer(Fast)?$/.test(tokenizerClass);
}

function maxLength(length: unknown): number {
  return typeof length === 'number' && length > 2 ? length : Number.POSITIVE_INFINITY;
}
