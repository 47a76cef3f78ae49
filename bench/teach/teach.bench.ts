/**
 * What a brain can be taught and what that costs: `npm run bench -- teach [--model M] [--rows "NAME;…"] [--ways AB] [--after
 * "1,3,5,10"] [--seeds N]`. Ten made-up questions and answers (pairs.ts) are taught by turns that were rated low and corrected.
 *
 * Way A: each training is one job over all ten pairs, asked anew: ten better answers, and the replies that were not them yet.
 * Way B, the class's: each training is the job of one turn: its better answer, its reply, and up to four turns before it, as
 * src/classroom/material.ts brings them along. Said is counted of the pairs that had their turn.
 *
 * Without options: the recipe as a class has it both ways, and every other row (ways.ts) after three trainings of way A.
 * Each result goes to stderr as it comes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Brain, type BrainVersion, openBrain } from '../../src/brain/index.ts';
import type { JudgedTurn } from '../../src/classroom/material.ts';
import type { BenchTable } from '../table.ts';
import { type HeldOutRow, heldOutLoss, heldOutRows } from './held-out.ts';
import { teachAll, teachOne, type Way } from './lesson.ts';
import { parroting, saidBy } from './measure.ts';
import { PAIRS } from './pairs.ts';
import { waysOf } from './ways.ts';

type Letter = 'A' | 'B';

interface World {
  brain: Brain;
  held: readonly HeldOutRow[];
  base: { loss: number; parroting: { greedy: number; sampled: number } };
}

export default async function teach(): Promise<BenchTable> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-teach-'));
  const brain = await openBrain(option('--model') ?? 'sprout', { dataFolder });
  try {
    const held = await heldOutRows(brain);
    const base = { loss: await heldOutLoss(brain, held, {}), parroting: await parrotingOf(brain, {}, 0) };
    const world: World = { brain, held, base };
    const rows: BenchTable['rows'] = [];
    const wanted = option('--rows')?.split(';');
    const all = waysOf(brain);
    const unknown = wanted?.filter((name) => !(name in all)) ?? [];
    if (unknown.length > 0)
      throw new Error(`--rows: "${unknown.join('", "')}" is none of ${Object.keys(all).join('; ')}`);
    for (const [at, [name, make]] of Object.entries(all).entries()) {
      if (!(wanted?.includes(name) ?? true)) continue;
      const way = await make();
      const full = at === 0 || wanted !== undefined;
      const after = (option('--after') ?? (full ? '1,3,5,10' : '3')).split(',').map(Number);
      for (const letter of (option('--ways') ?? (full ? 'AB' : 'A')).split('') as Letter[])
        for (let seed = 1; seed <= Number(option('--seeds') ?? 1); seed++)
          rows.push(...(await taught(world, { name, way, letter, after, seed })));
    }
    const { loss, parroting } = base;
    return {
      title: `Teaching ${brain.name} ten answers`,
      note: `Said: the reply is the answer but for case, spaces and the end's punctuation, in brackets ROUGE-L 0.8 or more; greedy, and as the program draws. Held out: loss on ${held.length} texts in no training, ${loss.toFixed(3)} nats a token before. Parroted: replies to sixty other prompts that hold a taught answer, less the base's ${percent(parroting.greedy)} and ${percent(parroting.sampled)}.`,
      rows,
    };
  } finally {
    await brain.dispose();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

interface Lesson {
  name: string;
  way: Way;
  letter: Letter;
  /** After how many trainings it is measured. */
  after: readonly number[];
  seed: number;
}

async function taught({ brain, held, base }: World, lesson: Lesson): Promise<BenchTable['rows']> {
  const { name, way, letter, after, seed } = lesson;
  const rows: BenchTable['rows'] = [];
  const before: JudgedTurn[] = [];
  let version: BrainVersion = {};
  let seconds = 0;
  for (let training = 1; training <= Math.max(...after); training++) {
    const began = performance.now();
    const number = 100 * seed + training;
    const pair = PAIRS[(training - 1) % PAIRS.length]!;
    version =
      letter === 'A'
        ? await teachAll(brain, PAIRS, version, way, number)
        : await teachOne(brain, pair, before, version, way, number);
    seconds += (performance.now() - began) / 1000;
    if (!after.includes(training)) continue;
    const pairs = letter === 'A' ? PAIRS : PAIRS.slice(0, training);
    const greedy = await saidBy(brain, pairs, version, () => ({ greedy: true }));
    const drawn = await saidBy(brain, pairs, version, (at) => ({ seed: 50 * seed + at }));
    const loss = await heldOutLoss(brain, held, version);
    const parroted = await parrotingOf(brain, version, seed);
    const row = {
      ...{ row: name, way: letter, seed, trainings: training },
      'said, greedy': `${greedy.exact} (${greedy.near}) of ${pairs.length}`,
      'said, drawn': `${drawn.exact} (${drawn.near}) of ${pairs.length}`,
      'held out': percent(loss / base.loss - 1),
      'parroted, greedy': percent(parroted.greedy - base.parroting.greedy),
      'parroted, drawn': percent(parroted.sampled - base.parroting.sampled),
      's/training': (seconds / training).toFixed(1),
    };
    console.error(Object.values(row).join(' | '));
    rows.push(row);
  }
  return rows;
}

async function parrotingOf(brain: Brain, version: BrainVersion, seed: number) {
  return {
    greedy: await parroting(brain, version, () => ({ greedy: true })),
    sampled: await parroting(brain, version, (at) => ({ seed: 1000 * seed + at })),
  };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function option(name: string): string | undefined {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : process.argv[at + 1];
}
