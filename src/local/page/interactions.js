// @ts-check
/** Commands, clicks, choices and forms on their way to the bot. */
import { expectThread } from './channels.js';
import { eventListeners, stopWaiting } from './events.js';
import { amTeacher } from './names.js';
import { newNonce, rest } from './rest.js';
import { getState, setState } from './state.js';
import { explain, showError } from './toasts.js';

/** @typedef {import('./state.js').Message} Message */
/** @typedef {{ type: number, name: string, value?: string | number | boolean, focused?: boolean, options?: any[] }} Option */

const CLICK_TYPES = { command: 2, component: 3, autocomplete: 4, modal: 5 };

export async function loadCommands() {
  const { guild } = getState();
  if (guild === null) return;
  const index = await rest('GET', `/guilds/${guild.id}/application-command-index`).catch(() => null);
  if (index === null) return;
  setState({ commands: index.application_commands, applicationId: index.applications[0]?.id ?? '' });
  if (amTeacher()) {
    const invites = await rest('GET', `/guilds/${guild.id}/invites`).catch(() => []);
    setState({ joinCode: invites[0]?.code ?? '' });
  }
}

/**
 * @param {'command' | 'component' | 'modal'} kind
 * @param {string} channelId
 * @param {unknown} data
 * @param {{ label: string, messageId?: string, customId?: string }} about
 */
async function interact(kind, channelId, data, about) {
  const { guild, applicationId, waiting } = getState();
  const nonce = newNonce();
  const body = {
    type: CLICK_TYPES[kind],
    application_id: applicationId,
    guild_id: guild?.id,
    channel_id: channelId,
    nonce,
    data,
    ...(about.messageId !== undefined && { message_id: about.messageId }),
  };
  setState({ waiting: { ...waiting, [nonce]: { kind, channelId, since: Date.now(), ...about } } });
  try {
    await rest('POST', '/interactions', body);
  } catch (error) {
    stopWaiting(nonce);
    throw error;
  }
}

/**
 * @param {string} channelId
 * @param {{ id: string, name: string }} command
 * @param {Option[]} options
 * @param {string} label what was typed, to show while waiting
 */
export async function runCommand(channelId, command, options, label) {
  expectThread(channelId);
  await interact('command', channelId, { id: command.id, name: command.name, type: 1, options }, { label });
}

/**
 * @param {Message} message
 * @param {{ type: number, custom_id: string }} component
 * @param {string[]} [values]
 */
export async function useComponent(message, component, values) {
  expectThread(message.channel_id);
  const data = {
    component_type: component.type,
    custom_id: component.custom_id,
    ...(values !== undefined && { values }),
  };
  try {
    await interact('component', message.channel_id, data, {
      label: '',
      messageId: message.id,
      customId: component.custom_id,
    });
  } catch (error) {
    showError(explain(error));
  }
}

/**
 * @param {import('./state.js').Modal} modal
 * @param {any[]} components
 */
export async function submitModal(modal, components) {
  expectThread(modal.channel_id);
  await interact(
    'modal',
    modal.channel_id,
    { id: modal.id, custom_id: modal.custom_id, components },
    { label: modal.title },
  );
  setState({ modal: null });
}

/**
 * Completions for the option one is typing in; empty when the bot does not answer in time.
 * @param {string} channelId
 * @param {{ id: string, name: string }} command
 * @param {Option[]} options
 * @returns {Promise<{ name: string, value: string | number, name_localizations?: Record<string, string> | null }[]>}
 */
export function complete(channelId, command, options) {
  const { guild, applicationId } = getState();
  const nonce = newNonce();
  return new Promise((resolve) => {
    const finish = (/** @type {any[]} */ choices) => {
      eventListeners.delete(listen);
      clearTimeout(timer);
      resolve(choices);
    };
    const listen = (/** @type {string} */ name, /** @type {any} */ data) => {
      if (data?.nonce !== nonce) return;
      if (name === 'APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE') finish(data.choices);
      if (name === 'INTERACTION_FAILURE') finish([]);
    };
    const timer = setTimeout(() => finish([]), 4000);
    eventListeners.add(listen);
    const data = { id: command.id, name: command.name, type: 1, options };
    const body = {
      type: CLICK_TYPES.autocomplete,
      application_id: applicationId,
      guild_id: guild?.id,
      channel_id: channelId,
      nonce,
      data,
    };
    rest('POST', '/interactions', body).catch(() => finish([]));
  });
}
