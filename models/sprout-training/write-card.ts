/** Writes the model card and its picture from what lies in sprout's folder. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelCard } from './card.ts';
import { readCorpus } from './corpus.ts';
import { curveChart, readCurve } from './curve.ts';

/** What `npm run sprout:eval` measured of the weights beside it. */
export const EVALUATION_FILE = 'evaluation.json';
/** What a person who read the forty replies thinks of them; written by hand. */
const JUDGEMENT_FILE = 'JUDGEMENT.md';

export async function writeCard(modelFolder: string): Promise<void> {
  const at = (file: string) => path.join(modelFolder, file);
  const read = (file: string) => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : null);
  const curve = readCurve(at('curve.jsonl'));
  const evaluation = read(EVALUATION_FILE);
  const card = modelCard({
    curve,
    corpus: readCorpus(at('corpus')),
    evaluation: evaluation === null ? null : JSON.parse(evaluation),
    judgement: read(JUDGEMENT_FILE),
  });
  writeFileSync(at('README.md'), card);
  writeFileSync(at('curve.svg'), await curveChart(curve));
}
