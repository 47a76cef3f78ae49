/**
 * The one place that answers interactions. Everything is acknowledged at once, privately ("… is thinking"), and whatever
 * happens then edits that one reply. Only forms are opened instead, which have to be the first answer.
 * Callback routes carry their own token, so they are sent without the bot's.
 */
import {
  type APIModalInteractionResponseCallbackData,
  InteractionResponseType,
  MessageFlags,
  Routes,
} from 'discord-api-types/v10';
import type { Choice } from './command.ts';
import { LIMITS } from './limits.ts';
import { editBody, type Payload, rawFiles } from './payload.ts';
import { API_ERRORS, apiErrorCode, isNetworkError, type RestHolder } from './transport.ts';

/** What identifies an interaction to Discord. */
export interface Ticket {
  readonly id: string;
  readonly token: string;
  readonly applicationId: string;
}

export class Responder {
  readonly #holder: RestHolder;

  constructor(holder: RestHolder) {
    this.#holder = holder;
  }

  /** "Heard you": has to be there within 3 seconds; the reply follows within 15 minutes. */
  async acknowledge(ticket: Ticket): Promise<void> {
    const body = {
      type: InteractionResponseType.DeferredChannelMessageWithSource,
      data: { flags: MessageFlags.Ephemeral },
    };
    try {
      await this.#callback(ticket, body);
    } catch (error) {
      if (!isNetworkError(error)) throw error;
      await this.#acknowledgeAgain(ticket, body);
    }
  }

  /** Whether the first one arrived nobody knows; "already acknowledged" says that it did. */
  async #acknowledgeAgain(ticket: Ticket, body: object): Promise<void> {
    try {
      await this.#callback(ticket, body);
    } catch (error) {
      if (apiErrorCode(error) !== API_ERRORS.alreadyAcknowledged) throw error;
    }
  }

  /** Fills in the acknowledged reply. */
  async answer(ticket: Ticket, message: Payload): Promise<void> {
    await this.#holder.rest.patch(Routes.webhookMessage(ticket.applicationId, ticket.token, '@original'), {
      body: editBody(message),
      files: rawFiles(message),
      auth: false,
    });
  }

  /** Opens a form. */
  async open(ticket: Ticket, form: APIModalInteractionResponseCallbackData): Promise<void> {
    await this.#callback(ticket, { type: InteractionResponseType.Modal, data: form });
  }

  /** Answers while somebody is typing an option. */
  async suggest(ticket: Ticket, choices: readonly Choice[]): Promise<void> {
    await this.#callback(ticket, {
      type: InteractionResponseType.ApplicationCommandAutocompleteResult,
      data: { choices: choices.slice(0, LIMITS.autocompleteChoices) },
    });
  }

  async #callback(ticket: Ticket, body: object): Promise<void> {
    await this.#holder.rest.post(Routes.interactionCallback(ticket.id, ticket.token), { body, auth: false });
  }
}
