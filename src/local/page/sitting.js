// @ts-check
/** The way into a sitting for somebody who knows no commands: a button that sends the command as a person would. */

import { html } from './html.js';
import { runCommand } from './interactions.js';
import { commandEntries, optionTree } from './slash.js';
import { getState, setState, useStore } from './state.js';
import { discordLocale, t } from './text.js';
import { attempt } from './toasts.js';

const START = 'session start';

/** The command that opens a sitting, if the bot is here and this person may use it. */
export function useStartEntry() {
  const commands = useStore((state) => state.commands);
  return commandEntries(commands, discordLocale()).find((entry) => entry.path === START);
}

/** @param {{ channelId: string, large?: boolean }} props */
export function StartButton({ channelId, large = false }) {
  const entry = useStartEntry();
  const isWaiting = useStore((state) => Object.values(state.waiting).some((each) => each.label === `/${entry?.label}`));
  if (entry === undefined) return null;
  const start = () => {
    if (entry.options.some((option) => option.required)) setState({ draft: { text: `/${entry.label} ` } });
    else void attempt(() => runCommand(channelId, entry.command, optionTree(entry, {}), `/${entry.label}`));
  };
  return html`<button type="button" class=${large ? 'button primary large' : 'button primary'} disabled=${isWaiting} aria-busy=${isWaiting ? 'true' : undefined} onClick=${start}>
    ${t('start_sitting')}${isWaiting && html`<span class="spinner" />`}
  </button>`;
}

/** Asks the open channel to show its newest message. */
export function showNewest() {
  setState({ endRequests: getState().endRequests + 1 });
}
