/**
 * A leash to the base for what a job is not about: replies to other prompts (*anchors*, anchors.ts). It holds two things:
 *
 *   kept    the model is to think of an anchor's own reply as the base does;
 *   apart   a taught answer's first tokens are to be no likelier behind an anchor's prompt than under the base: without it a small
 *           brain says what it was taught to whatever it is asked.
 *
 * With d = ln πbase(token) − ln π(token), a token's loss is
 *
 *   e^−d + d − 1     never below 0, and 0 where nothing has changed; where d > 0, kept only
 *
 * (Schulman 2020, *Approximating KL Divergence*: over replies drawn from the base its mean is KL(base ‖ model)). Its slope for the
 * token's −ln p is 1 − e^−d: none at first, the supervised loss's once the token is all but lost. The base is what lies under the
 * adapter, whichever version a job starts from, so that the leash is as long after ten trainings as after one.
 */
import type { TensorMap, Trainable } from '../engine/index.ts';
import { IGNORED } from './collator.ts';
import { type Exchange, learntIn, measureRows, pushTokens, type Row, replyRow } from './objective.ts';

export interface Leash {
  /** What an anchor's token weighs, on average, against a taught one. */
  strength: number;
  /** Anchors that a step looks at, in turn: enough for all of them in a training's steps. */
  anchorsAStep: number;
  /** Asked for once, when training begins. */
  anchors(): Promise<readonly Exchange[]>;
}

interface Held {
  row: Row;
  /** −ln p of its learnt tokens under the base. */
  base: number[];
}

/** Tokens of a taught answer that are held apart: once it has begun, how it goes on does no harm. */
const FIRST_TOKENS = 4;
/** A token that has become e^2 times likelier pulls no harder than that: 1 − e^−d knows no end. */
const LOWEST = -2;

export class AnchorLeash {
  readonly #leash: Leash;
  readonly #taught: readonly Exchange[];
  readonly #maxLength: number;
  #kept: Held[] = [];
  #apart: Held[] = [];

  /** @param taught the replies to learn. */
  constructor(leash: Leash, taught: readonly Exchange[], maxLength: number) {
    this.#leash = leash;
    this.#taught = taught;
    this.#maxLength = maxLength;
  }

  /** Measures all rows under the base; where all weights are trained, under those that training starts from. */
  async begin(trainable: Trainable): Promise<void> {
    const anchors = await this.#leash.anchors();
    const held = (exchange: Exchange): Held => ({ row: replyRow(exchange, this.#maxLength), base: [] });
    this.#kept = anchors.map(held);
    const answers = this.#taught.map(({ replyIds }) => replyIds.slice(0, FIRST_TOKENS));
    this.#apart = anchors.flatMap(({ promptIds }, at) => {
      const replyIds = answers[at % answers.length];
      return replyIds === undefined ? [] : [held({ promptIds, replyIds })];
    });
    await withoutAdapter(trainable.trainedTensors(), async () => {
      for (const some of portions([...this.#kept, ...this.#apart], rowsAtOnce(this.#leash))) {
        const { batch, tokenNll } = await measureRows(
          trainable,
          some.map(({ row }) => row),
        );
        for (const [at, one] of some.entries())
          one.base = one.row.labels.flatMap((label, place) =>
            place > 0 && label !== IGNORED ? [tokenNll[at * batch.length + place]!] : [],
          );
      }
    });
  }

  /** Adds the gradient of the step's part of the leash to the trainable. @returns its loss. */
  async gather(trainable: Trainable, step: number): Promise<number> {
    const { anchorsAStep } = this.#leash;
    const kept = turnOf(this.#kept, step, anchorsAStep);
    const apart = turnOf(this.#apart, step, anchorsAStep);
    return (
      (await hold(trainable, kept, this.#leash, Number.POSITIVE_INFINITY)) +
      (await hold(trainable, apart, this.#leash, 0))
    );
  }
}

/** @param highest d above which a token does not pull: 0 holds back only those that became likelier. */
async function hold(trainable: Trainable, all: readonly Held[], leash: Leash, highest: number): Promise<number> {
  const weight =
    leash.strength /
    Math.max(
      1,
      all.reduce((sum, { row }) => sum + learntIn(row), 0),
    );
  let loss = 0;
  for (const some of portions(all, rowsAtOnce(leash))) {
    const measured = await measureRows(
      trainable,
      some.map(({ row }) => row),
    );
    await pushTokens(trainable, measured, (row, nll, token) => {
      const d = Math.min(highest, Math.max(LOWEST, nll - some[row]!.base[token]!));
      loss += weight * (Math.exp(-d) + d - 1);
      return weight * (1 - Math.exp(-d));
    });
  }
  return loss;
}

/** Those whose turn it is, round and round. */
function turnOf<T>(all: readonly T[], step: number, most: number): T[] {
  const count = Math.min(most, all.length);
  return Array.from({ length: count }, (_, at) => all[(step * count + at) % all.length]!);
}

/** Half of a step's: a deep model, which is shown few, gets them one by one, as their activations are what needs most memory. */
function rowsAtOnce({ anchorsAStep }: Leash): number {
  return Math.max(1, Math.floor(anchorsAStep / 2));
}

function portions<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** Runs with an adapter's B at zero, which is the base, and puts it back. Full weights have none, and stay. */
async function withoutAdapter(trained: TensorMap, run: () => Promise<void>): Promise<void> {
  const parts = [...trained].flatMap(([name, { data }]) => {
    return name.endsWith('.lora_B.weight') && data instanceof Float32Array ? [{ data, kept: data.slice() }] : [];
  });
  for (const { data } of parts) data.fill(0);
  try {
    await run();
  } finally {
    for (const { data, kept } of parts) data.set(kept);
  }
}
