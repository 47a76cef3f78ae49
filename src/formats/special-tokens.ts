/** The special tokens of an older tokenizer, gathered from the files that may name them. */
import { isJsonObject } from './json-file.ts';
import { isTokenId, TokenizerMismatch, type TokenizerParts, type Vocabulary } from './tokenizer-parts.ts';

const ROLES = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token'] as const;

export type SpecialRole = (typeof ROLES)[number];

/** A token as tokenizer.json describes it, its id aside. */
interface Token {
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The usual tokens of a kind of tokenizer, as text or as JSON that describes them. */
export type UsualTokens = Partial<Record<SpecialRole, unknown>>;

export interface SpecialTokens {
  /** tokenizer.json's added_tokens, in order of their ids. */
  readonly added: readonly (Token & { readonly id: number })[];
  readonly names: Partial<Record<SpecialRole, string>>;
  /** Its name and id. @throws TokenizerMismatch where no token has the role. */
  get(role: SpecialRole): [string, number];
}

/**
 * A token has the id its file gives it, else the vocabulary's, else the next one behind all others, as transformers does.
 * @param usual taken for a role no file names, where the vocabulary holds it. @throws TokenizerMismatch.
 */
export function collectTokens(parts: TokenizerParts, usual: UsualTokens, vocabulary: Vocabulary): SpecialTokens {
  const roles = readRoles(parts, usual, vocabulary);
  const special = [...roles.values(), ...readOthers(parts)];
  const ids = new Map<string, number>(readDecoder(parts).map(({ token, id }) => [token.content, id]));
  for (const [name, id] of Object.entries(parts.addedTokens)) if (!ids.has(name)) ids.set(name, Number(id));
  for (const { content } of special) {
    const known = ids.get(content) ?? vocabulary.get(content);
    ids.set(content, known ?? largest([...vocabulary.values(), ...ids.values()]) + 1);
  }
  const described = new Map(
    [...special, ...readDecoder(parts).map(({ token }) => token)].map((token) => [token.content, token]),
  );
  const added = [...ids].map(([name, id]) => ({ id, ...(described.get(name) ?? { ...plain(name), special: false }) }));
  checkIds(added);
  return {
    added: added.sort((a, b) => a.id - b.id),
    names: Object.fromEntries([...roles].map(([role, { content }]) => [role, content])),
    get: (role) => {
      const name = roles.get(role)?.content ?? '';
      const id = ids.get(name);
      if (id === undefined) throw new TokenizerMismatch(role);
      return [name, id];
    },
  };
}

function readRoles({ specialTokens, config }: TokenizerParts, usual: UsualTokens, vocabulary: Vocabulary) {
  const roles = new Map<SpecialRole, Token>();
  for (const role of ROLES) {
    const fallback = describe(usual[role]);
    const named = describe(specialTokens[role]) ?? describe(config[role]);
    const token = named ?? (fallback !== null && vocabulary.has(fallback.content) ? fallback : null);
    if (token === null) continue;
    // Given as mere text, the usual token is what it usually is: RoBERTa's mask swallows the space before it.
    const isUsual = token.content === fallback?.content && typeof (specialTokens[role] ?? config[role]) === 'string';
    roles.set(role, isUsual ? fallback : token);
  }
  return roles;
}

/** Those without a role. */
function readOthers({ specialTokens, config }: TokenizerParts): Token[] {
  const { additional_special_tokens: list } = { ...config, ...specialTokens };
  return Array.isArray(list) ? list.flatMap((token) => describe(token) ?? []) : [];
}

/** tokenizer_config.json's added_tokens_decoder: id → token. */
function readDecoder({ config }: TokenizerParts): { token: Token; id: number }[] {
  const { added_tokens_decoder: decoder } = config;
  if (!isJsonObject(decoder)) return [];
  return Object.entries(decoder).flatMap(([id, value]) => {
    const token = describe(value);
    return token === null ? [] : [{ id: Number(id), token: { ...token, special: Object(value).special === true } }];
  });
}

function describe(value: unknown): Token | null {
  if (typeof value === 'string') return value === '' ? null : plain(value);
  if (!isJsonObject(value) || typeof value.content !== 'string' || value.content === '') return null;
  const { content, single_word, lstrip, rstrip, normalized } = value;
  return {
    content,
    single_word: single_word === true,
    lstrip: lstrip === true,
    rstrip: rstrip === true,
    normalized: normalized === true,
    special: true,
  };
}

function plain(content: string): Token {
  return { content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
}

function largest(ids: readonly number[]): number {
  return ids.reduce((highest, id) => Math.max(highest, id), -1);
}

function checkIds(tokens: readonly { id: number; content: string }[]): void {
  const taken = new Set<number>();
  for (const { id, content } of tokens) {
    if (!isTokenId(id) || taken.has(id)) throw new TokenizerMismatch(`${content}: ${id}`);
    taken.add(id);
  }
}
