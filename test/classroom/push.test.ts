import { describe, expect, test } from 'vitest';
import { pushWords, readPush } from '../../src/classroom/push.ts';

const push = (before: number, after: number, more: object = {}) =>
  readPush({ replyTokens: 10, replyLogprobBefore: before, replyLogprobAfter: after, ...more })!;
const correction = (before: number, after: number) => ({
  ...{ correctionTokens: 5, correctionLogprobBefore: before, correctionLogprobAfter: after },
});

describe('the rated reply', () => {
  test('that became less likely: what a low rating asks for', () => {
    const { verdict } = push(-Math.log(500), -Math.log(2_000));
    expect(verdict).toMatchObject({ wrongWay: false, reply: { change: 'less' } });
    expect(verdict.reply.times).toBeCloseTo(4, 9);
    expect(pushWords('en', verdict)).toBe(
      'The brain is now LESS likely to say that reply again (from 1 in 500 to 1 in 2,000). That is what a low rating asks for.',
    );
    expect(pushWords('pt-BR', verdict)).toBe(
      'Agora é MENOS provável que o cérebro diga essa resposta de novo (de 1 em 500 para 1 em 2.000). É isso que uma nota baixa pede.',
    );
  });

  test('that became more likely: the wrong way, said plainly', () => {
    const { verdict } = push(-Math.log(2_000), -Math.log(500));
    expect(verdict).toMatchObject({ wrongWay: true, reply: { change: 'more' } });
    expect(pushWords('en', verdict)).toContain('Careful: the classic recipe trains on everything said');
    expect(pushWords('pt-BR', verdict)).toContain('MAIS provável que o cérebro a repita (de 1 em 2.000 para 1 em 500)');
  });

  test('that people preferred to another try was to rise: then that is not the wrong way', () => {
    const numbers = { replyTokens: 10, replyLogprobBefore: -Math.log(2_000), replyLogprobAfter: -Math.log(500) };
    const { verdict } = readPush(numbers, true)!;
    expect(verdict).toMatchObject({ preferred: true, wrongWay: false, reply: { change: 'more' } });
    expect(pushWords('en', verdict, 'preference')).toContain('it is the one people preferred');
    expect(pushWords('pt-BR', verdict, 'preference')).toContain('foi a que as pessoas preferiram');
    const falling = { ...numbers, replyLogprobAfter: -Math.log(9_000) };
    expect(pushWords('en', readPush(falling, true)!.verdict, 'preference')).toContain('may do so by falling less');
  });

  test('that is as likely as before', () => {
    const { verdict } = push(-3, -3.005);
    expect(verdict).toMatchObject({ wrongWay: false, reply: { change: 'same' } });
    expect(pushWords('en', verdict)).toContain('about as likely as before');
  });

  test('of long odds speaks of times, and of the pieces of words', () => {
    expect(pushWords('en', push(-40, -38).verdict)).toContain(
      '(by 7.39 times; a piece of a word: from 1.83% to 2.24% on average)',
    );
    expect(pushWords('pt-BR', push(-60, -30).verdict)).toContain('(por um fator de mais de um milhão; cada pedaço');
    expect(pushWords('en', push(-40, -40).verdict)).toContain('(a piece of a word: from 1.83% to 1.83% on average)');
  });

  test('of probability nought stays readable', () => {
    for (const verdict of [push(-5_000, -1).verdict, push(-1, -5_000).verdict, push(-5_000, -4_000).verdict])
      for (const locale of ['en', 'pt-BR'] as const) expect(pushWords(locale, verdict)).not.toMatch(/NaN|∞|Infinity/);
  });
});

test('the better answer has its own sentence, in each direction', () => {
  const words = (before: number, after: number) => pushWords('en', push(-3, -4, correction(before, after)).verdict);
  expect(words(-4, -3)).toMatch(/\nThe better answer somebody wrote became MORE likely .*, as hoped\.$/);
  expect(words(-3, -4)).toMatch(/\nCareful: the better answer somebody wrote became LESS likely/);
  expect(words(-3, -3)).toMatch(/\nThe better answer somebody wrote is about as likely as before/);
});

test('nothing measured is nothing said', () => {
  for (const stored of [null, undefined, {}, { replyTokens: 0, replyLogprobBefore: 0, replyLogprobAfter: 0 }, 'x'])
    expect(readPush(stored)).toBeNull();
});

test('numbers without the texts, as forgetting leaves them, still tell the direction', () => {
  expect(push(-1, -2)).toMatchObject({ replyBefore: null, replyAfter: null, verdict: { reply: { change: 'less' } } });
});
