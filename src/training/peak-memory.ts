import { existsSync, readFileSync } from 'node:fs';

const STATUS = '/proc/self/status';

/**
 * The most memory of this process that was resident at once, in bytes, mapped files included. Linux lets a child inherit its
 * parent's maximum, everywhere but in this file (VmHWM, proc(5)).
 */
export function peakMemory(): number {
  const [, kilobytes] = existsSync(STATUS) ? (/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(STATUS, 'utf8')) ?? []) : [];
  return 1024 * Number(kilobytes ?? process.resourceUsage().maxRSS);
}
