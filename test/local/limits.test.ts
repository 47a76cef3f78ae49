/**
 * Discord's limits (TRUST.md A3) hold here too, and the refusal names the field: what is too much for Discord fails in the
 * local classroom first. Every limit is tried at its edge (taken) and one beyond (refused).
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ApiError } from '../../src/local/rest/errors.ts';
import { command, commandList } from '../../src/local/validate/commands.ts';
import { parseForm } from '../../src/local/validate/form.ts';
import { embedLength, messageCreate, messageEdit } from '../../src/local/validate/message.ts';
import { autocompleteResult, modal } from '../../src/local/validate/modal.ts';
import { createClassroom, textChannel } from './classroom.ts';

type Json = Record<string, unknown>;
type Schema = Parameters<typeof parseForm>[0];

/** The dotted paths of the fields at fault with their codes; empty if the form is taken. */
function faults(schema: Schema, value: unknown): string[] {
  try {
    parseForm(schema, value);
    return [];
  } catch (error) {
    if (!(error instanceof ApiError) || error.errors === undefined) throw error;
    expect(error.code).toBe(50035);
    return paths(error.errors);
  }
}

function paths(errors: object, path = ''): string[] {
  return Object.entries(errors).flatMap(([name, value]: [string, unknown]) => {
    if (Array.isArray(value)) return value.map(({ code }: { code: string }) => `${path}:${code}`);
    return paths(value as object, path === '' ? name : `${path}.${name}`);
  });
}

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index));
const button = (more: Json = {}) => ({ type: 2, style: 1, label: 'b', custom_id: 'b', ...more });
const row = (...components: Json[]) => ({ type: 1, components });
const option = (index: number, more: Json = {}) => ({ label: `o${index}`, value: `o${index}`, ...more });
const select = (more: Json = {}) => ({ type: 3, custom_id: 's', options: [option(0)], ...more });
const buttons = (count: number, rowNumber = 0) =>
  row(...times(count, (index) => button({ custom_id: `${rowNumber}-${index}` })));
const V2 = 1 << 15;
const text = (content = 't') => ({ type: 10, content });

/** name, the form at its edge, the form beyond it, the field that must be named */
type Edge = [name: string, fits: Json, breaks: Json, field: string];

const MESSAGES: Edge[] = [
  ['content 2000', { content: 'x'.repeat(2000) }, { content: 'x'.repeat(2001) }, 'content'],
  ['10 embeds', { embeds: times(10, () => ({ title: 't' })) }, { embeds: times(11, () => ({ title: 't' })) }, 'embeds'],
  ['title 256', { embeds: [{ title: 'x'.repeat(256) }] }, { embeds: [{ title: 'x'.repeat(257) }] }, 'embeds.0.title'],
  [
    'description 4096',
    { embeds: [{ description: 'x'.repeat(4096) }] },
    { embeds: [{ description: 'x'.repeat(4097) }] },
    'embeds.0.description',
  ],
  [
    '25 fields',
    { embeds: [{ fields: times(25, () => ({ name: 'n', value: 'v' })) }] },
    { embeds: [{ fields: times(26, () => ({ name: 'n', value: 'v' })) }] },
    'embeds.0.fields',
  ],
  [
    'field name 256',
    { embeds: [{ fields: [{ name: 'x'.repeat(256), value: 'v' }] }] },
    { embeds: [{ fields: [{ name: 'x'.repeat(257), value: 'v' }] }] },
    'embeds.0.fields.0.name',
  ],
  [
    'field value 1024',
    { embeds: [{ fields: [{ name: 'n', value: 'x'.repeat(1024) }] }] },
    { embeds: [{ fields: [{ name: 'n', value: 'x'.repeat(1025) }] }] },
    'embeds.0.fields.0.value',
  ],
  [
    'a field has a value',
    { embeds: [{ fields: [{ name: 'n', value: 'v' }] }] },
    { embeds: [{ fields: [{ name: 'n', value: '' }] }] },
    'embeds.0.fields.0.value',
  ],
  [
    'footer 2048',
    { embeds: [{ footer: { text: 'x'.repeat(2048) } }] },
    { embeds: [{ footer: { text: 'x'.repeat(2049) } }] },
    'embeds.0.footer.text',
  ],
  [
    'author 256',
    { embeds: [{ author: { name: 'x'.repeat(256) } }] },
    { embeds: [{ author: { name: 'x'.repeat(257) } }] },
    'embeds.0.author.name',
  ],
  [
    '6000 in all',
    { embeds: [{ description: 'x'.repeat(4000) }, { description: 'x'.repeat(2000) }] },
    { embeds: [{ description: 'x'.repeat(4000) }, { description: 'x'.repeat(2001) }] },
    'embeds',
  ],
  ['colour', { embeds: [{ color: 0xffffff }] }, { embeds: [{ color: 0x1000000 }] }, 'embeds.0.color'],
  [
    'image address',
    { embeds: [{ image: { url: 'attachment://a.png' } }] },
    { embeds: [{ image: { url: 'javascript:alert(1)' } }] },
    'embeds.0.image.url',
  ],
  ['nonce 25', { nonce: 'x'.repeat(25) }, { nonce: 'x'.repeat(26) }, 'nonce'],
  [
    '5 rows',
    { components: times(5, (index) => buttons(1, index)) },
    { components: times(6, (index) => buttons(1, index)) },
    'components',
  ],
  ['5 buttons a row', { components: [buttons(5)] }, { components: [buttons(6)] }, 'components.0.components'],
  ['a row is not empty', { components: [buttons(1)] }, { components: [row()] }, 'components.0.components'],
  [
    'a select alone in its row',
    { components: [row(select())] },
    { components: [row(select(), button())] },
    'components.0.components',
  ],
  [
    'custom id 100',
    { components: [row(button({ custom_id: 'x'.repeat(100) }))] },
    { components: [row(button({ custom_id: 'x'.repeat(101) }))] },
    'components.0.components.0.custom_id',
  ],
  [
    'custom ids differ',
    { components: [row(button(), button({ custom_id: 'c' }))] },
    { components: [row(button(), button())] },
    'components',
  ],
  [
    'button label 80',
    { components: [row(button({ label: 'x'.repeat(80) }))] },
    { components: [row(button({ label: 'x'.repeat(81) }))] },
    'components.0.components.0.label',
  ],
  [
    'a button says something',
    { components: [row(button({ label: null, emoji: { name: '🧠' } }))] },
    { components: [row(button({ label: null }))] },
    'components.0.components.0.label',
  ],
  [
    'a link button has a url',
    { components: [row({ type: 2, style: 5, label: 'l', url: 'https://a.example' })] },
    { components: [row({ type: 2, style: 5, label: 'l' })] },
    'components.0.components.0.url',
  ],
  [
    'a button has a custom id',
    { components: [row(button())] },
    { components: [row({ type: 2, style: 1, label: 'l' })] },
    'components.0.components.0.custom_id',
  ],
  [
    '25 options',
    { components: [row(select({ options: times(25, option) }))] },
    { components: [row(select({ options: times(26, option) }))] },
    'components.0.components.0.options',
  ],
  [
    'an option at least',
    { components: [row(select())] },
    { components: [row(select({ options: [] }))] },
    'components.0.components.0.options',
  ],
  [
    'option label 100',
    { components: [row(select({ options: [option(0, { label: 'x'.repeat(100) })] }))] },
    { components: [row(select({ options: [option(0, { label: 'x'.repeat(101) })] }))] },
    'components.0.components.0.options.0.label',
  ],
  [
    'option value 100',
    { components: [row(select({ options: [option(0, { value: 'x'.repeat(100) })] }))] },
    { components: [row(select({ options: [option(0, { value: 'x'.repeat(101) })] }))] },
    'components.0.components.0.options.0.value',
  ],
  [
    'option description 100',
    { components: [row(select({ options: [option(0, { description: 'x'.repeat(100) })] }))] },
    { components: [row(select({ options: [option(0, { description: 'x'.repeat(101) })] }))] },
    'components.0.components.0.options.0.description',
  ],
  [
    'option values differ',
    { components: [row(select({ options: [option(0), option(1)] }))] },
    { components: [row(select({ options: [option(0), option(0)] }))] },
    'components.0.components.0.options.1.value',
  ],
  [
    'placeholder 150',
    { components: [row(select({ placeholder: 'x'.repeat(150) }))] },
    { components: [row(select({ placeholder: 'x'.repeat(151) }))] },
    'components.0.components.0.placeholder',
  ],
  [
    'max_values within the options',
    { components: [row(select({ options: [option(0), option(1)], max_values: 2 }))] },
    { components: [row(select({ options: [option(0), option(1)], max_values: 3 }))] },
    'components.0.components.0.max_values',
  ],
  [
    'min_values within max_values',
    { components: [row(select({ min_values: 1 }))] },
    { components: [row(select({ min_values: 2 }))] },
    'components.0.components.0.min_values',
  ],
  [
    'one default of one',
    { components: [row(select({ options: [option(0, { default: true }), option(1)] }))] },
    { components: [row(select({ options: [option(0, { default: true }), option(1, { default: true })] }))] },
    'components.0.components.0.options',
  ],
  [
    'no text inputs in messages',
    { components: [row(button())] },
    { components: [row({ type: 4, style: 1, custom_id: 't', label: 't' })] },
    'components.0.components.0.type',
  ],
  ['V2 kinds need the flag', { flags: V2, components: [text()] }, { components: [text()] }, 'components.0.type'],
  [
    'V2 has no content',
    { flags: V2, components: [text()] },
    { flags: V2, components: [text()], content: 'x' },
    'content',
  ],
  [
    '40 components',
    { flags: V2, components: times(40, () => text()) },
    { flags: V2, components: times(41, () => text()) },
    'components',
  ],
  [
    '4000 characters of V2 text',
    { flags: V2, components: [text('x'.repeat(4000))] },
    { flags: V2, components: [text('x'.repeat(4000)), text()] },
    'components',
  ],
  [
    '10 attachments',
    { attachments: times(10, (id) => ({ id })) },
    { attachments: times(11, (id) => ({ id })) },
    'attachments',
  ],
];

const label = (component: Json, more: Json = {}) => ({ type: 18, label: 'l', component, ...more });
const input = (more: Json = {}) => ({ type: 4, style: 1, custom_id: 'i', ...more });
const form = (more: Json = {}) => ({ custom_id: 'm', title: 't', components: [label(input())], ...more });

const MODALS: Edge[] = [
  ['title 45', form({ title: 'x'.repeat(45) }), form({ title: 'x'.repeat(46) }), 'title'],
  ['custom id 100', form({ custom_id: 'x'.repeat(100) }), form({ custom_id: 'x'.repeat(101) }), 'custom_id'],
  [
    '5 components',
    form({ components: times(5, (index) => label(input({ custom_id: `${index}` }))) }),
    form({ components: times(6, (index) => label(input({ custom_id: `${index}` }))) }),
    'components',
  ],
  [
    'label 45',
    form({ components: [label(input(), { label: 'x'.repeat(45) })] }),
    form({ components: [label(input(), { label: 'x'.repeat(46) })] }),
    'components.0.label',
  ],
  [
    'label description 100',
    form({ components: [label(input(), { description: 'x'.repeat(100) })] }),
    form({ components: [label(input(), { description: 'x'.repeat(101) })] }),
    'components.0.description',
  ],
  [
    'placeholder 100',
    form({ components: [label(input({ placeholder: 'x'.repeat(100) }))] }),
    form({ components: [label(input({ placeholder: 'x'.repeat(101) }))] }),
    'components.0.component.placeholder',
  ],
  [
    'value 4000',
    form({ components: [label(input({ value: 'x'.repeat(4000) }))] }),
    form({ components: [label(input({ value: 'x'.repeat(4001) }))] }),
    'components.0.component.value',
  ],
  [
    'max_length 4000',
    form({ components: [label(input({ max_length: 4000 }))] }),
    form({ components: [label(input({ max_length: 4001 }))] }),
    'components.0.component.max_length',
  ],
  [
    'value within max_length',
    form({ components: [label(input({ max_length: 3, value: 'abc' }))] }),
    form({ components: [label(input({ max_length: 3, value: 'abcd' }))] }),
    'components.0.component.value',
  ],
  [
    'no label inside a label',
    form(),
    form({ components: [label(input({ label: 'twice' }))] }),
    'components.0.component.label',
  ],
  [
    'an old row needs a label',
    form({ components: [row(input({ label: 'l' }))] }),
    form({ components: [row(input())] }),
    'components.0.components.0.label',
  ],
  ['no buttons', form(), form({ components: [row(button())] }), 'components.0.components.0.type'],
];

const choice = (index: number) => ({ name: `c${index}`, value: `c${index}` });
const commandOption = (index: number, more: Json = {}) => ({ type: 3, name: `o${index}`, description: 'd', ...more });
const slash = (more: Json = {}) => ({ name: 'n', description: 'd', ...more });

const COMMANDS: Edge[] = [
  ['name 32', slash({ name: 'x'.repeat(32) }), slash({ name: 'x'.repeat(33) }), 'name'],
  ['name in lower case', slash({ name: 'sessão' }), slash({ name: 'Session' }), 'name'],
  ['name without blanks', slash({ name: 'two-words' }), slash({ name: 'two words' }), 'name'],
  ['description 100', slash({ description: 'x'.repeat(100) }), slash({ description: 'x'.repeat(101) }), 'description'],
  ['a description', slash(), slash({ description: '' }), 'description'],
  ['25 options', slash({ options: times(25, commandOption) }), slash({ options: times(26, commandOption) }), 'options'],
  [
    '25 choices',
    slash({ options: [commandOption(0, { choices: times(25, choice) })] }),
    slash({ options: [commandOption(0, { choices: times(26, choice) })] }),
    'options.0.choices',
  ],
  [
    'required before optional',
    slash({ options: [commandOption(0, { required: true }), commandOption(1)] }),
    slash({ options: [commandOption(0), commandOption(1, { required: true })] }),
    'options.1',
  ],
  [
    'choices or autocomplete',
    slash({ options: [commandOption(0, { autocomplete: true })] }),
    slash({ options: [commandOption(0, { autocomplete: true, choices: [choice(0)] })] }),
    'options.0.choices',
  ],
  [
    'subcommands do not mix',
    slash({ options: [{ type: 1, name: 'a', description: 'd' }] }),
    slash({ options: [{ type: 1, name: 'a', description: 'd' }, commandOption(0)] }),
    'options',
  ],
  [
    'option names differ',
    slash({ options: [commandOption(0), commandOption(1)] }),
    slash({ options: [commandOption(0), commandOption(0)] }),
    'options.1.name',
  ],
];

describe('messages', () => {
  test.each(MESSAGES)('%s', (_name, fits, breaks, field) => {
    for (const schema of [messageCreate, messageEdit]) {
      if (field === 'nonce' && schema === messageEdit) continue;
      expect(faults(schema, fits)).toEqual([]);
      const found = faults(schema, breaks);
      expect(found.map((fault) => fault.split(':')[0])).toContain(field);
    }
  });

  test('what is taken keeps every limit, whatever was sent', () => {
    const anyText = fc.string({ maxLength: 300 });
    const anyEmbed = fc.record(
      {
        title: anyText,
        description: fc.string({ maxLength: 5000 }),
        color: fc.integer(),
        fields: fc.array(fc.record({ name: anyText, value: fc.string({ maxLength: 1100 }) }), { maxLength: 27 }),
      },
      { requiredKeys: [] },
    );
    const anyMessage = fc.record(
      {
        content: fc.string({ maxLength: 2100 }),
        embeds: fc.array(anyEmbed, { maxLength: 11 }),
        flags: fc.integer(),
        components: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(anyMessage, (message) => {
        if (faults(messageCreate, message).length > 0) return;
        const taken = parseForm(messageCreate, message);
        expect((taken.content ?? '').length).toBeLessThanOrEqual(2000);
        expect((taken.embeds ?? []).length).toBeLessThanOrEqual(10);
        expect((taken.embeds ?? []).reduce((sum, embed) => sum + embedLength(embed), 0)).toBeLessThanOrEqual(6000);
      }),
      { numRuns: 300 },
    );
  });

  test('nothing a bot may send makes the check itself fail', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 5 }), (value) => {
        for (const schema of [messageCreate, messageEdit, modal, command, commandList, autocompleteResult])
          faults(schema, value);
      }),
      { numRuns: 500 },
    );
  });

  test('an empty message, an empty card and a link to no file are refused', async () => {
    const bot = await (await createClassroom()).bot();
    const channel = textChannel(bot);
    const post = (body: unknown) => bot.rest.post(`/channels/${channel.id}/messages`, { body });
    await expect(post({})).rejects.toMatchObject({ code: 50006 });
    await expect(post({ content: ' \n ' })).rejects.toMatchObject({ code: 50006 });
    await expect(post({ embeds: [{}] })).rejects.toMatchObject({ code: 50035 });
    await expect(post({ embeds: [{ color: 1 }] })).rejects.toMatchObject({ code: 50035 });
    await expect(post({ embeds: [{ image: { url: 'attachment://missing.png' } }] })).rejects.toMatchObject({
      code: 50035,
    });
    await expect(
      post({ content: 'x', message_reference: { message_id: '1574313896058028033' } }),
    ).rejects.toMatchObject({ code: 50035 });
    expect(
      await post({ content: 'x', message_reference: { message_id: '1574313896058028033', fail_if_not_exists: false } }),
    ).toMatchObject({ content: 'x' });
    const sent = await channel.send('x');
    await expect(sent.edit({ content: '' })).rejects.toMatchObject({ code: 50006 });
    await expect(sent.edit({ embeds: times(11, () => ({ title: 't' })) })).rejects.toMatchObject({ code: 50035 });
    expect((await channel.messages.fetch({ message: sent.id, force: true })).content).toBe('x');
  });
});

describe('modals', () => {
  test.each(MODALS)('%s', (_name, fits, breaks, field) => {
    expect(faults(modal, fits)).toEqual([]);
    expect(faults(modal, breaks).map((fault) => fault.split(':')[0])).toContain(field);
  });
});

describe('commands', () => {
  test.each(COMMANDS)('%s', (_name, fits, breaks, field) => {
    expect(faults(command, fits)).toEqual([]);
    expect(faults(command, breaks).map((fault) => fault.split(':')[0])).toContain(field);
  });

  test('100 slash commands of different names, 8000 characters each', () => {
    const list = (count: number) => times(count, (index) => slash({ name: `n${index}` }));
    expect(faults(commandList, list(100))).toEqual([]);
    expect(faults(commandList, list(101))).toEqual([':APPLICATION_COMMANDS_MAX']);
    expect(faults(commandList, [slash(), slash()])).toEqual(['1.name:APPLICATION_COMMANDS_DUPLICATE_NAME']);
    // n, d and 25 options of 2 + 1 + 25 choices of (4 + 96): the texts of the declaration, added up.
    const long = (letters: number) =>
      slash({
        options: times(3, (index) =>
          commandOption(index, {
            choices: times(25, (each) => ({ name: `${each}`.padStart(4, '0'), value: 'x'.repeat(letters) })),
          }),
        ),
      });
    expect(faults(command, long(100))).toEqual([]);
    const tooLong = slash({
      options: times(4, (index) =>
        commandOption(index, {
          choices: times(25, (each) => ({ name: `${each}`.padStart(4, '0'), value: 'x'.repeat(100) })),
        }),
      ),
    });
    expect(faults(command, tooLong)).toEqual([':APPLICATION_COMMAND_TOO_LARGE']);
  });

  test('at most 25 completions of 100 characters', () => {
    expect(faults(autocompleteResult, { choices: times(25, choice) })).toEqual([]);
    expect(faults(autocompleteResult, { choices: times(26, choice) })).toEqual(['choices:BASE_TYPE_MAX_LENGTH']);
    expect(faults(autocompleteResult, { choices: [{ name: 'x'.repeat(101), value: 'v' }] })).toEqual([
      'choices.0.name:BASE_TYPE_MAX_LENGTH',
    ]);
  });
});
