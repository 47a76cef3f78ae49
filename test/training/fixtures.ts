/** A whole training house in a temporary folder: a tiny GPT-2 with a tokenizer, a store with a class, jobs for it. */
import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { writeModelFolder } from '../../src/formats/index.ts';
import { type JobPayload, type JobRow, openStore, type Store } from '../../src/store/index.ts';
import { type Supervisor, type SupervisorOptions, startSupervisor } from '../../src/training/index.ts';
import { runJob } from '../../src/training/run-job.ts';

export const CLASS_ID = 'class';

// Workers run at low priority: on a busy machine they wait long for their turn.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

const END = '<|endoftext|>';
/** GPT-2's byte-level alphabet: printable bytes stand for themselves, the others for characters from 256 on. */
const PRINTABLE = (byte: number) => (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
const OTHERS = Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !PRINTABLE(byte));
const BYTES = Array.from({ length: 256 }, (_, byte) =>
  String.fromCodePoint(PRINTABLE(byte) ? byte : 256 + OTHERS.indexOf(byte)),
);

const config = {
  model_type: 'gpt2',
  architectures: ['GPT2LMHeadModel'],
  vocab_size: 257,
  n_positions: 48,
  n_embd: 16,
  n_layer: 2,
  n_head: 2,
  n_inner: null,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  // Large, so that the weights do something from the start.
  initializer_range: 0.2,
  tie_word_embeddings: true,
  bos_token_id: 256,
  eos_token_id: 256,
};

const llama = {
  model_type: 'llama',
  architectures: ['LlamaForCausalLM'],
  vocab_size: 257,
  max_position_embeddings: 48,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  initializer_range: 0.2,
  tie_word_embeddings: true,
  bos_token_id: 256,
  eos_token_id: 256,
};

export const FAMILIES = { gpt2: config, llama } as const;
export type Family = keyof typeof FAMILIES;

/** One token a byte: enough of a tokenizer for a model of 257 tokens. */
const tokenizer = {
  version: '1.0',
  added_tokens: [
    { id: 256, content: END, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true },
  ],
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: { type: 'BPE', vocab: Object.fromEntries([...BYTES, END].map((token, id) => [token, id])), merges: [] },
};

/** Writes the tiny model and returns its folder. */
export function tinyModel(parent: string, seed = 1, family: Family = 'gpt2'): string {
  const folder = join(parent, `tiny-${seed}`);
  const shape = FAMILIES[family];
  writeModelFolder(folder, { config: shape, tensors: randomWeights(parseModelConfig(shape), seed) });
  writeFileSync(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  writeFileSync(join(folder, 'tokenizer_config.json'), JSON.stringify({ eos_token: END, bos_token: END }));
  return folder;
}

export interface House {
  folder: string;
  store: Store;
  model: string;
  /** Queues a job and returns its id. */
  enqueue(changes?: Partial<JobPayload>, fromVersionId?: string | null, classId?: string): string;
  /** Runs the queue with real workers; stopped when the test ends. */
  supervise(options?: Partial<SupervisorOptions>): Supervisor & { log: unknown[][] };
  /** Does the next job in this process: for what does not depend on processes. Returns its row. */
  run(): Promise<JobRow>;
  /** Waits until the job has ended, and returns its row. */
  ended(jobId: string): Promise<JobRow>;
  /** The bytes of the adapter the job made. */
  adapterOf(jobId: string): Buffer;
}

export function house(family: Family = 'gpt2'): House {
  const folder = mkdtempSync(join(tmpdir(), 'training-'));
  const store = openStore({ folder });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const model = tinyModel(folder, 1, family);
  store.classes.ensure({ id: CLASS_ID, name: '7A', locale: 'pt-BR' });
  return {
    folder,
    store,
    model,
    enqueue: (changes = {}, fromVersionId = null, classId = CLASS_ID) =>
      store.jobs.enqueue({
        classId,
        sessionId: null,
        turnId: null,
        fromVersionId,
        payload: payload(model, changes),
      }),
    supervise(options = {}) {
      const log: unknown[][] = [];
      const note = (...said: unknown[]) => void log.push(said);
      const supervisor = startSupervisor({
        store,
        dataFolder: folder,
        onChange: () => {},
        logger: { info: () => {}, warn: note, error: note },
        threads: 1,
        lookMs: 50,
        ...options,
      });
      onTestFinished(() => supervisor.stop());
      return Object.assign(supervisor, { log });
    },
    async run() {
      const worker = `test ${randomUUID()}`;
      const job = store.jobs.claim(worker, 60_000);
      if (job === null) throw new Error('no job waits');
      await runJob({ store, job, worker, isStopAsked: () => false, changed: () => {}, threads: 1 });
      return store.jobs.get(job.id)!;
    },
    async ended(jobId) {
      await until(() => !['queued', 'running'].includes(store.jobs.get(jobId)?.state ?? ''));
      return store.jobs.get(jobId)!;
    },
    adapterOf: (jobId) => Buffer.from(store.versions.adapter(store.jobs.get(jobId)?.versionId ?? '')),
  };
}

export function payload(model: string, changes: Partial<JobPayload> = {}): JobPayload {
  return {
    base: model,
    recipe: 'classic',
    method: 'lora',
    lora: { r: 2, alpha: 4 },
    args: { learningRate: 5e-3 },
    seed: 7,
    trainingText: 'hello there what is rain',
    memberIds: [],
    probe: {
      promptIds: [...Buffer.from('hello'), 256],
      replyIds: [...Buffer.from('what')],
      generation: { maxNewTokens: 5, temperature: 0.7, topK: 50, topP: 0.9, repetitionPenalty: 1.2, seed: 3 },
    },
    ...changes,
  };
}

/** Waits for something another process does. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

export function checkpointsLeft(folder: string, jobId: string): boolean {
  return existsSync(join(folder, 'checkpoints', jobId));
}
