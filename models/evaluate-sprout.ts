/**
 * Measures the embedded brain, or another model that is talked to like it:
 *
 *   npm run sprout:eval [-- --model FOLDER --out FILE.md --data FOLDER --corpus FOLDER --threads N]
 *
 * The tables go to stdout; with --out also to FILE.md, and all the numbers and replies to FILE.json beside it. Of sprout itself,
 * measured with all there is to measure it on, they go to models/sprout/evaluation.json and into its card. About three minutes on
 * two cores.
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
import { EVALUATION_FILE, writeCard } from './sprout-training/write-card.ts';

const root = path.join(import.meta.dirname, '..');
const sproutFolder = path.join(root, 'models', 'sprout');
const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    out: { type: 'string' },
    data: { type: 'string', default: path.join(root, '..', 'shared', 'data') },
    corpus: { type: 'string', default: CORPUS_FOLDER },
    threads: { type: 'string', default: '2' },
  },
});

const dataFolder = mkdtempSync(path.join(tmpdir(), 'sprout-eval-'));
const brain = await openBrain(values.model ?? sproutFolder, { dataFolder, threads: Number(values.threads) });
try {
  const material = readMaterial(values.data, values.corpus);
  for (const reason of material.missing) console.error(`Left out. ${reason}`);
  const evaluation = await evaluateBrain(brain, material, { report: (step) => console.error(`measuring ${step} …`) });
  const section = evaluationSection(evaluation);
  console.log(section);
  const numbers = `${JSON.stringify(evaluation, null, 2)}\n`;
  if (values.out !== undefined) {
    writeFileSync(values.out, section);
    writeFileSync(values.out.replace(/\.md$|$/, '.json'), numbers);
  }
  if (values.model === undefined && material.missing.length === 0) {
    writeFileSync(path.join(sproutFolder, EVALUATION_FILE), numbers);
    await writeCard(sproutFolder);
  }
} finally {
  await brain.dispose();
  rmSync(dataFolder, { recursive: true, force: true });
}
