import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { conversationIds, promptIds, templateIds } from '../../src/brain/chat.ts';
import { CONTROL_TEMPLATE } from '../../src/brain/control-template.ts';
import { endTokens } from '../../src/brain/end-tokens.ts';
import { buildPrompt } from '../../src/brain/prompt.ts';
import { TemplateRenderer } from '../../src/brain/template-renderer.ts';
import { openTokenizer } from '../../src/brain/tokenizer.ts';
import {
  type BrainTokenizer,
  type ChatMessage,
  type Choices,
  type ContextTurn,
  EMOTIONS,
  INTENTS,
  LANGUAGES,
} from '../../src/brain/types.ts';
import { type ModelSource, openModelFolder } from '../../src/formats/index.ts';
import { golden, noGolden, opened, refusal, tinyFolder } from './helpers.ts';

vi.setConfig({ testTimeout: 120_000 });

/** ChatML over the tiny tokenizer's control tokens, with a system message of its own. */
const TEMPLATE = `{% if messages[0].role != 'system' %}<|agree|>Be kind.<|endoftext|>
{% endif %}{% for message in messages %}<|{{ 'ask' if message.role == 'user' else 'suggest' }}|>{{ message['content'] | trim }}{{ eos_token }}
{% endfor %}{% if add_generation_prompt %}<|suggest|>{% endif %}`;
const DIALOGPT = '{% for message in messages %}{{ message.content }}{{ eos_token }}{% endfor %}';

interface Talker {
  tokenizer: BrainTokenizer;
  renderer: TemplateRenderer;
  ids(messages: readonly ChatMessage[], addGenerationPrompt?: boolean): Promise<number[]>;
  /** The same through transformers.js's own apply_chat_template. */
  reference(messages: readonly ChatMessage[], addGenerationPrompt?: boolean): number[];
  /** What was read, control tokens by their names. */
  shown(ids: readonly number[]): string;
}

function talk(files: { tokenizer: object; config: object }): Talker {
  const source = { ...nothing, tokenizer: () => files } as ModelSource;
  const tokenizer = openTokenizer(source, 0);
  const renderer = new TemplateRenderer('a model');
  onTestFinished(() => renderer.dispose());
  const theirs = new PreTrainedTokenizer(files.tokenizer, files.config);
  return {
    tokenizer,
    renderer,
    ids: (messages, addGenerationPrompt = true) => conversationIds(tokenizer, renderer, messages, addGenerationPrompt),
    reference: (messages, addGenerationPrompt = true) =>
      theirs.apply_chat_template([...messages], {
        add_generation_prompt: addGenerationPrompt,
        return_tensor: false,
        return_dict: false,
      }) as number[],
    shown: (ids) => ids.map((id) => (isSpecial(tokenizer, id) ? tokenizer.piece(id) : tokenizer.decode([id]))).join(''),
  };
}

const nothing = { path: 'a model', config: {}, stored: () => new Map(), weightFiles: [] };

function isSpecial(tokenizer: BrainTokenizer, id: number): boolean {
  return tokenizer.specialId(tokenizer.piece(id)) === id;
}

/** @param roles whether the tokenizer has tokens for who speaks. */
function tiny(chatTemplate: unknown = TEMPLATE, { roles = true }: { roles?: boolean } = {}): Talker {
  const { tokenizer, config } = openModelFolder(tinyFolder()).tokenizer()!;
  const added = (tokenizer.added_tokens as { content: string }[]).filter(({ content }) => {
    return roles || !['<|user|>', '<|assistant|>'].includes(content);
  });
  return talk({ tokenizer: { ...tokenizer, added_tokens: added }, config: { ...config, chat_template: chatTemplate } });
}

function smollm(): Talker & { greedy: { prompt: string; rendered: string; input_ids: number[] }[] } {
  const read = (...name: string[]) => readFileSync(path.join(golden, 'smollm2', ...name), 'utf8');
  const config = {
    ...JSON.parse(read('tokenizer', 'tokenizer_config.json')),
    chat_template: read('tokenizer', 'chat_template.jinja'),
  };
  const { greedy } = JSON.parse(read('reference.json'));
  return { ...talk({ tokenizer: JSON.parse(read('tokenizer', 'tokenizer.json')), config }), greedy };
}

const user = (content: string): ChatMessage => ({ role: 'user', content });
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
const wellFormed = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
);
const words = fc.oneof(
  wellFormed,
  fc.constantFrom(
    '  spaces \t around\n',
    '\n\n',
    'ação e não',
    "don't",
    '1234567',
    '🦕🏳️‍🌈',
    '< |',
    '<',
    '|>',
    '<|',
    'a|>',
  ),
);
const conversation = fc
  .array(fc.tuple(words, words), { maxLength: 3 })
  .chain((exchanges) =>
    words.map((last) => [...exchanges.flatMap(([said, replied]) => [user(said), assistant(replied)]), user(last)]),
  );

describe.skipIf(noGolden)('SmolLM2-Instruct', () => {
  test('is asked in exactly the reference’s words and ids', async () => {
    const { ids, renderer, tokenizer, greedy } = smollm();
    expect(greedy).toHaveLength(3);
    for (const { prompt, rendered, input_ids } of greedy) {
      const { template, variables } = tokenizer.chatTemplate!;
      const given = { ...variables, messages: [user(prompt)], add_generation_prompt: true };
      expect(await renderer.render(template, given)).toBe(rendered);
      expect(await ids([user(prompt)])).toEqual(input_ids);
      const parts = { context: [], text: prompt, choices: { language: 'pt' as const }, budget: 1000 };
      expect(await promptIds(tokenizer, renderer, parts)).toEqual(input_ids);
    }
  });

  test('reads any conversation as transformers.js lays it out', async () => {
    const { ids, reference } = smollm();
    await fc.assert(
      fc.asyncProperty(conversation, fc.boolean(), async (messages, addGenerationPrompt) => {
        expect(await ids(messages, addGenerationPrompt)).toEqual(reference(messages, addGenerationPrompt));
      }),
      { numRuns: 150 },
    );
  });

  test('ends its replies where its files say', () => {
    const { tokenizer } = smollm();
    expect(tokenizer.eosId).toBe(2);
    expect(endTokens({ ...nothing, config: { eos_token_id: 2 }, tokenizer: () => null }, tokenizer)).toEqual([2]);
  });
});

describe('a conversation', () => {
  test('is read as transformers.js lays it out, trimmed and all', async () => {
    const { ids, reference, shown } = tiny();
    const messages = [user(' the cat '), assistant('sat'), user('what?\n')];
    expect(shown(await ids(messages))).toBe(
      '<|agree|>Be kind.<|endoftext|>\n<|ask|>the cat<|endoftext|>\n<|suggest|>sat<|endoftext|>\n<|ask|>what?<|endoftext|>\n<|suggest|>',
    );
    await fc.assert(
      fc.asyncProperty(conversation, fc.boolean(), async (said, addGenerationPrompt) => {
        expect(await ids(said, addGenerationPrompt)).toEqual(reference(said, addGenerationPrompt));
      }),
      { numRuns: 150 },
    );
  });

  test('leaves a control token that a person spells as letters, wherever it stands and whatever the template trims', async () => {
    const { ids, tokenizer, shown } = tiny();
    const frame = (await ids([user('x'), assistant('y'), user('z')])).filter((id) => isSpecial(tokenizer, id));
    const spelling = fc.constantFrom(
      '<|endoftext|>',
      '<|suggest|>',
      '<|ask|>',
      ' <|pt|>\n',
      '<|endof',
      'text|>',
      '<',
      '\ue000',
    );
    const spelt = fc.array(fc.oneof(spelling, words), { maxLength: 6 }).map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(spelt, spelt, spelt, async (one, two, three) => {
        const read = await ids([user(one), assistant(two), user(three)]);
        expect(read.filter((id) => isSpecial(tokenizer, id))).toEqual(frame);
        // Control tokens left out, what was read is the template's words and everybody's, whole.
        const texts = [one, two, three].map((text) => `${text.trim()}\n`).join('');
        expect(tokenizer.decode(read)).toBe(`Be kind.\n${texts}`.replaceAll('\u{FFFD}', ''));
      }),
      { numRuns: 200 },
    );
    expect(shown(await ids([user('<|endoftext|>')]))).toContain('<|ask|><|endoftext|><|endoftext|>');
  });

  test('without a template, or with DialoGPT’s, is utterances closed by the end token, and no process is started', async () => {
    for (const template of [null, DIALOGPT, ` ${DIALOGPT}\n`]) {
      const { ids, tokenizer, renderer } = tiny(template, { roles: false });
      const messages = [user('the cat <|pt|>'), assistant('sat')];
      const utterances = messages.flatMap(({ content }) => [...tokenizer.encode(content), tokenizer.eosId]);
      expect(await ids(messages)).toEqual(utterances);
      expect(renderer.pid).toBeNull();
    }
    const { ids, reference } = tiny(DIALOGPT, { roles: false });
    const messages = [user('the cat'), assistant('sat')];
    expect(await ids(messages)).toEqual(reference(messages));
  });

  test('of sprout’s kind is laid out as its template does, and no process is started', async () => {
    for (const template of [CONTROL_TEMPLATE, ` ${CONTROL_TEMPLATE}\n`]) {
      const { ids, renderer, shown } = tiny(template);
      expect(shown(await ids([user('the cat <|pt|>'), assistant('sat')], false))).toBe(
        '<|user|>the cat <|pt|><|endoftext|><|assistant|>sat<|endoftext|>',
      );
      expect(renderer.pid).toBeNull();
    }
    const { ids, reference } = tiny(CONTROL_TEMPLATE);
    await fc.assert(
      fc.asyncProperty(conversation, fc.boolean(), async (said, addGenerationPrompt) => {
        const messages = [{ role: 'system', content: 'Be kind.' }, ...said];
        expect(await ids(messages, addGenerationPrompt)).toEqual(reference(messages, addGenerationPrompt));
      }),
      { numRuns: 100 },
    );
  });

  test('takes the template called "default" out of several', async () => {
    const tools = { name: 'tool_use', template: 'tools' };
    const { ids } = tiny([tools, { name: 'default', template: TEMPLATE }]);
    expect(await ids([user('what?')])).toEqual(await tiny().ids([user('what?')]));
    for (const wrong of [[tools], 7, {}]) {
      const { identifier, context } = await refusal(() => tiny(wrong));
      expect(identifier).toBe('tokenizer_unreadable');
      expect(context.problem).toContain('chat_template');
    }
  });
});

describe('a prompt laid out by a template', () => {
  const context = [
    { text: 'the cat', reply: 'sat' },
    { text: 'não sei', reply: 'coração' },
  ];
  const prompt = ({ tokenizer, renderer }: Talker, text: string, budget: number, before = context) =>
    promptIds(tokenizer, renderer, { context: before, text, choices: { language: 'pt', intent: 'ask' }, budget });

  test('is the talk so far and the sentence, and is told none of the choices', async () => {
    const talker = tiny();
    const messages = [user('the cat'), assistant('sat'), user('não sei'), assistant('coração'), user('what?')];
    expect(await prompt(talker, 'what?', 1000)).toEqual(talker.reference(messages));
  });

  test('loses the oldest exchanges first, both halves of them, and no more than must go', async () => {
    const talker = tiny();
    const lengths = [0, 1, 2].map((from) => {
      const kept = context.slice(from).flatMap(({ text, reply }) => [user(text), assistant(reply)]);
      return talker.reference([...kept, user('what?')]);
    });
    for (const whole of lengths) expect(await prompt(talker, 'what?', whole.length)).toEqual(whole);
    expect(await prompt(talker, 'what?', lengths[0]!.length - 1)).toEqual(lengths[1]);
    expect(await prompt(talker, 'what?', lengths[1]!.length - 1)).toEqual(lengths[2]);
  });

  test('keeps the end of a sentence that is too long by itself, and the template around it', async () => {
    const talker = tiny();
    const ids = await prompt(talker, `${'the cat sat '.repeat(300)}what do you think?`, 60);
    expect(ids.length).toBeLessThanOrEqual(60);
    expect(ids.length).toBeGreaterThan(55);
    const shown = talker.shown(ids);
    expect(shown).toMatch(/^<\|agree\|>Be kind\.<\|endoftext\|>\n<\|ask\|>/);
    expect(shown).toMatch(/cat sat what do you think\?<\|endoftext\|>\n<\|suggest\|>$/);
  });

  test('keeps its budget and ends with the beginning of the answer, whatever was said', async () => {
    const talker = tiny();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: words, reply: words }), { maxLength: 6 }),
        words,
        fc.integer({ min: 1, max: 120 }),
        async (before, text, budget) => {
          const ids = await prompt(talker, text, budget, before);
          expect(ids.length).toBeLessThanOrEqual(budget);
          expect(talker.tokenizer.piece(ids.at(-1)!)).toBe('<|suggest|>');
        },
      ),
      { numRuns: 100 },
    );
  });

  test('is utterances and choices, as ever, for a model without one', async () => {
    const talker = tiny(null);
    const choices = { language: 'pt', intent: 'ask' } as const;
    expect(await prompt(talker, 'what?', 1000)).toEqual(buildPrompt(talker.tokenizer, context, 'what?', choices, 1000));
  });
});

describe('sprout’s chat template', () => {
  const spelling = fc.constantFrom('<|endoftext|>', '<|assistant|>', '<|user|>', ' <|pt|>\n', '<|us', 'er|>', '\ue000');
  const typed = fc.array(fc.oneof(spelling, words), { maxLength: 4 }).map((parts) => parts.join(''));
  const choices = fc.record(
    {
      language: fc.constantFrom(...LANGUAGES),
      intent: fc.constantFrom(...INTENTS),
      emotion: fc.constantFrom(...EMOTIONS),
    },
    { requiredKeys: [] },
  );
  const messagesOf = (exchanges: readonly ContextTurn[], text: string) => [
    ...exchanges.flatMap((exchange) => [user(exchange.text), assistant(exchange.reply)]),
    user(text),
  ];

  test('gives the ids that sprout is asked with, whatever is said and chosen', async () => {
    const { tokenizer, renderer } = tiny(CONTROL_TEMPLATE);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ text: typed, reply: typed }), { maxLength: 3 }),
        typed,
        choices,
        async (context, text, chosen) => {
          const parts = { context, text, choices: chosen, budget: 10_000 };
          const asked = await templateIds(tokenizer, renderer, messagesOf(context, text), true, chosen);
          expect(asked).toEqual(buildPrompt(tokenizer, context, text, chosen, 10_000));
          expect(await promptIds(tokenizer, renderer, parts)).toEqual(asked);
        },
      ),
      { numRuns: 150 },
    );
  });

  test('leaves out choices it does not know', async () => {
    const { tokenizer, renderer } = tiny(CONTROL_TEMPLATE);
    const unknown = { language: 'fr', intent: 'endoftext', emotion: null } as unknown as Choices;
    const ids = await templateIds(tokenizer, renderer, [user('what?')], true, unknown);
    expect(ids).toEqual(buildPrompt(tokenizer, [], 'what?', {}, 1000));
  });

  test('is in the folder that training writes', () => {
    expect(openTokenizer(openModelFolder(tinyFolder()), 0).chatTemplate?.template).toBe(CONTROL_TEMPLATE);
  });
});

describe('a brain with a chat template', () => {
  function folder(chatTemplate: string, more: Record<string, unknown> = {}): string {
    const made = tinyFolder();
    const file = path.join(made, 'tokenizer_config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    writeFileSync(file, JSON.stringify({ ...config, chat_template: chatTemplate }));
    for (const [name, contents] of Object.entries(more)) writeFileSync(path.join(made, name), JSON.stringify(contents));
    return made;
  }

  test('is asked through it, answers, and goes on after a hostile one was cut off', async () => {
    const brain = await opened(folder(TEMPLATE));
    const ids = await brain.promptIds([], 'what do you think?', { intent: 'ask' }, 20);
    expect(ids).toEqual(tiny().reference([user('what do you think?')]));
    expect(await brain.conversationIds([user('what do you think?')], { addGenerationPrompt: true })).toEqual(ids);
    expect(await brain.conversationIds([user('what do you think?')], { addGenerationPrompt: false })).toEqual(
      ids.slice(0, -1),
    );
    expect((await brain.generate(ids, { seed: 1, maxNewTokens: 5 })).inputIds).toEqual(ids);

    const hostile = await opened(folder('{% for i in range(1000000000) %}{% endfor %}'));
    const { identifier, context } = await refusal(() => hostile.promptIds([], 'hello'));
    expect([identifier, context.model]).toEqual(['chat_template_runaway', hostile.source.path]);
    expect((await hostile.generate([20, 30], { seed: 1, maxNewTokens: 5 })).outputIds.length).toBeGreaterThan(0);
  });

  test('stops at any of several end tokens', async () => {
    const several = [40, 41, 42, 43, 44, 45, 46, 47, 48, 49];
    const brain = await opened(folder(TEMPLATE, { 'generation_config.json': { eos_token_id: several } }));
    const seen = new Set<number>();
    for (let seed = 1; seed < 60; seed++) {
      const settings = { maxNewTokens: 60, temperature: 100, topK: 0, topP: 1, repetitionPenalty: 1, seed };
      const { outputIds } = await brain.generate([20, 30], settings);
      const end = outputIds.findIndex((id) => several.includes(id) || id === brain.tokenizer.eosId);
      expect(end === -1 ? outputIds.length : end + 1).toBe(outputIds.length);
      if (end !== -1) seen.add(outputIds[end]!);
    }
    expect(seen.size).toBeGreaterThan(3);
  });
});

describe('the end of a reply', () => {
  const tokenizer = { eosId: 7 } as BrainTokenizer;
  const source = (config: unknown, generationConfig?: unknown): ModelSource => ({
    ...nothing,
    config,
    tokenizer: () => null,
    ...(generationConfig === undefined ? {} : { generationConfig }),
  });

  test.each([
    ['generation_config.json, a list', source({ eos_token_id: 1 }, { eos_token_id: [3, 4] }), [3, 4, 7]],
    ['generation_config.json, a number', source({ eos_token_id: 1 }, { eos_token_id: 3 }), [3, 7]],
    ['config.json where that names none', source({ eos_token_id: [1, 2] }, { temperature: 1 }), [1, 2, 7]],
    ['config.json where there is none', source({ eos_token_id: 1 }), [1, 7]],
    ['the tokenizer, once', source({ eos_token_id: 7 }), [7]],
    ['the tokenizer where the files name none, or nonsense', source({ eos_token_id: ['x', -1, 1.5] }, 'x'), [7]],
  ])('stands in %s', (_where, files, expected) => {
    expect(endTokens(files, tokenizer)).toEqual(expected);
  });
});
