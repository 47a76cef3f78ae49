/** What a training step costs, full and LoRA, and where its time goes; each row a process of its own. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { BenchTable } from '../table.ts';
import { MODELS, type ModelName, withWeights } from './models.ts';

const CASES: Record<ModelName, readonly [method: 'full' | 'lora', batch: number, length: number][]> = {
  'sprout-sized (6 × 256)': [
    ['full', 16, 256],
    ['full', 1, 256],
    ['lora', 1, 64],
    ['lora', 1, 256],
  ],
  'GPT-2 (12 × 768)': [
    ['full', 1, 64],
    ['full', 1, 256],
    ['lora', 1, 64],
    ['lora', 1, 256],
  ],
  'SmolLM2 (30 × 576)': [
    ['lora', 1, 64],
    ['lora', 1, 256],
  ],
};

export default async function training(): Promise<BenchTable[]> {
  const script = path.join(import.meta.dirname, 'measure-training.ts');
  return (Object.keys(MODELS) as ModelName[]).map((model) => ({
    title: `Training ${model}`,
    note: 'Median of four steps after a first one; LoRA r = 8 on all linear layers, its base mapped from the file.',
    rows: withWeights(model, (file) =>
      CASES[model].map(([method, batch, length]) => {
        const output = execFileSync(process.execPath, [script, model, file, method, `${batch}`, `${length}`], {
          encoding: 'utf8',
        });
        const measured: Record<string, number> = JSON.parse(output);
        const { loadMs = 0, gradientsMs = 0, normMs = 0, optimizerMs = 0, tokens = 0, peakMb = 0 } = measured;
        const step = gradientsMs + normMs + optimizerMs;
        const share = (part: number) => `${((100 * part) / step).toFixed(0)} %`;
        return {
          method,
          batch: `${batch} × ${length}`,
          'ms/step': step.toFixed(0),
          'tokens/s': ((1000 * tokens) / step).toFixed(0),
          'forward + backward': share(gradientsMs),
          norm: share(normMs),
          optimizer: share(optimizerMs),
          'open, ms': loadMs.toFixed(0),
          'peak MB': peakMb.toFixed(0),
        };
      }),
    ),
  }));
}
