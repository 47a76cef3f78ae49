/**
 * The delivery loop: shows what the outbox holds, in order per sitting, each event once as far as Discord allows.
 * An event is marked as delivered after its messages stand; when we crash in between, the same nonce makes Discord answer
 * the second send with the first message. What fails for now is tried again later, in its place; a channel that is gone
 * parks its own sitting and nobody else's; a message Discord refuses is replaced by a sentence that says so.
 */
import type { OutboxRow, Store } from '../store/index.ts';
import type { Logger } from './logger.ts';
import { type Failure, failureOf } from './transport.ts';

export interface DeliveryOptions {
  outbox: Pick<Store['outbox'], 'pending' | 'delivered'>;
  /** Shows one event. @returns the message that shows it, if there is one. */
  show(event: OutboxRow): Promise<ShownAt | null>;
  /** Shows instead that an event could not be shown. */
  apologise(event: OutboxRow, reference: string): Promise<void>;
  logger: Logger;
  /** First pause after a failure; it doubles up to `mostRetryMs`. */
  retryMs?: number;
  mostRetryMs?: number;
  /** How long a sitting whose channel is gone is left alone. */
  parkMs?: number;
}

export interface ShownAt {
  channelId: string;
  messageId: string;
}

interface Lane {
  running: boolean;
  failures: number;
  parked: boolean;
  timer: NodeJS.Timeout | null;
}

const RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;
const PARK_MS = 600_000;

export class Delivery {
  readonly #options: DeliveryOptions;
  /** One lane a sitting: order is kept inside, lanes do not wait for each other. */
  readonly #lanes = new Map<string, Lane>();
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(options: DeliveryOptions) {
    this.#options = options;
  }

  /** Looks at the outbox and starts what is waiting. Cheap: call it whenever something may have changed. */
  nudge(): void {
    if (this.#stopped) return;
    const keys = new Set(this.#waiting().map(laneKey));
    for (const key of keys) void this.#run(key);
    for (const key of this.#lanes.keys()) if (!keys.has(key)) this.#forget(key);
  }

  /** Tries parked sittings again: a server came back, a thread was opened again. */
  unpark(): void {
    for (const lane of this.#lanes.values()) {
      if (!lane.parked) continue;
      lane.parked = false;
      if (lane.timer) clearTimeout(lane.timer);
      lane.timer = null;
    }
    this.nudge();
  }

  /** Waits for what is being sent just now; nothing new starts. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) if (lane.timer) clearTimeout(lane.timer);
    if ([...this.#lanes.values()].some((lane) => lane.running)) {
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  /** What is to be shown; a database that cannot be read now is asked again at the next nudge. */
  #waiting(): OutboxRow[] {
    try {
      return this.#options.outbox.pending();
    } catch (error) {
      this.#options.logger.error({ err: error }, 'the outbox cannot be read');
      return [];
    }
  }

  #forget(key: string): void {
    const lane = this.#lanes.get(key);
    if (lane && !lane.running && !lane.timer) this.#lanes.delete(key);
  }

  async #run(key: string): Promise<void> {
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = { running: false, failures: 0, parked: false, timer: null };
      this.#lanes.set(key, lane);
    }
    if (lane.running || lane.parked || lane.timer) return;
    lane.running = true;
    try {
      await this.#drain(key, lane);
    } finally {
      lane.running = false;
      if (![...this.#lanes.values()].some((each) => each.running)) for (const done of this.#idle.splice(0)) done();
    }
  }

  async #drain(key: string, lane: Lane): Promise<void> {
    while (!this.#stopped) {
      const event = this.#waiting().find((row) => laneKey(row) === key);
      if (!event) return;
      try {
        const shown = await this.#options.show(event);
        this.#options.outbox.delivered(event.id, shown ?? undefined);
        lane.failures = 0;
      } catch (error) {
        const goesOn = await this.#failed(event, key, lane, error);
        if (!goesOn) return;
      }
    }
  }

  /** @returns whether the lane may go on with the next event. */
  async #failed(event: OutboxRow, key: string, lane: Lane, error: unknown): Promise<boolean> {
    const failure: Failure = failureOf(error);
    const { logger } = this.#options;
    const about = { event: event.id, kind: event.kind, session: event.sessionId, err: error };
    if (failure === 'later') {
      const pause = Math.min(
        this.#options.mostRetryMs ?? MOST_RETRY_MS,
        (this.#options.retryMs ?? RETRY_MS) * 2 ** lane.failures,
      );
      lane.failures += 1;
      logger.warn({ ...about, pause }, 'an event could not be shown yet');
      this.#again(key, lane, pause);
      return false;
    }
    if (failure === 'place_gone') {
      logger.warn(about, 'the channel is gone or closed to us: this sitting waits');
      lane.parked = true;
      this.#again(key, lane, this.#options.parkMs ?? PARK_MS);
      return false;
    }
    const reference = `E${event.id}`;
    logger.error({ ...about, reference }, 'an event could not be shown');
    try {
      await this.#options.apologise(event, reference);
    } catch (second) {
      if (failureOf(second) === 'later' || failureOf(second) === 'place_gone')
        return this.#failed(event, key, lane, second);
      logger.error({ ...about, err: second }, 'nor could that be said');
    }
    try {
      this.#options.outbox.delivered(event.id);
    } catch (third) {
      if (failureOf(third) !== 'later') throw third;
      return this.#failed(event, key, lane, third);
    }
    return true;
  }

  #again(key: string, lane: Lane, pause: number): void {
    if (this.#stopped) return;
    lane.timer = setTimeout(() => {
      lane.timer = null;
      lane.parked = false;
      void this.#run(key);
    }, pause);
    lane.timer.unref();
  }
}

const laneKey = (row: OutboxRow): string => row.sessionId ?? `class ${row.classId}`;

/** The same for every attempt to send part `part` of an event; at most 25 characters. */
export function nonceOf(event: Pick<OutboxRow, 'id' | 'createdAt'>, part = 0): string {
  return `${event.id.toString(36)}.${event.createdAt.toString(36)}.${part}`.slice(0, 25);
}
