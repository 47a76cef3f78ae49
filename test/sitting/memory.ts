/** How much memory the bot, its worker and its other processes take, as Linux counts it (/proc). */
import { existsSync, readdirSync, readFileSync } from 'node:fs';

export const canMeasureMemory = existsSync('/proc/self/smaps_rollup');

/** Megabytes. */
export interface Memory {
  /** Every page the process sees, those that others see too included. */
  resident: number;
  /** Pages that several processes see, divided among them: added up, everything counts once. */
  proportional: number;
  /** Pages of its own that come from no file. */
  anonymous: number;
}

/** Zeros for a process that has gone. */
export function memoryOf(pid: number | null | undefined): Memory {
  try {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    const megabytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
    return { resident: megabytes('Rss'), proportional: megabytes('Pss'), anonymous: megabytes('Anonymous') };
  } catch {
    return { resident: 0, proportional: 0, anonymous: 0 };
  }
}

/** The most of each in one phase, in megabytes; `together` and `sharedOnce` are sums at one moment. */
export interface PhaseMemory {
  phase: string;
  bot: number;
  worker: number;
  /** What renders chat templates. */
  helpers: number;
  together: number;
  sharedOnce: number;
}

/** Looks at a bot and all it started, again and again, and keeps the most of each phase. */
export class MemoryWatch {
  /** What is going on now. */
  phase = 'start';
  readonly #bot: number;
  readonly #timer: NodeJS.Timeout;
  readonly #most = new Map<string, PhaseMemory>();

  constructor(bot: number, everyMs = 50) {
    this.#bot = bot;
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  stop(): PhaseMemory[] {
    clearInterval(this.#timer);
    return [...this.#most.values()];
  }

  #look(): void {
    const sums = { bot: memoryOf(this.#bot), worker: memoryOf(null), helpers: memoryOf(null) };
    for (const pid of childrenOf(this.#bot)) {
      const kind = commandOf(pid).includes('worker.ts') ? 'worker' : 'helpers';
      const { resident, proportional } = memoryOf(pid);
      sums[kind].resident += resident;
      sums[kind].proportional += proportional;
    }
    const all = Object.values(sums);
    const now: Omit<PhaseMemory, 'phase'> = {
      bot: sums.bot.resident,
      worker: sums.worker.resident,
      helpers: sums.helpers.resident,
      together: all.reduce((sum, { resident }) => sum + resident, 0),
      sharedOnce: all.reduce((sum, { proportional }) => sum + proportional, 0),
    };
    const most = this.#most.get(this.phase) ?? { phase: this.phase, ...now };
    for (const key of Object.keys(now) as (keyof typeof now)[]) most[key] = Math.round(Math.max(most[key], now[key]));
    this.#most.set(this.phase, most);
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
      .flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' '))
      .filter((child) => child !== '')
      .map(Number);
  } catch {
    return []; // it has gone, or a thread of it
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
