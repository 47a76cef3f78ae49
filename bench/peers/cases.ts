/** What is measured against whom, and what it must reach: the table of the project's issue on the engine. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ModelName, Precision } from '../engine/models.ts';
import type { Program } from './pairs.ts';

export const THREADS = 2;

/** SmolLM2 as a real file of quantised weights; it lies beside the project, not in it. */
const QUANTISED = path.join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  'shared',
  'models',
  'SmolLM2-135M-Instruct.Q4_1.gguf',
);

const PROMPT = 32;
const TOKENS = 64;

/** Where the peers are; null for one that could not be set up. */
export interface Peers {
  python: string | null;
  llama: string | null;
}

export interface PeerCase {
  /** Asked for by this name: `npm run bench -- --peers gpt2-lora`. */
  name: string;
  title: string;
  peer: 'PyTorch' | 'peft' | 'llama.cpp';
  kind: 'training' | 'decoding';
  /** Random weights of this model are written for both; null: a file that is there. */
  model: ModelName | null;
  /** How those weights are stored. */
  precision?: Precision;
  /** Of our figure to the peer's: milliseconds and megabytes at most, tokens/s at least. */
  targets: { speed: number; memory?: number };
  ours: (folder: string) => Program;
  theirs: (folder: string, peers: Peers) => Program | null;
}

const script = (...parts: string[]) => path.join(import.meta.dirname, ...parts);
/** As `npm start` starts the bot: by itself V8 lets garbage fill 50 MB more before it looks. For both sides. */
const NODE_ARGUMENTS = ['--max-semi-space-size=4'];
const node = (file: string, ...args: string[]): Program => ({
  program: process.execPath,
  args: [...NODE_ARGUMENTS, file, ...args],
});

function training(
  name: string,
  model: ModelName,
  method: 'full' | 'lora',
  length: number,
  targets: PeerCase['targets'],
  precision: Precision = 'float32',
): PeerCase {
  const isHalf = precision !== 'float32';
  const options = [method, '1', `${length}`, `${THREADS}`];
  return {
    name: `${name}-${method}-${length}${isHalf ? '-half' : ''}`,
    title: `${model.replace(/ .*/, '')} ${method === 'full' ? 'full' : 'LoRA r = 8'} step, ${length} tokens${isHalf ? `, ${precision} checkpoint` : ''}`,
    peer: method === 'full' ? 'PyTorch' : 'peft',
    kind: 'training',
    model,
    precision,
    targets,
    ours: (folder) =>
      node(script('..', 'engine', 'measure-training.ts'), model, path.join(folder, 'model.safetensors'), ...options),
    theirs: (folder, { python }) =>
      python === null ? null : { program: python, args: [script('measure_training.py'), folder, ...options] },
  };
}

const syntheticPrompt = JSON.stringify(Array.from({ length: PROMPT }, (_, i) => (i * 7919) % 50257));

/**
 * "Once upon a time, in a small village at the foot of a mountain, there lived a girl who wanted to know how the stars were
 * made. One night" as SmolLM2's tokenizer cuts it: a story that does not end soon.
 */
const STORY_PROMPT = [
  6403, 1980, 253, 655, 28, 281, 253, 1165, 6560, 418, 260, 3374, 282, 253, 6740, 28, 665, 4161, 253, 8180, 617, 4146,
  288, 699, 638, 260, 5703, 592, 1135, 30, 1963, 3163,
];

export const CASES: readonly PeerCase[] = [
  training('gpt2', 'GPT-2 (12 × 768)', 'full', 64, { speed: 0.75, memory: 0.85 }),
  training('gpt2', 'GPT-2 (12 × 768)', 'full', 256, { speed: 0.75, memory: 0.85 }),
  training('gpt2', 'GPT-2 (12 × 768)', 'lora', 64, { speed: 0.6, memory: 0.55 }),
  training('gpt2', 'GPT-2 (12 × 768)', 'lora', 256, { speed: 0.65, memory: 0.55 }),
  training('smollm2', 'SmolLM2 (30 × 576)', 'lora', 64, { speed: 0.5, memory: 0.5 }),
  training('smollm2', 'SmolLM2 (30 × 576)', 'lora', 256, { speed: 0.6, memory: 0.5 }),
  // The same as their checkpoints are stored; peft computes, and so keeps them, in float32.
  training('gpt2', 'GPT-2 (12 × 768)', 'lora', 64, { speed: 0.6, memory: 0.55 }, 'float16'),
  training('gpt2', 'GPT-2 (12 × 768)', 'lora', 256, { speed: 0.65, memory: 0.55 }, 'float16'),
  training('smollm2', 'SmolLM2 (30 × 576)', 'lora', 64, { speed: 0.5, memory: 0.5 }, 'bfloat16'),
  training('smollm2', 'SmolLM2 (30 × 576)', 'lora', 256, { speed: 0.6, memory: 0.5 }, 'bfloat16'),
  {
    name: 'gpt2-decode',
    title: `GPT-2 float32, ${TOKENS} tokens after ${PROMPT}`,
    peer: 'PyTorch',
    kind: 'decoding',
    model: 'GPT-2 (12 × 768)',
    targets: { speed: 2 },
    ours: (folder) => node(script('measure-decoding.ts'), folder, syntheticPrompt, `${TOKENS}`, `${THREADS}`),
    theirs: (folder, { python }) =>
      python === null
        ? null
        : {
            program: python,
            args: [script('measure_decoding.py'), folder, syntheticPrompt, `${TOKENS}`, `${THREADS}`],
          },
  },
  ...(existsSync(QUANTISED) ? [quantisedDecoding()] : []),
];

function quantisedDecoding(): PeerCase {
  const prompt = JSON.stringify(STORY_PROMPT);
  return {
    name: 'smollm2-decode',
    title: `SmolLM2 Q4_1 kept quantised, ${TOKENS} tokens after ${STORY_PROMPT.length}`,
    peer: 'llama.cpp',
    kind: 'decoding',
    model: null,
    targets: { speed: 1, memory: 1.5 },
    ours: () => node(script('measure-decoding.ts'), QUANTISED, prompt, `${TOKENS}`, `${THREADS}`, 'stored'),
    theirs: (_, { llama }) =>
      llama === null ? null : node(script('measure-llama.ts'), llama, QUANTISED, prompt, `${TOKENS}`, `${THREADS}`),
  };
}
