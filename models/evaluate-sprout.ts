/**
 * Measures the embedded brain, or another model that is talked to like it:
 *
 *   npm run sprout:eval [-- --model FOLDER --out FILE.md --data FOLDER --corpus FOLDER --threads N]
 *
 * The tables go to stdout; with --out also to FILE.md, and all the numbers and replies to FILE.json beside it. About three
 * minutes on two cores.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { openBrain } from '../src/brain/index.ts';
import { evaluateBrain } from './sprout-eval/evaluation.ts';
import { readMaterial } from './sprout-eval/material.ts';
import { evaluationSection } from './sprout-eval/report.ts';
import { CORPUS_FOLDER } from './sprout-training/corpus.ts';

const root = path.join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    model: { type: 'string', default: path.join(root, 'models', 'sprout') },
    out: { type: 'string' },
    data: { type: 'string', default: path.join(root, '..', 'shared', 'data') },
    corpus: { type: 'string', default: CORPUS_FOLDER },
    threads: { type: 'string', default: '2' },
  },
});

const dataFolder = mkdtempSync(path.join(tmpdir(), 'sprout-eval-'));
const brain = await openBrain(values.model, { dataFolder, threads: Number(values.threads) });
try {
  const material = readMaterial(values.data, values.corpus);
  for (const reason of material.missing) console.error(`Left out. ${reason}`);
  const evaluation = await evaluateBrain(brain, material, { report: (step) => console.error(`measuring ${step} …`) });
  const section = evaluationSection(evaluation);
  console.log(section);
  if (values.out !== undefined) {
    writeFileSync(values.out, section);
    writeFileSync(values.out.replace(/\.md$|$/, '.json'), `${JSON.stringify(evaluation, null, 2)}\n`);
  }
} finally {
  await brain.dispose();
  rmSync(dataFolder, { recursive: true, force: true });
}
