import { expect, test } from 'vitest';
import { roundTo4, splitOnSpace, wordsAndSymbols } from '../../src/scoring/python-text.ts';

/** Answers of Python 3.11: `re.findall(r'\w+|[^\w\s]', text)`. */
const FOUND: Record<string, string[]> = {
  'naïve café': ['naïve', 'café'],
  'snake_case x² ½Ⅷ 42': ['snake_case', 'x²', '½Ⅷ', '42'],
  // Combining marks are no word characters, so decomposed letters fall apart.
  'e\u0301': ['e', '\u0301'],
  मैं: ['म', 'ै', 'ं'],
  '👍🏽!': ['👍', '🏽', '!'],
  // U+FEFF is a symbol to Python and white space to JavaScript; U+001C to U+001F and U+0085 the other way round.
  'a\ufeffb': ['a', '\ufeff', 'b'],
  'a\x1cb\x1fc\x85d': ['a', 'b', 'c', 'd'],
  'a\u200bb': ['a', '\u200b', 'b'],
  'a\ud800b': ['a', '\ud800', 'b'],
  '日本語、です': ['日本語', '、', 'です'],
  '': [],
};

test('words and symbols are those of Python', () => {
  const found = Object.fromEntries(Object.keys(FOUND).map((text) => [text, wordsAndSymbols(text)]));
  expect(found).toEqual(FOUND);
});

test('white space is that of Python', () => {
  expect(splitOnSpace(' a\u3000b\x1dc\x85d\ufeffe \n')).toEqual(['a', 'b', 'c', 'd\ufeffe']);
});

test('rounding to four decimals takes a tie to the even digit', () => {
  expect([1 / 32, 3 / 32, -1 / 32, -3 / 32, 0.05555, 2 / 3, -0.1666666].map(roundTo4)).toEqual([
    0.0312, 0.0938, -0.0312, -0.0938, 0.0556, 0.6667, -0.1667,
  ]);
});
