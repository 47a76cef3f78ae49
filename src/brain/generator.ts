/**
 * The loop that writes: one token after the other, each picked by the processors of sampling.ts, until an end token or the
 * wanted length.
 */
import type { ServingModel } from '../engine/index.ts';
import { logitsProcessors, ScoreCapture } from './sampling.ts';
import type { GenerationSettings } from './types.ts';

export interface GenerationHooks {
  random: () => number;
  onToken?: (id: number) => void;
  /** The probabilities each token was drawn from. */
  observe?: (probabilities: Float64Array) => void;
}

export interface GeneratedTokens {
  outputIds: number[];
  tokenLogprobs: number[];
}

/** The generator stops at any of `endIds`, which stays in the output. */
export function createGenerator(serving: Pick<ServingModel, 'startDecoding'>) {
  return async (
    promptIds: readonly number[],
    settings: Required<GenerationSettings>,
    endIds: readonly number[],
    { random, onToken, observe }: GenerationHooks,
  ): Promise<GeneratedTokens> => {
    const outputIds: number[] = [];
    const tokenLogprobs: number[] = [];
    const capture = new ScoreCapture();
    const processors = [capture, ...logitsProcessors(settings, random, observe)];
    const sequence = [...promptIds];
    const decoder = serving.startDecoding(promptIds.length + settings.maxNewTokens);
    let unread = promptIds;
    while (outputIds.length < settings.maxNewTokens) {
      const scores = await decoder.read(unread);
      for (const processor of processors) processor.change(scores, sequence);
      const id = highest(scores);
      outputIds.push(id);
      tokenLogprobs.push(capture.logprob(id));
      onToken?.(id);
      if (endIds.includes(id)) break;
      sequence.push(id);
      unread = [id];
    }
    return { outputIds, tokenLogprobs };
  };
}

/** Where the highest score stands, the first of equals. */
function highest(scores: Float32Array): number {
  let best = 0;
  for (let id = 1; id < scores.length; id++) if (scores[id]! > scores[best]!) best = id;
  return best;
}
