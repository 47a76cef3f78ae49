import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { EMOTIONS, guessChoices, guessEmotion, guessIntent, guessLanguage, INTENTS } from '../../src/brain/index.ts';

const pairsFile = path.resolve('..', 'shared', 'data', 'tatoeba.en-pt.tsv.gz');
if (!existsSync(pairsFile)) console.info(`skipped: the sentence pairs are not at ${pairsFile}`);

describe('the language', () => {
  test('of short everyday messages is told', async () => {
    for (const text of ['oi', 'tudo bem?', 'kkkk', 'não', 'vc gosta de minecraft?', 'que legal!', 'bom dia', 'valeu'])
      expect([text, await guessLanguage(text)]).toEqual([text, 'pt']);
    for (const text of ['hi', 'no', 'ok', 'lol', 'nice one bro', 'do you like pizza?', "I don't know", 'cool'])
      expect([text, await guessLanguage(text, 'pt')]).toEqual([text, 'en']);
  });

  test('of a text that tells nothing is the one expected', async () => {
    for (const text of ['', '😀', '123', '...'])
      expect([await guessLanguage(text, 'pt'), await guessLanguage(text, 'en')]).toEqual(['pt', 'en']);
  });

  test.skipIf(!existsSync(pairsFile))('of 99 in 100 sentences is right', async () => {
    const lines = gunzipSync(readFileSync(pairsFile)).toString('utf8').trim().split('\n');
    const pairs = lines.filter((_, index) => index % 10 === 0).map((line) => line.split('\t'));
    let wrong = 0;
    for (const [english, portuguese] of pairs) {
      if ((await guessLanguage(english!)) !== 'en') wrong++;
      if ((await guessLanguage(portuguese!)) !== 'pt') wrong++;
    }
    expect(wrong / (2 * pairs.length)).toBeLessThan(0.01);
  });
});

describe('the intent', () => {
  test.each([
    ['ask', ['What is your name?', 'how are you?', 'Qual é o seu nome?', 'Você gosta de ler?', 'e você?']],
    ['disagree', ['No, that is wrong.', "I don't think so", 'Não concordo.', 'Discordo de você', 'nunca!']],
    ['agree', ['Yes, of course!', 'me too', 'Sim, claro', 'Concordo com você', 'pois é']],
    ['suggest', ["Let's play a game!", 'How about a film?', 'Vamos jogar?', 'Que tal uma pizza?', 'The sky is blue.']],
  ] as const)('%s is heard in both languages', (intent, texts) => {
    expect(texts.map((text) => [text, guessIntent(text)])).toEqual(texts.map((text) => [text, intent]));
  });

  test('is not fooled by words that only begin alike', () => {
    expect(guessIntent('Nobody came. Northern lights are pretty')).toBe('suggest');
    expect(guessIntent('Nãozinho é apelido')).toBe('suggest');
    expect(guessIntent('Simpatia é quase amor')).toBe('suggest');
  });
});

describe('the emotion', () => {
  test.each([
    ['happy', ['I love it', 'that is great :)', 'Que bom!', 'adoro isso', 'kkkk']],
    ['sad', ['I feel so sad', 'estou triste', 'que saudade', ':(', 'I miss you']],
    ['surprised', ['wow', 'no way', 'Nossa, sério?', 'What?!', 'caramba']],
    ['excited', ["I can't wait", 'amazing', 'Mal posso esperar', 'Go!!!', '🎉']],
    ['angry', ['this is so annoying', 'I hate this', 'que raiva', 'odeio isso', '😡']],
    ['afraid', ["I'm scared", 'tenho medo', 'estou assustada', 'so nervous', '😱']],
    ['neutral', ['The cat is on the mat.', 'O gato está na mesa.', '', '123']],
  ] as const)('%s is heard in both languages', (emotion, texts) => {
    expect(texts.map((text) => [text, guessEmotion(text)])).toEqual(texts.map((text) => [text, emotion]));
  });
});

test('any text gets choices of the closed sets', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const { language, intent, emotion } = await guessChoices(text, 'pt');
      expect(['en', 'pt']).toContain(language);
      expect(INTENTS).toContain(intent);
      expect(EMOTIONS).toContain(emotion);
    }),
  );
});
