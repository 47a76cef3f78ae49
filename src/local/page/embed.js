// @ts-check
/** An embed as a card: a coloured edge, title, text, a grid of fields, pictures, a footer. */
import { AttachmentImage } from './attachments.js';
import { accent } from './components.js';
import { html, memo } from './html.js';
import { InlineMarkdown, Markdown } from './markdown-view.js';
import { locale } from './text.js';
import { styledTime } from './time.js';

/** @typedef {import('discord-api-types/v10').APIEmbed} ApiEmbed */

export const Embed = memo(
  /** @param {{ embed: ApiEmbed }} props */
  ({ embed }) => {
    const { author, title, description, fields = [], image, thumbnail, footer, timestamp, url } = embed;
    const footerText = [footer?.text, timestamp && styledTime(new Date(timestamp), 'f', locale())]
      .filter(Boolean)
      .join(' · ');
    return html`<article class="embed" style=${accent(embed.color)}>
      ${thumbnail && html`<${AttachmentImage} image=${thumbnail} small />`}
      ${author && html`<p class="embed-author">${author.name}</p>`}
      ${title && html`<h4 class="embed-title">${url ? html`<a href=${url} target="_blank" rel="noopener noreferrer nofollow"><${InlineMarkdown} text=${title} /></a>` : html`<${InlineMarkdown} text=${title} />`}</h4>`}
      ${description && html`<${Markdown} text=${description} />`}
      ${fields.length > 0 && html`<dl class="fields">${fields.map((field, index) => html`<${Field} key=${index} field=${field} columns=${columnsAt(fields, index)} />`)}</dl>`}
      ${image && html`<${AttachmentImage} image=${image} />`}
      ${footerText && html`<p class="embed-footer">${footerText}</p>`}
    </article>`;
  },
);

/** @typedef {{ name: string, value: string, inline?: boolean }} FieldData */

/**
 * How many stand beside each other: three, or two where that fills the lines better.
 * @param {readonly FieldData[]} fields
 * @param {number} index
 */
function columnsAt(fields, index) {
  if (!fields[index]?.inline) return 1;
  let first = index;
  while (fields[first - 1]?.inline) first--;
  let count = 1;
  while (fields[first + count]?.inline) count++;
  return count % 3 !== 0 && count % 2 === 0 ? 2 : 3;
}

/** @param {{ field: FieldData, columns: number }} props */
function Field({ field, columns }) {
  return html`<div class=${`field in-${columns}`}>
    <dt><${InlineMarkdown} text=${field.name} /></dt>
    <dd><${Markdown} text=${field.value} /></dd>
  </div>`;
}
