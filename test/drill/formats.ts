/**
 * Damaged files at every reader: ten thousand a format, made from a seed, and those built to slip past each guard. Each must be
 * read consistently or refused with a UserError, within a second of processor time and 64 MB of memory, and no process may
 * die of it. Memory is the highest resident size of the whole process while it reads, less what it was before: more than a file
 * alone takes, never less.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Attempt, FuzzResult } from '../formats/fuzz.ts';
import { FUZZED_FORMATS } from '../formats/fuzzed-formats.ts';
import { MALFORMED } from '../formats/malformed.ts';

const run = promisify(execFile);
const CHILD = fileURLToPath(new URL('formats-child.ts', import.meta.url));
const EXTRA_LIMIT_MB = 64;

export interface FormatsDrillResult {
  seed: number;
  formats: Record<string, FormatFigures>;
  /** What did not hold; empty when all did. */
  offences: string[];
}

type FormatFigures = Omit<FuzzResult, 'offences'> & {
  extraMb: number;
  /** Of the files built to slip past a guard. */
  lies: { count: number; worstCpuMs: number; extraMb: number };
};

export async function drillFormats({
  mutants = 10_000,
  seed = Date.now() % 2 ** 31,
} = {}): Promise<FormatsDrillResult> {
  const result: FormatsDrillResult = { seed, formats: {}, offences: [] };
  for (const { name } of FUZZED_FORMATS) {
    const thrown = await child<FuzzResult>(name, 'mutants', String(mutants), String(seed));
    const lies = await throwLies(name, result.offences);
    if (typeof thrown === 'string') {
      result.offences.push(`${name}: the process died: ${thrown}`);
      continue;
    }
    const { offences, ...figures } = thrown;
    result.offences.push(...offences);
    weigh(`${name}, seed ${seed}, all mutants`, figures.extraMb, result.offences);
    result.formats[name] = { ...figures, lies };
  }
  return result;
}

/** Each in a process of its own. */
async function throwLies(name: string, offences: string[]): Promise<FormatFigures['lies']> {
  const lies = { count: 0, worstCpuMs: 0, extraMb: 0 };
  const folder = mkdtempSync(path.join(tmpdir(), 'formats-lies-'));
  try {
    for (const [guard, { bytes, identifier }] of Object.entries(MALFORMED[name]?.() ?? {})) {
      const file = path.join(folder, 'lie');
      writeFileSync(file, bytes);
      const outcome = await child<Attempt>(name, 'file', file);
      if (typeof outcome === 'string') {
        offences.push(`${name}, ${guard}: the process died: ${outcome}`);
        continue;
      }
      const { refusal, offence, cpuMs, extraMb } = outcome;
      if (offence !== null || refusal !== identifier)
        offences.push(`${name}, ${guard}: ${offence ?? refusal}, not ${identifier}`);
      weigh(`${name}, ${guard}`, extraMb, offences);
      lies.count += 1;
      lies.worstCpuMs = Math.max(lies.worstCpuMs, cpuMs);
      lies.extraMb = Math.max(lies.extraMb, extraMb);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return lies;
}

function weigh(what: string, extraMb: number, offences: string[]): void {
  if (extraMb > EXTRA_LIMIT_MB) offences.push(`${what}: ${Math.round(extraMb)} MB`);
}

/** What the child printed, or why it ended. */
async function child<T>(...args: string[]): Promise<(T & { extraMb: number }) | string> {
  try {
    // A small nursery, so that garbage of one file is not weighed as the next one's.
    const { stdout } = await run(process.execPath, ['--max-semi-space-size=2', CHILD, ...args], { maxBuffer: 2 ** 26 });
    return JSON.parse(stdout);
  } catch (error) {
    return error instanceof Error ? error.message.slice(0, 500) : String(error);
  }
}
