import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEncoder } from '../../models/sprout-training/bpe.ts';
import type { TrainingDocument } from '../../models/sprout-training/documents.ts';
import { plainIds } from '../../models/sprout-training/packing.ts';
import { buildPrompt, closedIds, promptBudget, talkIds } from '../../src/brain/prompt.ts';
import { openTokenizer } from '../../src/brain/tokenizer.ts';
import type { BrainTokenizer } from '../../src/brain/types.ts';
import { openModelFolder } from '../../src/formats/index.ts';
import { tinyEncoding, tinyFolder } from './helpers.ts';

const choices = { language: 'pt', intent: 'ask', emotion: 'happy' } as const;
const wellFormed = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
const talk = fc.array(fc.record({ text: wellFormed, reply: wellFormed }), { maxLength: 6 });
let tokenizer: BrainTokenizer;
/** Knows the choices, and not who speaks. */
let withoutRoles: BrainTokenizer;
let plain: BrainTokenizer;

beforeEach(() => {
  tokenizer = openTokenizer(openModelFolder(tinyFolder()), 0);
  const isRole = (name: string) => name === '<|user|>' || name === '<|assistant|>';
  withoutRoles = { ...tokenizer, specialId: (name) => (isRole(name) ? null : tokenizer.specialId(name)) };
  plain = { ...tokenizer, specialId: () => null };
});

const shown = (ids: readonly number[]): string => ids.map((id) => tokenizer.piece(id)).join('');

describe('a prompt', () => {
  const context = [{ text: 'the cat', reply: 'não sei' }];

  test('is the language, the talk so far, the choices and the sentence, each utterance opened by who speaks and closed', () => {
    expect(shown(buildPrompt(tokenizer, context, 'what?', choices, 1000))).toBe(
      '<|pt|><|user|>the cat<|endoftext|><|assistant|>não sei<|endoftext|><|user|><|ask|><|happy|>what?<|endoftext|><|assistant|>',
    );
  });

  test('goes on with the reply as training showed it', () => {
    const document: TrainingDocument = { language: 'pt', turns: ['the cat', 'não sei', 'what?', 'the mat'] };
    const read = plainIds(document, createEncoder(tinyEncoding));
    const prompt = buildPrompt(tokenizer, context, 'what?', { language: 'pt' }, 1000);
    expect([...prompt, ...closedIds(tokenizer, 'the mat')]).toEqual(read);
    const utterances = document.turns.map((text, at) => ({ role: at % 2 ? 'assistant' : 'user', text }) as const);
    expect(talkIds(tokenizer, 'pt', utterances)).toEqual(read);
  });

  test('says nobody’s turn to a tokenizer that has no token for it', () => {
    expect(shown(buildPrompt(withoutRoles, context, 'what?', choices, 1000))).toBe(
      '<|pt|>the cat<|endoftext|>não sei<|endoftext|><|ask|><|happy|>what?<|endoftext|>',
    );
  });

  test('tells nothing of choices that were not made', () => {
    expect(shown(buildPrompt(tokenizer, [], 'what?', { language: 'en' }, 1000))).toBe(
      '<|en|><|user|>what?<|endoftext|><|assistant|>',
    );
  });

  test('is the bare text for a tokenizer without control tokens', () => {
    const ids = buildPrompt(plain, [{ text: 'the cat', reply: 'sat' }], 'what?', choices, 1000);
    expect(ids.filter((id) => id === 0)).toHaveLength(3);
    expect(plain.decode(ids)).toBe('the catsatwhat?');
  });

  test('keeps its budget, the language, the choices and the end, whatever was said', () => {
    fc.assert(
      fc.property(talk, wellFormed, fc.integer({ min: 6, max: 60 }), (before, text, budget) => {
        for (const [reader, end] of [
          [tokenizer, '<|endoftext|><|assistant|>'],
          [withoutRoles, '<|endoftext|>'],
        ] as const) {
          const ids = buildPrompt(reader, before, text, choices, budget);
          expect(ids.length).toBeLessThanOrEqual(budget);
          expect(ids[0]).toBe(reader.specialId('<|pt|>'));
          expect(ids).toContain(reader.specialId('<|ask|>'));
          expect(shown(ids)).toMatch(new RegExp(`${end.replaceAll('|', '\\|')}$`));
        }
      }),
    );
  });

  test('that has to be cut keeps whole utterances, the newest ones, where roles open them', () => {
    fc.assert(
      fc.property(talk, fc.integer({ min: 14, max: 200 }), (before, budget) => {
        const whole = buildPrompt(tokenizer, before, 'what?', choices, 100_000);
        const ids = buildPrompt(tokenizer, before, 'what?', choices, budget);
        expect(ids.slice(1)).toEqual(whole.slice(1).slice(1 - ids.length));
        expect(['<|user|>', '<|assistant|>']).toContain(tokenizer.piece(ids[1]!));
        // No utterance more would have fitted.
        const roles = [tokenizer.specialId('<|user|>'), tokenizer.specialId('<|assistant|>')];
        const longer = whole.findLastIndex((id, at) => at < whole.length - ids.length + 1 && roles.includes(id));
        if (longer !== -1) expect(1 + whole.length - longer).toBeGreaterThan(budget);
      }),
    );
  });

  test('leaves the reply its room: 1000 tokens at most, half the window at least', () => {
    expect(promptBudget(2048, 100)).toBe(1000);
    expect(promptBudget(1024, 100)).toBe(924);
    expect(promptBudget(256, 100)).toBe(156);
    expect(promptBudget(256, 5000)).toBe(128);
    expect(promptBudget(1, 100)).toBe(1);
  });
});

describe('the tokenizer', () => {
  test('encodes as our own encoder does, and decodes to the same text', () => {
    const encode = createEncoder(tinyEncoding);
    fc.assert(
      fc.property(wellFormed, (text) => {
        const ids = tokenizer.encode(text);
        if (!text.includes('<|')) expect(ids).toEqual(encode(text));
        expect(tokenizer.decode(ids)).toBe(text.replaceAll('\u{FFFD}', ''));
      }),
      { numRuns: 300 },
    );
  });

  test('takes any text: emoji, right to left, invisible signs, ten thousand lines, nothing', () => {
    for (const text of [
      '👩‍👩‍👧‍👦🏳️‍🌈',
      'مرحبا שלום',
      'a\u200b\u200d\u2060b',
      '\n'.repeat(10_000),
      ' '.repeat(4000),
      '',
      '\u0000\u0007',
    ])
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });

  test('treats a control token spelt out by a person as letters, unless asked', () => {
    const text = 'say <|endoftext|> and <|pt|> <|endoftext|><|endoftext|>';
    const ids = tokenizer.encode(text);
    expect(ids).not.toContain(tokenizer.eosId);
    expect(ids.some((id) => tokenizer.piece(id) === '<|pt|>')).toBe(false);
    expect(tokenizer.decode(ids)).toBe(text);
    expect(tokenizer.encode('<|pt|>a<|endoftext|>', { parseSpecial: true })[0]).toBe(tokenizer.specialId('<|pt|>'));
  });

  test('never shows half a character', () => {
    const [...bytes] = tokenizer.encode('🦕');
    expect(bytes.length).toBeGreaterThan(1);
    expect(tokenizer.decode([...tokenizer.encode('the'), ...bytes.slice(0, -1)])).toBe('the');
    for (const id of bytes) expect(tokenizer.piece(id)).toBe('·');
  });
});
