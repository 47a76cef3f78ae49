/**
 * Interactions in, answers out. Each is acknowledged before anything else is done; every path after that edits the one
 * private reply: what a handler answers, a UserError's sentence in the reader's language, or kind words with a number that
 * finds the bug in the log.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type {
  AutocompleteInteraction,
  ChatInputCommandInteraction,
  Interaction,
  MessageComponentInteraction,
  ModalSubmitInteraction,
} from 'discord.js';
import { ComponentType } from 'discord-api-types/v10';
import { UserError } from '../errors.ts';
import { type Locale, readerLocale, t } from '../i18n/index.ts';
import { type ActionContext, handlerOf } from './actions.ts';
import { callerOf } from './caller.ts';
import type { Command } from './command.ts';
import { type CustomId, parseCustomId } from './custom-id.ts';
import type { Answer, Desk } from './desk.ts';
import { bugMessage, notice, userErrorMessage } from './messages/notices.ts';
import type { Payload } from './payload.ts';
import type { Responder } from './respond.ts';
import { API_ERRORS, apiErrorCode, failureOf } from './transport.ts';

/** An interaction's token is good for 15 minutes. */
const ANSWER_MS = 14 * 60_000;
const RETRY_MS = 1_000;
const MOST_RETRY_MS = 30_000;

export class Router {
  readonly #desk: Desk;
  readonly #responder: Responder;
  readonly #commands: ReadonlyMap<string, Command>;
  readonly #retryMs: number;
  #underWay = 0;
  #idle: (() => void)[] = [];

  /** @param retryMs first pause before an answer that Discord could not take is sent again; it doubles. */
  constructor(desk: Desk, responder: Responder, commands: readonly Command[], retryMs = RETRY_MS) {
    this.#desk = desk;
    this.#responder = responder;
    this.#retryMs = retryMs;
    this.#commands = new Map(commands.map((command) => [command.data.name, command]));
  }

  /** Never rejects. */
  async handle(interaction: Interaction): Promise<void> {
    this.#underWay += 1;
    const began = performance.now();
    try {
      if (interaction.isAutocomplete()) await this.#complete(interaction);
      else if (interaction.isChatInputCommand()) await this.#run(interaction, () => this.#command(interaction));
      else if (interaction.isMessageComponent()) await this.#component(interaction);
      else if (interaction.isModalSubmit()) await this.#run(interaction, () => this.#form(interaction));
    } catch (error) {
      this.#desk.logger.error({ err: error, interaction: interaction.id }, 'an interaction could not be answered');
    } finally {
      this.#underWay -= 1;
      if (this.#underWay === 0) for (const done of this.#idle.splice(0)) done();
      this.#desk.logger.info({ type: interaction.type, ms: Math.round(performance.now() - began) }, 'interaction');
    }
  }

  /** Waits for what is being answered just now, but not for ever: a turn may take minutes, and is carried on later. */
  async settle(milliseconds: number): Promise<void> {
    if (this.#underWay === 0) return;
    await Promise.race([
      new Promise<void>((resolve) => this.#idle.push(resolve)),
      new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref()),
    ]);
  }

  /** Acknowledges, works, fills in the reply. */
  async #run(interaction: Answerable, work: () => Promise<Answer>): Promise<void> {
    const locale = readerLocale(interaction.locale);
    try {
      await this.#responder.acknowledge(interaction);
    } catch (error) {
      await this.#unheard(interaction, error);
      return;
    }
    let answer: Answer;
    try {
      answer = await work();
    } catch (error) {
      answer = { answer: this.#refusal(error, locale, interaction) };
    }
    try {
      await this.#fillIn(interaction, answer.answer);
    } catch (error) {
      if (failureOf(error) !== 'refused') throw error;
      await this.#fillIn(interaction, this.#refusal(error, locale, interaction));
    }
    if (answer.post && interaction.channelId) await this.#desk.transport.send(interaction.channelId, answer.post);
  }

  /** What was done is done: its answer is tried until Discord takes it, or the interaction's token has run out. */
  async #fillIn(interaction: Answerable, message: Payload): Promise<void> {
    const deadline = Date.now() + ANSWER_MS;
    for (let pause = this.#retryMs; ; pause = Math.min(MOST_RETRY_MS, pause * 2)) {
      try {
        return await this.#responder.answer(interaction, message);
      } catch (error) {
        if (failureOf(error) !== 'later' || Date.now() + pause > deadline) throw error;
        await sleep(pause, undefined, { ref: false });
      }
    }
  }

  /** Words for whatever went wrong. */
  #refusal(error: unknown, locale: Locale, { id }: { id: string }): Payload {
    if (error instanceof UserError) return userErrorMessage(error, locale);
    const reference = randomBytes(3).toString('hex').toUpperCase();
    this.#desk.logger.error({ err: error, interaction: id, reference }, 'a bug while answering an interaction');
    return bugMessage(reference, locale);
  }

  /**
   * Discord did not take our acknowledgement: it came too late, or Discord lost track (its "Unknown interaction"). Nothing
   * was done yet, so pressing again is safe; as the reply is lost, the channel is told.
   */
  async #unheard(interaction: Answerable, error: unknown): Promise<void> {
    this.#desk.logger.warn({ err: error, interaction: interaction.id }, 'an interaction could not be acknowledged');
    if (apiErrorCode(error) !== API_ERRORS.unknownInteraction || !interaction.channelId) return;
    const text = t(readerLocale(interaction.guildLocale), 'discord:too_slow');
    await this.#desk.transport.send(interaction.channelId, notice(`⏳ ${text}`));
  }

  async #command(interaction: ChatInputCommandInteraction): Promise<Answer> {
    const caller = callerOf(interaction, this.#desk);
    const part = this.#commands.get(interaction.commandName)?.parts[interaction.options.getSubcommand(false) ?? ''];
    if (!part) throw new UserError('command_gone');
    return part.run({ desk: this.#desk, caller, options: interaction.options });
  }

  async #component(interaction: MessageComponentInteraction): Promise<void> {
    const id = parseCustomId(interaction.customId);
    const handler = id && handlerOf(id);
    if (id && handler && 'form' in handler) {
      await this.#open(interaction, id, handler);
      return;
    }
    await this.#run(interaction, async () => {
      const caller = callerOf(interaction, this.#desk);
      if (!id || !handler || !('run' in handler)) throw new UserError('button_gone');
      const values = interaction.isStringSelectMenu() ? interaction.values : [];
      return handler.run(id, { desk: this.#desk, caller, values, field: () => '' });
    });
  }

  /** A form is the first answer: it cannot be shown after an acknowledgement. */
  async #open(
    interaction: MessageComponentInteraction,
    id: CustomId,
    handler: Extract<ReturnType<typeof handlerOf>, { form: unknown }>,
  ): Promise<void> {
    try {
      await this.#responder.open(interaction, handler.form(id, readerLocale(interaction.locale)));
    } catch (error) {
      await this.#unheard(interaction, error);
    }
  }

  async #form(interaction: ModalSubmitInteraction): Promise<Answer> {
    const caller = callerOf(interaction, this.#desk);
    const id = parseCustomId(interaction.customId);
    const handler = id && handlerOf(id);
    if (!id || !handler || !('run' in handler)) throw new UserError('button_gone');
    return handler.run(id, { desk: this.#desk, caller, values: [], field: fieldsOf(interaction) });
  }

  async #complete(interaction: AutocompleteInteraction): Promise<void> {
    const command = this.#commands.get(interaction.commandName);
    const choices = command?.complete?.(interaction, readerLocale(interaction.locale)) ?? [];
    await this.#responder.suggest(interaction, choices);
  }
}

type Answerable = ChatInputCommandInteraction | MessageComponentInteraction | ModalSubmitInteraction;

/** Reads a submitted form's fields by name: the text, or the one chosen value. */
function fieldsOf(interaction: ModalSubmitInteraction): ActionContext['field'] {
  return (name) => {
    const field = interaction.fields.fields.get(name);
    if (field?.type === ComponentType.TextInput) return field.value;
    if (field?.type === ComponentType.StringSelect) return field.values[0] ?? '';
    return '';
  };
}
