/** BERT's WordPiece from vocab.txt, as tokenizer.json describes it. */
import type { JsonObject } from './json-file.ts';
import type { SpecialTokens } from './special-tokens.ts';
import type { Vocabulary } from './tokenizer-parts.ts';

/** @param config tokenizer_config.json. @throws TokenizerMismatch where [CLS], [SEP] or [UNK] is missing. */
export function wordPiece(config: JsonObject, vocabulary: Vocabulary, tokens: SpecialTokens): JsonObject {
  const [cls, clsId] = tokens.get('cls_token');
  const [sep, sepId] = tokens.get('sep_token');
  const [unknown] = tokens.get('unk_token');
  const special = (id: string, typeId: number) => ({ SpecialToken: { id, type_id: typeId } });
  const sequence = (id: string, typeId: number) => ({ Sequence: { id, type_id: typeId } });
  return {
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: config.tokenize_chinese_chars !== false,
      strip_accents: typeof config.strip_accents === 'boolean' ? config.strip_accents : null,
      lowercase: config.do_lower_case !== false,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special(cls, 0), sequence('A', 0), special(sep, 0)],
      pair: [special(cls, 0), sequence('A', 0), special(sep, 0), sequence('B', 1), special(sep, 1)],
      special_tokens: {
        [cls]: { id: cls, ids: [clsId], tokens: [cls] },
        [sep]: { id: sep, ids: [sepId], tokens: [sep] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: unknown,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary),
    },
  };
}
