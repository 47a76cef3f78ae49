import { expect, test } from 'vitest';
import { meteor, rouge, sentenceBleu } from '../../src/scoring/index.ts';
import { synonyms } from '../../src/scoring/wordnet.ts';

test('BLEU of a perfect reply depends on its length, and is 1 from four words on', () => {
  const perfect = ['a', 'a b', 'a b c', 'a b c d', 'a b c d e'].map((text) => sentenceBleu(text, text));
  expect(perfect.map((value) => value.toFixed(8))).toEqual([
    '0.17782794',
    '0.31622777',
    '0.56234133',
    '1.00000000',
    '1.00000000',
  ]);
});

test('BLEU without any shared word is 0, not a smoothed value', () => {
  expect([sentenceBleu('a b', 'c d'), sentenceBleu('a', ''), sentenceBleu('', 'a')]).toEqual([0, 0, 0]);
});

test('ROUGE reads ASCII alone: an accent splits a word', () => {
  expect(rouge('você', 'voc').rouge1.fmeasure).toBe(1);
  expect(rouge('日本', '日本').rougeL).toEqual({ precision: 0, recall: 0, fmeasure: 0 });
});

test('ROUGE precision is of the reply, recall of the reference', () => {
  const { rouge1, rouge2, rougeL } = rouge('a b c d', 'a c');
  expect(rouge1).toEqual({ precision: 1, recall: 0.5, fmeasure: 2 / 3 });
  expect(rouge2.fmeasure).toBe(0);
  expect(rougeL.fmeasure).toBe(2 / 3);
});

test('METEOR of a single perfect word is 0.5, of five 0.996', () => {
  expect(meteor('tea', 'tea').score).toBe(0.5);
  expect(meteor('we like to drink tea', 'we like to drink tea').score).toBeCloseTo(0.996, 12);
});

test('METEOR matches synonyms in English, stems alone in Portuguese, and says so', () => {
  expect(meteor('the car', 'the auto')).toMatchObject({ stages: ['exact', 'stem', 'wordnet'] });
  expect(meteor('the car', 'the auto').score).toBeGreaterThan(meteor('the car', 'the xyz').score);
  expect(meteor('gosto', 'gostei', 'pt')).toEqual({ score: 0.5, stages: ['exact', 'stem'] });
  expect(meteor('gosto', 'gostei', 'en').score).toBe(0);
  expect(meteor('car', 'auto', 'pt').score).toBe(0);
});

test('WordNet is asked with base forms, irregular ones too, and keeps capitals', () => {
  expect([...synonyms('mice')]).toContain('mouse');
  expect([...synonyms('ran')]).toContain('run');
  expect([...synonyms('french')]).toContain('French');
  // "galore(ip)" stands so in the file.
  expect([...synonyms('galore')]).toEqual(['galore', 'abounding']);
  expect([...synonyms('')]).toEqual(['']);
  expect([...synonyms('qqqq')]).toEqual(['qqqq']);
});

// NLTK 3.8 went on from "rooting" to "root"; 3.9 and 3.10, the golden answers' own, do not.
test('one ending is taken off, not two', () => {
  expect([...synonyms('rootings')]).toEqual(['rootings', 'rooting']);
});

test('no lemma of more than one word is a synonym', () => {
  expect([...synonyms('car')].filter((lemma) => lemma.includes('_'))).toEqual([]);
  expect([...synonyms('car')]).toContain('automobile');
});
