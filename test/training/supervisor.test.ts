/** Bots and workers that die, in every order; the job survives them all. */
import { fork } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { runJob } from '../../src/training/run-job.ts';
import { CLASS_ID, checkpointsLeft, house, isAlive, until } from './fixtures.ts';

const LONG = { learningRate: 1e-3, numTrainEpochs: 120 };

describe('the bot', () => {
  test('that stops lets its worker put the work away; the next bot goes on, to the same bytes', async () => {
    const { store, enqueue, run, supervise, ended, adapterOf } = house();
    const calm = enqueue({ args: LONG });
    await run();
    const jobId = enqueue({ args: LONG });
    const first = supervise();
    await until(() => store.jobSteps.of(jobId).length >= 20);
    const pid = first.workerPid()!;
    await first.stop();
    expect(isAlive(pid)).toBe(false);
    const waiting = store.jobs.get(jobId)!;
    // Given back unharmed: the attempt does not count.
    expect(waiting).toMatchObject({ state: 'queued', worker: null, attempts: 0 });
    const trained = store.jobSteps.of(jobId).length;
    expect(trained).toBeLessThan(120);
    expect(waiting.checkpointFile).toContain(`step-${trained}.`);
    first.wake();
    expect(first.workerPid()).toBeNull();

    supervise();
    expect(await ended(jobId)).toMatchObject({ state: 'finished', attempts: 1 });
    expect(adapterOf(jobId).equals(adapterOf(calm))).toBe(true);
  });

  test('that is killed leaves a worker that puts the work away by itself', async () => {
    const { store, folder, enqueue, supervise, ended } = house();
    const jobId = enqueue({ args: LONG });
    const bot = fork(join(import.meta.dirname, 'bot.ts'), [folder], { execArgv: [], stdio: 'inherit' });
    let worker: number | null = null;
    bot.on('message', (pid) => {
      worker = typeof pid === 'number' ? pid : worker;
    });
    onTestFinished(() => void bot.kill('SIGKILL'));
    await until(() => store.jobSteps.of(jobId).length >= 20 && worker !== null);
    bot.kill('SIGKILL');
    await until(() => !isAlive(worker!));
    expect(store.jobs.get(jobId)).toMatchObject({ state: 'queued', attempts: 0 });
    expect(store.jobs.get(jobId)?.checkpointFile).not.toBeNull();
    supervise();
    expect(await ended(jobId)).toMatchObject({ state: 'finished', attempts: 1 });
  });

  test('that starts while an older worker still trains leaves it in peace', async () => {
    const { store, enqueue, supervise, ended } = house();
    const jobId = enqueue({ args: LONG });
    const older = supervise();
    await until(() => store.jobs.get(jobId)?.state === 'running');
    const newer = supervise();
    newer.wake();
    expect(newer.workerPid()).toBeNull();
    expect(await ended(jobId)).toMatchObject({ state: 'finished', attempts: 1 });
    expect(older.log).toEqual([]);
  });
});

describe('a worker', () => {
  test('that dies three times is not tried a fourth', async () => {
    const { store, folder, enqueue, supervise, ended } = house();
    const jobId = enqueue({ args: LONG });
    const killed = new Set<number>();
    const supervisor = supervise({
      onChange() {
        const pid = supervisor.workerPid();
        // Past the first checkpoint, so that each worker leaves one behind.
        if (pid === null || killed.has(pid) || store.jobs.get(jobId)?.checkpointFile === null) return;
        killed.add(pid);
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(await ended(jobId)).toMatchObject({ state: 'failed', attempts: 3, error: { identifier: 'job_crashed' } });
    expect(killed.size).toBe(3);
    expect(supervisor.log).toHaveLength(3);
    await until(() => supervisor.workerPid() === null);
    expect(store.versions.list(CLASS_ID)).toEqual([]);
    expect(store.outbox.pending().map(({ kind }) => kind)).toEqual(['job_queued', 'job_failed']);
    expect(checkpointsLeft(folder, jobId)).toBe(true);
    // The next bot sweeps what a killed worker could not.
    await supervisor.stop();
    supervise();
    expect(checkpointsLeft(folder, jobId)).toBe(false);
  });

  test('whose job was taken from it while it slept writes nothing more', async () => {
    const { store, enqueue } = house();
    const jobId = enqueue();
    const job = store.jobs.claim('slow', 30_000)!;
    let isTaken = false;
    await runJob({
      store,
      job,
      worker: 'slow',
      isStopAsked: () => false,
      threads: 1,
      changed() {
        if (isTaken) return;
        isTaken = true;
        store.jobs.workerDied('slow');
        expect(store.jobs.claim('quick', 30_000)?.id).toBe(jobId);
      },
    });
    expect(store.jobs.get(jobId)).toMatchObject({ state: 'running', worker: 'quick' });
    expect(store.jobSteps.of(jobId)).toHaveLength(1);
    expect(store.versions.list(CLASS_ID)).toEqual([]);
  });

  test('that outlives its lease by far keeps it, because another thread beats', async () => {
    const { store, enqueue, supervise, ended } = house();
    const jobId = enqueue({ args: LONG });
    const leases = new Set<number | null | undefined>();
    supervise({ leaseMs: 300, beatMs: 50, onChange: () => leases.add(store.jobs.get(jobId)?.leaseUntil) });
    expect(await ended(jobId)).toMatchObject({ state: 'finished', attempts: 1 });
    expect(leases.size).toBeGreaterThan(2);
  });

  test('that cannot even start is said in the log, and tried again only after a pause', async () => {
    const { store, folder, enqueue, supervise } = house();
    const jobId = enqueue();
    const bent = join(folder, 'bent');
    mkdirSync(bent);
    // A data folder without a database: the worker breaks before it can claim anything.
    writeFileSync(join(bent, 'note'), '');
    const supervisor = supervise({ dataFolder: bent });
    await until(() => supervisor.log.length > 0);
    expect(JSON.stringify(supervisor.log[0])).toContain('worker died');
    for (let i = 0; i < 10; i++) supervisor.wake();
    expect(supervisor.workerPid()).toBeNull();
    expect(store.jobs.get(jobId)).toMatchObject({ state: 'queued', attempts: 0 });
  });

  // Only Linux shows a process's environment to others.
  test.skipIf(process.platform !== 'linux')('is not told the secrets of the bot', async () => {
    const { enqueue, supervise, ended } = house();
    process.env.DISCORD_TOKEN = 'secret';
    onTestFinished(() => {
      delete process.env.DISCORD_TOKEN;
    });
    const jobId = enqueue({ args: LONG });
    const supervisor = supervise();
    await until(() => supervisor.workerPid() !== null);
    const environment = readFileSync(`/proc/${supervisor.workerPid()}/environ`, 'utf8');
    expect(environment).toContain('PATH=');
    expect(environment).not.toContain('secret');
    await ended(jobId);
  });
});

describe('a full disk', () => {
  /** The store with one function that finds no space. */
  function withFullDisk(store: Store, when: 'finish' | 'checkpoint'): Store {
    const refuse = () => {
      throw new UserError('disk_full', { path: store.folder });
    };
    return { ...store, jobs: { ...store.jobs, [when]: refuse } };
  }

  test.each(['finish', 'checkpoint'] as const)(
    'at %s fails the job in words; once there is space it can be done',
    async (when) => {
      const { store, folder, enqueue, supervise, ended } = house();
      const jobId = enqueue();
      const job = store.jobs.claim('w', 30_000)!;
      const context = { job, worker: 'w', isStopAsked: () => false, changed: () => {}, threads: 1 };
      await runJob({ ...context, store: withFullDisk(store, when) });
      expect(store.jobs.get(jobId)).toMatchObject({ state: 'failed', error: { identifier: 'disk_full' } });
      expect(store.versions.list(CLASS_ID)).toEqual([]);
      expect(store.classes.get(CLASS_ID)?.currentVersionId).toBeNull();
      expect(checkpointsLeft(folder, jobId)).toBe(false);
      store.jobs.retry(jobId);
      supervise();
      expect((await ended(jobId)).state).toBe('finished');
    },
  );

  test('where not even the failure can be written breaks the worker, and the job waits', async () => {
    const { store, folder, enqueue } = house();
    const jobId = enqueue({ trainingText: '' });
    const job = store.jobs.claim('w', 30_000)!;
    const fail = () => {
      throw new UserError('disk_full', { path: folder });
    };
    const broken = { ...store, jobs: { ...store.jobs, fail } };
    const context = { store: broken, job, worker: 'w', isStopAsked: () => false, changed: () => {} };
    await expect(runJob(context)).rejects.toThrow('disk_full');
    store.jobs.workerDied('w');
    const again = openStore({ folder });
    expect(again.jobs.get(jobId)).toMatchObject({ state: 'queued', attempts: 1 });
    again.close();
  });
});
