/**
 * How the next token is picked: repetition penalty → temperature → top-k → top-p, in transformers' order and with its
 * edge cases (ties at the k-th place stay, the likeliest token always stays), each a processor for transformers.js, whose
 * generate() knows neither top-p nor a seed. The last one draws the token itself and leaves it as the only candidate, so
 * that generate()'s greedy choice takes it; the same seed therefore gives the same reply.
 */
import { LogitsProcessor, type Tensor } from '@huggingface/transformers';
import type { GenerationSettings } from './types.ts';

type Sequence = readonly bigint[];

/** A processor that changes one row of scores in place. */
abstract class RowProcessor extends LogitsProcessor {
  abstract change(scores: Float32Array, sequence: Sequence): void;

  override _call(inputIds: bigint[][], logits: Tensor): Tensor {
    const scores = logits.data;
    if (!(scores instanceof Float32Array)) throw new TypeError(`scores came as ${logits.type}, not as float32`);
    this.change(scores, inputIds[0]!);
    return logits;
  }
}

/** Keskar et al. 2019: a token said before has its score divided by the penalty, or multiplied when it is negative. */
class RepetitionPenalty extends RowProcessor {
  readonly #penalty: number;
  constructor(penalty: number) {
    super();
    this.#penalty = penalty;
  }
  override change(scores: Float32Array, sequence: Sequence): void {
    for (const id of new Set(sequence)) {
      const score = scores[Number(id)]!;
      scores[Number(id)] = score < 0 ? score * this.#penalty : score / this.#penalty;
    }
  }
}

/** Below 1 the likely become likelier, above 1 all come closer. */
class Temperature extends RowProcessor {
  readonly #temperature: number;
  constructor(temperature: number) {
    super();
    this.#temperature = temperature;
  }
  override change(scores: Float32Array): void {
    for (let id = 0; id < scores.length; id++) scores[id] = scores[id]! / this.#temperature;
  }
}

/** Only the k best stay (and those equal to the k-th). */
class TopK extends RowProcessor {
  readonly #k: number;
  constructor(k: number) {
    super();
    this.#k = k;
  }
  override change(scores: Float32Array): void {
    if (this.#k >= scores.length) return;
    const smallestKept = scores.slice().sort()[scores.length - this.#k]!;
    for (let id = 0; id < scores.length; id++) if (scores[id]! < smallestKept) scores[id] = Number.NEGATIVE_INFINITY;
  }
}

/** Holtzman et al. 2020: the unlikely tail, all of it together no more than 1 − p, goes. */
class TopP extends RowProcessor {
  readonly #p: number;
  constructor(p: number) {
    super();
    this.#p = p;
  }
  override change(scores: Float32Array): void {
    const probabilities = softmax(scores);
    const candidates: number[] = [];
    for (let id = 0; id < scores.length; id++) if (scores[id]! > Number.NEGATIVE_INFINITY) candidates.push(id);
    candidates.sort((a, b) => scores[a]! - scores[b]!);
    candidates.pop();
    let tail = 0;
    for (const id of candidates) {
      tail += probabilities[id]!;
      if (tail > 1 - this.#p) break;
      scores[id] = Number.NEGATIVE_INFINITY;
    }
  }
}

/** Remembers the model's own distribution before anything is done to it, and reads off what a token's probability was. */
export class ScoreCapture extends RowProcessor {
  #scores = new Float32Array();
  override change(scores: Float32Array): void {
    this.#scores = scores.slice();
  }
  /** Natural-log probability of `id` at the position last seen. */
  logprob(id: number): number {
    return this.#scores[id]! - logSumExp(this.#scores);
  }
}

/** Shows the probabilities the token is drawn from. */
class Observer extends RowProcessor {
  readonly #observe: (probabilities: Float64Array) => void;
  constructor(observe: (probabilities: Float64Array) => void) {
    super();
    this.#observe = observe;
  }
  override change(scores: Float32Array): void {
    this.#observe(softmax(scores));
  }
}

/** Draws one token and rules out the others. */
class Draw extends RowProcessor {
  readonly #random: () => number;
  constructor(random: () => number) {
    super();
    this.#random = random;
  }
  override change(scores: Float32Array): void {
    const chosen = draw(softmax(scores), this.#random());
    scores.fill(Number.NEGATIVE_INFINITY);
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

/** The index where the running sum of `probabilities` passes `uniform`. */
function draw(probabilities: Float64Array, uniform: number): number {
  let sum = 0;
  let last = 0;
  for (let id = 0; id < probabilities.length; id++) {
    if (probabilities[id] === 0) continue;
    sum += probabilities[id]!;
    last = id;
    if (uniform < sum) return id;
  }
  // Rounding may leave the sum a hair under 1.
  return last;
}

export function softmax(scores: Float32Array): Float64Array {
  const normaliser = logSumExp(scores);
  return Float64Array.from(scores, (score) => Math.exp(score - normaliser));
}

export function logSumExp(scores: Float32Array): number {
  let highest = Number.NEGATIVE_INFINITY;
  for (const score of scores) if (score > highest) highest = score;
  let sum = 0;
  for (const score of scores) sum += Math.exp(score - highest);
  return highest + Math.log(sum);
}
