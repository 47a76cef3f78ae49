/**
 * Live progress: one message a job, edited while it trains. Reads the job from the store (the queue's nudges only say
 * "look"), so nothing is lost when a nudge is; edits are at least `editMs` apart and what changed in between is one edit.
 * A message that is gone or too old for more edits (Discord's 30046) is followed by a new one.
 */
import type { JobView } from '../classroom/index.ts';
import type { Logger } from './logger.ts';
import type { Payload } from './payload.ts';
import { failureOf, type Transport } from './transport.ts';

export interface ProgressOptions {
  transport: Transport;
  logger: Logger;
  /** The job as it is now, or null when it is gone. */
  look(jobId: string): JobView | null;
  build(job: JobView): Payload;
  /** Least time between two edits of a message. */
  editMs?: number;
  /** How often a followed job is looked at. */
  lookMs?: number;
}

interface Followed {
  channelId: string;
  messageId: string;
  /** What the message says, as JSON: an edit that changes nothing is not sent. */
  shown: string;
  editedAt: number;
  editing: Promise<void> | null;
  /** Its last state is being shown: no more looks. */
  over: boolean;
}

const EDIT_MS = 1_500;
const LOOK_MS = 1_000;

export class ProgressBoard {
  readonly #options: ProgressOptions;
  readonly #followed = new Map<string, Followed>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: ProgressOptions) {
    this.#options = options;
  }

  /** Keeps this message up to date until the job is over. */
  follow(jobId: string, channelId: string, messageId: string): void {
    this.#followed.set(jobId, { channelId, messageId, shown: '', editedAt: 0, editing: null, over: false });
    this.#timer ??= this.#startTimer();
  }

  /** Something about the job may have changed. */
  nudge(jobId: string): void {
    const followed = this.#followed.get(jobId);
    if (followed) void this.#refresh(jobId, followed);
  }

  /**
   * The job is over: shows its last state, whatever the pace, and stops following it. What could not be shown throws, and
   * is shown when it is called again. @returns false for a job that was not followed.
   */
  async finish(jobId: string): Promise<boolean> {
    const followed = this.#followed.get(jobId);
    if (!followed) return false;
    followed.over = true;
    await followed.editing;
    await this.#edit(jobId, followed);
    this.#followed.delete(jobId);
    this.#stopTimerIfIdle();
    return true;
  }

  stop(): void {
    this.#followed.clear();
    this.#stopTimerIfIdle();
  }

  #startTimer(): NodeJS.Timeout {
    const timer = setInterval(() => {
      for (const [jobId, followed] of this.#followed) void this.#refresh(jobId, followed);
    }, this.#options.lookMs ?? LOOK_MS);
    timer.unref();
    return timer;
  }

  #stopTimerIfIdle(): void {
    if (this.#followed.size > 0 || !this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  async #refresh(jobId: string, followed: Followed): Promise<void> {
    if (followed.over || followed.editing || Date.now() - followed.editedAt < (this.#options.editMs ?? EDIT_MS)) return;
    followed.editing = this.#edit(jobId, followed).catch((error: unknown) => {
      // The next look tries again; the numbers will only be newer.
      this.#options.logger.warn({ err: error, jobId }, 'the progress could not be shown');
    });
    await followed.editing;
    followed.editing = null;
  }

  async #edit(jobId: string, followed: Followed): Promise<void> {
    const job = this.#options.look(jobId);
    if (!job) return;
    const message = this.#options.build(job);
    const text = JSON.stringify(message);
    if (text === followed.shown) return;
    followed.editedAt = Date.now();
    const { transport } = this.#options;
    try {
      await transport.edit(followed.channelId, followed.messageId, message);
    } catch (error) {
      if (failureOf(error) !== 'message_gone') throw error;
      followed.messageId = await transport.send(followed.channelId, message);
    }
    followed.shown = text;
  }
}
