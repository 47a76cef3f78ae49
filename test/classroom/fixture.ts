/**
 * A classroom over the real store and a real (tiny, random) brain. The clock and the timers move only when told to; a
 * worker's part is played by hand, or by a real worker in training.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { type Brain, openBrain } from '../../src/brain/index.ts';
import { type Actor, Classroom, type ClassroomOptions } from '../../src/classroom/index.ts';
import { defaultLora, initLora } from '../../src/engine/index.ts';
import { UserError } from '../../src/errors.ts';
import { encodeAdapter } from '../../src/formats/index.ts';
import { type JobRow, openStore, type Store } from '../../src/store/index.ts';
import { tinyModel } from '../training/fixtures.ts';

export const CLASS_ID = 'class';
export const PLACE = { channelId: 'channel', threadId: 'thread' };
const START = 1_700_000_000_000;

/** Opens one brain for all tests of the file that calls it; a model's folder goes with it. */
export function sharedBrain(): { brain: Brain; model: string } {
  const shared = {} as { brain: Brain; model: string };
  let folder = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'classroom-brain-'));
    shared.model = tinyModel(folder);
    shared.brain = await openBrain(shared.model, { dataFolder: folder, threads: 1 });
  });
  afterAll(async () => {
    await shared.brain.dispose();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  return shared;
}

export function actor(userId: string, more: Partial<Actor> = {}): Actor {
  const person = { userId, name: userId, isTeacher: false, locale: 'en' as const };
  return { classId: CLASS_ID, className: '7B', ...person, ...more };
}
export const ana = actor('ana');
export const bia = actor('bia');
export const rosa = actor('rosa', { isTeacher: true });

export interface World {
  folder: string;
  store: Store;
  classroom: Classroom;
  clock: { now: number };
  /** How often training was woken. */
  wakes: number;
  /** Moves the clock and runs the timers that are due. */
  advance(ms: number): void;
  /** The classroom as after a kill and a new start: a new store, a new host, nothing but the folder in common. */
  restart(): World;
  /** Kinds in the outbox, in order. */
  kinds(): string[];
  close(): Promise<void>;
}

/** `lasting`: the world outlives the test that made it; whoever made it closes it, and brings its folder. */
export type WorldOptions = Partial<Omit<ClassroomOptions, 'store'>> & {
  folder?: string;
  start?: number;
  lasting?: boolean;
};

export function createWorld(shared: { brain: Brain; model: string }, options: WorldOptions = {}): World {
  const { folder = temporaryFolder(), start = START, lasting = false, ...rest } = options;
  const clock = { now: start };
  const store = openStore({ folder, now: () => clock.now });
  let timers: { at: number; work: () => void }[] = [];
  let seed = 0;
  const world: World = {
    ...{ folder, store, clock, wakes: 0 },
    classroom: new Classroom({
      store,
      brain: shared.brain,
      model: shared.model,
      wakeTraining: () => {
        world.wakes += 1;
      },
      now: () => clock.now,
      random: () => (++seed % 997) / 997,
      setTimer(ms, work) {
        const timer = { at: clock.now + ms, work };
        timers.push(timer);
        return () => {
          timers = timers.filter((other) => other !== timer);
        };
      },
      declarationRequired: false,
      ...rest,
    }),
    advance(ms) {
      const until = clock.now + ms;
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        timers = timers.filter((timer) => timer !== due);
        clock.now = Math.max(clock.now, due.at);
        due.work();
      }
      clock.now = until;
    },
    restart() {
      void world.classroom.close();
      store.close();
      return createWorld(shared, { ...options, folder, start: clock.now });
    },
    kinds: () =>
      store.outbox
        .pending()
        .map((row) => row.kind)
        .filter((kind) => kind !== 'consent_needed'),
    async close() {
      await world.classroom.close();
      store.close();
    },
  };
  if (!lasting) onTestFinished(() => world.close());
  return world;
}

/** A world whose class trains by the original's recipe. */
export function classicWorld(shared: { brain: Brain; model: string }, options: WorldOptions = {}): World {
  const world = createWorld(shared, options);
  world.classroom.configure(rosa, CLASS_ID, { recipe: 'classic' });
  return world;
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'classroom-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/** A brain whose replies wait until `release`: for what may happen meanwhile. */
export function heldBrain(brain: Brain): Brain & { release(): void } {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  return {
    ...withMembersOf(brain),
    async generate(...call: Parameters<Brain['generate']>) {
      await released;
      return brain.generate(...call);
    },
    release: () => release(),
  };
}

/** A brain that cannot reply, for the reason given. */
export function brokenBrain(brain: Brain, reason: unknown): Brain {
  return { ...withMembersOf(brain), generate: () => Promise.reject(reason) };
}

/** The brain's members as an object of their own, so that one of them can be another's. */
export function withMembersOf(brain: Brain): Brain {
  const { name, config, window, tokenizer, source, drawing, weightsFile, frozenFile } = brain;
  return {
    ...{ name, config, window, tokenizer, source, drawing, weightsFile, frozenFile },
    promptIds: brain.promptIds.bind(brain),
    conversationIds: brain.conversationIds.bind(brain),
    trainingIds: brain.trainingIds.bind(brain),
    generate: brain.generate.bind(brain),
    logprobs: brain.logprobs.bind(brain),
    hiddenStates: brain.hiddenStates.bind(brain),
    bertScore: brain.bertScore.bind(brain),
    info: brain.info.bind(brain),
    dispose: async () => {},
  };
}

/** The UserError's identifier that `work` is refused with; the test fails when there is none. */
export async function refused(work: () => unknown): Promise<string> {
  try {
    await work();
  } catch (error) {
    if (error instanceof UserError) return error.identifier;
    throw error;
  }
  throw new Error('nothing was refused');
}

const LEASE_MS = 30_000;

/** A worker's claim of the next job. */
export function claim({ store }: World): JobRow {
  const job = store.jobs.claim('worker', LEASE_MS);
  expect(job).not.toBeNull();
  return job!;
}

export const SUMMARY = {
  ...{
    trainRuntime: 1.5,
    trainSamplesPerSecond: 2,
    trainStepsPerSecond: 2,
    trainLoss: 3.2,
    epoch: 3,
    peakMemoryMb: 90,
  },
  ...{ steps: 3, totalSteps: 3, tokens: 20, cutTokens: 0, stoppedEarly: false, chart: null },
};

/** A worker's whole part: claims the next job, logs three steps, finishes with a small adapter and tells the classroom. */
export function trainByHand(world: World, brain: Brain, push: Record<string, number | string> = {}): JobRow {
  const { store, classroom } = world;
  const job = claim(world);
  for (const step of [1, 2, 3]) {
    world.clock.now += 500;
    const log = { step, totalSteps: 3, loss: 4 - step, gradNorm: 1, learningRate: 5e-5, epoch: step };
    store.jobs.step(job.id, 'worker', log);
    classroom.jobChanged(job.id);
  }
  store.jobs.finish(job.id, 'worker', {
    version: { note: 'classic', adapter: adapterBytes(brain, job.number) },
    summary: SUMMARY,
    push: {
      ...{ replyTokens: 4, replyLogprobBefore: -6.2, replyLogprobAfter: -7.6, replyVerdict: 'pushed_away' },
      ...{ replyBefore: 'before', replyAfter: 'after', ...push },
    },
  });
  classroom.jobChanged(job.id);
  return store.jobs.get(job.id)!;
}

/** A LoRA adapter that changes replies: a fresh one has B zero. */
export function adapterBytes(brain: Brain, seed: number): Uint8Array {
  const lora = defaultLora(brain.config, 4, 8);
  const tensors = initLora(brain.config, lora, seed);
  for (const [name, { data }] of tensors)
    if (name.includes('lora_B')) for (let i = 0; i < data.length; i++) data[i] = Math.sin(i + seed);
  return encodeAdapter(lora, tensors);
}

/** Everything people and the brain made, as rows: what must be the same after something was refused. */
export function rowsOf({ store }: World): unknown {
  return {
    sessions: store.sessions.open().map(({ updatedAt: _, ...row }) => row),
    turns: store.turns.recentOf(CLASS_ID, 100),
    ratings: store.turns.recentOf(CLASS_ID, 100).map((turn) => store.ratings.ofTurn(turn.id)),
    jobs: store.jobs.list({ states: ['queued', 'running', 'finished', 'failed', 'cancelled'] }),
    versions: store.versions.list(CLASS_ID),
    settings: store.settings.get(CLASS_ID),
    outbox: store.outbox.pending(),
  };
}
