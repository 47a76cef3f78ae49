/**
 * Trains sprout, the embedded brain, from nothing, with this project's own engine on the CPU:
 *
 *   npm run sprout -- [--steps N] [--cooldown-from N] [--threads N] [--data FOLDER]     train, or go on where it stopped
 *   npm run sprout -- --export                                                          only write models/sprout anew
 *   npm run sprout -- --card                                                            only write its card anew
 *
 * Ctrl-C stops after the step under way and keeps everything; the same command goes on. At the end, and with --export,
 * the newest checkpoint becomes the model folder models/sprout. The state lives in data/sprout.
 */
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { exportSprout } from './sprout-training/export.ts';
import { takeLock } from './sprout-training/lock.ts';
import { trainSprout } from './sprout-training/loop.ts';
import { prepare } from './sprout-training/prepare.ts';
import { writeCard } from './sprout-training/write-card.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '3000' },
    'cooldown-from': { type: 'string' },
    threads: { type: 'string', default: '2' },
    data: { type: 'string' },
    export: { type: 'boolean', default: false },
    card: { type: 'boolean', default: false },
  },
});

const root = path.join(import.meta.dirname, '..');
const stateFolder = path.join(root, 'data', 'sprout');
const modelFolder = path.join(root, 'models', 'sprout');
const checkpointFile = path.join(stateFolder, 'checkpoint.safetensors');
const curveFile = path.join(modelFolder, 'curve.jsonl');
mkdirSync(stateFolder, { recursive: true });
mkdirSync(modelFolder, { recursive: true });

if (values.card) {
  await writeCard(modelFolder);
  process.exit(0);
}
if (!values.export) {
  if (!takeLock(path.join(stateFolder, 'lock'))) {
    console.error('Sprout is being trained already by another process; nothing was done.');
    process.exit(2);
  }
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => (stopping = true));
  const steps = Number(values.steps);
  const dataFolder = values.data ?? path.join(root, '..', 'shared', 'data');
  const prepared = prepare(dataFolder, modelFolder, { keepVocabulary: existsSync(checkpointFile) });
  const { step, done } = await trainSprout(prepared, {
    steps,
    cooldownFrom: Number(values['cooldown-from'] ?? Math.round(steps * 0.6)),
    checkpointFile,
    curveFile,
    threads: Number(values.threads),
    shouldStop: () => stopping,
    report: console.log,
  });
  console.error(done ? `Trained ${step} steps.` : `Stopped after ${step} steps; run the command again to go on.`);
  if (!done) process.exit(0);
}
await exportSprout(checkpointFile, modelFolder);
