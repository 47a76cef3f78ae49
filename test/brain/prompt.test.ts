import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { createEncoder } from '../../models/sprout-training/bpe.ts';
import { buildPrompt, promptBudget } from '../../src/brain/prompt.ts';
import { openTokenizer } from '../../src/brain/tokenizer.ts';
import type { BrainTokenizer } from '../../src/brain/types.ts';
import { openModelFolder } from '../../src/formats/index.ts';
import { tinyEncoding, tinyFolder } from './helpers.ts';

const choices = { language: 'pt', intent: 'ask', emotion: 'happy' } as const;
const wellFormed = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
let tokenizer: BrainTokenizer;
let plain: BrainTokenizer;

beforeEach(() => {
  tokenizer = openTokenizer(openModelFolder(tinyFolder()), 0);
  plain = { ...tokenizer, specialId: () => null };
});

describe('a prompt', () => {
  test('is the language, the talk so far, the choices and the sentence, each utterance closed', () => {
    const ids = buildPrompt(tokenizer, [{ text: 'the cat', reply: 'não sei' }], 'what?', choices, 1000);
    expect(ids.map((id) => tokenizer.piece(id)).join('')).toBe(
      '<|pt|>the cat<|endoftext|>não sei<|endoftext|><|ask|><|happy|>what?<|endoftext|>',
    );
  });

  test('tells nothing of choices that were not made', () => {
    const ids = buildPrompt(tokenizer, [], 'what?', { language: 'en' }, 1000);
    expect(ids.map((id) => tokenizer.piece(id)).join('')).toBe('<|en|>what?<|endoftext|>');
  });

  test('is the bare text for a tokenizer without control tokens', () => {
    const ids = buildPrompt(plain, [{ text: 'the cat', reply: 'sat' }], 'what?', choices, 1000);
    expect(ids.filter((id) => id === 0)).toHaveLength(3);
    expect(plain.decode(ids)).toBe('the catsatwhat?');
  });

  test('keeps its budget, the language, the choices and the end, whatever was said', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ text: wellFormed, reply: wellFormed }), { maxLength: 6 }),
        wellFormed,
        fc.integer({ min: 4, max: 60 }),
        (context, text, budget) => {
          const ids = buildPrompt(tokenizer, context, text, choices, budget);
          expect(ids.length).toBeLessThanOrEqual(budget);
          expect(ids[0]).toBe(tokenizer.specialId('<|pt|>'));
          expect(ids).toContain(tokenizer.specialId('<|ask|>'));
          expect(ids.at(-1)).toBe(tokenizer.eosId);
        },
      ),
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
