/**
 * The steps of a tokenizer.json that change a text before and after it becomes tokens: none may run for ever, or make a
 * text grow without bound.
 */
import { isJsonObject, type JsonObject } from './json-file.ts';
import { PatternJudge } from './safe-pattern.ts';
import { TokenizerMismatch } from './tokenizer-parts.ts';

const STEPS = ['normalizer', 'pre_tokenizer', 'post_processor', 'decoder'] as const;
/** What is put in the place of something else. */
const PUT_IN = ['content', 'replacement', 'str_rep', 'prepend'] as const;
/** By all steps together; those we know put one character in the place of another. */
const MOST_GROWTH = 1_000;

/** A pattern that could keep the engine of regular expressions busy without end. */
export class UnsafePattern extends TokenizerMismatch {}

/** @throws UnsafePattern with the pattern, TokenizerMismatch with the place. */
export function checkSteps(tokenizer: JsonObject): void {
  const judge = new PatternJudge();
  for (const step of STEPS) {
    let growth = 1;
    for (const part of partsOf(tokenizer[step])) {
      const { pattern } = part;
      if (isJsonObject(pattern) && pattern.Regex !== undefined) {
        if (typeof pattern.Regex !== 'string') throw new TokenizerMismatch(`${step}: Regex`);
        if (!judge.isSafe(pattern.Regex)) throw new UnsafePattern(pattern.Regex);
      }
      for (const name of PUT_IN) if (typeof part[name] === 'string') growth *= Math.max(1, part[name].length);
      if (growth > MOST_GROWTH) throw new TokenizerMismatch(`${step}: ${PUT_IN.find((name) => name in part)}`);
    }
  }
}

/** All objects within, however deep they lie. */
function* partsOf(root: unknown): Generator<JsonObject> {
  const waiting: unknown[] = [root];
  while (waiting.length > 0) {
    const part = waiting.pop();
    if (typeof part !== 'object' || part === null) continue;
    if (isJsonObject(part)) yield part;
    for (const each of Object.values(part)) waiting.push(each);
  }
}
