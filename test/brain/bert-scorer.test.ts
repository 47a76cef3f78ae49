/** Exact BERTScore for a class: opened when needed, closed when idle, and never a reason to wait or to fail. */
import path from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  BertScorer,
  type BertScorerOptions,
  bertScoreLayer,
  EXACT_ENCODERS,
  type FoundModel,
} from '../../src/brain/index.ts';
import { golden, noGolden, temporaryFolder } from './helpers.ts';

const encoders = { en: { id: 'owner/exact', layer: 2 }, pt: { id: 'owner/other', layer: 1 } };
const MINUTE = 60_000;

/** A scorer over the golden encoder, whose clock and timers are moved by hand. */
function scorerWith(resolveModel: BertScorerOptions['resolveModel'], more: Partial<BertScorerOptions> = {}) {
  const clock = { now: 0 };
  let timers: { at: number; work: () => void }[] = [];
  const troubles: string[] = [];
  const scorer = new BertScorer({
    resolveModel,
    encoders,
    dataFolder: temporaryFolder(),
    threads: 1,
    now: () => clock.now,
    setTimer(ms, work) {
      const timer = { at: clock.now + ms, work };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    onTrouble: (error, id) => troubles.push(`${id}: ${error instanceof Error ? error.message : error}`),
    ...more,
  });
  onTestFinished(() => scorer.dispose());
  const advance = (ms: number): void => {
    clock.now += ms;
    const due = timers.filter(({ at }) => at <= clock.now);
    timers = timers.filter(({ at }) => at > clock.now);
    for (const { work } of due) work();
  };
  return { scorer, advance, troubles };
}

/** Finds the golden encoder; counts how often it was asked to. */
function finder() {
  const found: string[] = [];
  const find = async (id: string): Promise<FoundModel> => {
    found.push(id);
    return { folder: path.join(golden, 'roberta'), name: path.posix.basename(id) };
  };
  return { find, found };
}

const score = (scorer: BertScorer, language: 'en' | 'pt' = 'en') =>
  scorer.score(language, 'I like music', 'I love songs');

describe.skipIf(noGolden)('with an encoder at hand', () => {
  test('each language has its encoder and layer, opened once however many ask', async () => {
    const { find, found } = finder();
    const { scorer } = scorerWith(find);
    const [first, second, other] = await Promise.all([score(scorer), score(scorer), score(scorer, 'pt')]);
    expect(first).toMatchObject({ model: 'exact', layer: 2, layers: 3 });
    expect(second).toEqual(first);
    expect(other).toMatchObject({ model: 'other', layer: 1, layers: 3 });
    expect(found).toEqual(['owner/exact', 'owner/other']);
    expect(scorer.nameFor('pt')).toBe('other');
  });

  test('it is closed after five idle minutes, counted from the last question, and opened again for the next', async () => {
    const { find, found } = finder();
    const { scorer, advance } = scorerWith(find);
    const before = await score(scorer);
    advance(4 * MINUTE);
    await score(scorer);
    advance(4 * MINUTE);
    await score(scorer);
    expect(found).toHaveLength(1);
    advance(5 * MINUTE);
    expect(await score(scorer)).toEqual(before);
    expect(found).toHaveLength(2);
  });

  test('one on its way is not waited for longer than a moment, and answers once it is there', async () => {
    const { find } = finder();
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const { scorer, advance, troubles } = scorerWith(async (id) => {
      await arrived;
      return find(id);
    });
    const waiting = score(scorer);
    advance(5_000);
    expect(await waiting).toBeNull();
    // Nobody moves the clock: this one does not wait at all.
    expect(await score(scorer)).toBeNull();
    arrive();
    await vi.waitFor(async () => expect(await score(scorer)).toMatchObject({ model: 'exact' }));
    expect(troubles).toEqual([]);
  });

  test('closing waits for no download, and what arrives afterwards is not used', async () => {
    const { find } = finder();
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const { scorer } = scorerWith(async (id) => {
      await arrived;
      return find(id);
    });
    const waiting = score(scorer);
    await scorer.dispose();
    arrive();
    expect(await waiting).toBeNull();
    expect(await score(scorer)).toBeNull();
  });

  test('too little memory is said, and nothing is scored', async () => {
    const { scorer, troubles } = scorerWith(finder().find, { memory: 100_000 });
    expect(await score(scorer)).toBeNull();
    expect(troubles).toEqual([expect.stringContaining('encoder_too_large')]);
  });

  test('an encoder without the wanted layer is trouble, not a crash', async () => {
    const { scorer, troubles } = scorerWith(finder().find, { encoders: { ...encoders, en: { id: 'a/b', layer: 17 } } });
    expect(await score(scorer)).toBeNull();
    expect(troubles).toEqual([expect.stringContaining('encoder_layer_missing')]);
  });
});

test('one that cannot be had is tried again after five minutes, not at every turn', async () => {
  let tries = 0;
  const { scorer, advance, troubles } = scorerWith(() => {
    tries += 1;
    return Promise.reject(new Error('offline'));
  });
  for (let turn = 0; turn < 3; turn += 1) expect(await score(scorer)).toBeNull();
  expect([tries, troubles]).toEqual([1, ['owner/exact: offline']]);
  advance(5 * MINUTE);
  expect(await score(scorer)).toBeNull();
  expect(tries).toBe(2);
});

test('models known to bert_score have its layer, others their middle one', () => {
  expect(EXACT_ENCODERS).toMatchObject({ en: { layer: 17 }, pt: { layer: 9 } });
  expect(bertScoreLayer({ name: 'roberta-large', layers: 24 })).toBe(17);
  expect(bertScoreLayer({ name: 'bert-base-multilingual-cased', layers: 12 })).toBe(9);
  expect(bertScoreLayer({ name: 'roberta-large', layers: 3 })).toBe(2);
  expect(bertScoreLayer({ name: 'sprout', layers: 6 })).toBe(3);
});
