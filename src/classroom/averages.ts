/** Means over the turns of an iteration or a sitting, as the original printed them at an iteration's end. */
import type { Averages } from './views.ts';

export interface MeasuredTurn {
  /** Everybody's ratings of its reply. */
  ratings: readonly number[];
  rougeL: number;
  bleu: number;
  meteor: number;
  /** F1; null where it was not measured. */
  bertScore: number | null;
  tokenTotal: number;
}

/** @param turns the answered ones. A turn rated by several people counts once, with their mean. */
export function averagesOf(turns: readonly MeasuredTurn[]): Averages {
  const ratings = turns.flatMap((turn) => mean(turn.ratings) ?? []);
  return {
    turns: turns.length,
    rated: ratings.length,
    rating: mean(ratings),
    rougeL: mean(turns.map((turn) => turn.rougeL)),
    bleu: mean(turns.map((turn) => turn.bleu)),
    meteor: mean(turns.map((turn) => turn.meteor)),
    bertScore: mean(turns.flatMap((turn) => turn.bertScore ?? [])),
    tokenTotal: mean(turns.map((turn) => turn.tokenTotal)),
  };
}

/** Null for nothing. */
export function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
