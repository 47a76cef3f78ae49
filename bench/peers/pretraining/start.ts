/**
 * The first steps of sprout's training as files that both sides read: config.json and model.safetensors with the weights it starts from,
 * rows.safetensors with the ids in their order and the labels, settings.json with the rate of each step and what else a step is told.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelConfig } from '../../../models/sprout-training/config.ts';
import { labelsOf, RowStream } from '../../../models/sprout-training/packing.ts';
import type { Prepared } from '../../../models/sprout-training/prepare.ts';
import { learningRate } from '../../../models/sprout-training/schedule.ts';
import { TRAINING } from '../../../models/sprout-training/step.ts';
import { parseModelConfig, randomWeights, type TensorMap } from '../../../src/engine/index.ts';
import { readSafetensors, writeSafetensors } from '../../../src/formats/index.ts';

export interface StartOptions {
  steps: number;
  /** Rows to write, each as long as the model's window. */
  rows: number;
  /** config.json of the model; sprout's unless said. */
  model?: { max_position_embeddings: number };
}

export interface Start {
  config: object;
  weights: TensorMap;
  /** Rows end to end. */
  inputIds: Int32Array;
  length: number;
  rates: number[];
}

interface Settings {
  rates: number[];
  weightDecay: number;
  maxGradNorm: number;
  betas: [number, number];
}

const files = (folder: string) => ({
  config: path.join(folder, 'config.json'),
  weights: path.join(folder, 'model.safetensors'),
  rows: path.join(folder, 'rows.safetensors'),
  settings: path.join(folder, 'settings.json'),
});

export function writeStart(
  folder: string,
  { training, encode }: Pick<Prepared, 'training' | 'encode'>,
  { steps, rows, model = modelConfig }: StartOptions,
): void {
  const length = model.max_position_embeddings;
  const inputIds = new RowStream(training, encode, length, TRAINING.seed).take(rows);
  const { peak, warmupSteps, weightDecay, maxGradNorm, beta1, beta2 } = TRAINING;
  const schedule = { peak, warmupSteps, cooldownFrom: steps, steps };
  const settings: Settings = {
    rates: Array.from({ length: steps }, (_, step) => learningRate(step, schedule)),
    weightDecay,
    maxGradNorm,
    betas: [beta1, beta2],
  };
  const shape = [rows, length];
  const to = files(folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(to.config, JSON.stringify(model));
  writeFileSync(to.settings, JSON.stringify(settings));
  writeSafetensors(to.weights, randomWeights(parseModelConfig(model), TRAINING.seed));
  writeSafetensors(
    to.rows,
    new Map([
      ['input_ids', { dtype: 'int32', shape, data: inputIds }],
      ['labels', { dtype: 'int32', shape, data: labelsOf(inputIds) }],
    ]),
  );
}

/** Ours of it: the labels and the rest of the settings are the training's own. */
export function readStart(folder: string): Start {
  const from = files(folder);
  const rows = readSafetensors(from.rows).tensors.get('input_ids')!;
  const settings: Settings = JSON.parse(readFileSync(from.settings, 'utf8'));
  return {
    config: JSON.parse(readFileSync(from.config, 'utf8')),
    weights: readSafetensors(from.weights).tensors,
    inputIds: Int32Array.from(rows.data as Int32Array),
    length: rows.shape[1]!,
    rates: settings.rates,
  };
}
