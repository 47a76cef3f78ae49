import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { peakMemory } from '../../src/training/peak-memory.ts';

const MODULE = path.join(import.meta.dirname, '..', '..', 'src', 'training', 'peak-memory.ts');
const MEGABYTES = 300;

test('the peak holds what was given back since', () => {
  const before = peakMemory();
  let block: Buffer | null = Buffer.alloc(MEGABYTES * 2 ** 20, 1);
  expect(block.at(-1)).toBe(1);
  block = null;
  expect(peakMemory()).toBeGreaterThan(Math.max(before, MEGABYTES * 2 ** 20));
});

test('a child’s peak is its own, not that of the process that started it', () => {
  const block = Buffer.alloc(MEGABYTES * 2 ** 20, 1);
  const script = `import { peakMemory } from ${JSON.stringify(pathToFileURL(MODULE).href)}; console.log(peakMemory());`;
  const peak = Number(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' }));
  expect(block.at(-1)).toBe(1);
  expect(peak).toBeGreaterThan(0);
  expect(peak).toBeLessThan(MEGABYTES * 2 ** 20);
});
