/** Two programs measured turn by turn, so that what drifts on the machine meets both alike. */
import { spawnSync } from 'node:child_process';

/** A process that measures one thing and prints it as JSON on its last line. */
export interface Program {
  program: string;
  args: readonly string[];
}

export type Measurement = Record<string, unknown>;

/** A program that failed: what it said last. */
export class MeasurementFailed extends Error {
  constructor({ args }: Program, problem: string) {
    super(problem);
    this.name = `MeasurementFailed: ${args[0]}`;
  }
}

/** @throws MeasurementFailed */
export function measure(program: Program, threads: number): Measurement {
  const env = {
    ...process.env,
    OMP_NUM_THREADS: `${threads}`,
    HF_HUB_OFFLINE: '1',
    // Nothing is left in the folder of the scripts.
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const { status, signal, stdout, stderr, error } = spawnSync(program.program, program.args, {
    encoding: 'utf8',
    env,
    maxBuffer: 2 ** 26,
  });
  if (error !== undefined) throw new MeasurementFailed(program, error.message);
  if (status !== 0) throw new MeasurementFailed(program, lastError(stderr) ?? `ended with ${status ?? signal}`);
  return JSON.parse(stdout.trim().split('\n').at(-1)!);
}

/** The line of a stack trace, Node's or Python's, that names the error. */
function lastError(stderr: string): string | undefined {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.findLast((line) => /^\w*(Error|Exception)\b/.test(line)) ?? lines.at(-1);
}

/** What a side measured each time; why it could not be measured; or null, when that side is not there. */
export type Side = Measurement[] | MeasurementFailed | null;

/** Measures each side `count` times; whichever begins a pair alternates: A B, B A, A B … A side that fails stops, the other goes on. */
export function measureSides(
  ours: Program,
  theirs: Program | null,
  count: number,
  threads: number,
): { ours: Side; theirs: Side } {
  const [first, second] = measureInTurn([ours, theirs], count, threads);
  return { ours: first!, theirs: second! };
}

/** The same for any number of sides: there and back, A B C, C B A, A B C … */
export function measureInTurn(programs: readonly (Program | null)[], count: number, threads: number): Side[] {
  const sides = programs.map((program): Side => (program === null ? null : []));
  const order = [...programs.keys()];
  for (let round = 0; round < count; round++) {
    for (const which of round % 2 === 0 ? order : order.toReversed()) {
      const runs = sides[which]!;
      const program = programs[which] ?? null;
      if (!Array.isArray(runs) || program === null) continue;
      try {
        runs.push(measure(program, threads));
      } catch (error) {
        if (!(error instanceof MeasurementFailed)) throw error;
        sides[which] = error;
      }
    }
  }
  return sides;
}

export function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
}
