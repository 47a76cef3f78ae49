/** A pattern of a tokenizer is run only where no text can make it run for ever. */
import { createContext, runInContext } from 'node:vm';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PatternJudge } from '../../src/formats/safe-pattern.ts';
import { HOSTILE_PATTERNS, PUBLISHED } from './patterns.ts';

const isSafe = (pattern: string) => new PatternJudge().isSafe(pattern);

test.each(Object.entries(PUBLISHED))('that of %s is taken', (_, pattern) => {
  expect(isSafe(pattern)).toBe(true);
});

test.each(HOSTILE_PATTERNS.map((pattern) => [pattern.slice(0, 60), pattern] as const))('%s is not', (_, pattern) => {
  const before = process.threadCpuUsage();
  expect(isSafe(pattern)).toBe(false);
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(1_000);
});

test('a pattern that cannot be read is not taken', () => {
  const broken = ['(a', 'a)', '[a', '[]', '*a', 'a{,}b', '(?x)a', '(?#a)', '\\', '\\k<a>', '\\1', 'a{2}+', '(?<=a'];
  expect(broken.filter(isSafe)).toEqual([]);
});

/** Patterns of a and b in every shape, so small that those without end are many. */
const { pattern: patterns } = fc.letrec<{ pattern: string; part: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('part'), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 2 })
    .map((ways) => ways.map((parts) => parts.join('')).join('|')),
  part: fc
    .tuple(
      fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom('a', 'b', '[ab]', '.', '\\w', '[^a]'),
        tie('pattern').map((inner) => `(?:${inner})`),
        tie('pattern').map((inner) => `(${inner})`),
        fc.tuple(fc.constantFrom('=', '!', '<=', '<!'), tie('pattern')).map(([kind, inner]) => `(?${kind}${inner})`),
      ),
      fc.constantFrom('', '', '', '*', '+', '?', '*?', '{2}', '{0,3}', '{3,}'),
    )
    .filter(([part, quantifier]) => quantifier === '' || !/^\(\?(?:[=!]|<)/.test(part))
    .map((pair) => pair.join('')),
}));

test('whatever is taken comes to an end, on texts made to prevent it', () => {
  const lines = ['a', 'b', 'ab', 'aab', 'abb'].flatMap((unit) => [`${unit.repeat(1_500)}!`, `!${unit.repeat(1_500)}`]);
  const context = createContext({ lines });
  let taken = 0;
  fc.assert(
    fc.property(patterns, (pattern) => {
      fc.pre(isSafe(pattern));
      taken += 1;
      const source = JSON.stringify(pattern);
      // What would never end is ended here, as an error.
      runInContext(`for (const line of lines) line.match(new RegExp(${source}, 'gu'))`, context, { timeout: 10_000 });
    }),
    { numRuns: 300 },
  );
  expect(taken).toBeGreaterThan(100);
});
