// @ts-check
/** Files of a message: pictures shown in their place, anything else offered for download. */
import { html } from './html.js';
import { Icon } from './icons.js';
import { locale, t } from './text.js';
import { fileSize } from './time.js';

/** @typedef {{ url: string, width?: number | null, height?: number | null, description?: string | null, filename?: string }} Picture */

/** Our own files by their path alone, whatever name the sender reached this server under. @param {string} url */
export function ownUrl(url) {
  try {
    const parsed = new URL(url, location.href);
    return parsed.pathname.startsWith('/attachments/') ? parsed.pathname + parsed.search : null;
  } catch {
    return null;
  }
}

/** @param {{ image: Picture, small?: boolean }} props */
export function AttachmentImage({ image, small = false }) {
  const url = ownUrl(image.url);
  // Pictures from elsewhere are not loaded: nobody outside the classroom learns who reads what.
  if (url === null)
    return html`<a href=${image.url} target="_blank" rel="noopener noreferrer nofollow">${image.url}</a>`;
  const name = image.description || image.filename || t('picture');
  return html`<a class=${small ? 'picture small' : 'picture'} href=${url} target="_blank" rel="noopener">
    <img src=${url} alt=${name} width=${image.width || undefined} height=${image.height || undefined} loading="lazy" decoding="async" />
  </a>`;
}

/** @param {{ attachments: readonly any[] }} props */
export function Attachments({ attachments }) {
  if (attachments.length === 0) return null;
  return html`<div class="attachments">
    ${attachments.map((file) =>
      file.content_type?.startsWith('image/')
        ? html`<${AttachmentImage} key=${file.id} image=${file} />`
        : html`<a key=${file.id} class="file" href=${ownUrl(file.url) ?? '#'} download=${file.filename}>
            <${Icon} name="file" />
            <span><b>${file.filename}</b><small>${file.description ? `${file.description} · ` : ''}${fileSize(file.size, locale())}</small></span>
          </a>`,
    )}
  </div>`;
}
