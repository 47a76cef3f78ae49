/** Tokenizers of folders that hold no tokenizer.json; transformers.js must cut every text as it does with one. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openModelFolder, type TokenizerFiles, writeModelFolder } from '../../src/formats/index.ts';
import { golden, inWords, noGolden, refusal, temporaryFolder } from './helpers.ts';
import { PUBLISHED } from './patterns.ts';

type Files = Record<string, unknown>;

/** A folder of these files (text as it is, the rest as JSON), weights that nobody reads beside them. */
function folderOf(files: Files, modelType = 'gpt2'): string {
  const folder = temporaryFolder();
  const all = { 'config.json': { model_type: modelType }, 'pytorch_model.bin': '', ...files };
  for (const [name, value] of Object.entries(all))
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value));
  return folder;
}

function tokenizerOf(folder: string): TokenizerFiles {
  const files = openModelFolder(folder).tokenizer();
  if (files === null) throw new Error(`no tokenizer in ${folder}`);
  return files;
}

const open = ({ tokenizer, config }: TokenizerFiles) => new PreTrainedTokenizer(tokenizer, config);

/** Portuguese, emoji, white space of every kind, special tokens, and anything else. */
const texts = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'Olá,',
        ' não',
        ' coração',
        ' à',
        " it's",
        ' the',
        'the',
        '\n',
        '\n\n',
        '\t',
        '  ',
        '\u00a0',
        '\u3000',
      ),
      fc.constantFrom(
        '😀',
        '👩‍🚀',
        '🇧🇷',
        'e\u0301',
        '<s>',
        '</s>',
        '<mask>',
        '<|endoftext|>',
        '<|en|>',
        '中文',
        'ação!?',
        ' 1234',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
      fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => text.isWellFormed()),
    ),
    { maxLength: 10 },
  )
  .map((parts) => parts.join(''));

function expectSameCuts(ours: TokenizerFiles, theirs: TokenizerFiles): void {
  const [left, right] = [open(ours), open(theirs)];
  let tokens = 0;
  fc.assert(
    fc.property(texts, fc.boolean(), (text, add_special_tokens) => {
      const ids = right.encode(text, { add_special_tokens });
      expect(left.encode(text, { add_special_tokens })).toEqual(ids);
      if (ids.length > 0) expect(left.decode(ids)).toBe(right.decode(ids));
      tokens += ids.length;
    }),
    { numRuns: 1_000, seed: 20_261_124 },
  );
  expect(tokens).toBeGreaterThan(10_000);
}

describe.skipIf(noGolden)('RoBERTa, from vocab.json and merges.txt', () => {
  const roberta = join(golden, 'roberta');
  const copied = (...names: string[]): string => {
    const folder = folderOf({}, 'roberta');
    for (const name of names) copyFileSync(join(roberta, name), join(folder, name));
    return folder;
  };

  test('alone cuts every text as its tokenizer.json does', () => {
    expectSameCuts(tokenizerOf(copied('vocab.json', 'merges.txt')), tokenizerOf(roberta));
  });

  test('with its special tokens is its tokenizer.json, key by key', () => {
    for (const named of ['special_tokens_map.json', 'tokenizer_config.json']) {
      const { tokenizer } = tokenizerOf(copied('vocab.json', 'merges.txt', named));
      expect(tokenizer, named).toEqual(JSON.parse(readFileSync(join(roberta, 'tokenizer.json'), 'utf8')));
    }
  });
});

const sprout = resolve('models', 'sprout');

/** What a folder from before tokenizer.json would hold of a tokenizer. */
function olderFiles(): Files {
  const { model } = JSON.parse(readFileSync(join(sprout, 'tokenizer.json'), 'utf8'));
  return { 'vocab.json': model.vocab, 'merges.txt': `#version: 0.2\n${model.merges.join('\n')}\n` };
}

describe('GPT-2, from vocab.json and merges.txt', () => {
  test('cuts every text as tokenizer.json does', () => {
    const special = JSON.parse(readFileSync(join(sprout, 'special_tokens_map.json'), 'utf8'));
    expectSameCuts(tokenizerOf(folderOf({ ...olderFiles(), 'special_tokens_map.json': special })), tokenizerOf(sprout));
  });

  test('alone knows the token that ends a text, as DialoGPT needs it', () => {
    const files = tokenizerOf(folderOf(olderFiles()));
    expect(files.config).toEqual({
      bos_token: '<|endoftext|>',
      eos_token: '<|endoftext|>',
      unk_token: '<|endoftext|>',
    });
    expect(open(files).encode('<|endoftext|>')).toEqual([0]);
  });

  test('reads lines that end as Windows ends them', () => {
    const files = olderFiles();
    const merges = String(files['merges.txt']).replaceAll('\n', '\r\n');
    expect(tokenizerOf(folderOf({ ...files, 'merges.txt': merges }))).toEqual(tokenizerOf(folderOf(files)));
  });

  test('takes added_tokens.json along; a special token nobody numbered comes last', () => {
    const older = olderFiles();
    const next = Object.keys(older['vocab.json'] as object).length;
    const files = {
      ...older,
      'added_tokens.json': { '<|teacher|>': next },
      'special_tokens_map.json': { pad_token: '[PAD]', additional_special_tokens: ['<|teacher|>'] },
    };
    const { tokenizer, config } = tokenizerOf(folderOf(files));
    expect(tokenizer.added_tokens).toMatchObject([
      { id: 0, content: '<|endoftext|>' },
      { id: next, content: '<|teacher|>', special: true },
      { id: next + 1, content: '[PAD]', special: true },
    ]);
    expect(config.pad_token).toBe('[PAD]');
    expect(open({ tokenizer, config }).encode('[PAD]<|teacher|>')).toEqual([next + 1, next]);
  });

  test('is chosen by the tokenizer’s class before the model’s type', () => {
    const settings = { tokenizer_class: 'GPT2Tokenizer' };
    expect(
      openModelFolder(folderOf({ ...olderFiles(), 'tokenizer_config.json': settings }, 'llama')).tokenizer(),
    ).not.toBe(null);
    expect(openModelFolder(folderOf(olderFiles(), 'llama')).tokenizer()).toBe(null);
    expect(openModelFolder(folderOf({ 'vocab.json': {} })).tokenizer()).toBe(null);
  });
});

test('Qwen2, from vocab.json and merges.txt, cuts digits one by one and composes accents', () => {
  const tokenizer = open(tokenizerOf(folderOf(olderFiles(), 'qwen2')));
  const cut = (text: string) => tokenizer.encode(text).map((id) => tokenizer.decode([id]));
  expect(cut('2024')).toEqual(['2', '0', '2', '4']);
  expect(tokenizer.encode('cafe\u0301')).toEqual(tokenizer.encode('café'));
});

describe('BERT, from vocab.txt', () => {
  const words =
    '[PAD] [UNK] [CLS] [SEP] [MASK] the cat ##s sat ol ##a ##á cora ##cao ##ção Ol The , ! é e 中 文 un ##want ##ed';
  const bert = (settings: Files) =>
    open(
      tokenizerOf(
        folderOf({ 'vocab.txt': `${words.replaceAll(' ', '\n')}\n`, 'tokenizer_config.json': settings }, 'bert'),
      ),
    );

  /** BertTokenizer(vocab, do_lower_case).encode(text) of transformers 5.23.0. */
  test.each([
    ['The cats sat!', [2, 5, 6, 7, 8, 18, 3], [2, 16, 6, 7, 8, 18, 3]],
    ['Olá, coração é', [2, 9, 10, 17, 12, 13, 20, 3], [2, 15, 11, 17, 12, 14, 19, 3]],
    ['中文 unwanted', [2, 21, 22, 23, 24, 25, 3], [2, 21, 22, 23, 24, 25, 3]],
    ['the[MASK]cat  sat\tsat xyz', [2, 5, 4, 6, 8, 8, 1, 3], [2, 5, 4, 6, 8, 8, 1, 3]],
  ])('cuts %j as Python does, in lower case and not', (text, lower, cased) => {
    expect(bert({}).encode(text)).toEqual(lower);
    expect(bert({ do_lower_case: false }).encode(text)).toEqual(cased);
  });
});

describe('beside the tokenizer', () => {
  test('chat_template.jinja is the chat template, before the one in the settings', () => {
    const files = {
      'tokenizer.json': { model: { vocab: {} } },
      'tokenizer_config.json': { chat_template: 'old' },
      'chat_template.jinja': '{{ bos_token }}',
    };
    expect(tokenizerOf(folderOf(files)).config).toEqual({ chat_template: '{{ bos_token }}' });
  });

  test('a new folder gets the tokenizer.json its source never had', () => {
    const folder = join(temporaryFolder(), 'new');
    const source = openModelFolder(folderOf({ ...olderFiles(), 'generation_config.json': { eos_token_id: 0 } }));
    writeModelFolder(folder, { config: { model_type: 'gpt2' }, tensors: new Map(), tokenizerFrom: source });
    expect(JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'))).toEqual(source.tokenizer()?.tokenizer);
    expect(readFileSync(join(folder, 'merges.txt'), 'utf8')).toBe(olderFiles()['merges.txt']);
    expect(openModelFolder(folder).generationConfig).toEqual({ eos_token_id: 0 });
  });

  test('a new folder gets the parts of a source that is a single file', () => {
    const folder = join(temporaryFolder(), 'new');
    const path = join(temporaryFolder(), 'model.gguf');
    writeFileSync(path, '');
    const source = {
      path,
      config: {},
      stored: () => new Map(),
      weightFiles: [path],
      tokenizer: () => ({ tokenizer: { model: { vocab: { a: 0 } } }, config: { chat_template: '…' } }),
      generationConfig: { eos_token_id: 2 },
    };
    writeModelFolder(folder, { config: { model_type: 'llama' }, tensors: new Map(), tokenizerFrom: source });
    expect(tokenizerOf(folder)).toEqual(source.tokenizer());
    expect(openModelFolder(folder).generationConfig).toEqual({ eos_token_id: 2 });
  });
});

describe('a damaged tokenizer is refused in words that name the piece', () => {
  const vocabulary = () => olderFiles()['vocab.json'] as Record<string, number>;
  test.each<[string, () => Files, string]>([
    ['a piece without an id', () => ({ 'vocab.json': { ...vocabulary(), the: null } }), 'vocab: the'],
    ['a byte that no piece stands for', () => ({ 'vocab.json': { ...vocabulary(), Ġ: undefined } }), 'vocab: Ġ'],
    ['a merge of three', () => ({ 'merges.txt': '#version: 0.2\na b c\n' }), 'merges.txt:2: a b c'],
    ['a merge that makes no piece', () => ({ 'merges.txt': 'z q\n' }), 'merges.txt:1: z q'],
    ['a special token of no number', () => ({ 'added_tokens.json': { '<x>': 'y' } }), '<x>: NaN'],
    ['a special token of another’s number', () => ({ 'added_tokens.json': { '<x>': 0 } }), '0'],
    ['a special token of a huge number', () => ({ 'added_tokens.json': { '<x>': 1e12 } }), '<x>: 1000000000000'],
  ])('%s', (_, change, says) => {
    const error = refusal(() => tokenizerOf(folderOf({ ...olderFiles(), ...change() })));
    expect(error.identifier).toBe('tokenizer_unreadable');
    expect(inWords(error)).toContain(says);
  });

  test('a vocab.json that is no JSON, that nests without an end, or that no memory should hold', () => {
    const refused = (text: string) => refusal(() => tokenizerOf(folderOf({ ...olderFiles(), 'vocab.json': text })));
    expect(refused('{"a": ').identifier).toBe('json_unreadable');
    expect(refused(`{"a": ${'['.repeat(100_000)}`).identifier).toBe('json_unreadable');
    expect(refused(' '.repeat(64 * 1024 * 1024 + 1)).identifier).toBe('text_too_large');
  });
});

describe('a tokenizer.json that cuts texts by a pattern', () => {
  const cutting = (Regex: string) =>
    folderOf({
      'tokenizer.json': {
        added_tokens: [],
        model: { type: 'BPE', vocab: { a: 0 }, merges: [] },
        normalizer: null,
        pre_tokenizer: { type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false },
        post_processor: null,
        decoder: null,
      },
    });

  test('of a published tokenizer is opened, and the library takes it', () => {
    for (const pattern of Object.values(PUBLISHED))
      expect(open(tokenizerOf(cutting(pattern))).encode('a', { add_special_tokens: false })).toEqual([0]);
  });

  test('without end is refused in words that quote it', () => {
    const error = refusal(() => tokenizerOf(cutting('(a+)+$')));
    expect(error.identifier).toBe('tokenizer_pattern_refused');
    expect(inWords(error)).toContain('(a+)+$');
  });
});
