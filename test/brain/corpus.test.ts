/** Sprout's own corpus: its form, that it is what its card says, and that a child may read all of it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isBilingual, readCorpus } from '../../models/sprout-training/corpus.ts';
import { nearDuplicates } from '../../models/sprout-training/near-duplicates.ts';
import { EMOTIONS, INTENTS } from '../../src/brain/types.ts';

const corpus = readCorpus();
const turns = corpus.flatMap((dialogue) => dialogue.turns);
const textOf = (language: 'pt' | 'en') => (dialogue: (typeof corpus)[number]) =>
  dialogue.turns.map((turn) => turn[language]).join('\n');

/** Beginnings of words that no dialogue needs; harmless ones that look alike ("sexta", "cama") are not among them. */
const unfit =
  /(?<!\p{L})(fuck|shit|bitch|damn|crap|murder|blood(y|bath)|gun|rape|porn|nude|naked(?! eye)|whore|slut|drunkard|beer|wine|vodka|cigarette|cocaine|heroin|weed|suicid|nazi|idiot|merda|porra|caralho|foda|fode|puta|buceta|bunda|tesão|transar|estupr|matar (ele|ela|você|alguém)|assassin|arma de fogo|revólver|cerveja|vinho|cachaça|bêbad|cigarro|maconha|cocaína|droga|suicíd|idiota|imbecil|burr[oa] demais|otári|babaca)/iu;

describe('the corpus', () => {
  test('has at least 4,000 dialogues in Portuguese, 2,000 of them in English too', () => {
    expect(corpus.length).toBeGreaterThanOrEqual(4000);
    expect(corpus.filter(isBilingual).length).toBeGreaterThanOrEqual(2000);
    // A dialogue is in English as a whole or not at all.
    for (const { turns } of corpus) expect([0, turns.length]).toContain(turns.filter(({ en }) => en).length);
  });

  test('shows every intent with every emotion, none of them rarely', () => {
    for (const intent of INTENTS)
      expect([intent, turns.filter((turn) => turn.intent === intent).length > 500]).toEqual([intent, true]);
    for (const emotion of EMOTIONS)
      expect([emotion, turns.filter((turn) => turn.emotion === emotion).length > 500]).toEqual([emotion, true]);
    expect(new Set(turns.map(({ intent, emotion }) => `${intent} ${emotion}`)).size).toBe(
      INTENTS.length * EMOTIONS.length,
    );
  });

  test('says nothing twice', () => {
    for (const language of ['pt', 'en'] as const) {
      const texts = corpus.filter((dialogue) => language === 'pt' || isBilingual(dialogue)).map(textOf(language));
      expect(nearDuplicates(texts, 0.5).map(([a, b]) => [texts[a], texts[b]])).toEqual([]);
    }
  });

  test('holds nothing unfit for children', () => {
    for (const { pt, en } of turns) expect(`${pt} ${en ?? ''}`).not.toMatch(unfit);
  });

  test('is written plainly: composed accents, no stray spaces, no control characters', () => {
    for (const { pt, en = 'x' } of turns)
      for (const text of [pt, en]) {
        expect(text).toBe(text.normalize('NFC').trim());
        expect(text).not.toMatch(/[\p{Cc}]| {2}/u);
        expect(text.split(' ').length).toBeLessThanOrEqual(30);
      }
  });
});

test('texts that share most of their wording are found, others are not', () => {
  const texts = ['o gato dorme na minha cama hoje', 'O gato dorme na minha cama.', 'hoje chove muito lá fora', 'oi'];
  expect(nearDuplicates(texts, 0.5)).toEqual([[0, 1]]);
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{1,3}( [a-z]{1,3}){3,8}$/), { maxLength: 8 }), (some) => {
      const twice = [...some, ...some];
      const found = new Set(nearDuplicates(twice, 0.99).map(String));
      for (let index = 0; index < some.length; index++) expect(found.has(`${index},${index + some.length}`)).toBe(true);
    }),
  );
});
