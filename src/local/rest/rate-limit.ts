/**
 * Counting requests. A bot gets Discord's headers and its 50 requests a second over all; people get enough for a lively
 * lesson and too little for a flood; guesses at codes get what TRUST.md A2 item 12 says: 10 a minute an address, 60 in all.
 */
import { createHash } from 'node:crypto';
import { refusals } from './errors.ts';

interface Window {
  start: number;
  count: number;
}

/** Fixed windows of `milliseconds`, one a key. */
export class Counter {
  readonly #limit: number;
  readonly #milliseconds: number;
  readonly #windows = new Map<string, Window>();
  #sweptAt = 0;

  constructor(limit: number, milliseconds: number) {
    this.#limit = limit;
    this.#milliseconds = milliseconds;
  }

  /** Counts one. @returns how many are left, and seconds until the window ends; left is -1 when there was none */
  take(key: string, now: number): { left: number; seconds: number } {
    const window = this.#window(key, now);
    if (window.count >= this.#limit) return { left: -1, seconds: this.#seconds(window, now) };
    window.count++;
    return { left: this.#limit - window.count, seconds: this.#seconds(window, now) };
  }

  /** Whether one more would be let through, without counting it. @returns 0, or the seconds to wait */
  wait(key: string, now: number): number {
    const window = this.#window(key, now);
    return window.count >= this.#limit ? this.#seconds(window, now) : 0;
  }

  #seconds(window: Window, now: number): number {
    return Math.max(0.001, (window.start + this.#milliseconds - now) / 1000);
  }

  #window(key: string, now: number): Window {
    if (now - this.#sweptAt > 10 * this.#milliseconds) this.#sweep(now);
    const known = this.#windows.get(key);
    if (known !== undefined && now - known.start < this.#milliseconds && now >= known.start) return known;
    const fresh = { start: now, count: 0 };
    this.#windows.set(key, fresh);
    return fresh;
  }

  #sweep(now: number): void {
    this.#sweptAt = now;
    for (const [key, { start }] of this.#windows) if (now - start >= this.#milliseconds) this.#windows.delete(key);
  }
}

const BOT_PER_SECOND = 50;
const PERSON_REQUESTS = 100;
const PERSON_MS = 10_000;
const PERSON_POSTS = 10;
const TRIES_AN_ADDRESS = 10;
const TRIES_IN_ALL = 60;
const MINUTE = 60_000;

export class RateLimits {
  readonly #bot = new Counter(BOT_PER_SECOND, 1000);
  readonly #person = new Counter(PERSON_REQUESTS, PERSON_MS);
  readonly #posts = new Counter(PERSON_POSTS, PERSON_MS);
  readonly #triesByAddress = new Counter(TRIES_AN_ADDRESS, MINUTE);
  readonly #triesInAll = new Counter(TRIES_IN_ALL, MINUTE);

  /** Counts a bot's request. @returns Discord's headers. @throws ApiError 429 */
  bot(userId: string, bucket: string, now: number): Record<string, string> {
    const { left, seconds } = this.#bot.take(userId, now);
    if (left < 0) throw refusals.rateLimited(seconds, 'global');
    return {
      'x-ratelimit-limit': String(BOT_PER_SECOND),
      'x-ratelimit-remaining': String(left),
      'x-ratelimit-reset': ((now + seconds * 1000) / 1000).toFixed(3),
      'x-ratelimit-reset-after': seconds.toFixed(3),
      'x-ratelimit-bucket': createHash('sha256').update(bucket).digest('hex').slice(0, 32),
    };
  }

  /** Counts a person's request, their messages apart. @throws ApiError 429 */
  person(userId: string, bucket: string, now: number): void {
    const { left, seconds } = this.#person.take(userId, now);
    if (left < 0) throw refusals.rateLimited(seconds, 'user');
    if (bucket !== 'POST /channels/:channel/messages') return;
    const posts = this.#posts.take(userId, now);
    if (posts.left < 0) throw refusals.rateLimited(posts.seconds, 'user');
  }

  /** Whether an address may guess at a code now. @throws ApiError 429 */
  checkTry(ip: string, now: number): void {
    const seconds = Math.max(this.#triesByAddress.wait(ip, now), this.#triesInAll.wait('all', now));
    if (seconds > 0) throw refusals.rateLimited(seconds, 'shared');
  }

  /** Counts a wrong guess. */
  failedTry(ip: string, now: number): void {
    this.#triesByAddress.take(ip, now);
    this.#triesInAll.take('all', now);
  }
}
