// @ts-check
/** Where one writes: text, files, and commands with their completions. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { CommandForm } from './command-form.js';
import { html } from './html.js';
import { Icon } from './icons.js';
import { runCommand } from './interactions.js';
import { commandEntries, localName, matchEntries, optionTree, parseLine, problemsOf } from './slash.js';
import { setState, useStore } from './state.js';
import { discordLocale, locale, t } from './text.js';
import { fileSize } from './time.js';
import { explain, showError } from './toasts.js';
import { sendMessage, tellTyping } from './writing.js';

const MAX_LENGTH = 2000;
const MAX_FILES = 10;
const MAX_FILE_BYTES = 10 * 1024 * 1024;
const MAX_SHOWN = 30;
const MAX_OPTIONS = 6;

/** What was being written, by channel, so that a look elsewhere loses nothing. @type {Map<string, string>} */
const drafts = new Map();

/** @param {{ channel: import('./state.js').Channel }} props */
export function Composer({ channel }) {
  const commands = useStore((state) => state.commands);
  const draft = useStore((state) => state.draft);
  const [text, setText] = useState(drafts.get(channel.id) ?? '');
  const [files, setFiles] = useState(/** @type {File[]} */ ([]));
  const [form, setForm] = useState(
    /** @type {{ entry: import('./slash.js').Entry, values: import('./slash.js').Values } | null} */ (null),
  );
  const [active, setActive] = useState(0);
  const [isDismissed, setDismissed] = useState(false);
  const input = useRef(/** @type {HTMLTextAreaElement | null} */ (null));
  const picker = useRef(/** @type {HTMLInputElement | null} */ (null));

  const entries = commandEntries(commands, discordLocale());
  const isTypingCommand = /^\/[^\n]*$/.test(text) && !isDismissed;
  const matches = isTypingCommand ? matchEntries(entries, commandWords(text)).slice(0, MAX_SHOWN) : [];
  const isListOpen = isTypingCommand && form === null && matches.length > 0;

  useEffect(() => {
    setText(drafts.get(channel.id) ?? '');
    setFiles([]);
    setForm(null);
    if (matchMedia('(hover: hover)').matches) input.current?.focus();
  }, [channel.id]);
  useEffect(() => {
    if (draft === null) return;
    setState({ draft: null });
    write(draft.text);
    input.current?.focus();
  }, [draft]);
  useEffect(() => {
    const area = input.current;
    if (area === null) return;
    area.style.height = 'auto';
    if (text !== '') area.style.height = `${Math.min(area.scrollHeight, 200)}px`;
  }, [text, form]);

  const write = (/** @type {string} */ value) => {
    drafts.set(channel.id, value);
    setText(value);
    setActive(0);
    setDismissed(false);
  };
  const choose = (/** @type {import('./slash.js').Entry} */ entry) => {
    const known = parseLine([entry], text, discordLocale());
    write('');
    if (entry.options.length === 0) void run(entry, {});
    else setForm({ entry, values: known?.values ?? {} });
  };
  const run = async (
    /** @type {import('./slash.js').Entry} */ entry,
    /** @type {import('./slash.js').Values} */ values,
  ) => {
    setForm(null);
    try {
      await runCommand(channel.id, entry.command, optionTree(entry, values), `/${entry.label}`);
    } catch (error) {
      setForm({ entry, values });
      showError(explain(error));
    }
    input.current?.focus();
  };
  const submit = () => {
    const line = parseLine(entries, text.trim(), discordLocale());
    if (line !== null) {
      write('');
      if (Object.keys(problemsOf(line.entry, line.values)).length === 0) void run(line.entry, line.values);
      else setForm(line);
      return;
    }
    if (/^\/\S/.test(text) && matches.length === 0) {
      showError(t('command_unknown', { name: text.trim().split(' ')[0] ?? '' }));
      return;
    }
    if (text.trim() === '' && files.length === 0) return;
    if (text.length > MAX_LENGTH) {
      showError(t('message_too_long', { most: MAX_LENGTH }));
      return;
    }
    void sendMessage(channel.id, text.trim(), files);
    write('');
    setFiles([]);
  };
  const addFiles = (/** @type {Iterable<File>} */ list) => {
    const all = [...files, ...list];
    if (all.some((file) => file.size > MAX_FILE_BYTES)) showError(t('error_file_too_large'));
    setFiles(all.filter((file) => file.size <= MAX_FILE_BYTES).slice(0, MAX_FILES));
  };
  const onKeyDown = (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (isListOpen) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        const step = event.key === 'ArrowDown' ? 1 : matches.length - 1;
        setActive((active + step) % matches.length);
        return;
      }
      if (event.key === 'Escape') {
        event.preventDefault();
        setDismissed(true);
        return;
      }
      const chosen = matches[active];
      const isWhole = parseLine(entries, text.trim(), discordLocale()) !== null && !/^\/\S+$/.test(text.trim());
      if ((event.key === 'Tab' || (event.key === 'Enter' && !event.shiftKey && !isWhole)) && chosen !== undefined) {
        event.preventDefault();
        choose(chosen);
        return;
      }
    }
    const isTouch = matchMedia('(hover: none)').matches;
    if (event.key === 'Enter' && !event.shiftKey && !isTouch) {
      event.preventDefault();
      submit();
    }
  };

  const isLocked = channel.thread_metadata?.locked === true;
  if (isLocked) return html`<p class="composer locked">${t('thread_locked')}</p>`;
  if (form !== null) {
    return html`<div class="composer">
      <${CommandForm}
        key=${form.entry.path}
        entry=${form.entry}
        initial=${form.values}
        channelId=${channel.id}
        onRun=${(/** @type {import('./slash.js').Values} */ values) => void run(form.entry, values)}
        onCancel=${() => {
          setForm(null);
          setTimeout(() => input.current?.focus());
        }}
      />
    </div>`;
  }
  const place = channel.type === 0 ? `#${channel.name}` : channel.name;
  const hint = matchMedia('(max-width: 600px)').matches ? t('composer_short') : t('composer_placeholder');
  return html`<div
    class="composer"
    onDragOver=${(/** @type {DragEvent} */ event) => event.preventDefault()}
    onDrop=${(/** @type {DragEvent} */ event) => {
      event.preventDefault();
      addFiles(event.dataTransfer?.files ?? []);
    }}
  >
    ${isListOpen && html`<${CommandList} matches=${matches} active=${active} onActive=${setActive} onChoose=${choose} />`}
    ${
      files.length > 0 &&
      html`<ul class="chosen-files">
        ${files.map(
          (file) => html`<li key=${file.name}>
            <${Icon} name="file" /><span>${file.name}</span><small>${fileSize(file.size, locale())}</small>
            <button type="button" class="icon-button" aria-label=${t('remove_file', { name: file.name })} onClick=${() => setFiles(files.filter((each) => each !== file))}>
              <${Icon} name="close" />
            </button>
          </li>`,
        )}
      </ul>`
    }
    <div class="composer-box">
      <button type="button" class="icon-button slash" aria-label=${t('commands')} title=${t('commands')} onClick=${() => {
        write('/');
        input.current?.focus();
      }}>/</button>
      <textarea
        ref=${input}
        rows="1"
        value=${text}
        placeholder=${hint}
        aria-label=${t('composer_label', { place })}
        role="combobox"
        aria-expanded=${isListOpen}
        aria-controls="commands"
        aria-autocomplete="list"
        aria-activedescendant=${isListOpen ? `command-${active}` : undefined}
        enterkeyhint="send"
        maxlength="4000"
        onInput=${(/** @type {InputEvent & { currentTarget: HTMLTextAreaElement }} */ event) => {
          write(event.currentTarget.value);
          if (event.currentTarget.value !== '' && !event.currentTarget.value.startsWith('/')) tellTyping(channel.id);
        }}
        onKeyDown=${onKeyDown}
        onPaste=${(/** @type {ClipboardEvent} */ event) => {
          if (event.clipboardData?.files.length) addFiles(event.clipboardData.files);
        }}
      ></textarea>
      <input ref=${picker} type="file" multiple hidden onChange=${(
        /** @type {{ currentTarget: HTMLInputElement }} */ event,
      ) => {
        addFiles(event.currentTarget.files ?? []);
        event.currentTarget.value = '';
      }} />
      <button type="button" class="icon-button" aria-label=${t('attach')} title=${t('attach')} onClick=${() => picker.current?.click()}><${Icon} name="clip" /></button>
      <button type="button" class="icon-button send" aria-label=${t('send')} title=${t('send')} disabled=${text.trim() === '' && files.length === 0} onClick=${submit}>
        <${Icon} name="send" />
      </button>
    </div>
    ${text.length > MAX_LENGTH - 200 && html`<p class=${text.length > MAX_LENGTH ? 'counter over' : 'counter'}>${MAX_LENGTH - text.length}</p>`}
  </div>`;
}

/** The words before the first option ("/turn say text: …" is "turn say"). @param {string} text */
function commandWords(text) {
  return text.slice(1).replace(/\s\S+:.*$/, '');
}

/**
 * @param {object} props
 * @param {readonly import('./slash.js').Entry[]} props.matches
 * @param {number} props.active
 * @param {(index: number) => void} props.onActive
 * @param {(entry: import('./slash.js').Entry) => void} props.onChoose
 */
function CommandList({ matches, active, onActive, onChoose }) {
  useEffect(() => document.getElementById(`command-${active}`)?.scrollIntoView({ block: 'nearest' }), [active]);
  return html`<div class="command-list" id="commands" role="listbox" aria-label=${t('commands')}>
    ${matches.map(
      (entry, index) => html`<div
        key=${entry.path}
        id=${`command-${index}`}
        role="option"
        aria-selected=${index === active}
        class=${index === active ? 'command active' : 'command'}
        onPointerMove=${() => onActive(index)}
        onPointerDown=${(/** @type {PointerEvent} */ event) => event.preventDefault()}
        onClick=${() => onChoose(entry)}
      >
        <span class="command-name">/${entry.label}</span>
        <span class="command-options">
          ${entry.options.slice(0, MAX_OPTIONS).map((option) => html`<i class=${option.required ? 'required' : ''}>${localName(option, discordLocale())}</i>`)}
          ${entry.options.length > MAX_OPTIONS && html`<i>+${entry.options.length - MAX_OPTIONS}</i>`}
        </span>
        <span class="command-description">${entry.description}</span>
      </div>`,
    )}
  </div>`;
}
