import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACTIONS } from '../../src/discord/actions.ts';
import {
  ACTION_FIELDS,
  type Action,
  type CustomId,
  encodeCustomId,
  parseCustomId,
} from '../../src/discord/custom-id.ts';
import { LIMITS } from '../../src/discord/limits.ts';

const actions = Object.keys(ACTION_FIELDS) as Action[];
const customId = (value: fc.Arbitrary<string>): fc.Arbitrary<CustomId> =>
  fc.constantFrom(...actions).chain((action) =>
    fc.tuple(...ACTION_FIELDS[action].map(() => value)).map(
      (values) =>
        ({
          action,
          ...Object.fromEntries(ACTION_FIELDS[action].map((name, at) => [name, values[at]])),
        }) as CustomId,
    ),
  );

test('every action has a handler', () => {
  expect(Object.keys(ACTIONS).sort()).toEqual([...actions].sort());
});

test('what is encoded is read back, whatever the fields hold', () => {
  fc.assert(
    fc.property(customId(fc.string({ unit: 'grapheme', maxLength: 8 })), (id) => {
      let text: string;
      try {
        text = encodeCustomId(id);
      } catch (error) {
        expect(String(error)).toContain('> 100');
        return;
      }
      expect(text.length).toBeLessThanOrEqual(LIMITS.customId);
      expect(parseCustomId(text)).toEqual(id);
    }),
  );
});

test('our ids, UUIDs and snowflakes, always fit', () => {
  fc.assert(
    fc.property(
      customId(fc.oneof(fc.uuid(), fc.constant('18446744073709551615'), fc.constantFrom('yes', 'no'))),
      (id) => {
        expect(parseCustomId(encodeCustomId(id))).toEqual(id);
      },
    ),
  );
});

test('an id that would be too long is a bug and says so', () => {
  expect(() => encodeCustomId({ action: 'rate', turn: 'x'.repeat(100) })).toThrow('108 > 100');
});

test('anything else is none of ours', () => {
  const strange = [
    '',
    'bf',
    'bf:',
    'bf:rate',
    'bf:rate:a:b',
    'bf:toString:a',
    'bf:rate:%E0%A4%A',
    'xx:rate:a',
    'bf:__proto__:a',
  ];
  expect(strange.map(parseCustomId)).toEqual(strange.map(() => null));
  fc.assert(fc.property(fc.string(), (text) => void parseCustomId(text)));
});
