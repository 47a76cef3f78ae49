/** The rows of the table: the recipe as a class has it, then what was tried instead, one thing changed at a time. */
import type { Brain } from '../../src/brain/index.ts';
import { anchorsFor } from '../../src/training/anchors.ts';
import { recipeArguments } from '../../src/training/index.ts';
import type { Exchange } from '../../src/training/objective.ts';
import type { Way } from './lesson.ts';
import { MOST_TOKENS } from './measure.ts';

/** By name; those that need the brain ask it when their turn comes. */
export function waysOf(brain: Brain): Record<string, () => Promise<Way>> {
  const own = recipeArguments('guided', 'lora', brain.info(), { kind: 'replies', beta: 0.1 });
  const rate = (factor: number) => ({ args: { learningRate: factor * own.learningRate } });
  const just = (change: Partial<Way>) => async (): Promise<Way> => ({
    recipe: 'guided',
    ...change,
  });
  return {
    guided: just({}),
    'no leash': just({ beta: null, args: own }),
    'no leash, its gentle settings': just({ beta: null }),
    'no leash, ten own replies': async () => ({
      ...{ recipe: 'guided', beta: null, args: own },
      replayed: (await ownReplies(brain)).slice(0, 10),
    }),
    'beta 0.03': just({ beta: 0.03 }),
    'beta 0.3': just({ beta: 0.3 }),
    'anchors: own replies': async () => ({ recipe: 'guided', anchors: await ownReplies(brain) }),
    'anchors: ten': async () => ({ recipe: 'guided', anchors: (await anchorsFor(brain)).slice(0, 10) }),
    'rank 4': just({ rank: 4 }),
    'rank 16': just({ rank: 16 }),
    'half the rate': just(rate(0.5)),
    'one and a half times the rate': just(rate(1.5)),
    'half the epochs': just({ args: { numTrainEpochs: own.numTrainEpochs / 2 } }),
    'twice the epochs': just({ args: { numTrainEpochs: 2 * own.numTrainEpochs } }),
    'averaged, half kept': just({ keep: 0.5 }),
    preference: async () => ({ recipe: 'preference' }),
    'preference, guided’s steps': async () => ({ recipe: 'preference', args: own }),
    classic: async () => ({ recipe: 'classic' }),
  };
}

/** What the base itself says to the anchors' prompts, drawn from all of its distribution. */
async function ownReplies(brain: Brain): Promise<Exchange[]> {
  const own: Exchange[] = [];
  for (const [seed, { promptIds }] of (await anchorsFor(brain)).entries()) {
    const plain = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };
    const { outputIds } = await brain.generate(promptIds, { ...plain, maxNewTokens: MOST_TOKENS, seed });
    own.push({ promptIds, replyIds: outputIds });
  }
  return own;
}
