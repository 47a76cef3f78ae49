/** The newest checkpoint as a model folder that transformers, transformers.js and this project open. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedWeights, normaliseWeights, parseModelConfig } from '../../src/engine/index.ts';
import { writeModelFolder } from '../../src/formats/index.ts';
import { type CurveEntry, modelCard } from './card.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { generationConfig, modelConfig } from './config.ts';
import { takeSamples } from './samples.ts';
import { writeTokenizerSettings } from './tokenizer.ts';

export interface ExportPlaces {
  checkpointFile: string;
  curveFile: string;
  modelFolder: string;
}

export async function exportSprout({ checkpointFile, curveFile, modelFolder }: ExportPlaces): Promise<void> {
  const checkpoint = loadCheckpoint(checkpointFile);
  if (!checkpoint) throw new Error(`no checkpoint at ${checkpointFile}: train first`);
  const config = parseModelConfig(modelConfig);
  const names = expectedWeights(config);
  const weights = new Map([...checkpoint.state].filter(([name]) => names.has(name)));
  const writeText = (file: string, text: string) => writeFileSync(path.join(modelFolder, file), text);
  writeTokenizerSettings(modelFolder);
  writeText('generation_config.json', `${JSON.stringify(generationConfig, null, 2)}\n`);
  const tensors = normaliseWeights(config, weights);
  writeModelFolder(modelFolder, { config: modelConfig, tensors, dtype: 'float16' });
  writeText('README.md', modelCard(checkpoint.step, readCurve(curveFile), await takeSamples(modelFolder)));
  console.error(`Wrote ${modelFolder} after ${checkpoint.step} steps.`);
}

function readCurve(file: string): CurveEntry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): CurveEntry => JSON.parse(line));
}
