/** The checker itself: one message over each limit, and one just within it. */
import { ButtonStyle, ComponentType } from 'discord-api-types/v10';
import { describe, expect, test } from 'vitest';
import { LIMITS, violations } from '../../src/discord/limits.ts';
import { type Payload, type PayloadParts, payload, type Row } from '../../src/discord/payload.ts';

const x = (length: number): string => 'x'.repeat(length);
const fields = (count: number, name = 'n', value = 'v') => Array.from({ length: count }, () => ({ name, value }));
const button = (id: string, label = 'b') =>
  ({ type: ComponentType.Button, style: ButtonStyle.Primary, custom_id: id, label }) as const;
const buttons = (...ids: string[]): Row => ({ type: ComponentType.ActionRow, components: ids.map((id) => button(id)) });
const menu = (options: { label: string; value: string; default?: boolean }[], placeholder = 'p'): Row => ({
  type: ComponentType.ActionRow,
  components: [{ type: ComponentType.StringSelect, custom_id: 'm', options, placeholder }],
});
const options = (count: number) => Array.from({ length: count }, (_, index) => ({ label: 'l', value: String(index) }));
const files = (count: number, size = 1) =>
  Array.from({ length: count }, (_, at) => ({ name: `${at}`, data: new Uint8Array(size) }));
const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `id ${index}`);

const cases: Record<string, [within: PayloadParts, beyond: PayloadParts]> = {
  content: [{ content: x(2000) }, { content: x(2001) }],
  'something to say': [{ content: '.' }, { content: ' \n ' }],
  embeds: [{ embeds: Array(10).fill({ title: 't' }) }, { embeds: Array(11).fill({ title: 't' }) }],
  title: [{ embeds: [{ title: x(256) }] }, { embeds: [{ title: x(257) }] }],
  description: [{ embeds: [{ description: x(4096) }] }, { embeds: [{ description: x(4097) }] }],
  fields: [{ embeds: [{ fields: fields(25) }] }, { embeds: [{ fields: fields(26) }] }],
  'field name': [{ embeds: [{ fields: fields(1, x(256)) }] }, { embeds: [{ fields: fields(1, x(257)) }] }],
  'field value': [{ embeds: [{ fields: fields(1, 'n', x(1024)) }] }, { embeds: [{ fields: fields(1, 'n', x(1025)) }] }],
  'empty field': [{ embeds: [{ fields: fields(1) }] }, { embeds: [{ fields: fields(1, 'n', ' ') }] }],
  footer: [{ embeds: [{ footer: { text: x(2048) } }] }, { embeds: [{ footer: { text: x(2049) } }] }],
  'embeds in sum': [
    { embeds: [{ description: x(3000) }, { description: x(2990), title: x(10) }] },
    { embeds: [{ description: x(3000) }, { description: x(2990), title: x(11) }] },
  ],
  'attached image': [
    { embeds: [{ image: { url: 'attachment://0' } }], files: files(1) },
    { embeds: [{ image: { url: 'attachment://1' } }], files: files(1) },
  ],
  files: [{ files: files(10) }, { files: files(11) }],
  'file size': [{ files: files(1, LIMITS.fileBytes) }, { files: files(1, LIMITS.fileBytes + 1) }],
  rows: [
    { content: '.', components: ids(5).map((id) => buttons(id)) },
    { content: '.', components: ids(6).map((id) => buttons(id)) },
  ],
  'buttons in a row': [
    { content: '.', components: [buttons(...ids(5))] },
    { content: '.', components: [buttons(...ids(6))] },
  ],
  'an empty row': [
    { content: '.', components: [buttons('a')] },
    { content: '.', components: [buttons()] },
  ],
  'custom id': [
    { content: '.', components: [buttons(x(100))] },
    { content: '.', components: [buttons(x(101))] },
  ],
  'custom ids': [
    { content: '.', components: [buttons('a', 'b')] },
    { content: '.', components: [buttons('a', 'a')] },
  ],
  'button label': [
    { content: '.', components: [{ type: 1, components: [button('a', x(80))] }] },
    { content: '.', components: [{ type: 1, components: [button('a', x(81))] }] },
  ],
  options: [
    { content: '.', components: [menu(options(25))] },
    { content: '.', components: [menu(options(26))] },
  ],
  'option label': [
    { content: '.', components: [menu([{ label: x(100), value: 'v' }])] },
    { content: '.', components: [menu([{ label: x(101), value: 'v' }])] },
  ],
  'option values': [
    {
      content: '.',
      components: [
        menu([
          { label: 'a', value: '1' },
          { label: 'b', value: '2' },
        ]),
      ],
    },
    {
      content: '.',
      components: [
        menu([
          { label: 'a', value: '1' },
          { label: 'b', value: '1' },
        ]),
      ],
    },
  ],
  'one choice beforehand': [
    {
      content: '.',
      components: [
        menu([
          { label: 'a', value: '1', default: true },
          { label: 'b', value: '2' },
        ]),
      ],
    },
    {
      content: '.',
      components: [
        menu([
          { label: 'a', value: '1', default: true },
          { label: 'b', value: '2', default: true },
        ]),
      ],
    },
  ],
  placeholder: [
    { content: '.', components: [menu(options(1), x(150))] },
    { content: '.', components: [menu(options(1), x(151))] },
  ],
};

describe.each(Object.entries(cases))('%s', (_name, [within, beyond]) => {
  test('just within is fine, one beyond is found', () => {
    expect(violations(payload(within))).toEqual([]);
    expect(violations(payload(beyond))).toHaveLength(1);
  });
});

test('a message in which something would be parsed as a mention is found', () => {
  const loud = { ...payload({ content: '.' }), allowedMentions: { parse: ['everyone'] } } as unknown as Payload;
  expect(violations(loud)).toEqual(['allowed mentions: something is parsed']);
});
