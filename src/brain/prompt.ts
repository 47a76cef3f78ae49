/**
 * How a talk becomes tokens where no chat template lays it out (chat.ts): what was said before, then the sentence to answer,
 * each utterance closed by the end token. A tokenizer with control tokens (sprout's) is also told the three choices, as in
 * its training: the language at the very front, intent and emotion before the sentence they belong to. One with roles
 * reads who speaks before each utterance, and then that it is its turn. Other models just get the text.
 *
 * Only the last 1000 tokens are kept, or what the model's window leaves beside the reply; the language always stays.
 */
import { type BrainTokenizer, type Choices, type ContextTurn, EMOTIONS, INTENTS, LANGUAGES } from './types.ts';

const CONTEXT_TOKENS = 1000;

/** Who speaks, in the words of chat templates: the person, or the brain. */
export const ROLES = ['user', 'assistant'] as const;
/** What may be a control token, in the order of sprout's. */
export const CONTROLS = [...ROLES, ...LANGUAGES, ...INTENTS, ...EMOTIONS];

export interface Utterance extends Partial<Pick<Choices, 'intent' | 'emotion'>> {
  role: (typeof ROLES)[number];
  text: string;
}

/** Most tokens a prompt may have, so that `maxNewTokens` more (at least half the window is the prompt's) still fit. */
export function promptBudget(window: number, maxNewTokens: number): number {
  const room = Math.min(maxNewTokens, Math.floor(window / 2));
  return Math.max(1, Math.min(CONTEXT_TOKENS, window - room));
}

export function buildPrompt(
  tokenizer: BrainTokenizer,
  context: readonly ContextTurn[],
  text: string,
  { language, ...labels }: Partial<Choices>,
  budget: number,
): number[] {
  const head = control(tokenizer, language);
  const opening = openingIds(tokenizer, { role: 'user', ...labels });
  const turn = control(tokenizer, 'assistant');
  const room = budget - head.length - opening.length - turn.length;
  const sentence = keepLast(closedIds(tokenizer, text), room);
  const before = context.flatMap((exchange) => [
    utteranceIds(tokenizer, { role: 'user', text: exchange.text }),
    utteranceIds(tokenizer, { role: 'assistant', text: exchange.reply }),
  ]);
  const left = room - sentence.length;
  const kept = knowsRoles(tokenizer) ? lastFitting(before, left) : keepLast(before.flat(), left);
  return [...head, ...kept, ...opening, ...sentence, ...turn];
}

/** A whole talk, of any length, nobody's turn coming after it. */
export function talkIds(
  tokenizer: BrainTokenizer,
  language: Choices['language'] | undefined,
  utterances: readonly Utterance[],
): number[] {
  return [...control(tokenizer, language), ...utterances.flatMap((utterance) => utteranceIds(tokenizer, utterance))];
}

/** A text as the tokens of an utterance that ends there: of a reply, all that is learnt. */
export function closedIds(tokenizer: BrainTokenizer, text: string): number[] {
  return [...tokenizer.encode(text), tokenizer.eosId];
}

/** The id of a role or a choice as control token, alone, or nothing where the tokenizer has none. */
export function control(tokenizer: BrainTokenizer, name: string | undefined): number[] {
  const id = name === undefined ? null : tokenizer.specialId(`<|${name}|>`);
  return id === null ? [] : [id];
}

/** Ids of the control tokens that it has: what people choose is told to a model, not guessed by it. */
export function controlIds(tokenizer: BrainTokenizer): Set<number> {
  return new Set(CONTROLS.flatMap((name) => control(tokenizer, name)));
}

/** The last tokens of a prompt that is too long, its leading control token kept. */
export function shorten(ids: readonly number[], budget: number, isControl: (id: number) => boolean): number[] {
  if (ids.length <= budget) return [...ids];
  const head = budget > 1 && isControl(ids[0]!) ? [ids[0]!] : [];
  return [...head, ...keepLast(ids, budget - head.length)];
}

function knowsRoles(tokenizer: BrainTokenizer): boolean {
  return ROLES.every((role) => control(tokenizer, role).length > 0);
}

function utteranceIds(tokenizer: BrainTokenizer, utterance: Utterance): number[] {
  return [...openingIds(tokenizer, utterance), ...closedIds(tokenizer, utterance.text)];
}

function openingIds(tokenizer: BrainTokenizer, { role, intent, emotion }: Omit<Utterance, 'text'>): number[] {
  return [role, intent, emotion].flatMap((name) => control(tokenizer, name));
}

/** The newest utterances, whole: without its beginning nobody could tell whose one is. */
function lastFitting(utterances: readonly number[][], count: number): number[] {
  let from = utterances.length;
  for (let left = count; from > 0 && utterances[from - 1]!.length <= left; from--) left -= utterances[from - 1]!.length;
  return utterances.slice(from).flat();
}

/** The last `count` ids. */
export function keepLast(ids: readonly number[], count: number): number[] {
  return count <= 0 ? [] : ids.slice(-count);
}
