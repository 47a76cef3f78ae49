import { expect, test } from 'vitest';
import { statusInPortuguese, tokenReport } from '../../src/scoring/index.ts';

test('a perfect reply earns the whole score, a wholly wrong one loses it', () => {
  expect(tokenReport('I like tea.', 'i LIKE tea.').total).toBe(25);
  expect(tokenReport('I like tea.', 'you hate milk!').total).toBe(-25);
});

test('a word standing elsewhere earns half unless told otherwise', () => {
  const report = tokenReport('a b', 'b a');
  expect(report.rows.map((row) => row.reward)).toEqual([6.25, 6.25]);
  expect(report.rows[0]?.status).toEqual({ code: 'misplaced', position: 1, shouldBe: 2 });
  expect(tokenReport('a b', 'b a', { halfReward: 0.5 }).total).toBe(1);
});

test('a word that is expected twice belongs at its first place', () => {
  const { rows } = tokenReport('go and go home', 'home go away go');
  expect(rows.map(({ status }) => status)).toEqual([
    { code: 'misplaced', position: 1, shouldBe: 4 },
    { code: 'misplaced', position: 2, shouldBe: 1 },
    { code: 'absent' },
    { code: 'misplaced', position: 4, shouldBe: 1 },
  ]);
});

test('words beyond the expected sentence cost as much as wrong ones', () => {
  const { rows, total } = tokenReport('oi', 'oi tudo bem', { maxScore: 3 });
  expect(rows.map((row) => [row.expected, row.status.code, row.reward])).toEqual([
    ['oi', 'correct', 3],
    ['', 'absent', -3],
    ['', 'absent', -3],
  ]);
  expect(total).toBe(-3);
});

test('an empty expectation is worth nothing, and no zero is negative', () => {
  const { rows, total } = tokenReport('', 'oi');
  expect(Object.is(total, 0) && Object.is(rows[0]?.reward, 0)).toBe(true);
  expect(tokenReport('', '')).toEqual({ total: 0, rows: [] });
});

test('statuses have the words of the original', () => {
  expect(statusInPortuguese({ code: 'correct', position: 2 })).toBe('posição 2 correta');
  expect(statusInPortuguese({ code: 'misplaced', position: 6, shouldBe: 2 })).toBe(
    'posição 6 incorreta (deveria ser 2)',
  );
  expect(statusInPortuguese({ code: 'absent' })).toBe('ausente');
});
