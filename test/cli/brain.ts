/** Runs the real command line as a process of its own, as a person does. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const shared = join(import.meta.dirname, '..', '..', '..', 'shared');
export const sharedAbsent = !existsSync(shared);
if (sharedAbsent)
  console.info('skipped: the golden answers are kept beside the project, in ../shared, and are not here');

export const goldenModel = join(shared, 'golden', 'gpt2');

export interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
  /** The lines of stdout, parsed. */
  lines: unknown[];
}

const program = join(import.meta.dirname, '..', '..', 'src', 'cli.ts');
export const scratch = mkdtempSync(join(tmpdir(), 'brain-cli-'));

/** `brain ...args`, in English unless `environment` says otherwise, its caches in a folder of the test's. */
export function brain(args: readonly string[], environment: Record<string, string> = {}): Promise<Ended> {
  const env = { ...process.env, LC_ALL: 'en_US.UTF-8', DATA_FOLDER: scratch, THREADS: '1', ...environment };
  const child = spawn(process.execPath, [program, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const written = stdout.split('\n').filter((line) => line !== '');
      const lines = status === 0 && !args.includes('--help') ? written.map((line): unknown => JSON.parse(line)) : [];
      resolve({ status, stdout, stderr, lines });
    });
  });
}

/** A file of JSON lines in the scratch folder. */
export function jsonLines(name: string, rows: readonly unknown[]): string {
  const path = join(scratch, name);
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  return path;
}

export function goldenLines<Row>(name: string): Row[] {
  const lines = readFileSync(join(shared, 'golden', name), 'utf8')
    .trim()
    .split('\n');
  return lines.map((line): Row => JSON.parse(line));
}

export function goldenJson<T>(name: string): T {
  return JSON.parse(readFileSync(join(shared, 'golden', name), 'utf8'));
}
