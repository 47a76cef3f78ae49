import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { byteCharacters, createEncoder, trainBytePairEncoding } from '../../models/sprout-training/bpe.ts';
import { readDocuments, type Source, type TrainingDocument } from '../../models/sprout-training/documents.ts';
import { takeLock } from '../../models/sprout-training/lock.ts';
import { trainSprout } from '../../models/sprout-training/loop.ts';
import { labelsOf, plainIds, RowStream } from '../../models/sprout-training/packing.ts';
import { PythonRandom } from '../../models/sprout-training/python-random.ts';
import { learningRate } from '../../models/sprout-training/schedule.ts';
import { isSuitable } from '../../models/sprout-training/suitable.ts';
import { readVocabulary, specialTokens, writeTokenizer } from '../../models/sprout-training/tokenizer.ts';
import { temporaryFolder, tinyConfig, tinyEncoding } from './helpers.ts';

const sharedData = path.resolve('..', 'shared', 'data');
if (!existsSync(sharedData)) console.info(`skipped: the dialogues are not at ${sharedData}`);

const encode = createEncoder(tinyEncoding);
const documents: TrainingDocument[] = [
  { language: 'en', turns: ['do you like the cat?', 'yes', 'why?', 'the cat sat'] },
  { language: 'pt', turns: ['tudo bem?', 'não sei'] },
  { language: 'en-pt', turns: ['the heart', 'o coração'] },
];
const sources: Source[] = [
  { name: 'one', weight: 1, documents: documents.slice(0, 1) },
  { name: 'two', weight: 3, documents: documents.slice(1) },
];

describe('the vocabulary', () => {
  test('begins with the special tokens and the 256 bytes, then the commonest pairs', () => {
    const { vocabulary, merges } = trainBytePairEncoding([{ text: 'aaab aaab', weight: 2 }], 300, ['<|end|>']);
    expect(vocabulary.slice(0, 2)).toEqual(['<|end|>', byteCharacters[0]]);
    expect(new Set(vocabulary).size).toBe(vocabulary.length);
    expect(merges[0]).toEqual(['a', 'a']);
    expect(vocabulary.at(-1)).toBe('Ġaaab');
  });

  test('cuts any text into tokens that are the text again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const characters = encode(text)
          .map((id) => tinyEncoding.vocabulary[id]!)
          .join('');
        const bytes = Uint8Array.from([...characters].map((character) => byteCharacters.indexOf(character)));
        expect(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)).toBe(text);
      }),
      { numRuns: 50 },
    );
  });
});

test('a vocabulary is read as it was written', () => {
  const folder = temporaryFolder();
  writeTokenizer(folder, tinyEncoding);
  expect(readVocabulary(folder)).toEqual(tinyEncoding);
});

describe('the stream of rows', () => {
  test('goes on after any number of rows as if it had never stopped', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 60 }), fc.integer(), (rows, seed) => {
        const whole = new RowStream(sources, encode, 16, seed);
        for (let row = 0; row < rows; row++) whole.next();
        const resumed = new RowStream(sources, encode, 16, seed);
        resumed.skip(rows);
        expect(resumed.next()).toEqual(whole.next());
      }),
      { numRuns: 30 },
    );
  });

  test('shows a document as often as its weight, with and without its labels', () => {
    const stream = new RowStream(sources, encode, 64, 5);
    const ids = Array.from({ length: 400 }, () => [...stream.next()]).flat();
    const count = (name: string) => ids.filter((id) => id === specialTokens.indexOf(`<|${name}|>`)).length;
    expect(count('pt') / count('en')).toBeCloseTo(3, 0);
    expect(count('ask')).toBeGreaterThan(0);
    expect(count('ask')).toBeLessThan(count('pt') + count('en'));
    expect(count('neutral')).toBeGreaterThan(0);
  });

  test('always shows the labels of what is said in several tones, and of a person alone', () => {
    const labels = [
      { intent: 'ask', emotion: 'sad' },
      { intent: 'agree', emotion: 'happy' },
    ] as const;
    const tone: TrainingDocument = {
      language: 'pt',
      turns: ['tudo bem?', 'não sei'],
      labels: [...labels],
      alwaysLabelled: true,
    };
    const stream = new RowStream([{ name: 'tones', weight: 1, documents: [tone] }], encode, 64, 5);
    const ids = Array.from({ length: 20 }, () => [...stream.next()]).flat();
    const names = ids.map((id) => tinyEncoding.vocabulary[id]!);
    const after = (name: string) =>
      names.flatMap((one, at) => (one === name ? [names.slice(at + 1, at + 3)] : [])).slice(0, -1);
    expect(after('<|user|>').length).toBeGreaterThan(20);
    for (const two of after('<|user|>')) expect(two).toEqual(['<|ask|>', '<|sad|>']);
    expect(names).not.toContain('<|agree|>');
    expect(names).not.toContain('<|happy|>');
  });

  test('shows one whose weight is a fraction in that share of the passes', () => {
    const [english, portuguese] = [documents.slice(0, 1), documents.slice(1, 2)];
    const some = [
      { name: 'some', weight: 0.3, documents: english },
      { name: 'all', weight: 1, documents: portuguese },
      { name: 'twice and some', weight: 2.5, documents: documents.slice(2) },
    ];
    const stream = new RowStream(some, encode, 64, 5);
    const ids = Array.from({ length: 600 }, () => [...stream.next()]).flat();
    const count = (name: string) => ids.filter((id) => id === specialTokens.indexOf(`<|${name}|>`)).length;
    expect(count('pt')).toBeGreaterThan(400);
    expect(count('en') / count('pt')).toBeCloseTo(0.3, 1);
    expect(count('en-pt') / count('pt')).toBeCloseTo(2.5, 1);
  });

  test('asks nobody to predict what a person chose', () => {
    const end = 0;
    const language = specialTokens.indexOf('<|en|>');
    expect([...labelsOf(Int32Array.of(language, 90, end, specialTokens.indexOf('<|sad|>'), 91))]).toEqual([
      -100,
      90,
      end,
      -100,
      91,
    ]);
  });

  test('a document is its language and its closed utterances', () => {
    const names = plainIds(documents[1]!, encode).map((id) => tinyEncoding.vocabulary[id]!);
    expect(names[0]).toBe('<|pt|>');
    expect(names.filter((name) => name === '<|endoftext|>')).toHaveLength(2);
    expect(names.at(-1)).toBe('<|endoftext|>');
  });
});

test('a training stopped and resumed ends byte-equal to one that ran through', async () => {
  const folder = temporaryFolder();
  const prepared = {
    training: sources,
    heldOut: { en: documents.slice(0, 1), 'tatoeba-pt': documents.slice(1, 2), 'own-pt': [] },
    heldOutPairs: [],
    encode,
  };
  const run = (name: string, stopAt: number) =>
    trainSprout(prepared, {
      steps: 8,
      cooldownFrom: 4,
      checkpointFile: path.join(folder, `${name}.safetensors`),
      curveFile: path.join(folder, `${name}.jsonl`),
      threads: 1,
      shouldStop: (step) => step >= stopAt,
      model: tinyConfig,
      rows: 2,
      report: () => {},
    });
  expect(await run('through', 99)).toEqual({ step: 8, done: true });
  expect(await run('halves', 3)).toEqual({ step: 3, done: false });
  expect(await run('halves', 6)).toEqual({ step: 6, done: false });
  expect(await run('halves', 99)).toEqual({ step: 8, done: true });
  const bytes = (name: string) => readFileSync(path.join(folder, `${name}.safetensors`));
  expect(bytes('halves').equals(bytes('through'))).toBe(true);
});

test.skipIf(!existsSync(sharedData))('holds out what the PyTorch run holds out, in either direction', () => {
  const { training, heldOut } = readDocuments(sharedData, []);
  // What `val` of shared/peers/sprout_pytorch.py holds.
  expect(heldOut.mixed).toHaveLength(800);
  expect(heldOut.mixed!.filter(({ language }) => language === 'en')).toHaveLength(421);
  expect(heldOut.mixed!.filter(({ language }) => language === 'pt-en')).toHaveLength(176);
  expect(heldOut.mixed![0]!.turns[0]).toBe('I hope you enjoyed doing that as much as I did.');
  expect(heldOut.mixed![799]!.turns.at(-1)).toBe('I will be there');
  const seen = new Set(training.flatMap(({ documents }) => documents.map(({ turns }) => turns.join('\n'))));
  for (const { turns } of heldOut.mixed!) {
    expect(seen.has(turns.join('\n'))).toBe(false);
    if (turns.length === 2) expect(seen.has([...turns].reverse().join('\n'))).toBe(false);
  }
});

test('shuffles as Python does', () => {
  const shuffled = (seed: number, length: number) =>
    new PythonRandom(seed).shuffle(Array.from({ length }, (_, index) => index));
  // list(range(n)); random.Random(seed).shuffle(it)
  expect(shuffled(0, 10)).toEqual([7, 8, 1, 5, 3, 4, 2, 0, 9, 6]);
  expect(shuffled(4_294_967_295, 12)).toEqual([0, 6, 1, 5, 8, 2, 7, 4, 11, 3, 9, 10]);
  expect(shuffled(7, 1000).slice(0, 8)).toEqual([878, 857, 349, 313, 382, 850, 927, 194]);
});

test('the learning rate warms up, holds, and cools down', () => {
  const schedule = { peak: 1, warmupSteps: 10, cooldownFrom: 50, steps: 100 };
  const rates = Array.from({ length: 100 }, (_, step) => learningRate(step, schedule));
  expect(rates[0]).toBeCloseTo(0.1);
  expect(rates.slice(9, 51).every((rate) => rate === 1)).toBe(true);
  for (let step = 51; step < 100; step++) expect(rates[step]).toBeLessThan(rates[step - 1]!);
  expect(rates[99]).toBeGreaterThan(0.05);
  expect(rates[99]).toBeLessThan(0.06);
});

test('dialogues that are not for a class are left out, harmless look-alikes are not', () => {
  for (const turn of ['that is bullshit', 'você é muito gostosa', 'let us do drugs', 'Que merda!'])
    expect([turn, isSuitable(['hi', turn])]).toEqual([turn, false]);
  for (const turn of [
    'my class assignment',
    'O documento e o número',
    'a rapper sings',
    'Charles Dickens',
    'o custo da computação',
  ])
    expect([turn, isSuitable([turn])]).toEqual([turn, true]);
});

test('a second training is kept out while the first lives, and takes over when it was killed', () => {
  const file = path.join(temporaryFolder(), 'lock');
  expect(takeLock(file)).toBe(true);
  expect(takeLock(file)).toBe(false);
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(file, String(pid));
  expect(takeLock(file)).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe(String(process.pid));
});
