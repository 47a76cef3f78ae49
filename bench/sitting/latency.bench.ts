/**
 * How long a turn takes, from the sentence to the scored reply in the database, while nothing trains and while another
 * class's job trains in the worker: the real store, brain, classroom and worker, without a front door.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { openBrain } from '../../src/brain/index.ts';
import { type Actor, Classroom } from '../../src/classroom/index.ts';
import { openStore } from '../../src/store/index.ts';
import { startSupervisor } from '../../src/training/index.ts';
import type { BenchTable } from '../table.ts';

const TURNS = 40;
const SENTENCES = ['Hello, how are you?', 'Do you like football?', 'Olá, tudo bem?', 'What is your favorite movie?'];
const quiet = { info() {}, warn() {}, error: console.error };

const actor = (name: string): Actor => ({
  classId: name,
  className: name,
  userId: name,
  name,
  isTeacher: true,
  locale: 'en',
});

export default async function latency(): Promise<BenchTable> {
  const dataFolder = mkdtempSync(path.join(tmpdir(), 'bench-sitting-'));
  const store = openStore({ folder: dataFolder });
  const brain = await openBrain('sprout', { dataFolder });
  const classroom: Classroom = new Classroom({
    store,
    brain,
    declarationRequired: false,
    wakeTraining: () => supervisor.wake(),
    countdownMs: 10,
    log: quiet,
  });
  const supervisor = startSupervisor({
    store,
    dataFolder,
    onChange: (jobId) => classroom.jobChanged(jobId),
    logger: quiet,
  });
  try {
    const talking = actor('talking');
    const sitting = classroom.startSession(talking, { channelId: 'talking' }, { turnsPerIteration: 50 });
    const measure = async () => {
      const seconds: number[] = [];
      for (let turn = 0; turn < TURNS; turn++) {
        const start = performance.now();
        const view = await classroom.say(talking, sitting.id, { text: SENTENCES[turn % SENTENCES.length]! });
        seconds.push(performance.now() - start);
        await classroom.rate(talking, view.id, 1);
        while (classroom.session(sitting.id).phase !== 'ready') await pause(5);
      }
      return seconds;
    };
    await classroom.say(talking, sitting.id, { text: 'warm up' }).then((view) => classroom.rate(talking, view.id, 1));
    const idle = await measure();

    const training = actor('training');
    classroom.configure(training, 'training', { epochs: 20 });
    const other = classroom.startSession(training, { channelId: 'training' }, {});
    classroom.consent(training, true);
    const keepTraining = async () => {
      const view = await classroom.say(training, other.id, { text: SENTENCES.join(' ').repeat(4) });
      await classroom.rate(training, view.id, 0);
    };
    let over = false;
    const trained = (async () => {
      while (!over) {
        const { phase } = classroom.session(other.id);
        if (phase === 'ready') await keepTraining();
        await pause(20);
      }
    })();
    while (supervisor.workerPid() === null) await pause(20);
    const busy = await measure();
    over = true;
    await trained;
    return {
      title: 'Turn latency with sprout',
      note: `${TURNS} turns each; a turn is answered (up to 100 tokens), scored and committed. "Training": a second class's LoRA jobs run one after another in the worker.`,
      rows: [row('nothing trains', idle), row('training', busy)],
    };
  } finally {
    await classroom.close();
    await supervisor.stop();
    await brain.dispose();
    store.close();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}

function row(while_: string, milliseconds: number[]) {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!.toFixed(0)} ms`;
  return { while: while_, p50: at(0.5), p95: at(0.95), worst: at(1) };
}
