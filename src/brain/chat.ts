/**
 * Conversations as a model reads them. A chat model's template lays them out as in its training; a model without one, and
 * DialoGPT, whose template does the same, reads utterances, each closed by the end token (prompt.ts).
 *
 * What people write stays text, even when it spells a control token: only the template may place those. To that end a
 * marker is put inside each such spelling, and the rendered text is cut at the markers. A conversation that spells none,
 * that is nearly every one, is rendered and encoded as a whole, exactly as transformers' apply_chat_template does.
 */
import { buildPrompt, keepLast } from './prompt.ts';
import type { TemplateRenderer } from './template-renderer.ts';
import type { BrainTokenizer, ChatMessage, Choices, ContextTurn } from './types.ts';

/** What can be laid out without running anything. */
const UTTERANCES = '{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}';

type Renderer = Pick<TemplateRenderer, 'render'>;

export interface PromptParts {
  context: readonly ContextTurn[];
  text: string;
  choices: Partial<Choices>;
  /** Most ids the prompt may have. */
  budget: number;
}

/** See `Brain.promptIds`. */
export async function promptIds(tokenizer: BrainTokenizer, renderer: Renderer, parts: PromptParts): Promise<number[]> {
  const { context, text, choices, budget } = parts;
  if (!runsTemplate(tokenizer)) return buildPrompt(tokenizer, context, text, choices, budget);
  const exchanges = context.map((turn): ChatMessage[] => [
    { role: 'user', content: turn.text },
    { role: 'assistant', content: turn.reply },
  ]);
  const ask = (before: ChatMessage[][], sentence: string) =>
    conversationIds(tokenizer, renderer, [...before.flat(), { role: 'user', content: sentence }], true);

  const whole = await longestFitting(exchanges.length, budget, (kept) => ask(lastOf(exchanges, kept), text));
  if (whole !== null) return whole;
  const characters = [...text];
  const cut = await longestFitting(characters.length, budget, (kept) => ask([], lastOf(characters, kept).join('')));
  // A template whose own words alone are too many: what matters most stands at the end.
  return cut ?? keepLast(await ask([], text), budget);
}

/** See `Brain.conversationIds`. */
export async function conversationIds(
  tokenizer: BrainTokenizer,
  renderer: Renderer,
  messages: readonly ChatMessage[],
  addGenerationPrompt: boolean,
): Promise<number[]> {
  const { chatTemplate } = tokenizer;
  if (chatTemplate === null || !runsTemplate(tokenizer))
    return messages.flatMap(({ content }) => [...tokenizer.encode(content), tokenizer.eosId]);
  const { template, variables } = chatTemplate;
  const marker = unusedCharacter([template, ...messages.map(({ content }) => content)]);
  const marked = messages.map(({ role, content }) => ({ role, content: tokenizer.cutSpecial(content).join(marker) }));
  const rendered = await renderer.render(template, {
    ...variables,
    messages: marked,
    add_generation_prompt: addGenerationPrompt,
  });
  return rendered.split(marker).flatMap((piece) => tokenizer.encode(piece, { parseSpecial: true }));
}

function runsTemplate({ chatTemplate }: BrainTokenizer): boolean {
  return chatTemplate !== null && chatTemplate.template.trim() !== UTTERANCES;
}

/** The first private-use character that stands in none of `texts`. Templates that trim leave it where it is. */
function unusedCharacter(texts: readonly string[]): string {
  for (let code = 0xe000; ; code++) {
    const character = String.fromCodePoint(code);
    if (!texts.some((text) => text.includes(character))) return character;
  }
}

/**
 * The ids `make(kept)` gives for the largest `kept` of 0 … `count` with which they are at most `budget`; null where there
 * is none. Keeping all is tried first, then by halves: the more is kept, the more ids.
 */
async function longestFitting(
  count: number,
  budget: number,
  make: (kept: number) => Promise<number[]>,
): Promise<number[] | null> {
  let longest: number[] | null = null;
  let [low, high] = [0, count];
  for (let kept = count; low <= high; kept = Math.floor((low + high) / 2)) {
    const ids = await make(kept);
    if (ids.length > budget) high = kept - 1;
    else {
      longest = ids;
      low = kept + 1;
    }
  }
  return longest;
}

function lastOf<Item>(items: readonly Item[], count: number): Item[] {
  return items.slice(items.length - count);
}
