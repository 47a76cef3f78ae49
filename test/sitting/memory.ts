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

/** Megabytes of a process's resident pages; cheap to ask, unlike `memoryOf`, which walks them all. 0 when it has gone. */
function residentOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

/** The most of each in one phase, in megabytes; `together` and `sharedOnce` are sums at one moment. */
export interface PhaseMemory {
  phase: string;
  bot: number;
  worker: number;
  /** What renders chat templates. */
  helpers: number;
  /** Pages that several see counted for each. */
  together: number;
  /** Pages that several see counted once. */
  sharedOnce: number;
}

const KINDS = ['bot', 'worker', 'helpers'] as const;

/** Looks at a bot and all it started, again and again, and keeps the most of each phase. */
export class MemoryWatch {
  /** What is going on now. */
  phase = 'start';
  readonly #bot: number;
  readonly #timers: NodeJS.Timeout[];
  readonly #most = new Map<string, PhaseMemory>();

  constructor(bot: number) {
    this.#bot = bot;
    // Walking the pages of half a gigabyte takes milliseconds, in which the process looked at may have to wait.
    this.#timers = [setInterval(() => this.#lookAtResident(), 50), setInterval(() => this.#lookAtShared(), 400)];
  }

  stop(): PhaseMemory[] {
    for (const timer of this.#timers) clearInterval(timer);
    return [...this.#most.values()];
  }

  #lookAtResident(): void {
    const now = { bot: 0, worker: 0, helpers: 0 };
    for (const { pid, kind } of this.#processes()) now[kind] += residentOf(pid);
    this.#keep({ ...now, together: KINDS.reduce((sum, kind) => sum + now[kind], 0) });
  }

  #lookAtShared(): void {
    this.#keep({ sharedOnce: this.#processes().reduce((sum, { pid }) => sum + memoryOf(pid).proportional, 0) });
  }

  #keep(now: Partial<Omit<PhaseMemory, 'phase'>>): void {
    const most = this.#most.get(this.phase) ?? {
      phase: this.phase,
      ...{ bot: 0, worker: 0, helpers: 0, together: 0, sharedOnce: 0 },
    };
    for (const key of Object.keys(now) as (keyof typeof now)[]) most[key] = Math.round(Math.max(most[key], now[key]!));
    this.#most.set(this.phase, most);
  }

  #processes(): { pid: number; kind: (typeof KINDS)[number] }[] {
    const children = childrenOf(this.#bot).map(
      (pid) => ({ pid, kind: commandOf(pid).includes('worker.ts') ? 'worker' : 'helpers' }) as const,
    );
    return [{ pid: this.#bot, kind: 'bot' }, ...children];
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
