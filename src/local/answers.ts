/**
 * The bot's answers to interactions, by Discord's rules: acknowledge within 3 seconds, once; the token then works for 15
 * minutes, for follow-ups and for editing what was answered.
 */
import { InteractionResponseType as Callback, InteractionType, MessageFlags, MessageType } from 'discord-api-types/v10';
import { z } from 'zod';
import type { UploadedFile } from './files.ts';
import { type Interaction, TOKEN_MS } from './interactions.ts';
import { messageJson } from './message-json.ts';
import type { Message } from './messages.ts';
import { createMessage, editMessage } from './posting.ts';
import { refusals } from './rest/errors.ts';
import { isSnowflake, snowflakeTime } from './snowflake.ts';
import { numberComponents } from './validate/components.ts';
import { fieldError, parseForm } from './validate/form.ts';
import { messageCreate, messageEdit } from './validate/message.ts';
import { autocompleteResult, type Modal, modal as modalSchema } from './validate/modal.ts';
import type { World } from './world.ts';

const callbackForm = z.object({
  type: z.union([z.literal(4), z.literal(5), z.literal(6), z.literal(7), z.literal(8), z.literal(9)]),
  data: z.unknown().optional(),
});
const deferForm = z.object({ flags: z.int().optional() }).nullish();

type Json = Record<string, unknown>;

/** The bot's first answer. @returns what `with_response=true` asks for. @throws ApiError */
export function respond(
  world: World,
  id: string,
  token: string,
  body: unknown,
  files: readonly UploadedFile[],
  base: string,
): Json {
  const interaction = world.interactions.get(id);
  if (interaction === null || interaction.token !== token) throw refusals.unknownInteraction();
  if (interaction.callbackType !== null) throw refusals.alreadyAcknowledged();
  if (!world.interactions.isAwaited(id)) throw refusals.unknownInteraction();
  const callback = parseForm(callbackForm, body);
  checkFits(interaction, callback.type);
  const message = answer(world, interaction, callback.type, callback.data, files);
  interaction.callbackType = callback.type;
  interaction.responseMessageId = message?.id ?? null;
  world.interactions.save(interaction);
  world.interactions.acknowledged(id);
  if (callback.type !== Callback.Modal && callback.type !== Callback.ApplicationCommandAutocompleteResult) {
    tellUser(world, interaction, 'INTERACTION_SUCCESS', { id, nonce: interaction.nonce });
  }
  return responseJson(world, interaction, callback.type, message, base);
}

function answer(
  world: World,
  interaction: Interaction,
  type: Callback,
  data: unknown,
  files: readonly UploadedFile[],
): Message | null {
  switch (type) {
    case Callback.ChannelMessageWithSource:
      return addAnswer(world, interaction, data ?? {}, files, 0);
    case Callback.DeferredChannelMessageWithSource: {
      const { flags = 0 } = parseForm(deferForm, data) ?? {};
      return addAnswer(world, interaction, {}, [], MessageFlags.Loading | (flags & MessageFlags.Ephemeral));
    }
    case Callback.DeferredMessageUpdate:
      return sourceMessage(world, interaction);
    case Callback.UpdateMessage:
      return editMessage(world, sourceMessage(world, interaction), parseForm(messageEdit, data ?? {}), files);
    case Callback.ApplicationCommandAutocompleteResult: {
      const { choices } = parseForm(autocompleteResult, data);
      tellUser(world, interaction, 'APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE', { choices, nonce: interaction.nonce });
      return null;
    }
    default:
      openModal(world, interaction, parseForm(modalSchema, data));
      return null;
  }
}

/** Which answers go with which interactions. */
function checkFits(interaction: Interaction, type: Callback): void {
  const isUpdate = type === Callback.DeferredMessageUpdate || type === Callback.UpdateMessage;
  const isAutocomplete = interaction.type === InteractionType.ApplicationCommandAutocomplete;
  const fits =
    isAutocomplete === (type === Callback.ApplicationCommandAutocompleteResult) &&
    !(isUpdate && interaction.sourceMessageId === null) &&
    !(type === Callback.Modal && interaction.type === InteractionType.ModalSubmit);
  if (!fits) {
    throw fieldError(
      ['type'],
      'INTERACTION_CALLBACK_TYPE_INVALID',
      `Callback ${type} does not answer an interaction of type ${interaction.type}`,
    );
  }
}

function sourceMessage(world: World, interaction: Interaction): Message {
  const message =
    interaction.sourceMessageId === null
      ? null
      : world.messages.get(interaction.channelId, interaction.sourceMessageId);
  if (message === null) throw refusals.unknownMessage();
  return message;
}

function openModal(world: World, interaction: Interaction, modal: Modal): void {
  numberComponents(modal.components);
  interaction.modal = modal;
  const { guild } = world;
  tellUser(world, interaction, 'INTERACTION_MODAL_CREATE', {
    id: interaction.id,
    nonce: interaction.nonce,
    channel_id: interaction.channelId,
    application: { id: guild.applicationId, name: guild.botName },
    ...modal,
  });
}

/** A message as the interaction's answer or follow-up; ephemeral ones are for its user alone. */
function addAnswer(
  world: World,
  interaction: Interaction,
  data: unknown,
  files: readonly UploadedFile[],
  flags: number,
): Message {
  const channel = world.channels.get(interaction.channelId);
  const bot = world.people.get(world.guild.applicationId);
  if (channel === null || bot === null) throw refusals.unknownChannel();
  const form = parseForm(messageCreate, data);
  const ephemeral = (flags | (form.flags ?? 0)) & MessageFlags.Ephemeral;
  const isCommand = interaction.sourceMessageId === null;
  return createMessage(world, bot, channel, form, files, {
    type: isCommand ? MessageType.ChatInputCommand : MessageType.Reply,
    flags: flags | ephemeral,
    onlyFor: ephemeral === 0 ? null : interaction.userId,
    interaction: {
      id: interaction.id,
      type: interaction.type,
      userId: interaction.userId,
      ...(interaction.commandName !== null && { name: interaction.commandName }),
    },
    ...(interaction.sourceMessageId !== null && {
      reference: { messageId: interaction.sourceMessageId, channelId: interaction.channelId },
    }),
  });
}

function responseJson(
  world: World,
  interaction: Interaction,
  type: Callback,
  message: Message | null,
  base: string,
): Json {
  const flags = message?.flags ?? 0;
  return {
    interaction: {
      id: interaction.id,
      type: interaction.type,
      channel_id: interaction.channelId,
      guild_id: world.guild.id,
      ...(message !== null && {
        response_message_id: message.id,
        response_message_loading: (flags & MessageFlags.Loading) !== 0,
        response_message_ephemeral: (flags & MessageFlags.Ephemeral) !== 0,
      }),
    },
    resource: { type, ...(message !== null && { message: messageJson(world, message, { base }) }) },
  };
}

/** An event for the clients of the one who started the interaction. */
export function tellUser(world: World, interaction: Interaction, name: string, data: Json): void {
  world.gateway.dispatch({ name, intent: 0, to: (user) => user.id === interaction.userId, data: () => data });
}

// The interaction's webhook: the 15 minutes after the first answer.

/** @throws ApiError 50027 when the token is unknown or its 15 minutes are over */
export function interactionOfWebhook(world: World, applicationId: string, token: string): Interaction {
  if (applicationId !== world.guild.applicationId) throw refusals.unknownWebhook();
  const interaction = world.interactions.byToken(token);
  if (interaction === null || world.now() - snowflakeTime(interaction.id) > TOKEN_MS)
    throw refusals.invalidWebhookToken();
  if (interaction.callbackType === null) throw refusals.unknownWebhook();
  return interaction;
}

/** A follow-up; right after a deferred answer it completes that one, as on Discord. */
export function followUp(
  world: World,
  interaction: Interaction,
  body: unknown,
  files: readonly UploadedFile[],
): Message {
  const original =
    interaction.responseMessageId === null
      ? null
      : world.messages.get(interaction.channelId, interaction.responseMessageId);
  const isThinking = original !== null && (original.flags & MessageFlags.Loading) !== 0;
  if (isThinking) return editMessage(world, original, parseForm(messageEdit, body), files);
  return addAnswer(world, interaction, body, files, 0);
}

/** A message of the interaction: `@original` or a follow-up by id. */
export function answerOf(world: World, interaction: Interaction, which: string): Message {
  const id = which === '@original' ? interaction.responseMessageId : which;
  const message = isSnowflake(id) ? world.messages.get(interaction.channelId, id) : null;
  const isOurs =
    message !== null && (id === interaction.responseMessageId || message.body.interaction?.id === interaction.id);
  if (message === null || !isOurs) throw refusals.unknownMessage();
  return message;
}
