/**
 * Sprout's training beside PyTorch's: from the same weights, rows, rates and settings, are the losses the same, and who is faster?
 * Beside both, @genai-fi/nanogpt, another engine for JavaScript.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { modelConfig } from '../../../models/sprout-training/config.ts';
import { prepare } from '../../../models/sprout-training/prepare.ts';
import { MICRO_ROWS, TRAINING } from '../../../models/sprout-training/step.ts';
import type { BenchTable } from '../../table.ts';
import { THREADS } from '../cases.ts';
import { type Measurement, measureInTurn, medianOf, type Program, type Side } from '../pairs.ts';
import { setUpNanogpt, setUpPython } from '../setup.ts';
import { writeStart } from './start.ts';

const STEPS_COMPARED = 200;
/** Of sprout's rows: the losses need no whole batch to be the same. */
const ROWS_COMPARED = 4;
const SAME_CURVE = 0.001;

/** A first one, which touches all memory for the first time or compiles, and four that are measured. */
const STEPS_TIMED = 5;
const SPEED_TARGET = 1.2;
/** Shorter rows and fewer steps than the others': it would take many minutes a step. */
const NANOGPT = { length: 32, steps: 3 };

const DATA = path.join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data');

type Row = BenchTable['rows'][number];

/** How PyTorch takes the same step; the first is how anybody would write it. */
const TORCH_WAYS: readonly (readonly [title: string, mode: 'eager' | 'compiled', microBatch: number])[] = [
  ['PyTorch', 'eager', TRAINING.rows],
  [`PyTorch, ${MICRO_ROWS} rows at a time`, 'eager', MICRO_ROWS],
  ['PyTorch, compiled', 'compiled', TRAINING.rows],
  [`PyTorch, compiled, ${MICRO_ROWS} rows at a time`, 'compiled', MICRO_ROWS],
];

/**
 * @param pairs how often each side is measured for its speed.
 * @param isWanted of `pretraining-losses` and `pretraining-speed`.
 */
export function* comparePretraining(pairs: number, isWanted: (name: string) => boolean): Generator<BenchTable> {
  const [losses, speed] = [isWanted('pretraining-losses'), isWanted('pretraining-speed')];
  if (!losses && !speed) return;
  const python = setUpPython();
  if (!existsSync(DATA)) return yield missingTable(`sprout's dialogues are not at ${DATA}`);
  if ('missing' in python) return yield missingTable(python.missing);
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-pretraining-'));
  try {
    console.error("sprout's rows");
    const prepared = prepare(DATA, path.join(folder, 'tokenizer'));
    const rows = Math.max(STEPS_COMPARED * ROWS_COMPARED, STEPS_TIMED * TRAINING.rows);
    writeStart(folder, prepared, { steps: STEPS_COMPARED, rows });
    if (losses) yield curvesTable(folder, python.ready);
    if (speed) yield speedTable(folder, python.ready, pairs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function missingTable(problem: string): BenchTable {
  return { title: 'Sprout trained beside PyTorch', rows: [{ 'not measured': problem }] };
}

const script = (name: string) => path.join(import.meta.dirname, name);

function oursOf(folder: string, optimizer: 'muon' | 'adamw', rows: number, steps: number): Program {
  const args = [script('measure-ours.ts'), folder, optimizer, `${rows}`, `${steps}`, `${THREADS}`];
  return { program: process.execPath, args };
}

function theirsOf(
  folder: string,
  python: string,
  optimizer: 'muon' | 'muon-float32' | 'adamw',
  rows: number,
  steps: number,
  mode: 'eager' | 'compiled' = 'eager',
  microBatch = rows,
): Program {
  const options = [optimizer, `${rows}`, `${steps}`, `${THREADS}`, mode, `${microBatch}`];
  return { program: python, args: [script('measure_theirs.py'), folder, ...options] };
}

function curvesTable(folder: string, python: string): BenchTable {
  const once = (program: Program) => measureInTurn([program], 1, THREADS)[0]!;
  const ours = (optimizer: 'muon' | 'adamw') => {
    console.error(`${STEPS_COMPARED} steps of ${optimizer}`);
    return once(oursOf(folder, optimizer, ROWS_COMPARED, STEPS_COMPARED));
  };
  const theirs = (optimizer: 'muon' | 'muon-float32' | 'adamw') => {
    console.error(`${STEPS_COMPARED} steps of ${optimizer} in PyTorch`);
    return once(theirsOf(folder, python, optimizer, ROWS_COMPARED, STEPS_COMPARED));
  };
  const muon = ours('muon');
  const rows = [
    curveRow('Muon and AdamW', muon, theirs('muon')),
    curveRow("Muon and AdamW, PyTorch's Muon in float32", muon, theirs('muon-float32')),
    curveRow('AdamW alone', ours('adamw'), theirs('adamw')),
  ];
  return {
    title: 'Losses of sprout beside PyTorch',
    note: `${STEPS_COMPARED} steps of ${ROWS_COMPARED} x ${modelConfig.max_position_embeddings} tokens from the same weights, rows and rates; the largest difference of a step's loss.`,
    rows,
  };
}

function curveRow(optimizer: string, ours: Side, theirs: Side): Row {
  if (!Array.isArray(ours) || !Array.isArray(theirs)) {
    return { optimizer, 'largest difference': notMeasured(Array.isArray(ours) ? theirs : ours) };
  }
  const [a, b] = [lossesOf(ours[0]!), lossesOf(theirs[0]!)];
  const differences = a.map((loss, step) => Math.abs(loss - b[step]!) / b[step]!);
  const largest = Math.max(...differences);
  return {
    optimizer,
    'our loss, first': a[0]!.toFixed(6),
    "PyTorch's": b[0]!.toFixed(6),
    'our loss, last': a.at(-1)!.toFixed(6),
    "PyTorch's last": b.at(-1)!.toFixed(6),
    'mean difference': percent(differences.reduce((sum, value) => sum + value, 0) / differences.length),
    'largest difference': percent(largest),
    'at step': differences.indexOf(largest) + 1,
    'must reach': `≤ ${percent(SAME_CURVE)}: ${largest <= SAME_CURVE ? 'reached' : 'missed'}`,
  };
}

function speedTable(folder: string, python: string, pairs: number): BenchTable {
  console.error('tokens a second');
  const [ours, ...theirs] = measureInTurn(
    [
      oursOf(folder, 'muon', TRAINING.rows, STEPS_TIMED),
      ...TORCH_WAYS.map(([, mode, microBatch]) =>
        theirsOf(folder, python, 'muon', TRAINING.rows, STEPS_TIMED, mode, microBatch),
      ),
    ],
    pairs,
    THREADS,
  ) as [Side, ...Side[]];
  const rows: Row[] = [
    speedRow('ours', ours),
    ...TORCH_WAYS.map(([title], i) => speedRow(title, theirs[i]!, ours)),
    nanogptRow(ours),
  ];
  return {
    title: "Speed of sprout's training",
    note: `Steps of ${TRAINING.rows} x ${modelConfig.max_position_embeddings} tokens with Muon and AdamW, ${THREADS} threads a side, each measurement a process of its own, ${pairs} of each in turn; medians, ratios of rounds.`,
    rows,
  };
}

const BATCH_TOKENS = TRAINING.rows * modelConfig.max_position_embeddings;
const tokensPerSecond = (run: Measurement) => (1000 * BATCH_TOKENS) / (run.stepMs as number);

function speedRow(who: string, runs: Side, ours?: Side): Row {
  if (!Array.isArray(runs)) return { who, 'tokens/s': notMeasured(runs) };
  const median = (part: string) => medianOf(runs.map((run) => run[part] as number)).toFixed(0);
  const row: Row = {
    who,
    'tokens/s': medianOf(runs.map(tokensPerSecond)).toFixed(0),
    'forward + backward, ms': median('gradientsMs'),
    'optimizer, ms': median('optimizerMs'),
    'peak, MB': median('peakMb'),
  };
  if (!Array.isArray(ours)) return row;
  const ratio = medianOf(runs.map((run, i) => tokensPerSecond(ours[i]!) / tokensPerSecond(run)));
  return {
    ...row,
    'ours is': `${ratio.toFixed(2)} x`,
    'must reach': `≥ ${SPEED_TARGET}: ${ratio >= SPEED_TARGET ? 'reached' : 'missed'}`,
  };
}

function nanogptRow(ours: Side): Row {
  const who = `@genai-fi/nanogpt, rows of ${NANOGPT.length}`;
  const nanogpt = setUpNanogpt();
  if ('missing' in nanogpt) return { who, 'tokens/s': `not there: ${nanogpt.missing}` };
  console.error(who);
  const { vocab_size, num_hidden_layers, hidden_size, num_attention_heads } = modelConfig;
  const numbers = [vocab_size, num_hidden_layers, hidden_size, num_attention_heads, NANOGPT.length, NANOGPT.steps];
  const args = [script('measure-nanogpt.ts'), nanogpt.ready, ...numbers.map(String)];
  const [runs] = measureInTurn([{ program: process.execPath, args }], 1, THREADS) as [Side];
  if (!Array.isArray(runs)) return { who, 'tokens/s': notMeasured(runs) };
  const { tokensPerSecond: speed, peakMb } = runs[0] as { tokensPerSecond: number; peakMb: number };
  const ratio = Array.isArray(ours) ? `${(medianOf(ours.map(tokensPerSecond)) / speed).toFixed(0)} x` : '';
  return { who, 'tokens/s': speed.toFixed(1), 'peak, MB': peakMb.toFixed(0), 'ours is': ratio };
}

const lossesOf = (run: Measurement) => run.losses as number[];
const percent = (fraction: number) => `${(100 * fraction).toPrecision(2)} %`;

function notMeasured(side: Side): string {
  return side instanceof Error ? `not measured: ${side.message}` : 'not there';
}
