/** What the exported brain answers, asked through the program's own door; not picked, so that the card stays honest. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Language, openBrain } from '../../src/brain/index.ts';
import type { Sample } from './card.ts';

const questions: readonly (readonly [Language, string])[] = [
  ['en', 'hey man, you wanna buy some bread?'],
  ['en', 'what is your favorite movie?'],
  ['en', 'do you like football?'],
  ['en', 'hello, how are you?'],
  ['en', 'i feel sad today'],
  ['en', 'who is the best player?'],
  ['pt', 'Olá, tudo bem?'],
  ['pt', 'Qual é o seu nome?'],
  ['pt', 'O que você fez ontem à noite?'],
  ['pt', 'Você já andou de bicicleta?'],
  ['en-pt', 'I am hungry.'],
  ['pt-en', 'Eu gosto de música.'],
];

export async function takeSamples(modelFolder: string): Promise<Sample[]> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'sprout-'));
  const brain = await openBrain(modelFolder, { dataFolder });
  try {
    const samples: Sample[] = [];
    for (const [index, [language, text]] of questions.entries()) {
      const settings = { maxNewTokens: 40, seed: index + 1 };
      const { text: reply } = await brain.generate(await brain.promptIds([], text, { language }), settings);
      samples.push({ language, text, reply });
    }
    return samples;
  } finally {
    await brain.dispose();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}
