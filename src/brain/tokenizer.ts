/**
 * Text to ids and back through transformers.js, from the model's own files alone. A model without any gives a
 * tokenizer that says so when asked for text; ids still work.
 */
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { UserError } from '../errors.ts';
import { isJsonObject, type ModelSource } from '../formats/index.ts';
import type { BrainTokenizer } from './types.ts';

const TRIAL = 'Olá! The cat’s 2 mats\n 😀';

/** @param eosId the end token of config.json, for models whose tokenizer names none. */
export function openTokenizer(source: ModelSource, eosId: number): BrainTokenizer {
  const files = source.tokenizer();
  if (files === null) return missingTokenizer(source.path, eosId);
  const { tokenizer, config } = files;
  try {
    const wrapped = wrap(new PreTrainedTokenizer(tokenizer, config), readSpecialTokens(tokenizer), eosId);
    // Some damage only shows in use: it is better said now than in the middle of a sitting.
    wrapped.decode(wrapped.encode(TRIAL));
    return wrapped;
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new UserError(
      'tokenizer_unreadable',
      { folder: source.path, problem: problem.slice(0, 200) },
      { cause: error },
    );
  }
}

/** Stands where a model has no tokenizer: asking it for text says so. */
function missingTokenizer(folder: string, eosId: number): BrainTokenizer {
  const refuse = (): never => {
    throw new UserError('tokenizer_missing', { folder });
  };
  return { known: false, eosId, encode: refuse, decode: refuse, piece: (id) => `#${id}`, specialId: () => null };
}

function readSpecialTokens(json: Record<string, unknown>): Map<string, number> {
  const special = new Map<string, number>();
  for (const token of Array.isArray(json.added_tokens) ? json.added_tokens : []) {
    if (!isJsonObject(token) || token.special !== true) continue;
    if (typeof token.content === 'string' && typeof token.id === 'number') special.set(token.content, token.id);
  }
  return special;
}

function wrap(tokenizer: PreTrainedTokenizer, special: Map<string, number>, eosId: number): BrainTokenizer {
  const nameOf = new Map([...special].map(([name, id]) => [id, name]));
  const encodePlain = (text: string) => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }));
  const decode = (ids: readonly number[]) => {
    const words = ids.filter((id) => !nameOf.has(id));
    return words.length === 0
      ? ''
      : withoutHalfCharacters(tokenizer.decode(words, { clean_up_tokenization_spaces: false }));
  };
  const eosName: unknown = tokenizer.eos_token;
  return {
    known: true,
    eosId: (typeof eosName === 'string' ? special.get(eosName) : undefined) ?? eosId,
    encode: (text, options) =>
      options?.parseSpecial ? encodePlain(text) : cutAtSpecial(text, [...special.keys()]).flatMap(encodePlain),
    decode,
    piece: (id) => nameOf.get(id) ?? (decode([id]) || '·'),
    specialId: (name) => special.get(name) ?? null,
  };
}

/** What a person types is text, even when it spells a control token: cut inside its name, the tokenizer cannot see one. */
function cutAtSpecial(text: string, names: readonly string[]): string[] {
  const found = names.map((name) => ({ name, at: text.indexOf(name) })).filter(({ at }) => at >= 0);
  if (found.length === 0) return [text];
  const { at } = found.reduce((first, next) => (next.at < first.at ? next : first));
  return [text.slice(0, at + 1), ...cutAtSpecial(text.slice(at + 1), names)];
}

/** Byte-level tokens may stop in the middle of a character; such a rest decodes to U+FFFD and says nothing. */
function withoutHalfCharacters(text: string): string {
  return text.replaceAll('\u{FFFD}', '');
}
