// @ts-check
/**
 * Markdown inside a line: marks, code, mentions, links, times. Unclosed marks are ordinary text. A closing mark is looked for
 * before going deeper, so that no input takes more than about its length squared.
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
 */

export const MAX_DEPTH = 8;

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
