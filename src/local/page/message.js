// @ts-check
/** One message: who, when, what; its card, files and components; what may be done with it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { Attachments, ownUrl } from './attachments.js';
import { openChannel } from './channels.js';
import { Components } from './components.js';
import { Embed } from './embed.js';
import { html, memo } from './html.js';
import { Icon } from './icons.js';
import { Markdown } from './markdown-view.js';
import { hueOf, initialsOf, mayManageMessages, messageText, nameOf } from './names.js';
import { commandEntries } from './slash.js';
import { getState } from './state.js';
import { discordLocale, locale, t } from './text.js';
import { messageTime, styledTime } from './time.js';
import { deleteMessage, dropSending, editMessage, sendAgain } from './writing.js';

/** @typedef {import('./state.js').Message} MessageData */

const FLAG = { ephemeral: 64, loading: 128 };
const TYPE = { pinned: 6, threadCreated: 18 };

/** @param {{ user: { id: string, username: string, global_name?: string | null, bot?: boolean }, small?: boolean }} props */
export function Avatar({ user, small = false }) {
  const style = { '--hue': hueOf(user.id) };
  return html`<span class=${`avatar ${user.bot ? 'bot' : ''} ${small ? 'small' : ''}`} style=${style} aria-hidden="true">
    ${user.bot ? html`<${Icon} name="sprout" />` : initialsOf(nameOf(user))}
  </span>`;
}

export const Message = memo(
  /** @param {{ message: MessageData, isFollowing: boolean }} props isFollowing: right after another of the same author */
  ({ message, isFollowing }) => {
    if (message.type === TYPE.threadCreated || message.type === TYPE.pinned)
      return html`<${SystemLine} message=${message} />`;
    const { author, flags = 0 } = message;
    const isOwn = author.id === getState().me?.id;
    const isEphemeral = (flags & FLAG.ephemeral) !== 0;
    const classes = [
      'message',
      isFollowing ? 'following' : '',
      isOwn ? 'own' : '',
      author.bot ? 'from-bot' : '',
      isEphemeral ? 'ephemeral' : '',
      message.sending ? 'sending' : '',
      message.failed ? 'failed' : '',
    ];
    return html`<li class=${classes.filter(Boolean).join(' ')} id=${`message-${message.id}`}>
      ${!isFollowing && html`<${Origin} message=${message} />`}
      <div class="message-side">${isFollowing ? html`<time class="message-hour" datetime=${message.timestamp}>${styledTime(new Date(message.timestamp), 't', locale())}</time>` : html`<${Avatar} user=${author} />`}</div>
      <div class="message-main">
        ${
          !isFollowing &&
          html`<p class="message-head">
            <strong>${nameOf(author)}</strong>${author.bot && html`<span class="badge">${t('bot')}</span>`}
            <time datetime=${message.timestamp} title=${styledTime(new Date(message.timestamp), 'F', locale())}>${messageTime(message.timestamp, locale())}</time>
          </p>`
        }
        <${Body} message=${message} isOwn=${isOwn} />
        ${isEphemeral && html`<p class="note"><${Icon} name="eye" /> ${t('only_you')} <button type="button" class="link" onClick=${() => void deleteMessage(message)}>${t('dismiss')}</button></p>`}
        ${
          message.failed &&
          html`<p class="note wrong" role="alert">
            ${message.failed} <button type="button" class="link" onClick=${() => sendAgain(message)}>${t('send_again')}</button>
            <button type="button" class="link" onClick=${() => dropSending(message)}>${t('discard')}</button>
          </p>`
        }
      </div>
    </li>`;
  },
);

/** What the message answers: somebody's command, or another message. @param {{ message: MessageData }} props */
function Origin({ message }) {
  const interaction = message.interaction_metadata;
  const command = /** @type {any} */ (message).interaction?.name;
  if (interaction !== undefined && command !== undefined && message.type === 20) {
    return html`<p class="origin"><${Icon} name="chevron" /><b>${nameOf(interaction.user)}</b> ${t('used')} <code>/${labelOf(command)}</code></p>`;
  }
  const { referenced_message: answered } = message;
  if (!answered || message.type !== 19) return null;
  const jump = () =>
    document.getElementById(`message-${answered.id}`)?.scrollIntoView({ block: 'center', behavior: 'smooth' });
  return html`<button type="button" class="origin" onClick=${jump}>
    <${Icon} name="chevron" /><b>${nameOf(answered.author)}</b> <span>${messageText(answered)}</span>
  </button>`;
}

/** A command's name in the reader's language. @param {string} path */
function labelOf(path) {
  return commandEntries(getState().commands, discordLocale()).find((entry) => entry.path === path)?.label ?? path;
}

/** @param {{ message: MessageData, isOwn: boolean }} props */
function Body({ message, isOwn }) {
  const [isEditing, setEditing] = useState(false);
  const isLoading = ((message.flags ?? 0) & FLAG.loading) !== 0;
  if (isLoading) return html`<p class="thinking"><${Dots} /> ${t('thinking')}</p>`;
  if (isEditing) return html`<${Editor} message=${message} onDone=${() => setEditing(false)} />`;
  const inEmbeds = new Set(
    (message.embeds ?? [])
      .flatMap(({ image, thumbnail }) => [image?.url, thumbnail?.url])
      .map((url) => url && ownUrl(url)),
  );
  const files = (message.attachments ?? []).filter((file) => !inEmbeds.has(ownUrl(file.url)));
  const isPlain = isOwn && !message.sending && !message.failed && message.type !== 20;
  return html`
    ${message.content && html`<div class="content"><${Markdown} text=${message.content} />${message.edited_timestamp && !message.author.bot && html`<small class="edited" title=${styledTime(new Date(message.edited_timestamp), 'F', locale())}>${t('edited')}</small>`}</div>`}
    ${(message.embeds ?? []).map((embed, index) => html`<${Embed} key=${index} embed=${embed} />`)}
    <${Attachments} attachments=${files} />
    <${Components} message=${message} />
    ${message.thread && html`<button type="button" class="thread-link" onClick=${() => openChannel(message.thread?.id ?? '')}><${Icon} name="thread" /> ${message.thread.name}</button>`}
    ${(isPlain || (mayManageMessages() && !message.sending)) && html`<${Tools} message=${message} mayEdit=${isPlain} onEdit=${() => setEditing(true)} />`}
  `;
}

export function Dots() {
  return html`<span class="dots" aria-hidden="true"><i></i><i></i><i></i></span>`;
}

/** @param {{ message: MessageData, mayEdit: boolean, onEdit: () => void }} props */
function Tools({ message, mayEdit, onEdit }) {
  const remove = () => {
    if (confirm(t('delete_question', { text: messageText(message) }))) void deleteMessage(message);
  };
  return html`<div class="tools">
    ${mayEdit && html`<button type="button" class="icon-button" aria-label=${t('edit')} title=${t('edit')} onClick=${onEdit}><${Icon} name="pencil" /></button>`}
    <button type="button" class="icon-button" aria-label=${t('delete')} title=${t('delete')} onClick=${remove}><${Icon} name="trash" /></button>
  </div>`;
}

/** @param {{ message: MessageData, onDone: () => void }} props */
function Editor({ message, onDone }) {
  const [text, setText] = useState(message.content);
  const area = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  useEffect(() => area.current?.focus(), []);
  const save = async () => {
    if (text.trim() === '' || text === message.content || (await editMessage(message, text.trim()))) onDone();
  };
  return html`<div class="editor">
    <textarea
      ref=${area}
      rows="2"
      maxlength="2000"
      value=${text}
      aria-label=${t('edit')}
      onInput=${(/** @type {{ currentTarget: HTMLTextAreaElement }} */ event) => setText(event.currentTarget.value)}
      onKeyDown=${(/** @type {KeyboardEvent} */ event) => {
        if (event.key === 'Escape') onDone();
        if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
          event.preventDefault();
          void save();
        }
      }}
    ></textarea>
    <p>
      <button type="button" class="button primary" onClick=${() => void save()}>${t('save')}</button>
      <button type="button" class="button secondary" onClick=${onDone}>${t('cancel')}</button>
    </p>
  </div>`;
}

/** "Ana opened the thread …". @param {{ message: MessageData }} props */
function SystemLine({ message }) {
  const name = nameOf(message.author);
  const threadId = message.message_reference?.channel_id;
  if (message.type === TYPE.pinned) return html`<li class="system">${t('pinned_line', { name })}</li>`;
  return html`<li class="system">
    <${Icon} name="thread" /> ${t('thread_line', { name })}
    <button type="button" class="thread-link" onClick=${() => openChannel(threadId ?? '')}>${message.content}</button>
  </li>`;
}
