/**
 * Conversations as a model reads them. A chat model's template lays them out as in its training; a model without one, DialoGPT,
 * whose template does the same, and sprout, whose template knows no more, read utterances, each closed by the end token
 * (prompt.ts).
 *
 * What people write stays text, even when it spells a control token: only the template may place those. To that end a
 * marker is put inside each such spelling, and the rendered text is cut at the markers. A conversation that spells none,
 * that is nearly every one, is rendered and encoded as a whole, exactly as transformers' apply_chat_template does.
 */
import { CONTROL_TEMPLATE } from './control-template.ts';
import { buildPrompt, control, keepLast, talkIds, type Utterance } from './prompt.ts';
import type { TemplateRenderer } from './template-renderer.ts';
import type { BrainTokenizer, ChatMessage, Choices, ContextTurn } from './types.ts';

/** What prompt.ts lays out without running anything: DialoGPT's, and sprout's. */
const LAID_OUT_HERE = [
  '{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}',
  CONTROL_TEMPLATE,
];

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
  if (runsTemplate(tokenizer)) return templateIds(tokenizer, renderer, messages, addGenerationPrompt);
  // Whoever is not the assistant (a system message, say) is somebody who speaks to it.
  const utterances = messages.map(({ role, content }): Utterance => {
    return { role: role === 'assistant' ? role : 'user', text: content };
  });
  const turn = addGenerationPrompt ? control(tokenizer, 'assistant') : [];
  return [...talkIds(tokenizer, undefined, utterances), ...turn];
}

/**
 * A conversation as the model's template lays it out.
 * @param choices names the template may use besides the messages; sprout's knows those of `Choices`.
 * @throws UserError chat_template_failed, chat_template_runaway.
 */
export async function templateIds(
  tokenizer: BrainTokenizer,
  renderer: Renderer,
  messages: readonly ChatMessage[],
  addGenerationPrompt: boolean,
  choices: Partial<Choices> = {},
): Promise<number[]> {
  if (tokenizer.chatTemplate === null) throw new Error('the model has no chat template');
  const { template, variables } = tokenizer.chatTemplate;
  const marker = unusedCharacter([template, ...messages.map(({ content }) => content)]);
  const marked = messages.map(({ role, content }) => ({ role, content: tokenizer.cutSpecial(content).join(marker) }));
  const rendered = await renderer.render(template, {
    ...variables,
    ...choices,
    messages: marked,
    add_generation_prompt: addGenerationPrompt,
  });
  return rendered.split(marker).flatMap((piece) => tokenizer.encode(piece, { parseSpecial: true }));
}

function runsTemplate({ chatTemplate }: BrainTokenizer): boolean {
  return chatTemplate !== null && !LAID_OUT_HERE.includes(chatTemplate.template.trim());
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
