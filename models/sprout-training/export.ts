/** The newest checkpoint as a model folder that transformers, transformers.js and this project open. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedWeights, normaliseWeights, parseModelConfig } from '../../src/engine/index.ts';
import { writeModelFolder } from '../../src/formats/index.ts';
import { modelCard } from './card.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { generationConfig, modelConfig } from './config.ts';

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
  writeFileSync(path.join(modelFolder, 'generation_config.json'), `${JSON.stringify(generationConfig, null, 2)}\n`);
  const curve = existsSync(curveFile)
    ? readFileSync(curveFile, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
  writeModelFolder(modelFolder, {
    config: modelConfig,
    tensors: normaliseWeights(config, weights),
    dtype: 'float16',
    card: modelCard(checkpoint.step, curve, path.join(modelFolder, 'samples.json')),
  });
  console.error(`Wrote ${modelFolder} after ${checkpoint.step} steps.`);
}
