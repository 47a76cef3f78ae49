/** How often, and after which pause, something that failed is tried again. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { UserError } from '../errors.ts';

export interface Retries {
  /** How often something is tried in all, without any progress in between. */
  readonly attempts: number;
  /** Pause after the first failure; it doubles with each further one. */
  readonly pauseMs: number;
}

export const RETRIES: Retries = { attempts: 6, pauseMs: 500 };
const LONGEST_PAUSE_MS = 10_000;
/** A server that asks for a longer pause is taken at its word: we stop, and say so. */
const LONGEST_ASKED_PAUSE_MS = 60_000;

/** A failure that may pass by itself. */
export class Passing extends Error {
  /** What is said when it did not pass. */
  readonly said: UserError;
  /** How long the server asked us to wait. */
  readonly askedMs: number | undefined;

  constructor(said: UserError, askedMs?: number) {
    super(said.message, { cause: said });
    this.said = said;
    this.askedMs = askedMs;
  }
}

export class Patience {
  readonly #retries: Retries;
  #failures = 0;

  constructor(retries: Retries) {
    this.#retries = retries;
  }

  /** There was progress: the next failure counts as the first. */
  renew(): void {
    this.#failures = 0;
  }

  /** Waits after a failure that may pass. @throws what is to be said once it was tried often enough, any other error as it is. */
  async after(error: unknown): Promise<void> {
    if (!(error instanceof Passing)) throw error;
    const { attempts, pauseMs } = this.#retries;
    this.#failures += 1;
    const { askedMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2 ** (this.#failures - 1)) } = error;
    if (this.#failures >= attempts || askedMs > LONGEST_ASKED_PAUSE_MS) throw error.said;
    // Spread, so that a class's computers do not all come back at the same moment.
    await sleep(askedMs * (1 + Math.random() / 4));
  }

  /** Tries `work` until it succeeds. @throws as `after`. */
  async until<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await this.after(error);
      }
    }
  }
}
