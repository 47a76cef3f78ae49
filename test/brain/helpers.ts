/** A tiny random brain with sprout's kind of tokenizer, and folders that vanish after the test. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { trainBytePairEncoding } from '../../models/sprout-training/bpe.ts';
import { specialTokens, writeTokenizer } from '../../models/sprout-training/tokenizer.ts';
import { type Brain, openBrain } from '../../src/brain/index.ts';
import { parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { UserError } from '../../src/errors.ts';
import { writeModelFolder } from '../../src/formats/index.ts';

export const golden = path.resolve('..', 'shared', 'golden');
export const noGolden = !existsSync(golden);
if (noGolden) console.info(`skipped: the reference files are not at ${golden}`);

export const sprout = path.resolve('models', 'sprout');
export const noSprout = !existsSync(path.join(sprout, 'model.safetensors'));
if (noSprout) console.info(`skipped: sprout is not trained yet, ${sprout} holds no weights`);

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'brain-'));
  // Files still mapped by a session in use would not go on Windows.
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

const texts = ['the cat sat on the mat', 'Olá, tudo bem? não sei, coração', 'what do you think?', '😀 😀 😀'];
export const tinyEncoding = trainBytePairEncoding(
  texts.map((text) => ({ text, weight: 5 })),
  specialTokens.length + 256 + 24,
  specialTokens,
);

export const tinyConfig = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  vocab_size: tinyEncoding.vocabulary.length,
  n_positions: 64,
  n_embd: 32,
  n_layer: 2,
  n_head: 4,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
  // Large enough that likely and unlikely tokens are far apart.
  initializer_range: 0.3,
  bos_token_id: 0,
  eos_token_id: 0,
};

export interface TinyOptions {
  dtype?: 'float32' | 'float16';
  tokenizer?: boolean;
  seed?: number;
}

/** A model folder with random weights. */
export function tinyFolder({ dtype = 'float32', tokenizer = true, seed = 7 }: TinyOptions = {}): string {
  const folder = temporaryFolder();
  const tensors = randomWeights(parseModelConfig(tinyConfig), seed);
  writeModelFolder(folder, { config: tinyConfig, tensors, dtype });
  if (tokenizer) writeTokenizer(folder, tinyEncoding);
  return folder;
}

/** Opens a folder (the tiny model unless said) and closes it after the test. */
export async function opened(folder = tinyFolder(), dataFolder = temporaryFolder()): Promise<Brain> {
  const brain = await openBrain(folder, { dataFolder, threads: 1 });
  onTestFinished(() => brain.dispose());
  return brain;
}

/** The UserError `work` is refused with; the test fails when there is none. */
export async function refusal(work: () => unknown): Promise<UserError> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}
