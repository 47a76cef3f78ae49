import { expect, test } from 'vitest';
import { porterStem } from '../../src/scoring/index.ts';

test('words where NLTK and the published rules part', () => {
  const stems = {
    dies: 'die',
    died: 'die',
    spied: 'spi',
    enjoy: 'enjoy',
    skies: 'sky',
    news: 'news',
    innings: 'inning',
    abed: 'abe',
    geologi: 'geolog',
    happy: 'happi',
    by: 'by',
  };
  expect(Object.fromEntries(Object.keys(stems).map((word) => [word, porterStem(word)]))).toEqual(stems);
});

test('capitals are lowered, short words kept, irregular ones known in lower case alone', () => {
  expect(['RUNNING', 'As', 'News', 'news'].map(porterStem)).toEqual(['run', 'as', 'new', 'news']);
});

// NLTK's answers; counted in UTF-16 units the first would lose its s and the third would keep both faces.
test('a character beyond U+FFFF counts as one letter', () => {
  expect(['😀s', '😀ies', 'a😀😀ing', 'a😀😃ing', 'ca😀'].map(porterStem)).toEqual([
    '😀s',
    '😀ie',
    'a😀',
    'a😀😃',
    'ca😀',
  ]);
});

test('a long run of y takes no longer than any other letters', () => {
  expect(porterStem('y'.repeat(4000))).toHaveLength(4000);
});
