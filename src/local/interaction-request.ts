/**
 * What a person's client sends to start an interaction, checked against what the bot declared (its commands, the message's
 * components, the modal it opened), and the INTERACTION_CREATE the bot gets from it.
 */
import { randomBytes } from 'node:crypto';
import { InteractionType, MessageFlags } from 'discord-api-types/v10';
import { z } from 'zod';
import { tellUser } from './answers.ts';
import { channelJson } from './channels.ts';
import { isUsable } from './commands.ts';
import type { Interaction } from './interactions.ts';
import { messageJson } from './message-json.ts';
import type { Message } from './messages.ts';
import { checkOptions, type GivenOption, givenOptions, type Resolved } from './options.ts';
import { interactionMemberJson, type User } from './people.ts';
import { permissionsOf } from './permissions.ts';
import { refusals } from './rest/errors.ts';
import { submittedComponents, submittedValues } from './submitted.ts';
import { walk } from './validate/components.ts';
import { fieldError, parseForm } from './validate/form.ts';
import { MAX_FILE_BYTES } from './validate/message.ts';
import type { World } from './world.ts';

type Json = Record<string, unknown>;

const envelope = z.object({
  type: z.union([z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  application_id: z.string(),
  guild_id: z.string(),
  channel_id: z.string(),
  message_id: z.string().optional(),
  nonce: z.union([z.string().max(25), z.int()]).optional(),
  data: z.unknown().optional(),
});
const commandData = z.object({
  id: z.string(),
  name: z.string(),
  type: z.literal(1).default(1),
  options: givenOptions.optional(),
});
const componentData = z.object({
  component_type: z.int(),
  custom_id: z.string(),
  values: z.array(z.string()).max(25).optional(),
});
const modalData = z.object({ id: z.string(), custom_id: z.string(), components: z.array(z.unknown()).max(5) });

interface Request {
  commandName: string | null;
  message: Message | null;
  data: Json;
}

/** Starts an interaction. @param locale the client's language. @throws ApiError */
export function startInteraction(world: World, user: User, body: unknown, locale: string): void {
  const form = parseForm(envelope, body);
  const channel = world.channels.get(form.channel_id);
  if (channel === null) throw refusals.unknownChannel();
  if (!world.channels.isVisible(channel, user)) throw refusals.missingAccess();
  if (form.application_id !== world.guild.applicationId)
    throw fieldError(['application_id'], 'UNKNOWN_APPLICATION', 'Unknown application');
  const { commandName, message, data } = read(world, user, form);
  const interaction: Interaction = {
    id: world.ids.next(),
    token: `aW50ZXJhY3Rpb246${randomBytes(48).toString('base64url')}`,
    type: form.type,
    userId: user.id,
    channelId: channel.id,
    nonce: form.nonce === undefined ? null : String(form.nonce),
    commandName,
    sourceMessageId: message?.id ?? null,
    callbackType: null,
    responseMessageId: null,
    modal: null,
  };
  world.interactions.save(interaction);
  tellUser(world, interaction, 'INTERACTION_CREATE', { id: interaction.id, nonce: interaction.nonce });
  world.interactions.await(interaction, () => {
    tellUser(world, interaction, 'INTERACTION_FAILURE', {
      id: interaction.id,
      nonce: interaction.nonce,
      reason_code: 2,
    });
  });
  world.gateway.dispatch({
    name: 'INTERACTION_CREATE',
    intent: 0,
    to: (listener) => listener.role === 'bot',
    data: (session) => ({
      version: 1,
      id: interaction.id,
      application_id: world.guild.applicationId,
      type: form.type,
      token: interaction.token,
      guild_id: world.guild.id,
      guild: { id: world.guild.id, locale: world.guild.locale, features: [] },
      channel_id: channel.id,
      channel: {
        ...channelJson(channel, world.channelFacts(channel, user)),
        permissions: permissionsOf(user.role).toString(),
      },
      member: interactionMemberJson(user, world.guild.roles),
      locale,
      guild_locale: world.guild.locale,
      app_permissions: permissionsOf('bot').toString(),
      entitlements: [],
      entitlement_sku_ids: [],
      authorizing_integration_owners: { 0: world.guild.id },
      context: 0,
      attachment_size_limit: MAX_FILE_BYTES,
      data,
      ...(message !== null && { message: messageJson(world, message, { base: session.base }) }),
    }),
  });
}

function read(world: World, user: User, form: z.infer<typeof envelope>): Request {
  switch (form.type) {
    case InteractionType.ApplicationCommand:
    case InteractionType.ApplicationCommandAutocomplete:
      return readCommand(world, user, form.type, form.data);
    case InteractionType.MessageComponent:
      return readComponent(world, user, form.channel_id, form.message_id, form.data);
    default:
      return readModal(world, user, form.channel_id, form.data);
  }
}

function readCommand(world: World, user: User, type: InteractionType, data: unknown): Request {
  const given = parseForm(commandData, data);
  const command = world.commands.get(given.id);
  if (command === null || command.body.name !== given.name) throw refusals.unknownCommand();
  if (!isUsable(command.body, user)) throw refusals.missingPermissions();
  const isComplete = type === InteractionType.ApplicationCommand;
  const resolved: Resolved = {};
  const options: GivenOption[] = checkOptions(world, command.body, given.options ?? [], { isComplete, resolved });
  return {
    commandName: [given.name, ...subcommandPath(options)].join(' '),
    message: null,
    data: {
      id: given.id,
      name: given.name,
      type: 1,
      ...(options.length > 0 && { options }),
      ...(Object.keys(resolved).length > 0 && { resolved }),
      ...(command.guildId !== '' && { guild_id: command.guildId }),
    },
  };
}

function subcommandPath(options: readonly GivenOption[]): string[] {
  const nested = options.find(({ type }) => type === 1 || type === 2);
  return nested === undefined ? [] : [nested.name, ...subcommandPath(nested.options ?? [])];
}

function readComponent(
  world: World,
  user: User,
  channelId: string,
  messageId: string | undefined,
  data: unknown,
): Request {
  const given = parseForm(componentData, data);
  const message = messageId === undefined ? null : world.messages.get(channelId, messageId);
  if (message === null || (message.onlyFor !== null && message.onlyFor !== user.id)) throw refusals.unknownMessage();
  if ((message.flags & MessageFlags.Loading) !== 0) throw refusals.unknownMessage();
  const component = message.body.components
    .flatMap((row) => [...walk(row)])
    .find((each) => each.custom_id === given.custom_id && each.type === given.component_type);
  if (component === undefined)
    throw fieldError(['data', 'custom_id'], 'COMPONENT_VALIDATION_FAILED', 'Component validation failed');
  if ('disabled' in component && component.disabled === true) {
    throw fieldError(['data', 'custom_id'], 'COMPONENT_DISABLED', 'The component is disabled');
  }
  const resolved: Resolved = {};
  const values = submittedValues(world, component, given.values ?? [], ['data', 'values'], resolved);
  return {
    commandName: null,
    message,
    data: {
      id: component.id,
      custom_id: given.custom_id,
      component_type: given.component_type,
      ...(values !== null && { values }),
      ...(Object.keys(resolved).length > 0 && { resolved }),
    },
  };
}

function readModal(world: World, user: User, channelId: string, data: unknown): Request {
  const given = parseForm(modalData, data);
  const opener = world.interactions.get(given.id);
  const isTheirs = opener !== null && opener.userId === user.id && opener.channelId === channelId;
  if (!isTheirs || opener.modal === null || opener.modal.custom_id !== given.custom_id) {
    throw fieldError(['data', 'id'], 'MODAL_UNKNOWN', 'This form is no longer open');
  }
  const resolved: Resolved = {};
  const components = submittedComponents(world, opener.modal, given.components, resolved);
  const message = opener.sourceMessageId === null ? null : world.messages.get(channelId, opener.sourceMessageId);
  return {
    commandName: opener.commandName,
    message,
    data: { custom_id: given.custom_id, components, ...(Object.keys(resolved).length > 0 && { resolved }) },
  };
}
