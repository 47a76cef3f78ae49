/** What a job learns from and what its recipe measures beside the Trainer's numbers, for showing. */
import type { JobMaterial, JobPayload, JobStepRow } from '../store/index.ts';
import type { LearningView } from './views.ts';

const NOTHING = { learnt: 0, avoided: 0, compared: 0, alone: 0, rated: 0, drawn: false };

/** @param steps the job's, in order. */
export function learningView({ recipe, material }: JobPayload, steps: readonly JobStepRow[]): LearningView {
  return {
    recipe,
    ...NOTHING,
    ...(material === undefined ? {} : countsOf(material)),
    margin: firstAndLast(steps, 'rewards/margins', 1),
    // Rewards of a few drawn replies jump about, so the first and last fifth are averaged.
    reward: firstAndLast(steps, 'reward', Math.ceil(steps.length / 5)),
    kl: firstAndLast(steps, 'kl', Math.ceil(steps.length / 5))?.last ?? null,
  };
}

function countsOf(material: JobMaterial): Partial<LearningView> {
  switch (material.kind) {
    case 'replies': {
      const learnt = material.replies.filter(({ weight }) => weight > 0);
      const answered = new Set(learnt.map(({ promptIds }) => `${promptIds}`));
      const unlearnt = material.replies.filter(({ weight }) => weight <= 0);
      const alone = unlearnt.filter(({ promptIds }) => !answered.has(`${promptIds}`)).length;
      return { learnt: learnt.length, avoided: unlearnt.length - alone, alone };
    }
    case 'preferences': {
      const compared = material.preferences.filter(({ chosenIds }) => chosenIds !== undefined).length;
      return { compared, alone: material.preferences.length - compared };
    }
    case 'ratings':
      return { rated: material.replies.length };
    case 'drawn':
      return { drawn: true };
  }
}

/** Means over the first and the last `span` steps that measured it; null where none did. */
function firstAndLast(steps: readonly JobStepRow[], name: string, span: number): LearningView['margin'] {
  const values = steps.flatMap(({ metrics }) => metrics?.[name] ?? []);
  if (values.length === 0) return null;
  const mean = (some: readonly number[]) => some.reduce((sum, value) => sum + value, 0) / some.length;
  return { first: mean(values.slice(0, span)), last: mean(values.slice(-span)) };
}
