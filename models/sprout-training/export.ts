/** The newest checkpoint as a model folder that transformers, transformers.js and this project open. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expectedWeights, normaliseWeights, parseModelConfig } from '../../src/engine/index.ts';
import { writeModelFolder } from '../../src/formats/index.ts';
import { loadCheckpoint } from './checkpoint.ts';
import { generationConfig, modelConfig } from './config.ts';
import { writeTokenizerSettings } from './tokenizer.ts';
import { EVALUATION_FILE, writeCard } from './write-card.ts';

/** @param modelFolder holds the tokenizer's vocabulary and the curve, which the training wrote there. */
export async function exportSprout(checkpointFile: string, modelFolder: string): Promise<void> {
  const checkpoint = loadCheckpoint(checkpointFile);
  if (!checkpoint) throw new Error(`no checkpoint at ${checkpointFile}: train first`);
  const config = parseModelConfig(modelConfig);
  const names = expectedWeights(config);
  const weights = new Map([...checkpoint.state].filter(([name]) => names.has(name)));
  const at = (file: string) => path.join(modelFolder, file);
  const weightsOf = () => (existsSync(at('model.safetensors')) ? readFileSync(at('model.safetensors')) : null);
  const before = weightsOf();
  writeTokenizerSettings(modelFolder);
  writeFileSync(at('generation_config.json'), `${JSON.stringify(generationConfig, null, 2)}\n`);
  const tensors = normaliseWeights(config, weights);
  writeModelFolder(modelFolder, { config: modelConfig, tensors, dtype: 'float16' });
  // What was measured of other weights says nothing of these.
  if (before !== null && !weightsOf()!.equals(before)) rmSync(at(EVALUATION_FILE), { force: true });
  await writeCard(modelFolder);
  console.error(`Wrote ${modelFolder} after ${checkpoint.step} steps.`);
}
