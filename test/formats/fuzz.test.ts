/** A few hundred damaged files a format; `npm run drill -- formats` throws ten thousand, and weighs the memory they take. */
import { describe, expect, test } from 'vitest';
import { attempt, fuzz } from './fuzz.ts';
import { FUZZED_FORMATS } from './fuzzed-formats.ts';
import { temporaryFolder } from './helpers.ts';
import { MALFORMED } from './malformed.ts';

describe.each(FUZZED_FORMATS.map((format) => [format.name, format] as const))('%s', (name, format) => {
  test('is read, or refused in words and in time, wherever it is damaged', () => {
    const folder = temporaryFolder();
    format.prepare?.(folder);
    const { offences, refused } = fuzz(format, folder, { mutants: 300, seed: 20_261_124 });
    expect(offences).toEqual([]);
    expect(refused).toBeGreaterThan(50);
  });

  test('is refused by the guard that was meant, whatever lies', () => {
    const folder = temporaryFolder();
    format.prepare?.(folder);
    const missed = Object.entries(MALFORMED[name]?.() ?? {}).flatMap(([guard, { bytes, identifier }]) => {
      const { refusal, offence } = attempt(format, bytes, folder);
      return refusal === identifier && offence === null ? [] : [`${guard}: ${offence ?? refusal}, not ${identifier}`];
    });
    expect(missed).toEqual([]);
  });
});

test('every table of lies belongs to a reader', () => {
  const names = FUZZED_FORMATS.map(({ name }) => name);
  expect(Object.keys(MALFORMED).filter((name) => !names.includes(name))).toEqual([]);
});
