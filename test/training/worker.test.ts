/** The training worker as it really runs: processes of their own, the real store, onnxruntime, a tiny GPT-2. */
import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openBrain } from '../../src/brain/index.ts';
import { mergeLora, normaliseWeights } from '../../src/engine/index.ts';
import { readSafetensors } from '../../src/formats/index.ts';
import { loadVersion } from '../../src/training/index.ts';
import { CLASS_ID, checkpointsLeft, type House, house, isAlive, tinyModel, until } from './fixtures.ts';

/** Enough steps that a worker can be met in the middle of them. */
const LONG = { learningRate: 1e-3, numTrainEpochs: 120 };

describe('a job', () => {
  test('makes a version, puts it to use, and tells of every step and of the push', async () => {
    const { store, folder, enqueue, supervise, ended } = house();
    const jobId = enqueue();
    const changed: string[] = [];
    const supervisor = supervise({ onChange: (id) => changed.push(id) });
    await until(() => supervisor.workerPid() !== null);
    const pid = supervisor.workerPid()!;
    const job = await ended(jobId);

    expect(job).toMatchObject({ state: 'finished', attempts: 1, error: null, checkpointFile: null });
    expect(store.jobSteps.of(jobId).map(({ step, totalSteps }) => [step, totalSteps])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    expect(store.versions.get(job.versionId!)).toMatchObject({
      number: 1,
      method: 'lora',
      note: 'classic',
      parentId: null,
    });
    expect(store.classes.get(CLASS_ID)?.currentVersionId).toBe(job.versionId);
    expect(job.summary).toMatchObject({
      steps: 3,
      totalSteps: 3,
      tokens: 24,
      cutTokens: 0,
      stoppedEarly: false,
      epoch: 3,
    });
    // It trained on no reply, so the numbers only have to be those of a model, and to have moved.
    const push = Object(job.push);
    expect(push.replyTokens).toBe(4);
    expect(push.replyLogprobBefore).toBeLessThan(0);
    expect(push.replyLogprobAfter).not.toBe(push.replyLogprobBefore);
    expect(store.outbox.pending().map(({ kind }) => kind)).toEqual(['job_queued', 'job_finished']);
    expect(changed.length).toBeGreaterThanOrEqual(4);
    expect(new Set(changed)).toEqual(new Set([jobId]));

    // Its memory goes back, and nothing half-done stays.
    await until(() => !isAlive(pid));
    await until(() => supervisor.workerPid() === null);
    expect(checkpointsLeft(folder, jobId)).toBe(false);
    expect(supervisor.log).toEqual([]);
  });

  test('measures the push with the numbers the brain itself gives', async () => {
    const { store, folder, model, enqueue, run } = house();
    const correctionIds = [...Buffer.from('rain')];
    const replyIds = [...Buffer.from('what')];
    const promptIds = [...Buffer.from('hello'), 256];
    const generation = { maxNewTokens: 5, temperature: 0.7, topK: 50, topP: 0.9, repetitionPenalty: 1.2, seed: 3 };
    enqueue({ probe: { promptIds, replyIds, correctionIds, generation } });
    const { push, versionId } = await run();
    const brain = await openBrain(model, { dataFolder: folder, threads: 1 });
    try {
      for (const [version, when] of [
        [{}, 'Before'],
        [loadVersion(store, versionId), 'After'],
      ] as const) {
        const sum = async (ids: number[]) => {
          const logprobs = await brain.logprobs([...promptIds, ...ids], version);
          return logprobs.slice(-ids.length).reduce((total, value) => total + value, 0);
        };
        expect(Object(push)[`replyLogprob${when}`]).toBe(await sum(replyIds));
        expect(Object(push)[`correctionLogprob${when}`]).toBe(await sum(correctionIds));
        expect(Object(push)[`reply${when}`]).toBe((await brain.generate(promptIds, generation, version)).text);
      }
    } finally {
      await brain.dispose();
    }
  });

  test('draws its loss curve', async () => {
    const { folder, enqueue, run } = house();
    const jobId = enqueue();
    const { summary } = await run();
    expect(summary).toMatchObject({ chart: `charts/${jobId}.png` });
    const png = readFileSync(join(folder, 'charts', `${jobId}.png`));
    expect(png.subarray(1, 4).toString()).toBe('PNG');
  });

  test('reads the newest tokens of a text that is too long, and says so', async () => {
    const { enqueue, run, adapterOf } = house();
    const text = 'the old words are here, and these are the new ones at the end.';
    const long = enqueue({ trainingText: text });
    const short = enqueue({ trainingText: text.slice(-48) });
    expect((await run()).summary).toMatchObject({ tokens: 48, cutTokens: text.length - 48 });
    await run();
    expect(adapterOf(long).equals(adapterOf(short))).toBe(true);
  });

  test('waits for its turn: one worker at a time, each job in a process of its own', async () => {
    const { enqueue, supervise, ended } = house();
    const jobs = [enqueue(), enqueue({ seed: 8 })];
    const pids = new Set<number | null>();
    const supervisor = supervise({ onChange: () => pids.add(supervisor.workerPid()) });
    for (const jobId of jobs) expect((await ended(jobId)).state).toBe('finished');
    pids.delete(null);
    expect(pids.size).toBe(2);
  });
});

describe('between two classes', () => {
  /** One class waits with three jobs, the other comes with one during the `during`-th; real workers do them all. */
  async function meeting(during: number) {
    const { store, enqueue, supervise, ended } = house();
    store.classes.ensure({ id: 'other', name: '7B', locale: 'en' });
    const many = [1, 2, 3].map((seed) => enqueue({ seed, ...(seed === during ? { args: LONG } : {}) }));
    const supervisor = supervise();
    await until(() => store.jobs.get(many[during - 1]!)?.state === 'running');
    const one = enqueue({}, null, 'other');
    const place = store.jobs.position(one);
    supervisor.wake();
    const jobs = [...many, one];
    const rows = [];
    for (const id of jobs) rows.push(await ended(id));
    expect(rows.map(({ state }) => state)).toEqual(jobs.map(() => 'finished'));
    rows.sort((a, b) => a.startedAt! - b.startedAt!);
    // Never two at once.
    for (const [i, row] of rows.slice(1).entries()) expect(row.startedAt).toBeGreaterThanOrEqual(rows[i]!.finishedAt!);
    return { place, order: rows.map(({ classId }) => (classId === CLASS_ID ? 'A' : 'B')).join(' ') };
  }

  test.each([
    [1, 'A B A A'],
    [2, 'A A B A'],
  ])('who comes during job %i of the other class waits for that one alone: %s', async (during, order) => {
    expect(await meeting(during)).toEqual({ place: 1, order });
  });

  test('who was served longest ago is next, even where the other class asked three times before', async () => {
    const { store, enqueue, supervise, ended } = house();
    store.classes.ensure({ id: 'other', name: '7B', locale: 'en' });
    const line = [1, 2, 3].map((seed) => enqueue({ seed }));
    const one = enqueue({}, null, 'other');
    supervise();
    const started: [number, string][] = [];
    for (const id of [...line, one]) started.push([(await ended(id)).startedAt!, id]);
    started.sort(([a], [b]) => a - b);
    expect(started.map(([, id]) => id)).toEqual([line[0], one, line[1], line[2]]);
    expect(store.versions.list('other').map(({ number, jobId }) => [number, jobId])).toEqual([[1, one]]);
  });
});

describe('the same job from the same version with the same seed', () => {
  test('gives the same bytes; another seed gives others', async () => {
    const { enqueue, supervise, ended, adapterOf } = house();
    const [first, second, other] = [enqueue(), enqueue(), enqueue({ seed: 8 })];
    supervise();
    for (const jobId of [first, second, other]) await ended(jobId);
    expect(adapterOf(first).equals(adapterOf(second))).toBe(true);
    expect(adapterOf(first).equals(adapterOf(other))).toBe(false);
  });

  test.each(['lora', 'full'] as const)('and is killed twice on the way gives them too: %s', async (method) => {
    const rooms = house();
    const { store, enqueue, run, supervise, ended } = rooms;
    // On a busy computer a worker goes on for a while before it is seen to be due: far from its end it dies all the same.
    const args = { ...LONG, numTrainEpochs: 2 * LONG.numTrainEpochs };
    const calm = enqueue({ method, args });
    expect(await run()).toMatchObject({ id: calm, state: 'finished', attempts: 1 });
    // Steps drawn once at random; two kills a job leave the third and last try.
    const kills = new Map(
      (method === 'lora'
        ? [
            [1, 14],
            [37, 38],
            [63, 97],
          ]
        : [[25, 71]]
      ).map((steps) => [enqueue({ method, args }), steps]),
    );
    const checkpointsMet: string[] = [];
    const supervisor = supervise({
      onChange(jobId) {
        const pid = supervisor.workerPid();
        const due = kills.get(jobId)?.[0];
        const reached = store.jobSteps.of(jobId).at(-1)?.step ?? 0;
        if (pid === null || due === undefined || reached < due) return;
        kills.get(jobId)?.shift();
        process.kill(pid, 'SIGKILL');
        const { checkpointFile } = store.jobs.get(jobId)!;
        if (checkpointFile !== null) checkpointsMet.push(checkpointFile);
      },
    });
    const logOf = (id: string) => store.jobSteps.of(id).map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
    for (const [jobId, due] of kills) {
      expect(await ended(jobId)).toMatchObject({ state: 'finished', attempts: 3 });
      expect(due).toEqual([]);
      expect(bytesOf(rooms, jobId).equals(bytesOf(rooms, calm))).toBe(true);
      expect(logOf(jobId)).toEqual(logOf(calm));
    }
    // The later attempts really went on from checkpoints.
    expect(checkpointsMet.length).toBeGreaterThan(0);
  });
});

/** What a job made: the adapter, or the file of weights. */
function bytesOf({ store, adapterOf }: House, jobId: string): Buffer {
  const versionId = store.jobs.get(jobId)?.versionId ?? '';
  if (store.versions.get(versionId)?.method === 'lora') return adapterOf(jobId);
  return readFileSync(store.versions.weightsPath(versionId));
}

describe('a version to start from', () => {
  test('with an adapter: LoRA goes on training that adapter, its rank kept', async () => {
    const { store, enqueue, run } = house();
    enqueue();
    const { versionId } = await run();
    enqueue({ lora: { r: 5, alpha: 5 }, args: { learningRate: 1e-9 } }, versionId);
    const job = await run();
    const [before, after] = [versionId, job.versionId].map((id) => loadVersion(store, id).adapter!);
    expect(after!.lora).toEqual(before!.lora);
    // So small a learning rate leaves the adapter where it was: it was not started afresh.
    for (const [name, tensor] of before!.tensors)
      after!.tensors.get(name)!.data.forEach((value, i) => {
        expect(Math.abs(Number(value) - Number(tensor.data[i]))).toBeLessThan(1e-6);
      });
    expect(store.versions.get(job.versionId!)).toMatchObject({ number: 2, parentId: versionId });
  });

  test('with an adapter: full training takes it into the weights first', async () => {
    const { store, folder, model, enqueue, run } = house();
    enqueue();
    const { versionId } = await run();
    enqueue({ method: 'full', args: { learningRate: 1e-9 } }, versionId);
    const job = await run();
    const brain = await openBrain(model, { dataFolder: folder, threads: 1 });
    const adapter = loadVersion(store, versionId).adapter!;
    const base = normaliseWeights(brain.config, readSafetensors(brain.weightsFile).tensors);
    await brain.dispose();
    const merged = mergeLora(brain.config, base, adapter.lora, adapter.tensors);
    const trained = readSafetensors(store.versions.weightsPath(job.versionId!)).tensors;
    expect(new Set(trained.keys())).toEqual(new Set(merged.keys()));
    for (const [name, { data }] of merged)
      data.forEach((value, i) => {
        expect(Math.abs(Number(value) - Number(trained.get(name)!.data[i]))).toBeLessThan(1e-6);
      });
  });

  test('with full weights: LoRA lies over them, and so does what grows from it', async () => {
    const { store, enqueue, run } = house();
    const train = async (method: 'full' | 'lora', from: string | null) => {
      enqueue({ method }, from);
      const job = await run();
      expect(job.state).toBe('finished');
      return { push: Object(job.push), versionId: job.versionId! };
    };
    const full = await train('full', null);
    const over = await train('lora', full.versionId);
    const again = await train('lora', over.versionId);
    const weightsFile = store.versions.weightsPath(full.versionId);
    expect(loadVersion(store, full.versionId)).toEqual({ weightsFile });
    expect(loadVersion(store, over.versionId).weightsFile).toBe(weightsFile);
    expect(loadVersion(store, again.versionId).weightsFile).toBe(weightsFile);
    // Each training starts exactly where the one before ended.
    expect(over.push.replyLogprobBefore).toBe(full.push.replyLogprobAfter);
    expect(again.push.replyLogprobBefore).toBe(over.push.replyLogprobAfter);
  });

  test('of another model is refused, in words', async () => {
    const { folder, enqueue, run } = house();
    enqueue();
    const { versionId } = await run();
    enqueue({ base: tinyModel(folder, 2) }, versionId);
    expect(await run()).toMatchObject({ state: 'failed', error: { identifier: 'job_base_differs' } });
  });

  test('whose weights were damaged is refused, in words', async () => {
    const { store, enqueue, run } = house();
    enqueue({ method: 'full' });
    const { versionId } = await run();
    const path = store.versions.weightsPath(versionId!);
    const bytes = readFileSync(path);
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(path, bytes);
    enqueue({}, versionId);
    expect(await run()).toMatchObject({ state: 'failed', error: { identifier: 'weights_damaged' } });
    expect(store.classes.get(CLASS_ID)?.currentVersionId).toBe(versionId);
  });
});

describe('a chart', () => {
  test('that cannot be kept costs the training nothing, and is said in the log', async () => {
    const { store, folder, enqueue, supervise, ended } = house();
    // A file where the folder of charts should be.
    writeFileSync(join(folder, 'charts'), '');
    const jobId = enqueue();
    const supervisor = supervise();
    const job = await ended(jobId);
    expect(job).toMatchObject({ state: 'finished', summary: { chart: null } });
    expect(store.classes.get(CLASS_ID)?.currentVersionId).toBe(job.versionId);
    await until(() => supervisor.workerPid() === null);
    expect(supervisor.log).toEqual([
      [expect.objectContaining({ jobId, lastWords: expect.stringContaining('charts') }), expect.any(String)],
    ]);
  });
});

describe('stopping a job', () => {
  /** Queues a long job and resolves once it has trained a few steps. */
  async function midway({ store, enqueue, supervise }: House) {
    const jobId = enqueue({ args: LONG });
    const supervisor = supervise();
    await until(() => store.jobSteps.of(jobId).length >= 20);
    return { jobId, supervisor };
  }

  test('and keeping the progress makes a version of what was learned so far', async () => {
    const rooms = house();
    const { store, folder, ended } = rooms;
    const { jobId, supervisor } = await midway(rooms);
    store.jobs.cancel(jobId, true);
    const job = await ended(jobId);
    await until(() => supervisor.workerPid() === null);
    const { steps } = Object(job.summary);
    expect(steps).toBeGreaterThanOrEqual(20);
    expect(steps).toBeLessThan(120);
    expect(job).toMatchObject({ state: 'finished', summary: { stoppedEarly: true, totalSteps: 120 } });
    expect(store.jobSteps.of(jobId)).toHaveLength(steps);
    expect(store.classes.get(CLASS_ID)?.currentVersionId).toBe(job.versionId);
    expect(checkpointsLeft(folder, jobId)).toBe(false);
  });

  test('and discarding it leaves the version in use, and nothing on the disk', async () => {
    const rooms = house();
    const { store, folder, ended } = rooms;
    const { jobId, supervisor } = await midway(rooms);
    store.jobs.cancel(jobId, false);
    expect(await ended(jobId)).toMatchObject({ state: 'cancelled', versionId: null });
    await until(() => supervisor.workerPid() === null);
    expect(store.versions.list(CLASS_ID)).toEqual([]);
    expect(store.classes.get(CLASS_ID)?.currentVersionId).toBeNull();
    expect(checkpointsLeft(folder, jobId)).toBe(false);
    expect(supervisor.log).toEqual([]);
  });

  test('of somebody whose words are withdrawn ends it at once', async () => {
    const rooms = house();
    const { store, enqueue, supervise } = rooms;
    const member = store.members.ensure({ classId: CLASS_ID, userId: 'u', name: 'Ana' });
    const jobId = enqueue({ args: LONG, memberIds: [member.id] });
    const supervisor = supervise();
    await until(() => store.jobSteps.of(jobId).length >= 20);
    store.members.forget(member.id);
    await until(() => supervisor.workerPid() === null);
    expect(store.jobs.get(jobId)).toMatchObject({ state: 'failed', error: { identifier: 'job_words_withdrawn' } });
    expect(store.versions.list(CLASS_ID)).toEqual([]);
    expect(checkpointsLeft(rooms.folder, jobId)).toBe(false);
    expect(supervisor.log).toEqual([]);
  });

  test('that was interrupted keeps what its checkpoint holds', async () => {
    const rooms = house();
    const { store, supervise, ended } = rooms;
    const { jobId, supervisor } = await midway(rooms);
    await supervisor.stop();
    const { checkpointFile } = store.jobs.get(jobId)!;
    store.jobs.cancel(jobId, true);
    supervise();
    const job = await ended(jobId);
    expect(job.state).toBe('finished');
    expect(checkpointFile).toContain(`step-${Object(job.summary).steps}.`);
  });
});

describe('a job that cannot be done', () => {
  test('says why, keeps the old version, and can be tried again once the cause is gone', async () => {
    const { store, model, enqueue, run } = house();
    const path = join(model, 'model.safetensors');
    const whole = readFileSync(path);
    truncateSync(path, statSync(path).size - 100);
    const jobId = enqueue();
    const failed = await run();
    expect(failed).toMatchObject({ state: 'failed', attempts: 1, versionId: null });
    expect(failed.error).toMatchObject({ identifier: 'safetensors_range', context: { file: 'model.safetensors' } });
    expect(store.classes.get(CLASS_ID)?.currentVersionId).toBeNull();

    writeFileSync(path, whole);
    store.jobs.retry(jobId);
    expect((await run()).state).toBe('finished');
    expect(store.outbox.pending().map(({ kind }) => kind)).toEqual([
      'job_queued',
      'job_failed',
      'job_queued',
      'job_finished',
    ]);
  });

  test.each([
    ['a folder that is gone', { base: join('no', 'such', 'folder') }, 'file_missing'],
    ['a text of one token', { trainingText: 'a' }, 'training_text_short'],
    ['no text', { trainingText: '' }, 'training_text_short'],
  ])('for %s', async (_, changes, identifier) => {
    const { enqueue, run } = house();
    enqueue(changes);
    expect(await run()).toMatchObject({ state: 'failed', error: { identifier } });
  });

  test('because nothing can be written where the version should go leaves everything as it was', async () => {
    const { store, folder, enqueue, run } = house();
    // A file where the folder of weights should be: the disk refuses, as a full one would.
    writeFileSync(join(folder, 'weights'), '');
    const jobId = enqueue({ method: 'full' });
    expect(await run()).toMatchObject({ state: 'failed', error: { identifier: 'file_unwritable' } });
    expect(store.versions.list(CLASS_ID)).toEqual([]);
    rmSync(join(folder, 'weights'));
    store.jobs.retry(jobId);
    const job = await run();
    expect(job.state).toBe('finished');
    expect(readdirSync(join(folder, 'weights'))).toEqual([store.versions.get(job.versionId!)?.weightsFile]);
  });
});
