/**
 * A training's whole state in one file: weights, optimiser moments, how many steps were taken. The rows already read follow
 * from the steps. Written under a temporary name and renamed, so a kill at any instant leaves the last one whole.
 */
import { existsSync } from 'node:fs';
import type { TensorMap } from '../../src/engine/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/index.ts';

export interface Checkpoint {
  step: number;
  state: TensorMap;
}

export function saveCheckpoint(file: string, { step, state }: Checkpoint): void {
  writeSafetensors(file, state, { step: String(step) });
}

export function loadCheckpoint(file: string): Checkpoint | null {
  if (!existsSync(file)) return null;
  const { tensors, metadata } = readSafetensors(file);
  return { step: Number(metadata.step), state: tensors };
}
