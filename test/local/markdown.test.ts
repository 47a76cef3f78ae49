/** The page's Markdown: what it understands, what stays text, and that nothing in it can become code. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageModule } from './page-module.ts';

interface Node {
  type: string;
  text?: string;
  url?: string;
  children?: Node[];
  items?: { children: Node[]; nested: Node[] }[];
  [key: string]: unknown;
}

const { parseMarkdown, parseInline } = await pageModule<{
  parseMarkdown(source: string): Node[];
  parseInline(source: string): Node[];
}>('markdown.js');

/** A tree in short: `bold(a italic(b))`. */
function brief(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      if (node.type === 'text') return node.text;
      if (node.type === 'break') return '⏎';
      if (node.type === 'link') return `link<${node.url}>(${brief(node.children ?? [])})`;
      if (node.type === 'list') {
        const items = (node.items ?? []).map(
          ({ children, nested }) => brief(children) + (nested.length > 0 ? ` ${brief(nested)}` : ''),
        );
        return `${node.ordered ? 'ol' : 'ul'}(${items.join('; ')})`;
      }
      const inside =
        node.children === undefined ? (node.text ?? node.id ?? node.name ?? node.seconds) : brief(node.children);
      return `${node.type}${node.level ?? ''}(${inside})`;
    })
    .join('');
}

function everyNode(nodes: readonly Node[]): Node[] {
  return nodes.flatMap((node) => [
    node,
    ...everyNode(node.children ?? []),
    ...(node.items ?? []).flatMap((item) => [...everyNode(item.children), ...everyNode(item.nested)]),
  ]);
}

describe('inside a line', () => {
  test.each([
    ['**a** *b* _c_ __d__ ~~e~~ ||f|| `g`', 'bold(a) italic(b) italic(c) underline(d) strike(e) spoiler(f) code(g)'],
    ['***both***', 'bold(italic(both))'],
    ['**a *b* c**', 'bold(a italic(b) c)'],
    ['*a **b** c*', 'italic(a bold(b) c)'],
    ['2 * 3 * 4', '2 * 3 * 4'],
    ['snake_case_name', 'snake_case_name'],
    ['ação_é_b and _é_', 'ação_é_b and italic(é)'],
    ['**open', '**open'],
    ['**open *x*', '**open italic(x)'],
    ['****', '****'],
    ['a\nb', 'a⏎b'],
    ['\\*not\\* \\_this\\_ \\`nor\\` this', '*not* _this_ `nor` this'],
    ['\\\\', '\\'],
    ['C:\\new', 'C:\\new'],
    ['`**not bold**`', 'code(**not bold**)'],
    ['``a ` b``', 'code(a ` b)'],
    ['`open', '`open'],
    ['** `**` **', 'bold( code(**) )'],
    ['<@1574313896058028033> <@!1574313896058028033>', 'user(1574313896058028033) user(1574313896058028033)'],
    ['<#1574313896058028033> <@&1574313896058028033>', 'channel(1574313896058028033) role(1574313896058028033)'],
    ['</session start:1574313896058028033>', 'command(session start)'],
    ['<:brain:1574313896058028033>', 'emoji(brain)'],
    ['<t:1700000000:R> <t:0>', 'time(1700000000) time(0)'],
    ['<@12> <nothing>', '<@12> <nothing>'],
    ['https://a.example/b_c_d.', 'link<https://a.example/b_c_d>(https://a.example/b_c_d).'],
    ['(https://a.example)', '(link<https://a.example/>(https://a.example))'],
    ['[**here**](https://a.example)', 'link<https://a.example/>(bold(here))'],
    ['<https://a.example>', 'link<https://a.example/>(https://a.example)'],
    ['[x](javascript:alert(1))', '[x](javascript:alert(1))'],
    ['xhttps://a.example', 'xhttps://a.example'],
  ])('%j', (source, expected) => {
    expect(brief(parseInline(source))).toBe(expected);
  });
});

describe('lines', () => {
  test.each([
    [
      '# One\n## Two\n### Three\n#### four\n#five',
      'heading1(One)heading2(Two)heading3(Three)paragraph(#### four⏎#five)',
    ],
    ['-# small\nplain', 'small(small)paragraph(plain)'],
    ['> a **b**\n> c\nd', 'quote(paragraph(a bold(b)⏎c))paragraph(d)'],
    ['>>> a\nb', 'quote(paragraph(a⏎b))'],
    ['> > a', 'quote(paragraph(> a))'],
    ['- a\n- b', 'ul(a; b)'],
    ['1. a\n2. b', 'ol(a; b)'],
    ['- a\n  - b\n  - c\n- d', 'ul(a ul(b; c); d)'],
    ['- a\n1. b', 'ul(a)ol(b)'],
    ['-no item', 'paragraph(-no item)'],
    ['```js\nconst a = "**b**";\n```', 'codeblock(const a = "**b**";)'],
    ['a\n```\nb\n```\nc', 'paragraph(a)codeblock(b)paragraph(c)'],
    ['```one line```', 'codeblock(one line)'],
    ['```\n  kept\n\n  as is\n```', 'codeblock(  kept\n\n  as is)'],
    ['```open', 'paragraph(```open)'],
    ['\\```no```', 'paragraph(`code(no)`)'],
    ['', ''],
  ])('%j', (source, expected) => {
    expect(brief(parseMarkdown(source))).toBe(expected);
  });
});

const ATTACKS = [
  '<script>',
  '</script>',
  '<img src=x onerror=alert(1)>',
  'javascript:',
  'JaVaScRiPt:alert(1)',
  'data:text/html,',
  'vbscript:',
  '&lt;',
  '"',
  "'",
  '`',
  '```',
  '**',
  '*',
  '_',
  '__',
  '~~',
  '||',
  '[',
  '](',
  ')',
  '<',
  '>',
  '\n',
  '\\',
  ' ',
  'https://',
  'http://a.example/',
  '<t:',
  '<@',
  '# ',
  '> ',
  '- ',
  '1. ',
  '\u0000',
  '\u202e',
  'onclick=',
  'ção',
  '🧠',
  'a',
];
const hostile = fc
  .array(fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ maxLength: 4 })), { maxLength: 40 })
  .map((parts) => parts.join(''));

describe('whatever is written', () => {
  test('only addresses of the web become links', () => {
    fc.assert(
      fc.property(hostile, (source) => {
        for (const node of everyNode(parseMarkdown(source))) {
          if (node.type === 'link') expect(node.url).toMatch(/^https?:\/\//);
          else expect(node.url).toBeUndefined();
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('the tree has no other kinds of nodes, and only texts in it', () => {
    const kinds = new Set(
      'text bold italic underline strike spoiler code link user channel role command emoji time break paragraph small heading codeblock quote list'.split(
        ' ',
      ),
    );
    fc.assert(
      fc.property(hostile, (source) => {
        for (const node of everyNode(parseMarkdown(source))) {
          expect(kinds).toContain(node.type);
          for (const [key, value] of Object.entries(node)) {
            const allowed =
              key === 'children' || key === 'items'
                ? Array.isArray(value)
                : ['string', 'number', 'boolean'].includes(typeof value);
            expect(allowed, `${node.type}.${key}`).toBe(true);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('no letter or digit is lost', () => {
    const words = fc.array(fc.stringMatching(/^[a-z0-9]{1,6}$/), { minLength: 1, maxLength: 12 });
    const marks = fc.constantFrom('**', '*', '_', '~~', '||', '`', ' ', '\n', '> ', '\\', '(', ')');
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            words.map((list) => list.join(' ')),
            marks,
          ),
          { maxLength: 30 },
        ),
        (parts) => {
          const source = parts.join('');
          const shown = everyNode(parseMarkdown(source))
            .filter(({ type }) => ['text', 'code', 'codeblock'].includes(type))
            .map(({ text }) => text)
            .join('');
          const letters = (text: string) => text.replaceAll(/[^a-z0-9]/g, '');
          // The number of an ordered list and the name of a code block's language are shown in other ways.
          if (/^\s*\d{1,9}\. /m.test(source) || source.includes('```')) return;
          expect(letters(shown)).toBe(letters(source));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('long chains of marks are parsed to the end', () => {
    for (const mark of [
      '*',
      '**',
      '_',
      '__',
      '~~',
      '||',
      '`',
      '```',
      '[',
      '<',
      '> ',
      '- ',
      '\\',
      '*a',
      '**a',
      '_*',
      '[a](',
      'https://',
      '(((',
      '# ',
      '||**__~~*_',
    ]) {
      const source = mark.repeat(Math.ceil(4096 / mark.length));
      expect(everyNode(parseMarkdown(source)).length).toBeGreaterThan(0);
    }
  });
});
