import { existsSync, mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dropCheckpoints, loadCheckpoint, saveCheckpoint, sweepCheckpoints } from '../../src/training/checkpoint.ts';
import type { TrainerCheckpoint } from '../../src/training/index.ts';

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'checkpoint-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const checkpoint = (step: number): TrainerCheckpoint => ({
  step,
  // A sum that no short decimal names.
  totalLoss: 0.1 + 0.2 + step / 3,
  tensors: new Map([['w', { dtype: 'float32', shape: [2], data: new Float32Array([1 / 3, -step]) }]]),
});

test('a checkpoint comes back to the last bit', () => {
  const folder = dataFolder();
  const name = saveCheckpoint(folder, 'job', checkpoint(5));
  expect(name).toBe('checkpoints/job/step-5.safetensors');
  expect(loadCheckpoint(folder, 'job', name)).toEqual(checkpoint(5));
});

test('one that is missing, cut off or of another job is none: training starts over', () => {
  const folder = dataFolder();
  const name = saveCheckpoint(folder, 'job', checkpoint(5));
  expect(loadCheckpoint(folder, 'job', null)).toBeNull();
  expect(loadCheckpoint(folder, 'other', name)).toBeNull();
  expect(loadCheckpoint(folder, 'job', 'checkpoints/job/step-6.safetensors')).toBeNull();
  truncateSync(join(folder, ...name.split('/')), 100);
  expect(loadCheckpoint(folder, 'job', name)).toBeNull();
});

test('only the newest is kept, and nothing after the end', () => {
  const folder = dataFolder();
  saveCheckpoint(folder, 'job', checkpoint(1));
  const newest = saveCheckpoint(folder, 'job', checkpoint(2));
  dropCheckpoints(folder, 'job', newest);
  expect(readdirSync(join(folder, 'checkpoints', 'job'))).toEqual(['step-2.safetensors']);
  dropCheckpoints(folder, 'job');
  expect(existsSync(join(folder, 'checkpoints', 'job'))).toBe(false);
  dropCheckpoints(folder, 'job');
});

test('the sweep removes what killed processes left, and keeps what is wanted', () => {
  const folder = dataFolder();
  sweepCheckpoints(folder, () => false);
  saveCheckpoint(folder, 'running', checkpoint(1));
  saveCheckpoint(folder, 'gone', checkpoint(1));
  sweepCheckpoints(folder, (jobId) => jobId === 'running');
  expect(readdirSync(join(folder, 'checkpoints'))).toEqual(['running']);
});
