/**
 * What each recipe does to the brain: `npm run bench -- recipes [--model MODEL] [--rows "NAME;…"] [--said "TEXT;…"] [--chains
 * "NAME;…"] [--held N]`. Twenty turns (exercises.ts), each a job of its own from the base: is the rated reply less likely
 * afterwards, the better answer more, and what does it cost on sentences that were in no training? Then corrections that
 * change one word, replies drawn for a known best answer, and five jobs in a row. The rated replies are the brain's own,
 * drawn with fixed seeds. A quarter of an hour with sprout. A larger model takes its time: rows (of the first table), said
 * (of the drawn replies) and chains (of the jobs in a row) pick what runs, nothing else then does, and held says how many of
 * the held-out sentences are measured. What has been done so far goes to stderr, job by job.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Brain, type BrainVersion, closedIds, openBrain } from '../../src/brain/index.ts';
import { gatherMaterial, type JudgedTurn, type MaterialRules } from '../../src/classroom/material.ts';
import { classicText, UNCHANGED_NATS } from '../../src/training/index.ts';
import type { BenchTable } from '../table.ts';
import { EXERCISES, type Exercise, GOOD_TURNS, KNOWN_ANSWERS } from './exercises.ts';
import { type Exchange, heldOut, type Job, logp, lossOn, runFullJob, runJob } from './job.ts';

const RULES = {
  ...{ threshold: 0.6, beta: 0.1, rewardSource: 'rating', maxScore: 25, halfReward: null, maxNewTokens: 16 },
} as const satisfies Omit<MaterialRules, 'recipe'>;
const MOST_TOKENS = 40;
const MOST_DRAWS = 20;
const CHAIN = 5;

const ROWS_OPTION = '--rows';
const SAID_OPTION = '--said';
const CHAINS_OPTION = '--chains';

/** A turn as it stands when it is rated. */
interface Turn extends Exercise {
  promptIds: number[];
  replyIds: number[];
  reply: string;
}

const ROWS = {
  classic: { recipe: 'classic' },
  guided: { recipe: 'guided' },
  'guided, no better answer': { recipe: 'guided', withoutCorrection: true },
  preference: { recipe: 'preference' },
  'preference, no better answer': { recipe: 'preference', withoutCorrection: true },
  'reward, by ratings': { recipe: 'reward' },
  'classic, all weights': { recipe: 'classic', full: true },
  'guided, all weights': { recipe: 'guided', full: true },
  'preference, all weights': { recipe: 'preference', full: true },
} as const satisfies Record<string, How>;

interface How {
  recipe: Job['recipe'];
  withoutCorrection?: true;
  full?: true;
}

export default async function recipes(): Promise<BenchTable[]> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-recipes-'));
  const brain = await openBrain(option('--model') ?? 'sprout', { dataFolder });
  try {
    const turns: Turn[] = [];
    for (const [at, exercise] of EXERCISES.entries()) turns.push(await said(brain, exercise, at));
    const held = (await heldOut(brain)).slice(0, Number(option('--held') ?? Number.MAX_SAFE_INTEGER));
    const own = await ownReplies(brain, held);
    const world: World = {
      ...{ brain, dataFolder, turns, good: await goodTurns(brain), held, own },
      base: await lossOn(brain, held, {}),
      baseOwn: await lossOn(brain, own, {}),
    };
    const some = [ROWS_OPTION, SAID_OPTION, CHAINS_OPTION].some((name) => option(name) !== undefined);
    const runs = (name: string) => !some || option(name) !== undefined;
    return [
      ...(runs(ROWS_OPTION) ? [await jobsTable(world)] : []),
      ...(some ? [] : [await oneWordTable(world)]),
      ...(runs(SAID_OPTION) ? [await drawnTable(world)] : []),
      ...(runs(CHAINS_OPTION) ? [await chainTable(world)] : []),
    ];
  } finally {
    await brain.dispose();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

interface World {
  brain: Brain;
  dataFolder: string;
  turns: Turn[];
  good: JudgedTurn[];
  held: Exchange[];
  /** What the base itself replies to the same prompts: how it spoke before. */
  own: Exchange[];
  /** Loss of the base on each. */
  base: number;
  baseOwn: number;
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}

/** Those whose name the option lists; all where it is not given. */
function picked<T>(optionName: string, all: readonly T[], nameOf: (one: T) => string): T[] {
  const wanted = option(optionName)?.split(';');
  const unknown = wanted?.filter((name) => !all.some((one) => nameOf(one) === name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`${optionName}: "${unknown.join('", "')}" is none of ${all.map(nameOf).join('; ')}`);
  return all.filter((one) => wanted?.includes(nameOf(one)) ?? true);
}

/** A reply that is the better answer already is drawn anew: nobody would correct it, and it cannot both fall and rise. */
async function said(brain: Brain, exercise: Exercise, at: number): Promise<Turn> {
  const promptIds = await brain.promptIds([], exercise.text, exercise);
  for (let draw = 0; draw < MOST_DRAWS; draw++) {
    const seed = 100 + at + 1000 * draw;
    const { outputIds, text } = await brain.generate(promptIds, { seed, maxNewTokens: MOST_TOKENS });
    if (text !== exercise.correction) return { ...exercise, promptIds, replyIds: outputIds, reply: text };
  }
  throw new Error(`"${exercise.text}" is always answered with the better answer`);
}

/**
 * Held-out sentences say what was forgotten only of a brain that was schooled on them; another may come closer to them with
 * every training. What it said itself before is what it stands to lose.
 */
async function ownReplies(brain: Brain, held: readonly Exchange[]): Promise<Exchange[]> {
  const own: Exchange[] = [];
  for (const [at, { promptIds }] of held.entries()) {
    const { outputIds } = await brain.generate(promptIds, { seed: 500 + at, maxNewTokens: MOST_TOKENS });
    own.push({ promptIds, replyIds: outputIds });
  }
  return own;
}

async function goodTurns(brain: Brain): Promise<JudgedTurn[]> {
  const turns: JudgedTurn[] = [];
  for (const [at, { text, reply, rating, ...choices }] of GOOD_TURNS.entries())
    turns.push({
      ...{ id: `good ${at}`, memberId: 'pupil', text, promptMemberIds: [], corrections: [], tries: [] },
      ...{ promptIds: await brain.promptIds([], text, choices), replyIds: closedIds(brain.tokenizer, reply) },
      ratings: [{ memberId: 'pupil', value: rating }],
    });
  return turns;
}

/** What the class would queue for the turn after four that went well. */
function jobFor(
  { brain, good }: Pick<World, 'brain' | 'good'>,
  turn: Turn,
  { recipe, withoutCorrection }: How,
  seed: number,
): Job {
  if (recipe === 'classic') {
    const before = GOOD_TURNS.flatMap(({ text, reply }) => [text, reply]);
    return { recipe, trainingText: classicText([...before, turn.text, turn.reply]), seed };
  }
  const { promptIds, replyIds, text, rating, correction } = turn;
  const rated: JudgedTurn = {
    ...{ id: 'rated', memberId: 'pupil', text, promptMemberIds: [], promptIds, replyIds, tries: [] },
    ratings: [{ memberId: 'pupil', value: rating }],
    corrections: withoutCorrection
      ? []
      : [{ memberId: 'pupil', text: correction, ids: closedIds(brain.tokenizer, correction) }],
  };
  const gathered = gatherMaterial([...good, rated], rated.id, { ...RULES, recipe });
  if (gathered === null) throw new Error(`${recipe} has nothing to learn from "${text}"`);
  return { recipe, trainingText: '', material: gathered.material, seed };
}

interface Moved {
  reply: number;
  correction: number;
}

async function moved(brain: Brain, turn: Turn, before: BrainVersion, after: BrainVersion): Promise<Moved> {
  const change = async (exchange: Exchange) =>
    (await logp(brain, exchange, after)) - (await logp(brain, exchange, before));
  const { promptIds, replyIds, correction } = turn;
  return {
    reply: await change({ promptIds, replyIds }),
    correction: await change({ promptIds, replyIds: closedIds(brain.tokenizer, correction) }),
  };
}

function counted(moves: readonly Moved[]): Record<string, string | number> {
  const mean = (values: number[]) => (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(1);
  return {
    'rated reply falls': `${moves.filter(({ reply }) => reply <= -UNCHANGED_NATS).length} of ${moves.length}`,
    'better answer rises': `${moves.filter(({ correction }) => correction >= UNCHANGED_NATS).length} of ${moves.length}`,
    'reply, nats': mean(moves.map(({ reply }) => reply)),
    'answer, nats': mean(moves.map(({ correction }) => correction)),
  };
}

async function jobsTable(world: World): Promise<BenchTable> {
  const { brain, turns, held, own, base, baseOwn } = world;
  const rows: BenchTable['rows'] = [];
  for (const [name, how] of picked(ROWS_OPTION, Object.entries<How>(ROWS), ([name]) => name)) {
    const moves: Moved[] = [];
    const losses: number[] = [];
    const ownLosses: number[] = [];
    const margins: { first: number; last: number }[] = [];
    let seconds = 0;
    for (const [at, turn] of turns.entries()) {
      const job = jobFor(world, turn, how, at);
      const file = path.join(world.dataFolder, `${name} ${at}.safetensors`);
      const ran = how.full ? await runFullJob(brain, job, file) : await runJob(brain, job);
      seconds += ran.seconds;
      const move = await moved(brain, turn, {}, ran.version);
      moves.push(move);
      console.error(`${name} ${at + 1}: ${move.reply.toFixed(1)} / ${move.correction.toFixed(1)} nats`);
      losses.push(await lossOn(brain, held, ran.version));
      ownLosses.push(await lossOn(brain, own, ran.version));
      // Some systems keep an open file until the folder goes.
      if (how.full) rmSync(file, { force: true, maxRetries: 1 });
      const [first, last] = [ran.log.at(0), ran.log.at(-1)].map((step) => step?.metrics?.['rewards/margins']);
      if (first !== undefined && last !== undefined) margins.push({ first, last });
    }
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    rows.push({
      recipe: name,
      ...counted(moves),
      'margin, first → last':
        margins.length === 0
          ? ''
          : `${mean(margins.map(({ first }) => first)).toFixed(2)} → ${mean(margins.map(({ last }) => last)).toFixed(2)}`,
      'held out': `${base.toFixed(3)} → ${mean(losses).toFixed(3)}`,
      'worst held out': Math.max(...losses).toFixed(3),
      'own replies': `${baseOwn.toFixed(3)} → ${mean(ownLosses).toFixed(3)}`,
      's/job': (seconds / turns.length).toFixed(2),
    });
  }
  return {
    title: `Recipes on ${brain.name}: twenty jobs each`,
    note: `LoRA r = 8 where not said otherwise, each job from the base with the recipe's own settings. Nats: mean change of ln p of the whole text. Held out: loss a token on ${held.length} exchanges in no job. Own replies: the same on what the base replied to their prompts.`,
    rows,
  };
}

/** The hardest corrections: all words but the last stay. */
async function oneWordTable(world: World): Promise<BenchTable> {
  const { brain } = world;
  const turns = world.turns.map((turn) => {
    const word = turn.language === 'pt' ? 'amigo' : 'friend';
    return { ...turn, correction: turn.reply.replace(/\p{L}+(?=[^\p{L}]*$)/u, word) };
  });
  const rows: BenchTable['rows'] = [];
  for (const recipe of ['guided', 'preference'] as const) {
    const moves: Moved[] = [];
    for (const [at, turn] of turns.entries()) {
      const { version } = await runJob(brain, jobFor(world, turn, { recipe }, at), {});
      moves.push(await moved(brain, turn, {}, version));
    }
    rows.push({ recipe, ...counted(moves) });
  }
  return {
    title: 'A correction that changes one word',
    note: 'The same jobs, the last word of the reply replaced.',
    rows,
  };
}

async function drawnTable({ brain, held, own, base, baseOwn }: World): Promise<BenchTable> {
  const rows: BenchTable['rows'] = [];
  for (const task of picked(SAID_OPTION, KNOWN_ANSWERS, ({ text }) => text)) {
    const { text, answer, ...choices } = task;
    const promptIds = await brain.promptIds([], text, choices);
    const { maxScore, halfReward, maxNewTokens, beta } = RULES;
    const tasks = [{ promptIds: [...promptIds], target: answer }];
    const material = { kind: 'drawn', tasks, maxScore, halfReward, maxNewTokens, beta } as const;
    const { log, version, seconds } = await runJob(brain, {
      recipe: 'reward',
      trainingText: '',
      material,
      seed: KNOWN_ANSWERS.indexOf(task),
    });
    const fifth = Math.ceil(log.length / 5);
    const mean = (steps: typeof log, name: string) =>
      steps.reduce((sum, { metrics }) => sum + (metrics?.[name] ?? 0), 0) / steps.length;
    const fifths = Array.from({ length: 5 }, (_, part) =>
      mean(log.slice(part * fifth, (part + 1) * fifth), 'reward').toFixed(2),
    );
    console.error(`${text}: mean reward by fifths ${fifths.join(' ')}`);
    const spoken = await brain.generate(promptIds, { seed: 1, maxNewTokens: MOST_TOKENS }, version);
    rows.push({
      ...{ said: text, 'best answer': answer },
      'mean reward': `${mean(log.slice(0, fifth), 'reward').toFixed(2)} → ${mean(log.slice(-fifth), 'reward').toFixed(2)}`,
      KL: mean(log.slice(-fifth), 'kl').toFixed(2),
      'held out': `${base.toFixed(3)} → ${(await lossOn(brain, held, version)).toFixed(3)}`,
      'own replies': `${baseOwn.toFixed(3)} → ${(await lossOn(brain, own, version)).toFixed(3)}`,
      's/job': seconds.toFixed(1),
      'says now': spoken.text,
    });
  }
  return {
    title: 'Reward of replies drawn anew, the best answer known',
    note: 'Four replies a step, thirty steps; reward is the token table’s total as a share of what a reply of its length could earn, −1 to 1. First and last fifth of the steps.',
    rows,
  };
}

/** Versions grow one from another in a class: what is left of what went before? */
async function chainTable(world: World): Promise<BenchTable> {
  const { brain, turns, good, held, base } = world;
  const rows: BenchTable['rows'] = [];
  const variants: [string, Job['recipe'], JudgedTurn[]][] = [
    ['classic', 'classic', good],
    ['guided', 'guided', good],
    ['guided without replay', 'guided', []],
    ['preference', 'preference', good],
    ['reward, by ratings', 'reward', good],
  ];
  for (const [name, recipe, before] of picked(CHAINS_OPTION, variants, ([name]) => name)) {
    let version: BrainVersion = {};
    const moves: Moved[] = [];
    const some = turns.filter((_, at) => at % Math.floor(turns.length / CHAIN) === 0).slice(0, CHAIN);
    for (const [at, turn] of some.entries()) {
      const start = version;
      ({ version } = await runJob(brain, jobFor({ brain, good: before }, turn, { recipe }, at), start));
      moves.push(await moved(brain, turn, start, version));
    }
    rows.push({
      recipe: name,
      ...counted(moves),
      'good turns, loss': `${(await lossOn(brain, good, {})).toFixed(2)} → ${(await lossOn(brain, good, version)).toFixed(2)}`,
      'held out': `${base.toFixed(3)} → ${(await lossOn(brain, held, version)).toFixed(3)}`,
    });
  }
  return { title: `${CHAIN} jobs in a row, each from the version before`, rows };
}
