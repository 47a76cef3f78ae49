/**
 * Text to ids and back through the library that transformers.js itself does it with, from the model's own files alone. A
 * model without any gives a tokenizer that says so when asked for text; ids still work.
 */
import { Tokenizer } from '@huggingface/tokenizers';
import { UserError } from '../errors.ts';
import { isJsonObject, type JsonObject, type ModelSource } from '../formats/index.ts';
import type { BrainTokenizer, ChatTemplate } from './types.ts';

const TRIAL = 'Olá! The cat’s 2 mats\n 😀';

/** @param eosId the end token of config.json, for models whose tokenizer names none. */
export function openTokenizer(source: ModelSource, eosId: number): BrainTokenizer {
  const files = source.tokenizer();
  if (files === null) return missingTokenizer(source.path, eosId);
  const { tokenizer, config } = files;
  try {
    const opened = build(tokenizer, config);
    const names = readNames(config);
    const template = readChatTemplate(names, config.chat_template);
    const wrapped = wrap(opened, readSpecialTokens(tokenizer), names.eos_token, eosId, template);
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

/**
 * The library keeps what it was built from, and the merges cut in two, beside the maps it works with: of 49,000 tokens
 * 8 MB that nobody reads again. They are emptied once it is built; `tokenizer` itself stays as it is.
 */
function build(tokenizer: JsonObject, config: JsonObject): Tokenizer {
  const { model } = tokenizer;
  if (!isJsonObject(model)) return new Tokenizer(tokenizer, config);
  const lent = { ...model };
  // Pairs are kept by the library as they come; of merges written "left right" it would make pairs of its own.
  const merges = Array.isArray(model.merges) ? model.merges.map(pairOf) : null;
  if (merges !== null) lent.merges = merges;
  const opened = new Tokenizer({ ...tokenizer, model: lent }, config);
  delete lent.vocab;
  merges?.splice(0);
  return opened;
}

function pairOf(merge: unknown): unknown {
  return typeof merge === 'string' ? merge.split(' ', 2) : merge;
}

/** Stands where a model has no tokenizer: asking it for text says so. */
function missingTokenizer(folder: string, eosId: number): BrainTokenizer {
  const refuse = (): never => {
    throw new UserError('tokenizer_missing', { folder });
  };
  return {
    known: false,
    eosId,
    chatTemplate: null,
    encode: refuse,
    decode: refuse,
    cutSpecial: (text) => [text],
    piece: (id) => `#${id}`,
    specialId: () => null,
  };
}

function readSpecialTokens(json: Record<string, unknown>): Map<string, number> {
  const special = new Map<string, number>();
  for (const token of Array.isArray(json.added_tokens) ? json.added_tokens : []) {
    if (!isJsonObject(token) || token.special !== true) continue;
    if (typeof token.content === 'string' && typeof token.id === 'number') special.set(token.content, token.id);
  }
  return special;
}

const NAMED = ['bos_token', 'eos_token', 'unk_token', 'pad_token'] as const;
type Names = Partial<Record<(typeof NAMED)[number], string>>;

/** A token's name, or an AddedToken around it, as transformers.js reads them: without one, padding is done with the end token. */
function readNames(config: JsonObject): Names {
  const nameOf = (key: string): string | undefined => {
    const token = config[key] || undefined;
    if (token === undefined || typeof token === 'string') return token;
    if (isJsonObject(token) && token.__type === 'AddedToken' && typeof token.content === 'string') return token.content;
    throw new Error(`${key}: no name, and no AddedToken`);
  };
  const names = NAMED.map((key) => [key, nameOf(key) ?? (key === 'pad_token' ? nameOf('eos_token') : undefined)]);
  return Object.fromEntries(names.filter(([, name]) => name !== undefined));
}

/** `chat_template` is a template, or a list of {name, template}: then the one named "default" is for plain talk. */
function readChatTemplate(variables: Names, found: unknown): ChatTemplate | null {
  if (found === undefined || found === null) return null;
  const named: unknown[] = Array.isArray(found) ? found : [{ name: 'default', template: found }];
  const standard = named.filter(isJsonObject).find(({ name }) => name === 'default');
  if (typeof standard?.template !== 'string') throw new Error('chat_template: no text, and no list with a "default"');
  return { template: standard.template, variables };
}

function wrap(
  tokenizer: Tokenizer,
  special: Map<string, number>,
  eosName: string | undefined,
  eosId: number,
  chatTemplate: ChatTemplate | null,
): BrainTokenizer {
  const nameOf = new Map([...special].map(([name, id]) => [id, name]));
  const cutSpecial = cutter([...special.keys()]);
  const encodePlain = (text: string) => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids);
  const decode = (ids: readonly number[]) => {
    const words = ids.filter((id) => !nameOf.has(id));
    return words.length === 0
      ? ''
      : withoutHalfCharacters(tokenizer.decode(words, { clean_up_tokenization_spaces: false }));
  };
  return {
    known: true,
    eosId: (eosName === undefined ? undefined : special.get(eosName)) ?? eosId,
    chatTemplate,
    encode: (text, options) => (options?.parseSpecial ? encodePlain(text) : cutSpecial(text).flatMap(encodePlain)),
    decode,
    cutSpecial,
    piece: (id) => nameOf.get(id) ?? (decode([id]) || '·'),
    specialId: (name) => special.get(name) ?? null,
  };
}

/** What a person types is text, even when it spells a control token: cut inside its name, the tokenizer cannot see one. */
function cutter(names: readonly string[]): (text: string) => string[] {
  // Of one character there is no inside.
  const spelt = names.filter((name) => name.length > 1).map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'));
  if (spelt.length === 0) return (text) => [text];
  const anyName = new RegExp(spelt.join('|'), 'g');
  return (text) => {
    const pieces: string[] = [];
    let start = 0;
    anyName.lastIndex = 0;
    for (let found = anyName.exec(text); found; found = anyName.exec(text)) {
      const inside = found.index + 1;
      pieces.push(text.slice(start, inside));
      start = inside;
      // Names may overlap: the next one may begin within this one.
      anyName.lastIndex = inside;
    }
    return [...pieces, text.slice(start)];
  };
}

/** Byte-level tokens may stop in the middle of a character; such a rest decodes to U+FFFD and says nothing. */
function withoutHalfCharacters(text: string): string {
  return text.replaceAll('\u{FFFD}', '');
}
