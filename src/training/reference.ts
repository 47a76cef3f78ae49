/** What a fixed model says of a row: the other end of a leash, the yardstick of a preference. */
import type { Brain, BrainVersion } from '../brain/index.ts';
import { IGNORED } from './collator.ts';
import type { Row } from './objective.ts';

/** ln p of each learnt token of the row under `version`, in order. */
export async function rowLogprobs(brain: Pick<Brain, 'logprobs'>, row: Row, version: BrainVersion): Promise<number[]> {
  const logprobs = await brain.logprobs(row.inputIds, version);
  return logprobs.filter((_, i) => row.labels[i + 1] !== IGNORED);
}
