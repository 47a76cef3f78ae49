/** The yardstick of `npm run sprout:eval`: each measure against figures known otherwise, and the whole on a tiny brain. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { chrf } from '../../models/sprout-eval/chrf.ts';
import { jensenShannonDistance, nextTokenProbabilities, readHead } from '../../models/sprout-eval/conditioning.ts';
import { diversityOf, meanDiversity } from '../../models/sprout-eval/diversity.ts';
import { evaluateBrain } from '../../models/sprout-eval/evaluation.ts';
import { documentIds, measureHeldOut } from '../../models/sprout-eval/held-out.ts';
import { readMaterial } from '../../models/sprout-eval/material.ts';
import { prompts } from '../../models/sprout-eval/prompts.ts';
import { evaluationSection } from '../../models/sprout-eval/report.ts';
import { speechOf } from '../../models/sprout-eval/speech.ts';
import { namesIn, openWordLists, type WordLists, wordsOf } from '../../models/sprout-eval/words.ts';
import { createEncoder } from '../../models/sprout-training/bpe.ts';
import { CORPUS_FOLDER, type CorpusDialogue, readCorpus } from '../../models/sprout-training/corpus.ts';
import { ownHeldOut, readDocuments, type TrainingDocument } from '../../models/sprout-training/documents.ts';
import { evaluate } from '../../models/sprout-training/evaluate.ts';
import { plainIds } from '../../models/sprout-training/packing.ts';
import type { Brain } from '../../src/brain/index.ts';
import { openTrainable, parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { golden, noGolden, opened, temporaryFolder, tinyConfig, tinyEncoding } from './helpers.ts';

const sharedData = path.resolve('..', 'shared', 'data');
const noSharedData = !existsSync(sharedData);
if (noSharedData) console.info(`skipped: the dialogues are not at ${sharedData}`);

describe('chrF', () => {
  // sacrebleu 2.6.0: CHRF().corpus_score([hypotheses], [[references]]).score
  const cases: readonly (readonly [string, number, readonly (readonly [hypothesis: string, reference: string])[]])[] = [
    ['the same', 100, [['O gato dorme.', 'O gato dorme.']]],
    [
      'close ones',
      53.9012380590404,
      [
        ['Eu tenho dois irmãos.', 'Eu tenho dois irmãos mais novos.'],
        ['Hoje está quente!', 'Hoje está muito quente lá fora.'],
      ],
    ],
    [
      'far ones, and silence',
      5.095960863020572,
      [
        ['I think you should be.', 'I like music.'],
        ['Yes, I do.', 'The weather is nice today.'],
        ['', 'Where is the library?'],
      ],
    ],
    [
      'shorter than six characters',
      23.4915924826904,
      [
        ['a', 'ab'],
        ['oi', 'oi'],
        ['não', 'sim'],
      ],
    ],
    ['nothing in common', 0, [['xyz', 'abc']]],
    [
      'an empty reference',
      39.890284082892784,
      [
        ['sobra', ''],
        ['Bom dia', 'Bom dia a todos'],
      ],
    ],
    ['characters beyond the first plane', 33.66845970828592, [['😀😀 legal', '😀 que legal 🎉']]],
  ];

  test.each(cases)('of %s is sacrebleu’s', (_, expected, pairs) => {
    expect(chrf(pairs.map(([hypothesis, reference]) => ({ hypothesis, reference })))).toBeCloseTo(expected, 9);
  });

  test.skipIf(noGolden)('of 813 sentences is sacrebleu’s', () => {
    const lines = readFileSync(path.join(golden, 'metrics.jsonl'), 'utf8').trimEnd().split('\n');
    expect(chrf(lines.map((line) => JSON.parse(line)))).toBeCloseTo(47.18416013016835, 9);
  });
});

describe('diversity', () => {
  test('counts different runs of words over all, across the replies', () => {
    const { distinct } = diversityOf(['I like it.', 'I like you!']);
    expect(distinct).toEqual({ 1: 4 / 6, 2: 3 / 4, 3: 1 });
  });

  test('sees a reply that goes round in circles, and replies that are the same', () => {
    expect(diversityOf(['a b c d a b c d a b c d']).repeated).toBeCloseTo(5 / 9);
    expect(diversityOf(['Yes, I do.', 'yes i do', 'No.', 'Maybe.']).equal).toBe(0.5);
    expect(diversityOf(['one two three four five', '']).repeated).toBe(0);
  });

  test('is between 0 and 1, whatever is said', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1 }), (replies) => {
        const { distinct, repeated, equal } = diversityOf(replies);
        for (const share of [...Object.values(distinct), repeated, equal]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test('of several samplings is their mean, so that it compares with one', () => {
    const once = diversityOf(['a b', 'a c']);
    expect(meanDiversity([once, once, once])).toEqual(once);
  });
});

describe('words', () => {
  let lists: WordLists;
  beforeAll(async () => {
    lists = await openWordLists({ pt: new Set(['nicolly']), en: new Set() });
  });

  test('exist when a dictionary makes them, people chat with them, or somebody is called so', () => {
    const unknown = (text: string, language: 'pt' | 'en') =>
      wordsOf(text).filter((word) => !lists.exists(word, language));
    const portuguese =
      'Você gostaria? Falássemos, cachorrinhos, guarda-chuva: vc tá kkkkk, né? Nicolly e BRASIL em brasil';
    expect(unknown(portuguese, 'pt')).toEqual([]);
    expect(unknown("The dogs didn't run, we're gonna laugh hahaha in brazil", 'en')).toEqual([]);
    expect(unknown('mante o que blorfou the dogs', 'pt')).toEqual(['mante', 'blorfou', 'the', 'dogs']);
    expect(unknown('the glorpish você, Nicolly', 'en')).toEqual(['glorpish', 'você', 'Nicolly']);
  });

  test('tell a language by where more of them exist', async () => {
    expect(await lists.languageOf('Eu gosto do Harry Potter')).toBe('pt');
    expect(await lists.languageOf('I like the beach of Copacabana')).toBe('en');
    expect(await lists.languageOf('123 😀')).toBe(null);
    expect(await speechOf(['Eu gosto de música', 'I like music', ''], 'pt', lists)).toMatchObject({
      replies: 3,
      inLanguage: 1 / 3,
    });
  });

  test.skipIf(noSharedData)('tell the language of people’s sentences nearly always', async () => {
    const { pairs } = readMaterial(sharedData, 'none');
    for (const language of ['pt', 'en'] as const) {
      const { inLanguage, exist } = await speechOf(
        pairs.map((pair) => pair[language]),
        language,
        lists,
      );
      expect(inLanguage).toBeGreaterThan(0.98);
      expect(exist).toBeGreaterThan(0.98);
    }
  });

  test('with a capital inside a sentence are names', () => {
    const texts = ['Oi, Nicolly! A Yara e o João vieram. Depois choveu.', 'I saw Ben. Ben, look!', 'It was Ben.'];
    expect(namesIn(texts, 2)).toEqual(new Set(['ben']));
    expect(namesIn(texts, 1)).toEqual(new Set(['nicolly', 'yara', 'joão', 'ben']));
  });
});

const heldOut: TrainingDocument[] = [
  { language: 'en', turns: ['do you like the cat?', 'yes', 'why?', 'the cat sat'] },
  { language: 'pt', turns: ['tudo bem?', 'não sei '.repeat(20)] },
];

describe('held-out loss', () => {
  test('is what training’s own validation says of the same weights', async () => {
    const brain = await opened();
    const encode = createEncoder(tinyEncoding);
    for (const document of heldOut) expect(documentIds(brain, document)).toEqual(plainIds(document, encode));
    const config = parseModelConfig(tinyConfig);
    const trainable = await openTrainable(config, randomWeights(config, 7), { method: 'full', threads: 1 });
    const expected = await evaluate(trainable, heldOut, encode, tinyConfig.n_positions);
    await trainable.dispose();
    const { all, none } = await measureHeldOut(brain, { all: heldOut, none: [] });
    expect(none).toBe(undefined);
    expect(all!.nats_per_token).toBeCloseTo(expected.nats_per_token, 4);
    expect(all!.bits_per_character).toBeCloseTo(expected.bits_per_character, 4);
  });
});

test('a labelled document tells how people meant what they said, and not how the brain did', async () => {
  const { tokenizer } = await opened();
  const labels = [
    { intent: 'ask', emotion: 'sad' },
    { intent: 'agree', emotion: 'happy' },
    { intent: 'suggest', emotion: 'angry' },
  ] as const;
  const document: TrainingDocument = { language: 'en', turns: ['why?', 'the cat', 'yes'], labels: [...labels] };
  const shown = documentIds({ tokenizer } as Brain, document, { labelled: true }).map((id) => tokenizer.piece(id));
  expect(shown.join('')).toBe(
    '<|en|><|user|><|ask|><|sad|>why?<|endoftext|><|assistant|>the cat<|endoftext|><|user|><|suggest|><|angry|>yes<|endoftext|>',
  );
});

describe('the first token', () => {
  test('is expected as the brain itself says', async () => {
    const brain = await opened();
    const ids = await brain.promptIds([], 'the cat', { language: 'en', emotion: 'sad' });
    const probabilities = await nextTokenProbabilities(brain, readHead(brain), ids);
    for (const id of [0, 40, 200]) {
      const logprob = (await brain.logprobs([...ids, id])).at(-1)!;
      expect(Math.log(probabilities[id]!)).toBeCloseTo(logprob, 4);
    }
  });

  test('is as far apart as can be when two distributions share nothing, and not at all when they are one', () => {
    const [left, right] = [Float64Array.of(0.5, 0.5, 0), Float64Array.of(0, 0, 1)];
    expect(jensenShannonDistance(left, right)).toBeCloseTo(1, 12);
    expect(jensenShannonDistance(left, left)).toBe(0);
    // By hand, in Python: sqrt of the mean of the two divergences in bits from [.4, .25, .35].
    expect(jensenShannonDistance(Float64Array.of(0.7, 0.2, 0.1), Float64Array.of(0.1, 0.3, 0.6))).toBeCloseTo(
      0.5768458213445598,
      9,
    );
  });
});

function dialogue(number: number, bilingual: boolean): CorpusDialogue {
  const turn = (text: string): CorpusDialogue['turns'][number] => ({
    intent: 'ask',
    emotion: 'happy',
    pt: `pt ${text} ${number}`,
    ...(bilingual ? { en: `en ${text} ${number}` } : {}),
  });
  const theme = number % 40 === 39 ? 'your-tone' : 'talk';
  return { theme, topic: 'numbers', register: 'neutral', turns: [turn('one'), turn('two')] };
}

describe('the material', () => {
  const corpus = Array.from({ length: 85 }, (_, number) => dialogue(number, number % 3 !== 0));

  test('is sprout’s own alone, and says so, where the shared data is absent', () => {
    const { heldOut: sets, pairs, missing } = readMaterial(temporaryFolder(), path.join(temporaryFolder(), 'none'));
    expect(Object.values(sets).flat()).toEqual([]);
    expect(pairs).toEqual([]);
    expect(missing).toHaveLength(2);
    expect(ownHeldOut(corpus)['own-pt'].map(({ turns }) => turns[0])).toEqual([
      'pt one 19',
      'pt one 39',
      'pt one 59',
      'pt one 79',
    ]);
  });

  test.skipIf(noSharedData)('of a dialogue held out nothing is trained on, not in English nor as a pair', () => {
    const { training, heldOut } = readDocuments(sharedData, corpus);
    expect(heldOut['own-en']!.length).toBeGreaterThan(0);
    const trained = new Set(training.flatMap(({ documents }) => documents.flatMap(({ turns }) => turns)));
    for (const name of ['own-pt', 'own-en'])
      for (const { turns } of heldOut[name]!)
        for (const turn of turns) expect([turn, trained.has(turn)]).toEqual([turn, false]);
  });

  test.skipIf(noSharedData)('holds out what training holds out', () => {
    const { heldOut: sets } = readDocuments(sharedData, corpus);
    expect(ownHeldOut(corpus)).toEqual({ 'own-pt': sets['own-pt'], 'own-en': sets['own-en'] });
    expect(readMaterial(sharedData, 'none').pairs).toHaveLength(400);
  });
});

describe('the forty prompts', () => {
  test('are twenty in Portuguese, fourteen in English, three to translate each way', () => {
    const count = (language: string) => prompts.filter((prompt) => prompt.language === language).length;
    expect(['pt', 'en', 'en-pt', 'pt-en'].map(count)).toEqual([20, 14, 3, 3]);
    expect(new Set(prompts.map(({ text }) => text)).size).toBe(40);
  });

  test.skipIf(!existsSync(CORPUS_FOLDER))('stand nowhere in the corpus', () => {
    const bare = (text: string) => wordsOf(text.toLowerCase()).join(' ');
    const said = new Set(
      readCorpus().flatMap(({ turns }) =>
        turns.flatMap(({ pt, en }) => [bare(pt), ...(en === undefined ? [] : [bare(en)])]),
      ),
    );
    expect(prompts.filter(({ text }) => said.has(bare(text)))).toEqual([]);
  });
});

test('the whole yardstick measures a brain, the same twice, and writes it down', async () => {
  const brain = await opened();
  const labelled = ownHeldOut(Array.from({ length: 40 }, (_, number) => dialogue(number, true)));
  const material = {
    heldOut: { en: heldOut, ...labelled },
    pairs: [{ en: 'the cat sat', pt: 'não | sei' }],
    names: { pt: new Set<string>(), en: new Set<string>() },
    missing: ['One thing, for a reason.'],
  };
  const options = {
    prompts: prompts.filter((_, index) => index % 20 === 0),
    seeds: [1, 2],
    labelSeeds: [1],
    labelledReplies: 2,
  };
  const evaluation = await evaluateBrain(brain, material, options);
  expect(await evaluateBrain(brain, material, options)).toEqual(evaluation);
  expect(Object.keys(evaluation.heldOut)).toEqual(['en', 'own-pt', 'own-en']);
  expect(evaluation.labelShares.map(({ label }) => label)).toHaveLength(11);
  expect(evaluation.labelLikelihood.map(({ place, kind, language }) => `${place} ${kind} ${language}`)).toEqual(
    ['reply', 'sentence', 'tone'].flatMap((place) =>
      ['pt', 'en'].flatMap((language) => ['intent', 'emotion'].map((kind) => `${place} ${kind} ${language}`)),
    ),
  );
  const section = evaluationSection(evaluation);
  expect(section).toContain('Not measured. One thing, for a reason.');
  // Every row of a table has as many cells as its head, whatever a random brain says.
  const tables = section.split('\n\n').filter((part) => part.startsWith('|'));
  expect(tables.length).toBeGreaterThan(5);
  for (const table of tables) {
    const cells = table
      .trimEnd()
      .split('\n')
      .map((row) => row.replaceAll('\\\\', '').replaceAll('\\|', '').split('|').length);
    expect(new Set(cells).size).toBe(1);
  }
});
