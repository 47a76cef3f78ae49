/**
 * A class that teaches its brain: a pair is asked, the reply rated, the better answer written. What a training learns from is
 * what a class's job gets (src/classroom/material.ts), its settings the recipe's own unless a row of the table changes them.
 */
import { type Brain, type BrainVersion, closedIds } from '../../src/brain/index.ts';
import { gatherMaterial, type JudgedTurn, type MaterialRules } from '../../src/classroom/material.ts';
import { copyTensors, defaultLora } from '../../src/engine/index.ts';
import type { JobMaterial } from '../../src/store/index.ts';
import { guided } from '../../src/training/guided.ts';
import { classicText, type Recipe } from '../../src/training/index.ts';
import type { Exchange } from '../../src/training/objective.ts';
import { leashSettings } from '../../src/training/recipes.ts';
import type { TrainingArguments } from '../../src/training/trainer.ts';
import { type Job, type JobChanges, runJob } from '../recipes/job.ts';
import { isSaid, MOST_TOKENS } from './measure.ts';
import type { Pair } from './pairs.ts';

/** How a row of the table teaches. */
export interface Way {
  recipe: Exclude<Recipe, 'reward'>;
  /** Default 8; alpha is twice the rank. */
  rank?: number;
  /** Instead of the recipe's own. */
  args?: Partial<TrainingArguments>;
  /** The class's; null: guided without a leash. Default 0.1. */
  beta?: number | null;
  /** Other anchors than the program's for the leash. */
  anchors?: readonly Exchange[];
  /** Learnt along with what is taught. */
  replayed?: readonly Exchange[];
  /** How much of a training is kept: the new adapter's A and B are (1 − keep) · old + keep · trained. Default 1. */
  keep?: number;
}

const RULES = {
  ...{ threshold: 0.6, rewardSource: 'rating', maxScore: 25, halfReward: null, maxNewTokens: MOST_TOKENS },
} as const satisfies Omit<MaterialRules, 'recipe' | 'beta'>;
/** DPO's, and the class's default. */
const BETA = 0.1;

/**
 * A training of way A: every pair is asked anew and corrected, and one job learns from all of them: every better answer, and
 * every reply that was not it already.
 */
export async function teachAll(
  brain: Brain,
  pairs: readonly Pair[],
  from: BrainVersion,
  way: Way,
  seed: number,
): Promise<BrainVersion> {
  const turns: JudgedTurn[] = [];
  for (const [at, pair] of pairs.entries()) turns.push(await asked(brain, pair, from, 1000 * seed + at));
  if (way.recipe === 'classic') return trained(brain, classicJob(brain, turns, seed), from, way);
  const [first, ...others] = turns.map((turn) => materialOf([turn], turn.id, way));
  if (first === undefined) throw new Error('nothing to teach');
  return trained(
    brain,
    { recipe: way.recipe, trainingText: '', material: others.reduce(joined, first), seed },
    from,
    way,
  );
}

/**
 * A training of way B, the class's: one pair is asked and corrected, and the job learns from it and from the turns before it that
 * material.ts brings along. The turn is added to `before`.
 */
export async function teachOne(
  brain: Brain,
  pair: Pair,
  before: JudgedTurn[],
  from: BrainVersion,
  way: Way,
  seed: number,
): Promise<BrainVersion> {
  const turn = await asked(brain, pair, from, 1000 * seed);
  before.push(turn);
  if (way.recipe === 'classic') return trained(brain, classicJob(brain, before, seed), from, way);
  const material = materialOf(before, turn.id, way);
  return trained(brain, { recipe: way.recipe, trainingText: '', material, seed }, from, way);
}

/** The turn as it stands when it is rated: asked of the brain as it is now, with the program's own settings. */
async function asked(
  brain: Brain,
  { language, question, answer }: Pair,
  version: BrainVersion,
  seed: number,
): Promise<JudgedTurn> {
  const promptIds = await brain.promptIds([], question, { language, intent: 'ask', emotion: 'neutral' });
  const settings = { maxNewTokens: MOST_TOKENS, seed };
  const { outputIds, text } = await brain.generate(promptIds, settings, version);
  return {
    ...{
      id: question,
      memberId: 'pupil',
      text: question,
      promptMemberIds: [],
      promptIds,
      replyIds: outputIds,
      tries: [],
    },
    ratings: [{ memberId: 'pupil', value: isSaid(answer, text) ? 1 : 0.1 }],
    corrections: [{ memberId: 'pupil', text: answer, ids: closedIds(brain.tokenizer, answer) }],
  };
}

function classicJob(brain: Brain, turns: readonly JudgedTurn[], seed: number): Job {
  const text = classicText(turns.flatMap(({ text, replyIds }) => [text, brain.tokenizer.decode(replyIds)]));
  return { recipe: 'classic', trainingText: text, seed };
}

function materialOf(turns: readonly JudgedTurn[], ratedId: string, { recipe, beta }: Way): JobMaterial {
  if (recipe === 'classic') throw new Error('classic learns from text');
  const gathered = gatherMaterial(turns, ratedId, { ...RULES, recipe, beta: beta ?? BETA });
  if (gathered === null) throw new Error(`${recipe} has nothing to learn from "${ratedId}"`);
  const material = saidOnce(gathered.material);
  if (material.kind !== 'replies' || beta !== null) return material;
  const { kind, replies } = material;
  return { kind, replies };
}

/** A class would not correct a reply that is the answer already: it is learnt again, and not pushed away. */
function saidOnce(material: JobMaterial): JobMaterial {
  if (material.kind !== 'replies') return material;
  const nameOf = ({ promptIds, replyIds }: Exchange) => `${promptIds}|${replyIds}`;
  const learnt = new Set(material.replies.filter(({ weight }) => weight > 0).map(nameOf));
  return { ...material, replies: material.replies.filter((one) => one.weight > 0 || !learnt.has(nameOf(one))) };
}

function joined(all: JobMaterial, next: JobMaterial): JobMaterial {
  if (all.kind === 'replies' && next.kind === 'replies') return { ...all, replies: [...all.replies, ...next.replies] };
  if (all.kind === 'preferences' && next.kind === 'preferences')
    return { ...all, preferences: [...all.preferences, ...next.preferences] };
  throw new Error(`${all.kind} and ${next.kind} cannot be joined`);
}

async function trained(brain: Brain, given: Job, from: BrainVersion, way: Way): Promise<BrainVersion> {
  const job = { ...given, material: given.material && withReplayed(given.material, way.replayed ?? []) };
  const { rank = 8, args, anchors, keep = 1 } = way;
  const changes: JobChanges = { lora: defaultLora(brain.config, rank, 2 * rank), ...(args && { args }) };
  const { material } = job;
  if (material?.kind === 'replies' && anchors !== undefined) {
    const leash = { ...leashSettings(brain.info().layers, BETA), anchors: async () => anchors };
    changes.objective = () => guided(material.replies, brain.window, leash);
  }
  const { version } = await runJob(brain, job as Job, from, changes);
  return keep === 1 ? version : averaged(from, version, keep);
}

function withReplayed(material: JobMaterial, replayed: readonly Exchange[]): JobMaterial {
  if (material.kind !== 'replies') return material;
  const more = replayed.map(({ promptIds, replyIds }) => ({
    promptIds: [...promptIds],
    replyIds: [...replyIds],
    weight: 1,
  }));
  return { ...material, replies: [...material.replies, ...more] };
}

/** Without an old adapter B counts as 0 and A as the trained one. */
function averaged(old: BrainVersion, { adapter }: BrainVersion, keep: number): BrainVersion {
  if (adapter === undefined) throw new Error('only adapters are averaged');
  const tensors = copyTensors(adapter.tensors);
  for (const [name, { data }] of tensors) {
    const before = old.adapter?.tensors.get(name)?.data;
    if (before === undefined && name.includes('lora_A')) continue;
    for (let i = 0; i < data.length; i++) data[i] = (1 - keep) * Number(before?.[i] ?? 0) + keep * Number(data[i]);
  }
  return { adapter: { lora: adapter.lora, tensors } };
}
