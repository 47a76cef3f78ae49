/**
 * Ids as Discord makes them: milliseconds since 2015 in the upper 42 bits, so that they sort by time and tell it.
 * All of ours have 19 digits (times after July 2022), so that SQLite may compare them as text; a computer whose clock
 * stands before that (an empty battery) gets ids from the floor on, still in order.
 */
const DISCORD_EPOCH = 1_420_070_400_000n;
const TIME_FLOOR = Date.UTC(2024, 0, 1);

export class Snowflakes {
  readonly #now: () => number;
  #last: bigint;

  /** @param after the highest id in use, so that a clock put back never repeats one. */
  constructor(now: () => number, after: string | null) {
    this.#now = now;
    this.#last = BigInt(after ?? 0);
  }

  next(): string {
    const fromClock = snowflakeAt(Math.max(this.#now(), TIME_FLOOR));
    this.#last = fromClock > this.#last ? fromClock : this.#last + 1n;
    return this.#last.toString();
  }
}

/** The lowest id of a millisecond. */
export function snowflakeAt(milliseconds: number): bigint {
  return (BigInt(milliseconds) - DISCORD_EPOCH) << 22n;
}

/** Milliseconds since 1970 at which an id was made. */
export function snowflakeTime(id: string): number {
  return Number((BigInt(id) >> 22n) + DISCORD_EPOCH);
}

export function isSnowflake(text: unknown): text is string {
  return typeof text === 'string' && /^\d{17,20}$/.test(text);
}
