/** How soon a brain is open, when its first token comes and how fast the others follow; each row a process of its own. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { BenchTable } from '../table.ts';
import { MODELS, type ModelName, withWeights } from './models.ts';

export default async function decoding(): Promise<BenchTable> {
  const script = path.join(import.meta.dirname, 'measure-decoding.ts');
  const rows = (Object.keys(MODELS) as ModelName[]).flatMap((model) =>
    withWeights(model, (file) =>
      ['base', 'adapter'].map((kind) => {
        const output = execFileSync(process.execPath, [script, model, file, kind], { encoding: 'utf8' });
        const measured: Record<string, number> = JSON.parse(output);
        const { loadMs = 0, coldFirstMs = 0, warmFirstMs = 0, tokensPerSecond = 0, peakMb = 0 } = measured;
        return {
          model,
          version: kind === 'base' ? 'base' : 'LoRA r = 8',
          'open, ms': loadMs.toFixed(0),
          'first token, cold, ms': coldFirstMs.toFixed(0),
          'first token, warm, ms': warmFirstMs.toFixed(0),
          'tokens/s': tokensPerSecond.toFixed(0),
          'peak MB': peakMb.toFixed(0),
        };
      }),
    ),
  );
  return {
    title: 'Decoding',
    note: 'After 32 tokens, the 64 that follow, through the cache; the weights are mapped, so the peak holds pages other processes share.',
    rows,
  };
}
