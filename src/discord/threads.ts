/** The thread a sitting is held in: opened when it is first needed; where none can be opened, the channel serves. */
import type { Classroom, SessionView } from '../classroom/index.ts';
import { t } from '../i18n/index.ts';
import type { Logger } from './logger.ts';
import { failureOf, type Transport } from './transport.ts';

export class Threads {
  readonly #classroom: Classroom;
  readonly #transport: Transport;
  readonly #logger: Logger;
  /** Threads being opened, so that two who need one at once get the same. */
  readonly #opening = new Map<string, Promise<string>>();

  constructor(classroom: Classroom, transport: Transport, logger: Logger) {
    this.#classroom = classroom;
    this.#transport = transport;
    this.#logger = logger;
  }

  /** The channel id to write to. */
  async of(session: SessionView): Promise<string> {
    const { threadId } = this.#classroom.session(session.id);
    return threadId ?? this.#openOnce(session);
  }

  /**
   * The thread was deleted under a sitting: it goes on in a new one. Null where there is no thread to replace, because the
   * channel itself serves, and that is gone too.
   */
  async renew(session: SessionView): Promise<string | null> {
    const { threadId, channelId } = this.#classroom.session(session.id);
    if (threadId === null || threadId === channelId) return null;
    this.#logger.warn({ session: session.id, threadId }, 'the thread is gone: the sitting gets another one');
    return this.#openOnce(session);
  }

  #openOnce(session: SessionView): Promise<string> {
    const known = this.#opening.get(session.id);
    if (known) return known;
    const opening = this.#open(session).finally(() => this.#opening.delete(session.id));
    this.#opening.set(session.id, opening);
    return opening;
  }

  async #open(session: SessionView): Promise<string> {
    // With the time: a day may have several sittings.
    const date = new Date(session.createdAt).toLocaleString(session.locale, {
      day: 'numeric',
      month: 'long',
      hour: 'numeric',
      minute: '2-digit',
    });
    let threadId = session.channelId;
    try {
      threadId = await this.#transport.startThread(
        session.channelId,
        t(session.locale, 'discord:thread_name', { date }),
      );
    } catch (error) {
      if (failureOf(error) === 'later') throw error;
      this.#logger.warn(
        { err: error, channel: session.channelId },
        'no thread could be opened: the channel itself serves',
      );
    }
    this.#classroom.setThread(session.id, threadId);
    return threadId;
  }
}
