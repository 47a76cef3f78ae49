/** How soon a brain is open, when its first token comes and how fast the others follow; each row a process of its own. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { BenchTable } from '../table.ts';
import { MODELS, type ModelName, withWeights } from './models.ts';

const CASES = [
  ['float32', 'base'],
  ['float32', 'LoRA r = 8'],
  ['quantised', 'base'],
  ['quantised', 'LoRA r = 8'],
] as const;

export default async function decoding(): Promise<BenchTable> {
  const script = path.join(import.meta.dirname, 'measure-decoding.ts');
  const rows = (Object.keys(MODELS) as ModelName[]).flatMap((model) =>
    withWeights(model, (file) =>
      CASES.map(([precision, version]) => {
        const given = [script, path.dirname(file), version, precision];
        const measured: Record<string, number> = JSON.parse(
          execFileSync(process.execPath, given, { encoding: 'utf8' }),
        );
        const { openMs = 0, coldFirstMs = 0, warmFirstMs = 0, tokensPerSecond = 0, residentMb = 0 } = measured;
        return {
          model,
          weights: precision === 'float32' ? 'float32' : '8 bits',
          version,
          'open, ms': openMs.toFixed(0),
          'first token, cold, ms': coldFirstMs.toFixed(0),
          'first token, warm, ms': warmFirstMs.toFixed(0),
          'tokens/s': tokensPerSecond.toFixed(0),
          'resident MB': residentMb.toFixed(0),
        };
      }),
    ),
  );
  return {
    title: 'Decoding',
    note: 'After 32 tokens, the 64 that follow, weights packed before. Float32 weights are mapped: theirs are pages the system can take back.',
    rows,
  };
}
