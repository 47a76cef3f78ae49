/** A teacher turns exact BERTScore on: the reply's numbers are then bert_score's own, and always say whose they are. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { BertScorer, type Brain } from '../../src/brain/index.ts';
import { ana, CLASS_ID, createWorld, PLACE, refused, rosa, sharedBrain, temporaryFolder } from './fixture.ts';

const roberta = path.resolve('..', 'shared', 'golden', 'roberta');
const absent = !existsSync(roberta);
if (absent) console.info('skipped: the golden answers are kept beside the project, in ../shared, and are not here');

const shared = sharedBrain();

/** The shared brain, saying what the test wants it to. */
function saying(brain: Brain, reply: string): Brain {
  const saying = Object.create(brain, {
    generate: {
      value: async (...call: Parameters<Brain['generate']>) => ({ ...(await brain.generate(...call)), text: reply }),
    },
    bertScore: { value: brain.bertScore.bind(brain) },
    promptIds: { value: brain.promptIds.bind(brain) },
  });
  return saying;
}

function scorerOver(folder: string | null): BertScorer {
  const layer: number = absent ? 0 : JSON.parse(readFileSync(path.join(roberta, 'bertscore.json'), 'utf8')).num_layers;
  const scorer = new BertScorer({
    resolveModel: async () => {
      if (folder === null) throw new Error('offline');
      return { folder, name: 'golden' };
    },
    encoders: { en: { id: 'o/golden', layer }, pt: { id: 'o/golden', layer } },
    dataFolder: temporaryFolder(),
    threads: 1,
  });
  onTestFinished(() => scorer.dispose());
  return scorer;
}

describe.skipIf(absent)('with an encoder', () => {
  test('a turn gets exactly the numbers of bert_score, in both languages', async () => {
    type Case = { reference: string; hypothesis: string } & Record<'precision' | 'recall' | 'f1', number>;
    const { num_layers, cases }: { num_layers: number; cases: Case[] } = JSON.parse(
      readFileSync(path.join(roberta, 'bertscore.json'), 'utf8'),
    );
    const usable = cases.filter(({ reference, hypothesis }) => reference.trim() !== '' && hypothesis.trim() !== '');
    const bertScorer = scorerOver(roberta);
    for (const [index, one] of usable.slice(0, 6).entries()) {
      const world = createWorld({ ...shared, brain: saying(shared.brain, one.hypothesis) }, { bertScorer });
      world.classroom.configure(rosa, CLASS_ID, { bertscore: 'exact' });
      const session = world.classroom.startSession(ana, PLACE);
      const language = index % 2 === 0 ? 'en' : 'pt';
      const turn = await world.classroom.say(ana, session.id, { text: one.reference, language });
      const score = turn.scores?.bertScore;
      for (const key of ['precision', 'recall', 'f1'] as const)
        expect(Math.abs(score![key] - one[key])).toBeLessThanOrEqual(1e-5);
      expect(score).toMatchObject({ model: 'golden', layer: num_layers, layers: 3 });
      expect(score).not.toHaveProperty('insteadOf');
    }
  });

  test('a class that has not asked for it gets the brain’s own', async () => {
    const world = createWorld(shared, { bertScorer: scorerOver(roberta) });
    const session = world.classroom.startSession(ana, PLACE);
    const turn = await world.classroom.say(ana, session.id, { text: 'Do you like music?' });
    expect(turn.scores?.bertScore).toMatchObject({ model: shared.brain.name, layers: 2 });
    expect(turn.scores?.bertScore).not.toHaveProperty('insteadOf');
  });
});

test('while the encoder cannot be had, the brain stands in, and the reply says so', async () => {
  const world = createWorld(shared, { bertScorer: scorerOver(null) });
  world.classroom.configure(rosa, CLASS_ID, { bertscore: 'exact' });
  const session = world.classroom.startSession(ana, PLACE);
  const turn = await world.classroom.say(ana, session.id, { text: 'Do you like music?' });
  expect(turn.scores?.bertScore).toMatchObject({ model: shared.brain.name, layers: 2, insteadOf: 'golden' });
});

test('only a teacher turns it on, and only to what there is', async () => {
  const { classroom } = createWorld(shared);
  expect(classroom.settings(CLASS_ID).bertscore).toBe('stand-in');
  expect(await refused(() => classroom.configure(ana, CLASS_ID, { bertscore: 'exact' }))).toBe('not_teacher');
  expect(await refused(() => classroom.configure(rosa, CLASS_ID, { bertscore: 'bert' }))).toBe('setting_not_a_choice');
  expect(classroom.configure(rosa, CLASS_ID, { bertscore: 'exact' }).bertscore).toBe('exact');
});
