// @ts-check
/**
 * The part of Discord's Markdown that the bot and people use, as a tree of plain objects: text goes in, no HTML comes out
 * (`markdown-view.js` makes elements of it). Unclosed marks are ordinary text. Closing marks are looked for before
 * going deeper, so that no input takes more than about its length squared.
 *
 * @typedef {{ type: 'text', text: string }
 *   | { type: 'bold' | 'italic' | 'underline' | 'strike' | 'spoiler', children: Inline[] }
 *   | { type: 'code', text: string }
 *   | { type: 'link', url: string, children: Inline[] }
 *   | { type: 'user' | 'channel' | 'role', id: string }
 *   | { type: 'command', name: string }
 *   | { type: 'emoji', name: string }
 *   | { type: 'time', seconds: number, style: string }
 *   | { type: 'break' }} Inline
 * @typedef {{ type: 'paragraph' | 'small', children: Inline[] }
 *   | { type: 'heading', level: number, children: Inline[] }
 *   | { type: 'codeblock', language: string, text: string }
 *   | { type: 'quote', children: Block[] }
 *   | { type: 'list', ordered: boolean, start: number, items: { children: Inline[], nested: Block[] }[] }} Block
 */

const MAX_DEPTH = 8;
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

// Inside a line

/** Marks that enclose text, the longer ones first. @type {readonly (readonly [string, 'bold' | 'italic' | 'underline' | 'strike' | 'spoiler'])[]} */
const MARKS = [
  ['||', 'spoiler'],
  ['**', 'bold'],
  ['__', 'underline'],
  ['~~', 'strike'],
  ['*', 'italic'],
  ['_', 'italic'],
];

const TOKENS = {
  user: /^<@!?(\d{17,20})>/,
  role: /^<@&(\d{17,20})>/,
  channel: /^<#(\d{17,20})>/,
  command: /^<\/([^:\n<>]{1,100}):\d{17,20}>/,
  emoji: /^<a?:(\w{2,32}):\d{17,20}>/,
  time: /^<t:(-?\d{1,13})(?::([tTdDfFRsS]))?>/,
  angled: /^<(https?:\/\/[^\s<>]{1,2000})>/i,
  masked: /^\[([^\]\n]{1,500})\]\(<?(https?:\/\/[^\s<>()]{1,2000})>?\)/i,
  bare: /^https?:\/\/[^\s<>]{1,2000}/i,
};

/**
 * @param {string} source
 * @param {number} [depth]
 * @returns {Inline[]}
 */
export function parseInline(source, depth = 0) {
  /** @type {Inline[]} */
  const nodes = [];
  let text = '';
  const push = (/** @type {Inline} */ node) => {
    if (text !== '') nodes.push({ type: 'text', text });
    text = '';
    nodes.push(node);
  };
  let at = 0;
  while (at < source.length) {
    const symbol = source[at] ?? '';
    const found = depth < MAX_DEPTH ? inlineAt(source, at, depth) : null;
    if (symbol === '\\' && /[\\`*_{}[\]()#+\-.!|~><:@]/.test(source[at + 1] ?? '')) {
      text += source[at + 1];
      at += 2;
    } else if (symbol === '\n') {
      push({ type: 'break' });
      at++;
    } else if (found !== null) {
      push(found.node);
      at += found.length;
    } else {
      text += symbol;
      at++;
    }
  }
  if (text !== '') nodes.push({ type: 'text', text });
  return nodes;
}

/**
 * @param {string} source
 * @param {number} at
 * @param {number} depth
 * @returns {{ node: Inline, length: number } | null}
 */
function inlineAt(source, at, depth) {
  switch (source[at]) {
    case '`':
      return code(source, at);
    case '<':
      return angled(source.slice(at, at + 2100));
    case '[':
      return masked(source.slice(at, at + 2600), depth);
    case 'h':
    case 'H':
      return bareLink(source, at);
    case '*':
    case '_':
    case '~':
    case '|':
      return enclosed(source, at, depth);
    default:
      return null;
  }
}

/**
 * @param {string} source
 * @param {number} at
 * @returns {{ node: Inline, length: number } | null}
 */
function code(source, at) {
  const fence = source.startsWith('``', at) ? '``' : '`';
  const close = source.indexOf(fence, at + fence.length);
  if (close <= at + fence.length) return null;
  const inside = source.slice(at + fence.length, close);
  return {
    node: { type: 'code', text: fence === '``' ? inside.trim() || inside : inside },
    length: close + fence.length - at,
  };
}

/**
 * @param {string} rest
 * @returns {{ node: Inline, length: number } | null}
 */
function angled(rest) {
  for (const type of /** @type {const} */ (['user', 'role', 'channel'])) {
    const match = TOKENS[type].exec(rest);
    if (match !== null) return { node: { type, id: match[1] ?? '' }, length: match[0].length };
  }
  const time = TOKENS.time.exec(rest);
  if (time !== null)
    return { node: { type: 'time', seconds: Number(time[1]), style: time[2] ?? 'f' }, length: time[0].length };
  for (const type of /** @type {const} */ (['command', 'emoji'])) {
    const match = TOKENS[type].exec(rest);
    if (match !== null) return { node: { type, name: match[1] ?? '' }, length: match[0].length };
  }
  const link = TOKENS.angled.exec(rest);
  return link === null ? null : linkNode(link[1] ?? '', link[1] ?? '', link[0].length, MAX_DEPTH);
}

/**
 * @param {string} rest
 * @param {number} depth
 */
function masked(rest, depth) {
  const match = TOKENS.masked.exec(rest);
  return match === null ? null : linkNode(match[2] ?? '', match[1] ?? '', match[0].length, depth + 1);
}

/**
 * @param {string} source
 * @param {number} at
 */
function bareLink(source, at) {
  if (/\w/.test(source[at - 1] ?? '')) return null;
  const match = TOKENS.bare.exec(source.slice(at, at + 2100));
  const url = match?.[0].replace(/[.,;:!?'")\]*_~|]+$/, '') ?? '';
  return url.length <= 'https://'.length ? null : linkNode(url, url, url.length, MAX_DEPTH);
}

/**
 * Only addresses of the web become links, whatever the text says.
 * @param {string} url
 * @param {string} label
 * @param {number} length
 * @param {number} depth
 * @returns {{ node: Inline, length: number } | null}
 */
function linkNode(url, label, length, depth) {
  const href = webAddress(url);
  if (href === null) return null;
  return {
    node: {
      type: 'link',
      url: href,
      children: depth >= MAX_DEPTH ? [{ type: 'text', text: label }] : parseInline(label, depth),
    },
    length,
  };
}

/** @param {string} url */
function webAddress(url) {
  try {
    const { protocol, href } = new URL(url);
    return protocol === 'http:' || protocol === 'https:' ? href : null;
  } catch {
    return null;
  }
}

/**
 * @param {string} source
 * @param {number} at
 * @param {number} depth
 * @returns {{ node: Inline, length: number } | null}
 */
function enclosed(source, at, depth) {
  for (const [mark, type] of MARKS) {
    if (!source.startsWith(mark, at) || !opens(source, at, mark)) continue;
    const close = findClose(source, at + mark.length, mark);
    if (close === -1) continue;
    const children = parseInline(source.slice(at + mark.length, close), depth + 1);
    return { node: { type, children }, length: close + mark.length - at };
  }
  return null;
}

/**
 * A star before a blank is a star (2 * 3); an underscore within a word is part of it (snake_case).
 * @param {string} source
 * @param {number} at
 * @param {string} mark
 */
function opens(source, at, mark) {
  if (mark.length === 2) return true;
  if (source[at + 1] === mark || source[at - 1] === mark) return false;
  return mark === '*' ? /\S/.test(source[at + 1] ?? '') : !/[\p{L}\p{N}]/u.test(source[at - 1] ?? '');
}

/**
 * Where the mark closes: not escaped, not inside code, around something.
 * @param {string} source
 * @param {number} from
 * @param {string} mark
 */
function findClose(source, from, mark) {
  for (let at = from; at < source.length; at++) {
    if (source[at] === '\\') at++;
    else if (source[at] === '`') {
      const end = source.indexOf('`', at + 1);
      if (end !== -1) at = end;
    } else if (source.startsWith(mark, at) && at > from && closes(source, at, mark)) return at;
    else if (mark.length === 1 && source[at] === mark && source[at + 1] === mark) at++;
  }
  return -1;
}

/**
 * @param {string} source
 * @param {number} at
 * @param {string} mark
 */
function closes(source, at, mark) {
  // The last of several equal signs closes: "***both***" is an italic inside a bold.
  if (mark.length === 2) return source[at + 2] !== mark[0] || source.startsWith(mark, at + 2);
  if (source[at + 1] === mark) return false;
  return mark === '*' ? /\S/.test(source[at - 1] ?? '') : !/[\p{L}\p{N}]/u.test(source[at + 1] ?? '');
}
