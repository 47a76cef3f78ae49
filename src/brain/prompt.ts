/**
 * What a model without a chat template of its own (chat.ts) is given to read: the language, what was said before, and the
 * sentence to answer, each utterance closed by the end token. A tokenizer with control tokens (sprout's) is also told the three choices: the language at the very front,
 * intent and emotion right before the sentence they belong to, as in its training. Other models just get the text.
 *
 * Only the last 1000 tokens are kept, or what the model's window leaves beside the reply; the language always stays.
 */
import type { BrainTokenizer, Choices, ContextTurn } from './types.ts';

const CONTEXT_TOKENS = 1000;

/** Most tokens a prompt may have, so that `maxNewTokens` more (at least half the window is the prompt's) still fit. */
export function promptBudget(window: number, maxNewTokens: number): number {
  const room = Math.min(maxNewTokens, Math.floor(window / 2));
  return Math.max(1, Math.min(CONTEXT_TOKENS, window - room));
}

export function buildPrompt(
  tokenizer: BrainTokenizer,
  context: readonly ContextTurn[],
  text: string,
  choices: Partial<Choices>,
  budget: number,
): number[] {
  const said = (utterance: string) => [...tokenizer.encode(utterance), tokenizer.eosId];
  const head = control(tokenizer, choices.language);
  const labels = [...control(tokenizer, choices.intent), ...control(tokenizer, choices.emotion)];
  const sentence = keepLast(said(text), budget - head.length - labels.length);
  const before = context.flatMap((turn) => [...said(turn.text), ...said(turn.reply)]);
  const kept = keepLast(before, budget - head.length - labels.length - sentence.length);
  return [...head, ...kept, ...labels, ...sentence];
}

/** The last tokens of a prompt that is too long, its leading control token kept. */
export function shorten(ids: readonly number[], budget: number, isControl: (id: number) => boolean): number[] {
  if (ids.length <= budget) return [...ids];
  const head = budget > 1 && isControl(ids[0]!) ? [ids[0]!] : [];
  return [...head, ...keepLast(ids, budget - head.length)];
}

function control(tokenizer: BrainTokenizer, name: string | undefined): number[] {
  const id = name === undefined ? null : tokenizer.specialId(`<|${name}|>`);
  return id === null ? [] : [id];
}

/** The last `count` ids. */
export function keepLast(ids: readonly number[], count: number): number[] {
  return count <= 0 ? [] : ids.slice(-count);
}
