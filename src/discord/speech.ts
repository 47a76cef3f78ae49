/**
 * Plain messages in a sitting's thread are turns. The words go to the classroom as they are; the reply comes through the
 * outbox. What is not possible just now is said in the thread, but not to every message: a class talks among itself.
 */
import { type Message, MessageType } from 'discord.js';
import { UserError } from '../errors.ts';
import { authorOf } from './caller.ts';
import type { Desk } from './desk.ts';
import { userErrorMessage } from './messages/notices.ts';
import type { SourceMessages } from './sources.ts';

/** Between two hints in one thread. */
const HINT_MS = 20_000;

export class Speech {
  readonly #desk: Desk;
  readonly #sources: SourceMessages;
  readonly #hinted = new Map<string, number>();

  constructor(desk: Desk, sources: SourceMessages) {
    this.#desk = desk;
    this.#sources = sources;
  }

  /** Never rejects. */
  async hear(message: Message): Promise<void> {
    if (message.author.bot || message.webhookId !== null || !message.inGuild()) return;
    if (message.type !== MessageType.Default && message.type !== MessageType.Reply) return;
    const { classroom, logger } = this.#desk;
    try {
      const session = classroom.sessionAt(message.channelId);
      // Pictures alone are no turn; and once a sitting is over its thread is just a thread.
      if (!session || session.phase === 'ended' || message.content.trim() === '') return;
      await this.#say(message, session.id);
    } catch (error) {
      logger.error({ err: error, message: message.id }, 'a message could not be heard');
    }
  }

  async #say(message: Message<true>, sessionId: string): Promise<void> {
    const { classroom, transport } = this.#desk;
    const { actor, classLocale } = authorOf(message, this.#desk);
    this.#sources.expect(sessionId, actor.userId, message.id);
    try {
      await classroom.say(actor, sessionId, { text: message.content });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      if (this.#mayHint(message.channelId)) {
        await transport.send(message.channelId, userErrorMessage(error, classLocale), { replyTo: message.id });
      }
    } finally {
      this.#sources.settle(sessionId, actor.userId, message.id);
    }
  }

  #mayHint(channelId: string): boolean {
    const now = Date.now();
    if (now - (this.#hinted.get(channelId) ?? 0) < HINT_MS) return false;
    this.#hinted.set(channelId, now);
    return true;
  }
}
