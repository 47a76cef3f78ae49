import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { CLASSIC_ARGUMENTS, classicRows, classicText, RECIPES, recipeArguments } from '../../src/training/index.ts';
import { leashSettings } from '../../src/training/recipes.ts';

test('the classic recipe is the original script: 3 epochs of one row at 5e-5, falling to 0, clipped at 1', () => {
  expect(CLASSIC_ARGUMENTS).toEqual({
    learningRate: 5e-5,
    numTrainEpochs: 3,
    perDeviceTrainBatchSize: 1,
    gradientAccumulationSteps: 1,
    weightDecay: 0,
    warmupSteps: 0,
    lrSchedulerType: 'linear',
    maxGradNorm: 1,
  });
});

const METHODS = ['lora', 'full'] as const;
const MATERIALS = [undefined, { kind: 'drawn' }, { kind: 'replies' }] as const;
const defaults = RECIPES.flatMap((recipe) =>
  METHODS.flatMap((method) =>
    MATERIALS.map((material) => ({
      name: `${recipe}, ${method}, ${material?.kind ?? 'else'}`,
      of: (layers: number) => recipeArguments(recipe, method, { layers }, material),
      original: recipe === 'classic' && method === 'full',
    })),
  ),
);

test.each(defaults)(
  '$name: a deeper model learns at a rate lower by as much as it has more layers',
  ({ of, original }) => {
    const { learningRate, ...rest } = of(6);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), (layers) => {
        const { learningRate: rate, ...others } = of(layers);
        expect(others).toEqual(rest);
        expect(rate).toBeCloseTo(original || layers <= 6 ? learningRate : (learningRate * 6) / layers, 12);
      }),
    );
  },
);

test('a better answer is learnt further on a leash, which adapters have', () => {
  const guided = (method: 'full' | 'lora', layers: number) =>
    recipeArguments('guided', method, { layers }, { kind: 'replies', beta: 0.1 });
  const gentle = (method: 'full' | 'lora', layers: number) =>
    recipeArguments('guided', method, { layers }, { kind: 'replies' });
  for (const layers of [6, 12, 30]) {
    expect(guided('lora', layers).numTrainEpochs).toBeGreaterThan(gentle('lora', layers).numTrainEpochs);
    expect(guided('lora', layers).learningRate).toBeGreaterThan(gentle('lora', layers).learningRate);
    expect(guided('lora', layers).learningRate).toBeCloseTo(2e-3 * Math.sqrt(6 / layers), 12);
    expect(guided('full', layers)).toEqual(gentle('full', layers));
  }
});

test('the deeper a model, the fewer anchors a step of its leash looks at, and the less it pulls', () => {
  const of = (layers: number) => leashSettings(layers, 0.1);
  expect([1, 6, 12, 24, 30, 80].map((layers) => of(layers).anchorsAStep)).toEqual([8, 8, 4, 2, 2, 2]);
  for (const [layers, strength] of [
    [1, 3],
    [6, 3],
    [12, 1.5],
    [30, 0.6],
  ] as const)
    expect(of(layers).strength).toBeCloseTo(strength, 12);
  expect(leashSettings(6, 0.2).strength).toBeCloseTo(6, 12);
});

test('classic over all weights learns at the original script’s rate, whatever the depth', () => {
  expect(recipeArguments('classic', 'full', { layers: 24 }).learningRate).toBe(CLASSIC_ARGUMENTS.learningRate);
});

test('its text is everything said, in order, joined by spaces', () => {
  expect(classicText(['Oi!', ' hello ', '', '  ', 'What?'])).toBe('Oi! hello What?');
  expect(classicText([])).toBe('');
});

test('a text that fits is one row of all its tokens', () => {
  expect(classicRows([1, 2, 3], 3)).toEqual({ rows: [{ inputIds: [1, 2, 3] }], tokens: 3, cutTokens: 0 });
});

test('a longer text keeps its newest tokens and says how many it lost', () => {
  expect(classicRows([1, 2, 3, 4, 5], 3)).toEqual({ rows: [{ inputIds: [3, 4, 5] }], tokens: 3, cutTokens: 2 });
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 2, maxLength: 40 }), fc.integer({ min: 2, max: 30 }), (ids, window) => {
      const { rows, tokens, cutTokens } = classicRows(ids, window);
      expect(rows).toHaveLength(1);
      expect(rows[0]?.inputIds).toHaveLength(tokens);
      expect([...ids.slice(0, cutTokens), ...(rows[0]?.inputIds ?? [])]).toEqual(ids);
      expect(tokens).toBe(Math.min(ids.length, window));
    }),
  );
});

test.each([[[]], [[5]]])('with the tokens %j there is nothing to learn', (ids) => {
  expect(() => classicRows(ids, 10)).toThrow(UserError);
  expect(() => classicRows(ids, 10)).toThrow(`training_text_short {"tokens":${ids.length}}`);
});
