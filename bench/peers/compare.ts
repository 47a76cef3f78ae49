/**
 * `npm run bench -- --peers`: PyTorch, peft and llama.cpp beside us, on the same weights and ids, and what must be reached; sprout's
 * own training is in pretraining/.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../../src/errors.ts';
import { type ModelName, type Precision, writeModel } from '../engine/models.ts';
import type { Profile } from '../engine/profile.ts';
import type { BenchTable } from '../table.ts';
import { CASES, type PeerCase, type Peers, THREADS } from './cases.ts';
import { type Measurement, MeasurementFailed, measure, measureSides, medianOf, type Side } from './pairs.ts';
import { comparePretraining } from './pretraining/compare.ts';
import { type Setup, setUpLlama, setUpPython } from './setup.ts';

export interface CompareOptions {
  /** Parts of the names of the cases wanted; none: all. */
  names: readonly string[];
  /** How often each side is measured. */
  pairs: number;
  /** Whether to add where onnxruntime and PyTorch spend a training step, by operator. */
  profile: boolean;
}

/** Losses of a first step that differ by more (relative) are not of the same work. */
const SAME_LOSS = 1e-4;

const SWAP_TARGET = 1.2;
const SWAP_MODEL: ModelName = 'GPT-2 (12 × 768)';

type Row = BenchTable['rows'][number];

/** One of the tables at a time, as they get ready; what fails is a row that says so. */
export function* comparePeers({ names, pairs, profile }: CompareOptions): Generator<BenchTable> {
  const isWanted = (name: string) => names.length === 0 || names.some((part) => name.includes(part));
  const cases = CASES.filter(({ name }) => isWanted(name));
  const { peers, missing } = setUp(cases);
  const folder = mkdtempSync(path.join(tmpdir(), 'bench-peers-'));
  // Both sides read the same files, which are written once.
  const written = new Set<string>();
  const folderOf = (model: ModelName | null, precision: Precision = 'float32'): string => {
    if (model === null) return folder;
    const own = path.join(folder, `${model.replace(/\W.*/, '')}-${precision}`);
    if (!written.has(own)) writeModel(model, own, precision);
    written.add(own);
    return own;
  };
  try {
    const comparison: Row[] = [];
    const parts: Row[] = [];
    for (const item of cases) {
      console.error(item.title);
      const rows = compare(item, folderOf, peers, pairs);
      comparison.push(rows.comparison);
      parts.push(...rows.parts);
    }
    if (comparison.length > 0) yield comparisonTable(comparison, pairs, missing);
    if (parts.length > 0) yield partsTable(parts);
    if (isWanted('gpt2-swap')) yield swapTable(() => folderOf(SWAP_MODEL));
    yield* comparePretraining(pairs, isWanted);
    if (profile) {
      for (const item of cases)
        if (item.kind === 'training') yield* profileTables(item, folderOf(item.model, item.precision), peers);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function setUp(cases: readonly PeerCase[]): { peers: Peers; missing: string[] } {
  const missing: string[] = [];
  const addressOf = (wanted: boolean, setup: () => Setup): string | null => {
    if (!wanted) return null;
    const answer = setup();
    if ('ready' in answer) return answer.ready;
    missing.push(answer.missing);
    return null;
  };
  const python = addressOf(
    cases.some(({ peer }) => peer !== 'llama.cpp'),
    setUpPython,
  );
  const llama = addressOf(
    cases.some(({ peer }) => peer === 'llama.cpp'),
    setUpLlama,
  );
  return { peers: { python, llama }, missing };
}

function compare(
  item: PeerCase,
  folderOf: (model: ModelName | null, precision?: Precision) => string,
  peers: Peers,
  pairs: number,
): { comparison: Row; parts: Row[] } {
  const work = { work: item.title };
  let folder: string;
  try {
    folder = folderOf(item.model, item.precision);
  } catch (error) {
    return { comparison: { ...work, ours: notMeasured(error) }, parts: [] };
  }
  const { ours, theirs } = measureSides(item.ours(folder), item.theirs(folder, peers), pairs, THREADS);
  const comparison: Row = { ...work, ours: speed(item, ours), peer: `${item.peer} ${speed(item, theirs)}` };
  const bothRan = Array.isArray(ours) && Array.isArray(theirs);
  if (bothRan) {
    const ratio = (figure: (run: Measurement) => number) =>
      medianOf(ours.map((run, i) => figure(run) / figure(theirs[i]!)));
    const speedRatio = ratio((run) => speedOf(item, run));
    comparison.ratio = speedRatio.toFixed(2);
    comparison['must reach'] = verdict(speedRatio, item.kind === 'training' ? '≤' : '≥', item.targets.speed);
    const memoryRatio = ratio((run) => run.peakMb as number);
    comparison['our peak, MB'] = peak(ours);
    comparison["peer's, MB"] = peak(theirs);
    comparison['ratio of peaks'] = memoryRatio.toFixed(2);
    if (item.targets.memory !== undefined)
      comparison['peak must reach'] = verdict(memoryRatio, '≤', item.targets.memory);
    comparison['same results'] = sameResults(item, ours[0]!, theirs[0]!);
  } else {
    comparison['our peak, MB'] = peak(ours);
    comparison["peer's, MB"] = peak(theirs);
  }
  return { comparison, parts: [...partsOf(item, ours), ...partsOf(item, theirs, item.peer)] };
}

function comparisonTable(rows: Row[], pairs: number, missing: readonly string[]): BenchTable {
  const note = [
    `${THREADS} threads a side, each measurement a process of its own, ${pairs} of ours and of the peer's in turn; medians, ratios of pairs.`,
    ...missing.map((problem) => `Ours alone where a peer is not there: ${problem}.`),
  ];
  return { title: 'Beside the peers', note: note.join('\n'), rows };
}

function partsTable(rows: Row[]): BenchTable {
  return { title: 'Where a training step goes', note: 'Milliseconds, medians.', rows };
}

/** Milliseconds of a training step, or tokens a second. */
function speedOf({ kind }: PeerCase, run: Measurement): number {
  if (kind === 'decoding') return run.tokensPerSecond as number;
  return (run.gradientsMs as number) + (run.normMs as number) + (run.optimizerMs as number);
}

function speed(item: PeerCase, side: Side): string {
  if (!Array.isArray(side)) return notMeasured(side);
  const median = medianOf(side.map((run) => speedOf(item, run)));
  return item.kind === 'training' ? `${median.toFixed(0)} ms` : `${median.toFixed(1)} tokens/s`;
}

function peak(side: Side): string {
  return Array.isArray(side) ? medianOf(side.map((run) => run.peakMb as number)).toFixed(0) : '';
}

function partsOf({ kind, title }: PeerCase, side: Side, whose = 'ours'): Row[] {
  if (kind !== 'training' || !Array.isArray(side)) return [];
  const part = (name: string) => medianOf(side.map((run) => run[name] as number)).toFixed(0);
  return [
    {
      work: title,
      whose,
      'forward + backward': part('gradientsMs'),
      norm: part('normMs'),
      optimizer: part('optimizerMs'),
      opening: part('loadMs'),
    },
  ];
}

function verdict(ratio: number, sign: '≤' | '≥', target: number): string {
  const reached = sign === '≤' ? ratio <= target : ratio >= target;
  return `${sign} ${target}: ${reached ? 'ok' : 'missed'}`;
}

/** Whether both did the same: the loss before the first step, or the tokens written. */
function sameResults({ kind }: PeerCase, ours: Measurement, theirs: Measurement): string {
  if (kind === 'training') {
    const [a, b] = [ours, theirs].map(({ losses }) => (losses as number[])[0]!) as [number, number];
    return Math.abs(a - b) <= SAME_LOSS * Math.abs(b) ? 'loss' : `no: loss ${a} and ${b}`;
  }
  const [a, b] = [ours, theirs].map(({ outputIds }) => outputIds as number[]) as [number[], number[]];
  const differs = a.findIndex((id, i) => id !== b[i]);
  const same = differs < 0 ? a.length : differs;
  return `${same} of ${b.length} tokens`;
}

function swapTable(folder: () => string): BenchTable {
  const title = 'First token after a swap of adapter';
  const work = `${SWAP_MODEL.replace(/ .*/, '')}, context of 200 tokens`;
  try {
    console.error(title);
    const program = {
      program: process.execPath,
      args: [path.join(import.meta.dirname, 'measure-swap.ts'), folder(), `${THREADS}`],
    };
    const { swappedMs, keptMs, ratio } = measure(program, THREADS) as Record<string, number>;
    const row = {
      work,
      'after a swap, ms': swappedMs!.toFixed(0),
      'without, ms': keptMs!.toFixed(0),
      ratio: ratio!.toFixed(2),
      'must reach': verdict(ratio!, '≤', SWAP_TARGET),
    };
    return { title, rows: [row] };
  } catch (error) {
    return { title, rows: [{ work, 'after a swap, ms': notMeasured(error) }] };
  }
}

const PROFILE_ROWS = 16;

/** A step by operator, ours and the peer's: what is outside the run (copies, the language's own work) is a row of its own. */
function* profileTables(item: PeerCase, folder: string, peers: Peers): Generator<BenchTable> {
  const profiled = (program: { program: string; args: readonly string[] }) =>
    measure({ ...program, args: [...program.args, '--profile'] }, THREADS);
  const rows = (list: readonly (readonly [string, number, number])[]): Row[] =>
    list
      .slice(0, PROFILE_ROWS)
      .map(([operator, ms, calls]) => ({ operator, ms: ms.toFixed(1), calls: calls.toFixed(0) }));
  console.error(`profile of ${item.title}`);
  try {
    const ours = profiled(item.ours(folder));
    const profile = ours.profile as Profile;
    const outside = (ours.gradientsMs as number) - profile.runMs;
    yield {
      title: `${item.title}: onnxruntime by operator`,
      note: `One run ${profile.runMs.toFixed(0)} ms; forward + backward spends ${outside.toFixed(0)} ms outside it.`,
      rows: rows(profile.byOperator),
    };
    yield { title: `${item.title}: onnxruntime by operator and shapes`, rows: rows(profile.byShape) };
    const theirs = item.theirs(folder, peers);
    if (theirs === null) return;
    const { profile: list } = profiled(theirs);
    yield { title: `${item.title}: ${item.peer} by operator`, rows: rows(list as [string, number, number][]) };
  } catch (error) {
    yield { title: `${item.title}: by operator`, rows: [{ operator: notMeasured(error) }] };
  }
}

function notMeasured(problem: unknown): string {
  if (problem === null) return 'not there';
  if (problem instanceof MeasurementFailed || problem instanceof UserError) return `not measured: ${problem.message}`;
  throw problem;
}
