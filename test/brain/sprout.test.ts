/** The brain that comes with the program. Its words change with every training; what must hold does not. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createEncoder } from '../../models/sprout-training/bpe.ts';
import { CONTROL_TEMPLATE } from '../../src/brain/control-template.ts';
import { EMOTIONS, INTENTS, LANGUAGES } from '../../src/brain/index.ts';
import { noSprout, opened, sprout } from './helpers.ts';

const tokenizerJson = () => JSON.parse(readFileSync(path.join(sprout, 'tokenizer.json'), 'utf8'));
const settings = { maxNewTokens: 40, seed: 1 };

describe.skipIf(noSprout)('sprout', () => {
  test('answers in both languages, with any choices', async () => {
    const brain = await opened(sprout);
    for (const [language, text] of [
      ['en', 'hello, how are you?'],
      ['pt', 'Olá, tudo bem?'],
    ] as const) {
      const prompt = await brain.promptIds([], text, { language, intent: 'ask', emotion: 'happy' });
      const { text: reply, outputIds } = await brain.generate(prompt, settings);
      expect(reply).toMatch(/\p{L}/u);
      expect(reply).toBe(reply.trim());
      expect(outputIds.length).toBeLessThanOrEqual(40);
    }
  });

  test('is small, free, and knows every choice as a token of its own', async () => {
    const brain = await opened(sprout);
    const { vocab_size: vocabulary } = JSON.parse(readFileSync(path.join(sprout, 'config.json'), 'utf8'));
    expect(brain.info()).toMatchObject({ licence: 'mit', vocabulary, window: 256, layers: 6 });
    expect(Object.keys(tokenizerJson().model.vocab)).toHaveLength(vocabulary);
    expect(statSync(path.join(sprout, 'model.safetensors')).size).toBeLessThan(25e6);
    const ids = [...LANGUAGES, ...INTENTS, ...EMOTIONS].map((name) => brain.tokenizer.specialId(`<|${name}|>`));
    expect(new Set(ids).size).toBe(15);
    expect(ids).not.toContain(null);
    expect(brain.tokenizer.eosId).toBe(0);
  });

  test('is told who speaks, here and by the template for other programs', async () => {
    const brain = await opened(sprout);
    const { tokenizer } = brain;
    expect(tokenizer.chatTemplate?.template).toBe(CONTROL_TEMPLATE);
    const ids = await brain.conversationIds([{ role: 'user', content: 'Oi!' }], { addGenerationPrompt: true });
    expect(ids.map((id) => tokenizer.piece(id)).join('')).toBe('<|user|>Oi!<|endoftext|><|assistant|>');
  });

  test('takes a turn of four thousand characters after a long talk', async () => {
    const brain = await opened(sprout);
    const context = Array.from({ length: 30 }, () => ({ text: 'do you like football?', reply: 'yes, a lot' }));
    const prompt = await brain.promptIds(context, 'não sei '.repeat(500), { language: 'pt' });
    expect(prompt.length).toBe(156);
    const { inputIds, outputIds } = await brain.generate(prompt, { seed: 1 });
    expect(inputIds.length + outputIds.length).toBeLessThanOrEqual(256);
  });

  test('has learnt: real sentences are likelier than their words in disorder', async () => {
    const brain = await opened(sprout);
    const perToken = async (text: string) => {
      const logprobs = await brain.logprobs(await brain.promptIds([], text, { language: 'en' }));
      return logprobs.reduce((sum, value) => sum + value, 0) / logprobs.length;
    };
    expect(await perToken('I really like that movie, it was so good!')).toBeGreaterThan(
      await perToken('movie so it I, really like good that was!'),
    );
  });

  test('encodes with transformers.js as our own encoder does', async () => {
    const json = tokenizerJson();
    const vocabulary: string[] = [];
    for (const [token, id] of Object.entries<number>(json.model.vocab)) vocabulary[id] = token;
    const merges = json.model.merges.map((merge: string): [string, string] => {
      const [left, right] = merge.split(' ');
      return [left!, right!];
    });
    const specialTokens = json.added_tokens.map(({ content }: { content: string }) => content);
    const encode = createEncoder({ vocabulary, merges, specialTokens });
    const brain = await opened(sprout);
    for (const text of [
      "I don't know, I'll ask.",
      'Coração, ação e não',
      '😀🦕 ½ ² 日本語',
      'a  b\n\n c\t ',
      'ALL CAPS!!!',
      '1234567',
    ])
      expect(brain.tokenizer.encode(text)).toEqual(encode(text));
  });
});
