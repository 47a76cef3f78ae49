/**
 * The same numbers on both sides: adapters and models made here, opened by Python's peft and transformers, and theirs
 * opened here. Needs the Python of the benchmarks (`npm run bench -- --peers` sets it up) and `../shared`.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { findPython } from '../../bench/peers/setup.ts';
import { openBrain } from '../../src/brain/index.ts';
import { openServing } from '../../src/engine/index.ts';
import { readAdapterFolder } from '../../src/formats/index.ts';

const PROJECT = path.resolve(import.meta.dirname, '..', '..');
const SHARED = path.resolve(PROJECT, '..', 'shared');
const SMOLLM2 = path.join(SHARED, 'models', 'SmolLM2-135M-Instruct.Q4_1.gguf');
const CHECK = path.join(PROJECT, 'test', 'interop', 'check.py');
const GOLDEN = ['gpt2', 'llama'];
const LIMIT = 1e-4;

const ROWS = [{ input_ids: [5, 17, 60, 33, 9, 71, 2] }, { input_ids: [90, 12, 44, 8] }];
const IDS = [76, 70, 17, 48, 3, 99, 21, 64, 5, 120];
const TEXTS = [
  'The school library opens at eight and closes at six.',
  'A professora explicou a matéria com calma: 3 × 4 = 12!',
  '  two  spaces,\ta tab\n\nand 😀 «quotes» — don’t',
  '<|im_start|>user\nHi<|im_end|>\n',
];

interface Case {
  readonly name: string;
  /** What Python opens. */
  readonly folder: string;
  readonly adapter?: string;
  /** What we open, where it is something else. */
  readonly ours?: string;
  /** Null: the tokenizer's ids of the first text. */
  readonly ids: readonly number[] | null;
  readonly texts?: readonly string[];
}

export interface InteropDrillResult {
  /** Why nothing was done. */
  skipped?: string;
  /** By case: the largest difference between a logit of ours and Python's. */
  largestDifferences: Record<string, number>;
  /** Texts whose tokens were compared. */
  texts: number;
  /** What did not hold; empty when all did. */
  offences: string[];
}

export async function drillInterop(): Promise<InteropDrillResult> {
  const nothing = { largestDifferences: {}, texts: 0, offences: [] };
  if (!existsSync(SHARED)) return { skipped: `${SHARED} is not here`, ...nothing };
  const python = findPython();
  if ('missing' in python) return { skipped: python.missing, ...nothing };
  const folder = mkdtempSync(path.join(tmpdir(), 'interop-drill-'));
  try {
    return await new InteropDrill(folder, python.ready).run();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

class InteropDrill {
  readonly #folder: string;
  readonly #python: string;
  readonly #result: InteropDrillResult = { largestDifferences: {}, texts: 0, offences: [] };

  constructor(folder: string, python: string) {
    this.#folder = folder;
    this.#python = python;
  }

  async run(): Promise<InteropDrillResult> {
    const cases = [...GOLDEN.flatMap((model) => this.#golden(model)), ...this.#smolLm2()];
    const jobs = [];
    const answers = [];
    for (const [index, { name, folder, adapter = null, ours = folder, ids, texts = [] }] of cases.entries()) {
      const mine = await this.#answer(ours, adapter, ids, texts);
      answers.push({ name, ...mine });
      const files = { logits: this.#path(`${index}.bin`), tokens: this.#path(`${index}.json`) };
      jobs.push({ folder, adapter, ids: mine.ids, texts, ...files });
    }
    writeFileSync(this.#path('jobs.json'), JSON.stringify(jobs));
    this.#run(this.#python, [CHECK, 'answer', this.#path('jobs.json')]);
    for (const [index, { logits, tokens }] of jobs.entries()) this.#compare(answers[index]!, logits, tokens);
    return this.#result;
  }

  #golden(model: string): Case[] {
    const base = path.join(SHARED, 'golden', model);
    const [theirs, lora, full, merged] = ['theirs', 'lora', 'full', 'merged'].map((part) =>
      this.#path(`${model}-${part}`),
    ) as [string, string, string, string];
    const data = this.#path('rows.jsonl');
    writeFileSync(data, ROWS.map((row) => `${JSON.stringify(row)}\n`).join(''));
    mkdirSync(theirs);
    this.#run(this.#python, [CHECK, 'make', base, theirs]);
    const steps = ['--data', data, '--learning-rate', '0.01'];
    this.#brain('train', base, '--method', 'lora', '--out', lora, ...steps);
    this.#brain('train', base, '--method', 'full', '--out', full, ...steps);
    this.#brain('export', base, merged, '--adapter', lora);
    return [
      { name: `${model}: adapter trained here`, folder: base, adapter: lora, ids: IDS },
      { name: `${model}: all weights trained here`, folder: full, ids: IDS },
      { name: `${model}: exported with the adapter`, folder: merged, ids: IDS },
      { name: `${model}: adapter made by peft`, folder: base, adapter: path.join(theirs, 'adapter'), ids: IDS },
      { name: `${model}: saved by transformers in shards`, folder: path.join(theirs, 'sharded'), ids: IDS },
      { name: `${model}: saved by torch`, folder: path.join(theirs, 'torch'), ids: IDS },
    ];
  }

  #smolLm2(): Case[] {
    if (!existsSync(SMOLLM2)) return [];
    const imported = this.#path('smollm2');
    this.#brain('import', SMOLLM2, imported);
    return [{ name: 'SmolLM2: imported from GGUF', folder: imported, ours: SMOLLM2, ids: null, texts: TEXTS }];
  }

  /** Logits and tokens by our own engine. */
  async #answer(source: string, adapter: string | null, given: Case['ids'], texts: readonly string[]) {
    const brain = await openBrain(source, { dataFolder: this.#path('data') });
    const tokens = texts.map((text) => brain.tokenizer.encode(text, { parseSpecial: true }));
    await brain.dispose();
    const ids = given ?? tokens[0]!;
    const serving = await openServing(brain.config, { weightsFile: brain.weightsFile });
    if (adapter !== null) serving.setAdapter(readAdapterFolder(adapter));
    const logits = await serving.logits(ids);
    await serving.dispose();
    return { ids, logits, tokens };
  }

  #compare(
    { name, logits, tokens }: { name: string; logits: Float32Array; tokens: number[][] },
    logitsFile: string,
    tokensFile: string,
  ): void {
    const { buffer, byteOffset, byteLength } = readFileSync(logitsFile);
    const theirs = new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
    let largest = theirs.length === logits.length ? 0 : Number.POSITIVE_INFINITY;
    for (const [i, logit] of theirs.entries()) largest = Math.max(largest, Math.abs(logit - logits[i]!));
    this.#result.largestDifferences[name] = largest;
    // Not a number is no small difference.
    if (!(largest <= LIMIT)) this.#result.offences.push(`${name}: logits differ by ${largest}`);
    if (tokens.length === 0) return;
    const read = JSON.parse(readFileSync(tokensFile, 'utf8')) as number[][];
    for (const [i, ids] of tokens.entries()) {
      this.#result.texts += 1;
      if (`${read[i]}` !== `${ids}`) this.#result.offences.push(`${name}: text ${i}: [${read[i]}], ours [${ids}]`);
    }
  }

  #brain(...args: string[]): void {
    this.#run(process.execPath, [path.join(PROJECT, 'src', 'cli.ts'), ...args]);
  }

  #run(program: string, args: readonly string[]): void {
    const env = { ...process.env, DATA_FOLDER: this.#path('data'), HF_HUB_OFFLINE: '1' };
    const { status, error, stderr } = spawnSync(program, args, { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${status}: ${stderr}`, { cause: error });
  }

  #path(name: string): string {
    return path.join(this.#folder, name);
  }
}
