// @ts-check
/** A parsed text as elements. Everything a person or a model wrote ends as a text node or an attribute of a checked link. */
import { useEffect, useState } from 'preact/hooks';
import { openChannel } from './channels.js';
import { html, memo } from './html.js';
import { parseInline, parseMarkdown } from './markdown.js';
import { nameOfId } from './names.js';
import { getState, setState } from './state.js';
import { locale } from './text.js';
import { relativeTime, styledTime } from './time.js';

/** @typedef {import('./markdown.js').Inline} InlineNode */
/** @typedef {import('./markdown.js').Block} BlockNode */

export const Markdown = memo(
  /** @param {{ text: string }} props */
  ({ text }) => html`<div class="markdown">${parseMarkdown(text).map(block)}</div>`,
);

/** A line without paragraphs (titles, names of fields). */
export const InlineMarkdown = memo(
  /** @param {{ text: string }} props */
  ({ text }) => html`<span>${parseInline(text).map(inline)}</span>`,
);

/**
 * @param {BlockNode} node
 * @returns {unknown}
 */
function block(node) {
  switch (node.type) {
    case 'paragraph':
      return html`<p>${node.children.map(inline)}</p>`;
    case 'small':
      return html`<p class="small">${node.children.map(inline)}</p>`;
    case 'heading':
      return html`<p class=${`heading level-${node.level}`} role="heading" aria-level=${node.level + 2}>${node.children.map(inline)}</p>`;
    case 'codeblock':
      return html`<pre tabindex="0"><code>${node.language === 'ansi' ? withoutColours(node.text) : node.text}</code></pre>`;
    case 'quote':
      return html`<blockquote>${node.children.map(block)}</blockquote>`;
    case 'list':
      return list(node);
  }
}

/** @param {Extract<BlockNode, { type: 'list' }>} node */
function list(node) {
  const items = node.items.map(({ children, nested }) => html`<li>${children.map(inline)}${nested.map(block)}</li>`);
  return node.ordered ? html`<ol start=${node.start}>${items}</ol>` : html`<ul>${items}</ul>`;
}

/** @param {string} text */
function withoutColours(text) {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what colours begin with
  return text.replaceAll(/\u001b\[[\d;]*m/g, '');
}

/**
 * @param {InlineNode} node
 * @returns {unknown}
 */
function inline(node) {
  switch (node.type) {
    case 'text':
      return node.text;
    case 'break':
      return html`<br />`;
    case 'bold':
      return html`<strong>${node.children.map(inline)}</strong>`;
    case 'italic':
      return html`<em>${node.children.map(inline)}</em>`;
    case 'underline':
      return html`<u>${node.children.map(inline)}</u>`;
    case 'strike':
      return html`<s>${node.children.map(inline)}</s>`;
    case 'spoiler':
      return html`<${Spoiler}>${node.children.map(inline)}<//>`;
    case 'code':
      return html`<code>${node.text}</code>`;
    case 'link':
      return html`<a href=${node.url} target="_blank" rel="noopener noreferrer nofollow">${node.children.map(inline)}</a>`;
    case 'user':
      return html`<span class="mention">@${nameOfId(node.id)}</span>`;
    case 'role':
      return html`<span class="mention">@${getState().guild?.roles.find((role) => role.id === node.id)?.name ?? '…'}</span>`;
    case 'channel':
      return html`<${ChannelMention} id=${node.id} />`;
    case 'command':
      return html`<button type="button" class="mention" onClick=${() => setState({ draft: { text: `/${node.name} ` } })}>/${node.name}</button>`;
    case 'emoji':
      return `:${node.name}:`;
    case 'time':
      return html`<${Time} seconds=${node.seconds} style=${node.style} />`;
  }
}

/** @param {{ id: string }} props */
function ChannelMention({ id }) {
  const channel = getState().channels[id];
  if (channel === undefined) return html`<span class="mention">#…</span>`;
  return html`<button type="button" class="mention" onClick=${() => openChannel(id)}>#${channel.name}</button>`;
}

/** @param {{ children?: unknown }} props */
function Spoiler({ children }) {
  const [isOpen, setOpen] = useState(false);
  if (isOpen) return html`<span class="spoiler open">${children}</span>`;
  return html`<button type="button" class="spoiler" aria-expanded="false" onClick=${() => setOpen(true)}><span aria-hidden="true">${children}</span></button>`;
}

/**
 * A point in time; a relative one counts on by itself.
 * @param {{ seconds: number, style: string }} props
 */
function Time({ seconds, style }) {
  const [, tick] = useState(0);
  const isRelative = style === 'R';
  useEffect(() => {
    if (!isRelative) return undefined;
    const near = Math.abs(Date.now() / 1000 - seconds) < 120;
    const timer = setInterval(() => tick((count) => count + 1), near ? 1000 : 30_000);
    return () => clearInterval(timer);
  }, [seconds, isRelative]);
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) return '…';
  const full = styledTime(date, 'F', locale());
  return html`<time datetime=${date.toISOString()} title=${full}>${isRelative ? relativeTime(date, locale()) : styledTime(date, style, locale())}</time>`;
}
