/**
 * How often we may say IDENTIFY. Discord allows 1000 a day and resets the token of a bot that needs more, so a bot that
 * crashes and restarts in a loop must slow down, and must know about it after the restart: the times are kept in a file.
 * Five in a row are 5 s apart (Discord's own rule); after that the wait doubles up to two minutes.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const WINDOW_MS = 3_600_000; // 1 h
const FREE = 5;
const SPACING_MS = 5_000;
const MOST_MS = 120_000;

export interface IdentifyThrottleOptions {
  /** Where the times are kept; without it only this process remembers. */
  file?: string;
  now?: () => number;
  /** Milliseconds between two identifies; 0 for a server without such a rule. */
  spacing?: number;
}

/** Milliseconds to wait before the next identify, given the times of the earlier ones. */
export function identifyDelay(times: readonly number[], now: number, spacing = SPACING_MS): number {
  const recent = times.filter((time) => time > now - WINDOW_MS && time <= now);
  if (recent.length === 0) return 0;
  const pause = Math.min(MOST_MS, spacing * 2 ** Math.max(0, recent.length - FREE));
  return Math.max(0, Math.max(...recent) + pause - now);
}

/** @discordjs/ws's interface of an identify throttler. */
export class IdentifyThrottle {
  readonly #options: IdentifyThrottleOptions;
  readonly #now: () => number;
  #times: number[];

  constructor(options: IdentifyThrottleOptions = {}) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#times = options.file === undefined ? [] : readTimes(options.file);
  }

  async waitForIdentify(_shardId: number, signal: AbortSignal): Promise<void> {
    const delay = identifyDelay(this.#times, this.#now(), this.#options.spacing);
    if (delay > 0) await sleep(delay, undefined, { signal });
    const now = this.#now();
    this.#times = [...this.#times.filter((time) => time > now - WINDOW_MS && time <= now), now];
    if (this.#options.file !== undefined) writeTimes(this.#options.file, this.#times);
  }
}

function readTimes(file: string): number[] {
  try {
    const times: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Array.isArray(times) ? times.filter((time) => typeof time === 'number') : [];
  } catch {
    // Not there yet, or cut short by a crash: then we start counting anew.
    return [];
  }
}

function writeTimes(file: string, times: readonly number[]): void {
  try {
    writeFileSync(`${file}.tmp`, JSON.stringify(times));
    renameSync(`${file}.tmp`, file);
  } catch {
    // A full disk must not keep the bot from connecting; this process remembers all the same.
  }
}
