// @ts-check
/**
 * The part of Discord's Markdown that the bot and people use, as a tree of plain objects: text goes in, no HTML comes out
 * (`markdown-view.js` makes elements of it). Here its lines and blocks; `inline.js` reads what is inside a line.
 *
 * @typedef {import('./inline.js').Inline} Inline
 * @typedef {{ type: 'paragraph' | 'small', children: Inline[] }
 *   | { type: 'heading', level: number, children: Inline[] }
 *   | { type: 'codeblock', language: string, text: string }
 *   | { type: 'quote', children: Block[] }
 *   | { type: 'list', ordered: boolean, start: number, items: { children: Inline[], nested: Block[] }[] }} Block
 */

import { MAX_DEPTH, parseInline } from './inline.js';

export { parseInline };

const FENCE = '```';

/**
 * @param {string} source
 * @returns {Block[]}
 */
export function parseMarkdown(source) {
  return parseBlocks(source.replaceAll('\r\n', '\n'), false);
}

/**
 * Code blocks first (nothing inside them has a meaning), then what lies between them.
 * @param {string} source
 * @param {boolean} isQuoted quotes do not nest
 * @returns {Block[]}
 */
function parseBlocks(source, isQuoted) {
  /** @type {Block[]} */
  const blocks = [];
  let at = 0;
  while (at < source.length) {
    const open = findFence(source, at);
    const close = open === -1 ? -1 : source.indexOf(FENCE, open + 3);
    if (close === -1) break;
    blocks.push(...parseLines(trimBreaks(source.slice(at, open)), isQuoted), codeBlock(source.slice(open + 3, close)));
    at = close + 3;
  }
  blocks.push(...parseLines(at === 0 ? source : trimBreaks(source.slice(at)), isQuoted));
  return blocks;
}

/**
 * @param {string} source
 * @param {number} from
 */
function findFence(source, from) {
  for (let at = source.indexOf(FENCE, from); at !== -1; at = source.indexOf(FENCE, at + 1)) {
    if (source[at - 1] !== '\\') return at;
  }
  return -1;
}

/** The line breaks next to a code block belong to it. @param {string} text */
function trimBreaks(text) {
  return text.replace(/^\n/, '').replace(/\n$/, '');
}

/**
 * @param {string} inside
 * @returns {Block}
 */
function codeBlock(inside) {
  const match = /^([a-z0-9_+\-.#]{1,20})\n/i.exec(inside);
  const language = match?.[1] ?? '';
  const text = inside.slice(match?.[0].length ?? 0);
  return { type: 'codeblock', language: language.toLowerCase(), text: text.replace(/^\n/, '').replace(/\n$/, '') };
}

const ITEM = /^( *)([-*]|\d{1,9}\.) +(.*)$/;

/**
 * @param {string} source
 * @param {boolean} isQuoted
 * @returns {Block[]}
 */
function parseLines(source, isQuoted) {
  if (source === '') return [];
  /** @type {Block[]} */
  const blocks = [];
  const lines = source.split('\n');
  /** @type {string[]} */
  let paragraph = [];
  const flush = () => {
    if (paragraph.length > 0) blocks.push({ type: 'paragraph', children: parseInline(paragraph.join('\n')) });
    paragraph = [];
  };
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const heading = /^(#{1,3}) +(\S.*)$/.exec(line);
    const small = /^-# +(\S.*)$/.exec(line);
    const quote = isQuoted ? null : quoted(lines, index);
    if (quote !== null) {
      flush();
      blocks.push({ type: 'quote', children: parseBlocks(quote.text, true) });
      index += quote.lines - 1;
    } else if (heading !== null) {
      flush();
      blocks.push({ type: 'heading', level: heading[1]?.length ?? 1, children: parseInline(heading[2] ?? '') });
    } else if (small !== null) {
      flush();
      blocks.push({ type: 'small', children: parseInline(small[1] ?? '') });
    } else if (ITEM.test(line)) {
      flush();
      const count = itemLines(lines, index);
      blocks.push(list(lines.slice(index, index + count), 0));
      index += count - 1;
    } else paragraph.push(line);
  }
  flush();
  return blocks;
}

/**
 * The quote that begins at a line: its lines of "> ", or all that follows ">>> ". Null if none begins there.
 * @param {readonly string[]} lines
 * @param {number} index
 */
function quoted(lines, index) {
  if (lines[index]?.startsWith('>>> ')) {
    return { text: [lines[index]?.slice(4), ...lines.slice(index + 1)].join('\n'), lines: lines.length - index };
  }
  let end = index;
  while (lines[end]?.startsWith('> ') || lines[end] === '>') end++;
  if (end === index) return null;
  return {
    text: lines
      .slice(index, end)
      .map((line) => line.slice(2))
      .join('\n'),
    lines: end - index,
  };
}

/**
 * @param {readonly string[]} lines
 * @param {number} index
 */
function itemLines(lines, index) {
  const first = ITEM.exec(lines[index] ?? '');
  const isSameKind = (/** @type {RegExpExecArray} */ item) =>
    (item[1]?.length ?? 0) > (first?.[1]?.length ?? 0) + 1 || /\d/.test(item[2] ?? '') === /\d/.test(first?.[2] ?? '');
  let end = index + 1;
  for (let item = ITEM.exec(lines[end] ?? ''); item !== null && isSameKind(item); item = ITEM.exec(lines[end] ?? ''))
    end++;
  return end - index;
}

/**
 * Items of one list; deeper indentation makes a list inside the item before.
 * @param {readonly string[]} lines
 * @param {number} depth
 * @returns {Block}
 */
function list(lines, depth) {
  const first = ITEM.exec(lines[0] ?? '');
  const indent = first?.[1]?.length ?? 0;
  const ordered = /\d/.test(first?.[2] ?? '');
  /** @type {{ children: Inline[], nested: Block[] }[]} */
  const items = [];
  for (let index = 0; index < lines.length; index++) {
    const match = ITEM.exec(lines[index] ?? '');
    const own = match?.[1]?.length ?? 0;
    const last = items.at(-1);
    if (last !== undefined && own > indent + 1 && depth < MAX_DEPTH) {
      let end = index;
      while (end < lines.length && (ITEM.exec(lines[end] ?? '')?.[1]?.length ?? 0) > indent + 1) end++;
      last.nested.push(list(lines.slice(index, end), depth + 1));
      index = end - 1;
    } else items.push({ children: parseInline(match?.[3] ?? ''), nested: [] });
  }
  return { type: 'list', ordered, start: ordered ? Number.parseInt(first?.[2] ?? '1', 10) : 1, items };
}
