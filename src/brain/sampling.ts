/**
 * How the next token is picked: repetition penalty → temperature → top-k → top-p, in transformers' order and with its
 * edge cases (ties at the k-th place stay, the likeliest token always stays), each a processor of the scores. The last one
 * draws the token itself and leaves it as the only candidate, which the greedy choice then takes; the same seed therefore
 * gives the same reply.
 *
 * All of it runs for every token over the whole vocabulary, so no pass does more than it must: what was cut is skipped, and
 * nothing is sorted that can be selected.
 */
import type { GenerationSettings } from './types.ts';

type Sequence = readonly number[];

/** The score of a token that is out of the question. */
const CUT = Number.NEGATIVE_INFINITY;

/** Changes the scores [V] of what may follow `sequence`, in place. */
export interface LogitsProcessor {
  change(scores: Float32Array, sequence: Sequence): void;
}

/** Keskar et al. 2019: a token said before has its score divided by the penalty, or multiplied when it is negative. */
class RepetitionPenalty implements LogitsProcessor {
  readonly #penalty: number;
  constructor(penalty: number) {
    this.#penalty = penalty;
  }
  change(scores: Float32Array, sequence: Sequence): void {
    for (const id of new Set(sequence)) {
      const score = scores[id]!;
      scores[id] = score < 0 ? score * this.#penalty : score / this.#penalty;
    }
  }
}

/** Below 1 the likely become likelier, above 1 all come closer. */
class Temperature implements LogitsProcessor {
  readonly #temperature: number;
  constructor(temperature: number) {
    this.#temperature = temperature;
  }
  change(scores: Float32Array): void {
    for (let id = 0; id < scores.length; id++) scores[id] = scores[id]! / this.#temperature;
  }
}

/** Only the k best stay (and those equal to the k-th). */
class TopK implements LogitsProcessor {
  readonly #k: number;
  constructor(k: number) {
    this.#k = k;
  }
  change(scores: Float32Array): void {
    if (this.#k >= scores.length) return;
    const smallestKept = selectRank(scores.slice(), scores.length - this.#k);
    for (let id = 0; id < scores.length; id++) if (scores[id]! < smallestKept) scores[id] = CUT;
  }
}

/** Holtzman et al. 2020: the unlikely tail, all of it together no more than 1 − p, goes. */
class TopP implements LogitsProcessor {
  readonly #p: number;
  constructor(p: number) {
    this.#p = p;
  }
  change(scores: Float32Array): void {
    const normaliser = logSumExp(scores);
    const ascending = candidates(scores).sort();
    let cut = 0;
    let tail = 0;
    // The likeliest, at the end, always stays.
    for (; cut < ascending.length - 1; cut++) {
      tail += Math.exp(ascending[cut]! - normaliser);
      if (tail > 1 - this.#p) break;
    }
    const smallestKept = ascending[cut]!;
    // Where several score the same and only some may go, the first ones do.
    let equalsToCut = cut - ascending.indexOf(smallestKept);
    for (let id = 0; id < scores.length; id++) {
      if (scores[id]! < smallestKept) scores[id] = CUT;
      else if (scores[id] === smallestKept && equalsToCut-- > 0) scores[id] = CUT;
    }
  }
}

/** Remembers the model's own distribution before anything is done to it, and reads off what a token's probability was. */
export class ScoreCapture implements LogitsProcessor {
  #scores = new Float32Array();
  change(scores: Float32Array): void {
    this.#scores = scores.slice();
  }
  /** Natural-log probability of `id` at the position last seen. */
  logprob(id: number): number {
    return this.#scores[id]! - logSumExp(this.#scores);
  }
}

/** Shows the probabilities the token is drawn from. */
class Observer implements LogitsProcessor {
  readonly #observe: (probabilities: Float64Array) => void;
  constructor(observe: (probabilities: Float64Array) => void) {
    this.#observe = observe;
  }
  change(scores: Float32Array): void {
    this.#observe(softmax(scores));
  }
}

/** Draws one token and rules out the others. */
class Draw implements LogitsProcessor {
  readonly #random: () => number;
  constructor(random: () => number) {
    this.#random = random;
  }
  change(scores: Float32Array): void {
    const chosen = draw(scores, this.#random());
    scores.fill(CUT);
    scores[chosen] = 0;
  }
}

/**
 * The processors `settings` ask for, in the order they run. Greedy keeps the repetition penalty only, as transformers does.
 * @param random uniform numbers in [0, 1). @param observe sees the final probabilities of each step.
 */
export function logitsProcessors(
  settings: Required<GenerationSettings>,
  random: () => number,
  observe?: (probabilities: Float64Array) => void,
): LogitsProcessor[] {
  const { repetitionPenalty, temperature, topK, topP, greedy } = settings;
  const processors: LogitsProcessor[] = [];
  if (repetitionPenalty !== 1) processors.push(new RepetitionPenalty(repetitionPenalty));
  if (!greedy) {
    if (temperature !== 1) processors.push(new Temperature(temperature));
    if (topK > 0) processors.push(new TopK(topK));
    if (topP < 1) processors.push(new TopP(topP));
  }
  if (observe) processors.push(new Observer(observe));
  if (!greedy) processors.push(new Draw(random));
  return processors;
}

/** The index where the running sum of the probabilities passes `uniform`. */
function draw(scores: Float32Array, uniform: number): number {
  const normaliser = logSumExp(scores);
  let sum = 0;
  let last = 0;
  for (let id = 0; id < scores.length; id++) {
    if (scores[id] === CUT) continue;
    const probability = Math.exp(scores[id]! - normaliser);
    if (probability === 0) continue;
    sum += probability;
    last = id;
    if (uniform < sum) return id;
  }
  // Rounding may leave the sum a hair under 1.
  return last;
}

/** The scores that were not cut. */
function candidates(scores: Float32Array): Float32Array {
  const found = new Float32Array(scores.length);
  let count = 0;
  for (let id = 0; id < scores.length; id++) if (scores[id] !== CUT) found[count++] = scores[id]!;
  return found.subarray(0, count);
}

export function softmax(scores: Float32Array): Float64Array {
  const normaliser = logSumExp(scores);
  const probabilities = new Float64Array(scores.length);
  for (let id = 0; id < scores.length; id++) probabilities[id] = Math.exp(scores[id]! - normaliser);
  return probabilities;
}

export function logSumExp(scores: Float32Array): number {
  let highest = CUT;
  for (let id = 0; id < scores.length; id++) if (scores[id]! > highest) highest = scores[id]!;
  let sum = 0;
  for (let id = 0; id < scores.length; id++) if (scores[id] !== CUT) sum += Math.exp(scores[id]! - highest);
  return highest + Math.log(sum);
}

/** The value that stood at `rank` if `values` were sorted upwards; reorders them. Hoare 1961, algorithm 65, FIND. */
function selectRank(values: Float32Array, rank: number): number {
  let left = 0;
  let right = values.length - 1;
  while (left < right) {
    const pivot = values[rank]!;
    let up = left;
    let down = right;
    while (up <= down) {
      while (values[up]! < pivot) up++;
      while (values[down]! > pivot) down--;
      if (up > down) break;
      const value = values[up]!;
      values[up++] = values[down]!;
      values[down--] = value;
    }
    if (down < rank) left = up;
    if (up > rank) right = down;
  }
  return values[rank]!;
}
