/** Pieces of a tokenizer.json (Hugging Face's tokenizers library) that tokenizers from single files share. */
import type { JsonObject } from './json-file.ts';
import type { TokenizerFiles } from './model-source.ts';

export interface SpecialIds {
  readonly bos?: number | undefined;
  readonly eos?: number | undefined;
  readonly unk?: number | undefined;
  readonly pad?: number | undefined;
  /** Whether encoding puts bos in front and eos behind, when asked for special tokens. */
  readonly addBos: boolean;
  readonly addEos: boolean;
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** A control token; the other added tokens are words that are never cut. */
  readonly special: boolean;
}

export interface TokenizerParts {
  readonly pieces: readonly string[];
  readonly added: readonly AddedToken[];
  readonly ids: SpecialIds;
  readonly normalizer: JsonObject | null;
  readonly preTokenizer: JsonObject | null;
  readonly decoder: JsonObject;
  /** What the BPE model has besides its vocabulary. */
  readonly model: JsonObject;
  readonly chatTemplate?: string | undefined;
}

/** The two files; transformers and transformers.js take them as they are. */
export function assembleTokenizer(parts: TokenizerParts): TokenizerFiles {
  const { pieces, added, ids, normalizer, preTokenizer, decoder, model, chatTemplate } = parts;
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added.map(({ id, content, special }) => {
      return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special };
    }),
    normalizer,
    pre_tokenizer: preTokenizer,
    post_processor: postProcessor(pieces, ids),
    decoder,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      // fromEntries, not assignment: a token may be called __proto__.
      vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
      ...model,
    },
  };
  const named = { bos_token: ids.bos, eos_token: ids.eos, unk_token: ids.unk, pad_token: ids.pad };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    clean_up_tokenization_spaces: false,
    add_bos_token: ids.addBos,
    add_eos_token: ids.addEos,
    ...Object.fromEntries(
      Object.entries(named)
        .filter(([, id]) => id !== undefined)
        .map(([name, id]) => [name, pieces[id!]]),
    ),
    ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
  };
  return { tokenizer, config };
}

/** Puts bos and eos around a text, where the model wants them. */
function postProcessor(pieces: readonly string[], { bos, eos, addBos, addEos }: SpecialIds): JsonObject | null {
  const before = addBos && bos !== undefined ? [bos] : [];
  const after = addEos && eos !== undefined ? [eos] : [];
  if (before.length + after.length === 0) return null;
  const around = (sequence: 'A' | 'B', type_id: number) => {
    const special = (id: number) => ({ SpecialToken: { id: pieces[id], type_id } });
    return [...before.map(special), { Sequence: { id: sequence, type_id } }, ...after.map(special)];
  };
  const used = [...new Set([...before, ...after])];
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(
      used.map((id) => [pieces[id], { id: pieces[id], ids: [id], tokens: [pieces[id]] }]),
    ),
  };
}
