import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LOCALES } from '../../src/i18n/index.ts';
import { findLesson, LESSON_TERMS, lesson, lessonTitle, nearLessons } from '../../src/lessons/index.ts';

const NUMBERS = {
  rougeL: 0.25,
  bleu: 0.125,
  meteor: 0.5,
  bertScore: 0.75,
  firstLoss: 5.171,
  lastLoss: 5.119,
  lastGradNorm: 6.1187,
  firstLearningRate: 5e-5,
  epochs: 3,
  trainRuntime: 12.5,
  trainSamplesPerSecond: 0.24,
  trainStepsPerSecond: 0.12,
  trainLoss: 5.1433,
  firstMargin: 0,
  lastMargin: 1.73,
  firstReward: -0.95,
  lastReward: 0.31,
  kl: 2.05,
  timesLess: 1808,
  repliesLearnt: 3,
  threshold: 0.6,
  maxNewTokens: 100,
};

function sentences(text: string, locale: string): number {
  return [...new Intl.Segmenter(locale, { granularity: 'sentence' }).segment(text)].length;
}

describe.each(LOCALES)('lessons in %s', (locale) => {
  test('are nineteen, of three to five sentences each', () => {
    expect(LESSON_TERMS).toHaveLength(19);
    const offenders = LESSON_TERMS.map((term) => ({
      term,
      count: sentences(lesson(term, locale).text, locale),
    })).filter(({ count }) => count < 3 || count > 5);
    expect(offenders).toEqual([]);
  });

  test('grow by one sentence, with every number filled in, when the reader has numbers', () => {
    for (const term of LESSON_TERMS) {
      const [plain, quoting] = [lesson(term, locale).text, lesson(term, locale, NUMBERS).text];
      expect(quoting.startsWith(`${plain} `)).toBe(true);
      expect(sentences(quoting, locale)).toBe(sentences(plain, locale) + 1);
      expect(quoting.slice(plain.length)).toMatch(/\d/);
      expect(quoting).not.toMatch(/{{|}}|undefined|NaN/);
    }
  });

  test('are found by their own titles', () => {
    const offenders = LESSON_TERMS.filter((term) => {
      const search = findLesson(lessonTitle(term, locale), locale);
      return !search.found || search.lesson.term !== term;
    });
    expect(offenders).toEqual([]);
  });
});

test('numbers are written as the reader writes them', () => {
  expect(lesson('loss', 'en', NUMBERS).text).toContain('from 5.17 to 5.12.');
  expect(lesson('loss', 'pt-BR', NUMBERS).text).toContain('de 5,17 para 5,12.');
  expect(lesson('learning_rate', 'pt-BR', NUMBERS).text).toContain('com 0,00005.');
});

test('a sentence with numbers is left out when one of them is missing or no number', () => {
  expect(lesson('loss', 'en', { firstLoss: 1 }).text).toBe(lesson('loss', 'en').text);
  expect(lesson('train_loss', 'en', { trainLoss: Number.NaN }).text).toBe(lesson('train_loss', 'en').text);
});

const NAMES: Record<string, string> = {
  'rouge l': 'rouge_l',
  'ROUGE-L': 'rouge_l',
  rougeL: 'rouge_l',
  EPOCA: 'epoch',
  época: 'epoch',
  perda: 'loss',
  'Taxa de Aprendizado': 'learning_rate',
  learning_rate: 'learning_rate',
  'learning rate': 'learning_rate',
  sobreajuste: 'overfitting',
  'norma do gradiente': 'grad_norm',
  'BERT Score': 'bertscore',
  train_steps_per_second: 'throughput',
  'tempo de execucao': 'train_runtime',
  'train loss': 'train_loss',
  DPO: 'preference',
  'rewards/margins': 'preference',
  recompensa: 'reward',
  'Divergência KL': 'kl',
  beta: 'kl',
  replay: 'replay',
  baseline: 'baseline',
  desaprender: 'push_away',
};

test('a lesson is found in any case, without accents, in Portuguese and English', () => {
  const found = Object.fromEntries(
    Object.keys(NAMES).map((name) => {
      const search = findLesson(name, 'en');
      return [name, search.found ? search.lesson.term : search.near];
    }),
  );
  expect(found).toEqual(NAMES);
});

test('an unknown name lists the nearest lessons', () => {
  const search = findLesson('overfiting', 'en');
  expect(search).toMatchObject({ found: false, near: ['Overfitting', expect.any(String), expect.any(String)] });
  expect(findLesson('gradente', 'pt-BR')).toMatchObject({
    found: false,
    message: expect.stringContaining('Norma do gradiente'),
  });
  expect(nearLessons('lear', 'en')[0]).toBe('Learning rate');
  expect(nearLessons('', 'en')).toHaveLength(19);
});

test('whatever is typed gets an answer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.constantFrom(...LOCALES), (typed, locale) => {
      const search = findLesson(typed, locale);
      expect(search.found ? search.lesson.text : search.near.length).toBeTruthy();
    }),
  );
});
