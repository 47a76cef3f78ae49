import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decimal, duration, percent, plain, scientific, signed } from '../../src/discord/format.ts';
import {
  bar,
  cell,
  clean,
  codeBlock,
  displayWidth,
  escapeMarkdown,
  inline,
  quoted,
  truncate,
} from '../../src/discord/text.ts';
import { nastyText, number } from './adversarial.ts';

const FAMILY = '👩‍👩‍👧‍👦';

describe('truncating', () => {
  test('cuts between graphemes and marks the cut', () => {
    expect(truncate('abcdef', 6)).toBe('abcdef');
    expect(truncate('abcdefg', 6)).toBe('abcde…');
    expect(truncate(`ab${FAMILY}cd`, 6)).toBe('ab…');
    expect(truncate('e\u0301e\u0301e\u0301', 5)).toBe('e\u0301e\u0301…');
  });

  test('never exceeds its limit, never leaves half a character, never loses what would fit', () => {
    fc.assert(
      fc.property(nastyText, fc.integer({ min: 1, max: 300 }), (text, limit) => {
        const cut = truncate(text, limit, escapeMarkdown);
        expect(cut.length).toBeLessThanOrEqual(limit);
        expect(truncate(text.toWellFormed(), limit).isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('cleaning', () => {
  test('takes away what disarranges a message and keeps the words', () => {
    expect(clean('a\r\nb\tc\u0000d\u202Ee\u200Bf\uFEFF')).toBe('a\nb cdef');
    expect(clean('one\n\n\n\n\ntwo')).toBe('one\n\ntwo');
    expect(clean(FAMILY)).toBe(FAMILY);
    expect(clean('🏴󠁧󠁢󠁥󠁮󠁧󠁿')).toBe('🏴󠁧󠁢󠁥󠁮󠁧󠁿');
    expect(clean('\ud83d')).toBe('\ufffd');
  });

  test('cleaning twice is cleaning once', () => {
    fc.assert(
      fc.property(nastyText, (text) => {
        expect(clean(clean(text))).toBe(clean(text));
      }),
    );
  });
});

test('what is escaped reads as it was written: a backslash before every mark, nothing else changed', () => {
  expect(escapeMarkdown('**a** _b_ `c` <@1> [d](e)')).toBe('\\*\\*a\\*\\* \\_b\\_ \\`c\\` \\<@\u200B1\\> \\[d\\](e)');
  expect(escapeMarkdown('Well, that is it: fine!')).toBe('Well, that is it: fine!');
  expect(escapeMarkdown('@everyone')).toBe('@\u200Beveryone');
  fc.assert(
    fc.property(nastyText, (text) => {
      expect(
        escapeMarkdown(text)
          .replace(/\\([^0-9A-Za-z\s])/g, '$1')
          .replace(/@\u200B/g, '@'),
      ).toBe(text);
    }),
  );
});

test('quoted words have at most so many lines, and a word for nothing', () => {
  expect(quoted('a\nb\nc', 100, '-', 2)).toBe('a\nb…');
  expect(quoted(' \n ', 100, 'nothing')).toBe('nothing');
  expect(quoted('see https://e.org', 100, '-')).toBe('see https:\u200B//e.org');
  expect(inline('a\n b\tc', 100)).toBe('a b c');
  expect(inline('', 100)).toBe('·');
});

test('a cell has exactly its width, whatever is in it', () => {
  expect(cell('ab', 4)).toBe('ab  ');
  expect(cell('ab', 4, 'right')).toBe('  ab');
  expect(cell('abcdef', 4)).toBe('abc…');
  expect(cell('漢字漢字', 5)).toBe('漢字…');
  fc.assert(
    fc.property(nastyText, fc.integer({ min: 1, max: 30 }), (text, width) => {
      expect(displayWidth(cell(text, width))).toBe(width);
    }),
  );
});

test('nothing inside a code block ends it', () => {
  fc.assert(
    fc.property(fc.array(nastyText, { maxLength: 5 }), (lines) => {
      expect(codeBlock(lines).slice(3, -3)).not.toContain('```');
    }),
  );
});

test('a bar is always as long, and never beyond its ends', () => {
  expect([0, 0.5, 1, -3, 7, Number.NaN].map((value) => bar(value, 4))).toEqual([
    '▱▱▱▱',
    '▰▰▱▱',
    '▰▰▰▰',
    '▱▱▱▱',
    '▰▰▰▰',
    '▱▱▱▱',
  ]);
});

describe('numbers', () => {
  test('are written as the reader writes them', () => {
    expect([decimal('en', 0.5), decimal('pt-BR', 0.5)]).toEqual(['0.50', '0,50']);
    expect([signed('en', 2.5), signed('en', -2.5), signed('en', -0.001)]).toEqual(['+2.50', '-2.50', '0.00']);
    expect([plain('en', 0.6), plain('en', 3), plain('pt-BR', 5e-5)]).toEqual(['0.6', '3', '5,00e-5']);
    expect([percent('en', 0.125, 1), percent('pt-BR', 0.125, 1)]).toEqual(['12.5%', '12,5%']);
    expect([scientific('en', 5e-5), scientific('pt-BR', 3.33e-5)]).toEqual(['5.00e-5', '3,33e-5']);
    expect([duration(8), duration(125), duration(3780), duration(Number.NaN)]).toEqual([
      '8 s',
      '2 min 5 s',
      '1 h 3 min',
      '–',
    ]);
  });

  test('stay short whatever was measured', () => {
    fc.assert(
      fc.property(number, (value) => {
        const written = [
          decimal('en', value),
          signed('en', value),
          plain('en', value),
          percent('en', value),
          duration(value),
        ];
        expect(written.filter((text) => text.length > 16)).toEqual([]);
      }),
    );
  });
});
