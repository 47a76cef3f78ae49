/**
 * Half-done training on disk: the trained weights, the optimiser's moments and the step, so that a killed worker's
 * successor goes on where it stopped and ends with the same bytes. One folder a job; a checkpoint is a safetensors file
 * written whole or not at all, and only the newest is kept. No words are in it.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../errors.ts';
import { readSafetensors, writeSafetensors } from '../formats/index.ts';
import type { TrainerCheckpoint } from './trainer.ts';

const FOLDER = 'checkpoints';

/** Writes a checkpoint durably and returns its name within the data folder, for the job's row. */
export function saveCheckpoint(dataFolder: string, jobId: string, checkpoint: TrainerCheckpoint): string {
  const name = `step-${checkpoint.step}.safetensors`;
  const { step, totalLoss, tensors } = checkpoint;
  // A number written by JavaScript is read back as the same number.
  const metadata = { job: jobId, step: String(step), total_loss: String(totalLoss) };
  writeSafetensors(join(dataFolder, FOLDER, jobId, name), tensors, metadata);
  return [FOLDER, jobId, name].join('/');
}

/**
 * The checkpoint a job's row names, or null where it cannot be used: training from the start gives the same result,
 * only later.
 */
export function loadCheckpoint(dataFolder: string, jobId: string, name: string | null): TrainerCheckpoint | null {
  if (name === null) return null;
  try {
    const { tensors, metadata } = readSafetensors(join(dataFolder, ...name.split('/')));
    const step = Number(metadata.step);
    const totalLoss = Number(metadata.total_loss);
    if (metadata.job !== jobId || !Number.isSafeInteger(step) || !Number.isFinite(totalLoss)) return null;
    return { step, totalLoss, tensors };
  } catch (error) {
    if (error instanceof UserError) return null;
    throw error;
  }
}

/** Removes a job's checkpoints, all but `keep`: call it after the row names the new one. */
export function dropCheckpoints(dataFolder: string, jobId: string, keep: string | null = null): void {
  const folder = join(dataFolder, FOLDER, jobId);
  if (keep === null) {
    rmSync(folder, { recursive: true, force: true });
    return;
  }
  const kept = keep.split('/').at(-1);
  for (const file of filesIn(folder)) if (file !== kept) rmSync(join(folder, file), { force: true });
}

/** Removes the checkpoints of every job that `isWanted` denies: what killed processes left behind. */
export function sweepCheckpoints(dataFolder: string, isWanted: (jobId: string) => boolean): void {
  for (const jobId of filesIn(join(dataFolder, FOLDER))) if (!isWanted(jobId)) dropCheckpoints(dataFolder, jobId);
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
