/** Slash commands as one types them in the page. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageModule } from './page-module.ts';

interface Entry {
  path: string;
  label: string;
  description: string;
  nesting: number[];
  options: { name: string }[];
}
type Values = Record<string, string | number | boolean>;

const slash = await pageModule<{
  commandEntries(commands: readonly object[], locale: string): Entry[];
  matchEntries(entries: readonly Entry[], typed: string): Entry[];
  parseLine(entries: readonly Entry[], line: string, locale: string): { entry: Entry; values: Values } | null;
  problemsOf(entry: Entry, values: Values): Record<string, string>;
  optionTree(entry: Entry, values: Values, focused?: string): object[];
}>('slash.js');

const COMMANDS = [
  {
    id: '1',
    type: 1,
    name: 'help',
    description: 'Help',
    name_localizations: { 'pt-BR': 'ajuda' },
    description_localizations: { 'pt-BR': 'Ajuda' },
  },
  {
    id: '2',
    type: 1,
    name: 'session',
    description: 'Sittings',
    name_localizations: { 'pt-BR': 'sessão' },
    options: [
      {
        type: 1,
        name: 'start',
        description: 'Open',
        name_localizations: { 'pt-BR': 'começar' },
        options: [
          {
            type: 10,
            name: 'threshold',
            description: 'From',
            min_value: 0,
            max_value: 1,
            name_localizations: { 'pt-BR': 'limiar' },
          },
          {
            type: 3,
            name: 'method',
            description: 'How',
            choices: [
              { name: 'LoRA', value: 'lora' },
              { name: 'whole', value: 'full', name_localizations: { 'pt-BR': 'inteiro' } },
            ],
          },
          { type: 5, name: 'quiet', description: 'Quietly' },
        ],
      },
      { type: 2, name: 'more', description: 'More', options: [{ type: 1, name: 'deep', description: 'Deep' }] },
    ],
  },
  {
    id: '3',
    type: 1,
    name: 'say',
    description: 'Say',
    options: [
      { type: 3, name: 'text', description: 'Words', required: true, max_length: 10 },
      { type: 4, name: 'times', description: 'Often', min_value: 1, max_value: 3 },
    ],
  },
  { id: '4', type: 3, name: 'A message menu', description: '' },
];
const entries = slash.commandEntries(COMMANDS, 'en-US');
const portuguese = slash.commandEntries(COMMANDS, 'pt-BR');

describe('the list', () => {
  test('has an entry for every command or subcommand, in the reader’s words, the usual first step first', () => {
    expect(entries.map(({ label }) => label)).toEqual(['help', 'say', 'session start', 'session more deep']);
    expect(portuguese.map(({ label }) => label)).toEqual(['ajuda', 'say', 'sessão começar', 'sessão more deep']);
    expect(portuguese.find(({ path }) => path === 'help')?.description).toBe('Ajuda');
  });

  test.each([
    ['', ['help', 'say', 'session start', 'session more deep']],
    ['s', ['say', 'session start', 'session more deep']],
    ['start', ['session start']],
    ['SES', ['session start', 'session more deep']],
    ['elp', ['help']],
    ['nothing', []],
  ])('for “%s”', (typed, found) => {
    expect(slash.matchEntries(entries, typed).map(({ label }) => label)).toEqual(found);
  });

  test('finds words without their accents, and by the bot’s own names', () => {
    expect(slash.matchEntries(portuguese, 'sessao com').map(({ path }) => path)).toEqual(['session start']);
    expect(slash.matchEntries(portuguese, 'session st').map(({ path }) => path)).toEqual(['session start']);
  });
});

describe('a whole line', () => {
  const read = (line: string, list = entries, locale = 'en-US') => {
    const found = slash.parseLine(list, line, locale);
    return found === null ? null : [found.entry.path, found.values];
  };
  test.each([
    ['/help', ['help', {}]],
    ['/session start', ['session start', {}]],
    ['/session start threshold:0.6 method: LoRA', ['session start', { threshold: 0.6, method: 'lora' }]],
    ['/session start threshold:0,6', ['session start', { threshold: 0.6 }]],
    ['/session start quiet:yes', ['session start', { quiet: true }]],
    ['/say I love the rain', ['say', { text: 'I love the rain' }]],
    ['/say text: I love it times: 2', ['say', { text: 'I love it', times: 2 }]],
    ['/say hello times: 2', ['say', { text: 'hello', times: 2 }]],
    ['/say times: many', ['say', { times: 'many' }]],
    ['/session', null],
    ['/sessions start', null],
    ['hello', null],
  ])('%s', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  test('in Portuguese', () => {
    expect(read('/sessão começar limiar: 0,5 method: inteiro', portuguese, 'pt-BR')).toEqual([
      'session start',
      { threshold: 0.5, method: 'full' },
    ]);
  });

  test('anything at all may be typed', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((text) => `/say ${text}`),
          fc.string().map((text) => `/session start threshold:${text}`),
        ),
        (line) => {
          const found = slash.parseLine(entries, line, 'en-US');
          if (found !== null) slash.problemsOf(found.entry, found.values);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe('what goes to the bot', () => {
  const [say, start, deep] = ['say', 'session start', 'session more deep'].map((path) => {
    const found = entries.find((entry) => entry.path === path);
    if (found === undefined) throw new Error(path);
    return found;
  }) as [Entry, Entry, Entry];

  test('lies under its subcommands', () => {
    expect(slash.optionTree(say, { text: 'hi' })).toEqual([{ type: 3, name: 'text', value: 'hi' }]);
    expect(slash.optionTree(start, {})).toEqual([{ type: 1, name: 'start', options: [] }]);
    expect(slash.optionTree(deep, {})).toEqual([
      { type: 2, name: 'more', options: [{ type: 1, name: 'deep', options: [] }] },
    ]);
    expect(slash.optionTree(start, { quiet: false }, 'method')).toEqual([
      {
        type: 1,
        name: 'start',
        options: [
          { type: 3, name: 'method', value: '', focused: true },
          { type: 5, name: 'quiet', value: false },
        ],
      },
    ]);
  });

  test('is checked first, field by field', () => {
    expect(slash.problemsOf(say, {})).toEqual({ text: 'required' });
    expect(slash.problemsOf(say, { text: 'x'.repeat(11), times: 4 })).toEqual({ text: 'too_long', times: 'too_large' });
    expect(slash.problemsOf(say, { text: 'x', times: 0 })).toEqual({ times: 'too_small' });
    expect(slash.problemsOf(say, { text: 'x', times: 1.5 })).toEqual({ times: 'number' });
    expect(slash.problemsOf(start, { method: 'other' })).toEqual({ method: 'choice' });
    expect(slash.problemsOf(start, { threshold: 0.6, method: 'lora', quiet: false })).toEqual({});
  });
});
