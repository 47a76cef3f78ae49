import { expect, test } from 'vitest';
import { LeaseLostError } from '../../src/store/index.ts';
import { createJob, createPayload, createSitting, createStore, userErrorOf } from './fixture.ts';

const LEASE_MS = 30_000;
const finished = { version: { adapter: new Uint8Array([1, 2, 3]), note: 'a first lesson' }, summary: {}, push: {} };

function createQueue() {
  const { store, clock } = createStore();
  const sitting = createSitting(store);
  return { store, clock, jobs: store.jobs, sitting };
}

test('a job goes from queued to running to a version in use, all at once', () => {
  const { store, jobs, sitting, clock } = createQueue();
  const payload = createPayload({ memberIds: [sitting.student.id] });
  const id = jobs.enqueue(createJob({ sessionId: sitting.session.id, payload }));
  expect(jobs.get(id)).toMatchObject({ state: 'queued', attempts: 0, worker: null });
  const claimed = jobs.claim('w', LEASE_MS);
  expect(claimed).toMatchObject({ id, state: 'running', attempts: 1, worker: 'w', leaseUntil: clock.now + LEASE_MS });
  const version = jobs.finish(id, 'w', { ...finished, summary: { trainLoss: 2 }, push: { replyLogprobBefore: -4 } });
  expect(version).toMatchObject({ number: 1, parentId: null, jobId: id, base: 'sprout', method: 'lora' });
  expect(store.classes.get('class')?.currentVersionId).toBe(version.id);
  expect(store.versions.members(version.id)).toEqual([sitting.student.id]);
  expect(jobs.get(id)).toMatchObject({
    ...{ state: 'finished', versionId: version.id, worker: null, leaseUntil: null, finishedAt: clock.now },
    ...{ summary: { trainLoss: 2 }, push: { replyLogprobBefore: -4 } },
  });
  expect(jobs.list()).toEqual([]);
  expect(jobs.bySession(sitting.session.id)).toHaveLength(1);
  expect(jobs.list({ classId: 'class', states: ['finished'] })).toHaveLength(1);
});

test('one job runs at a time over all classes', () => {
  const { store, jobs } = createQueue();
  createSitting(store, 'other');
  const first = jobs.enqueue(createJob());
  jobs.enqueue(createJob({ classId: 'other' }));
  expect(jobs.claim('a', LEASE_MS)?.id).toBe(first);
  expect(jobs.claim('b', LEASE_MS)).toBeNull();
  jobs.finish(first, 'a', finished);
  expect(jobs.claim('b', LEASE_MS)?.classId).toBe('other');
  expect(jobs.claim('a', LEASE_MS)).toBeNull();
});

test('an empty queue gives nothing', () => {
  expect(createQueue().jobs.claim('w', LEASE_MS)).toBeNull();
});

test('a beat renews the lease; without one the job is free after it, for the next worker', () => {
  const { jobs, clock } = createQueue();
  const id = jobs.enqueue(createJob());
  jobs.claim('a', LEASE_MS);
  clock.now += LEASE_MS - 1;
  expect(jobs.beat(id, 'a', LEASE_MS)).toBe('ok');
  clock.now += LEASE_MS - 1;
  expect(jobs.claim('b', LEASE_MS)).toBeNull();
  clock.now += 1;
  expect(jobs.claim('b', LEASE_MS)).toMatchObject({ id, worker: 'b', attempts: 2 });
  expect(jobs.beat(id, 'a', LEASE_MS)).toBe('lost');
});

test('a worker that slept through its lease may not write a thing', () => {
  const { store, jobs, clock } = createQueue();
  const id = jobs.enqueue(createJob());
  jobs.claim('late', LEASE_MS);
  clock.now += LEASE_MS;
  jobs.claim('new', LEASE_MS);
  const before = jobs.get(id);
  const events = store.outbox.pending();
  const log = { step: 1, totalSteps: 2, loss: 1, gradNorm: 1, learningRate: 1e-5, epoch: 1 };
  for (const write of [
    () => jobs.step(id, 'late', log),
    () => jobs.checkpoint(id, 'late', 'file'),
    () => jobs.finish(id, 'late', finished),
    () => jobs.fail(id, 'late', { identifier: 'disk_full', context: { path: 'x' } }),
    () => jobs.release(id, 'late'),
    () => jobs.abandon(id, 'late'),
  ]) {
    expect(write).toThrow(LeaseLostError);
  }
  jobs.workerDied('late');
  expect(jobs.get(id)).toEqual(before);
  expect(store.outbox.pending()).toEqual(events);
  expect(store.jobSteps.of(id)).toEqual([]);
  expect(store.versions.list('class')).toEqual([]);
});

test('a job whose worker crashes is tried three times, then set aside with the reason; the old brain stays', () => {
  const { store, jobs, clock } = createQueue();
  const id = jobs.enqueue(createJob());
  for (let attempt = 1; attempt <= 3; attempt++) {
    expect(jobs.claim(`worker ${attempt}`, LEASE_MS)).toMatchObject({ id, attempts: attempt });
    if (attempt === 2) jobs.workerDied('worker 2');
    else clock.now += LEASE_MS;
    jobs.freeExpired();
  }
  expect(jobs.get(id)).toMatchObject({
    state: 'failed',
    error: { identifier: 'job_crashed', context: { attempts: 3 } },
  });
  expect(store.classes.get('class')?.currentVersionId).toBeNull();
  jobs.retry(id);
  expect(jobs.claim('w', LEASE_MS)).toMatchObject({ id, attempts: 1, error: null });
});

test('a job given back on the way down does not count as an attempt, and keeps its checkpoint', () => {
  const { jobs } = createQueue();
  const id = jobs.enqueue(createJob());
  for (let restart = 0; restart < 10; restart++) {
    jobs.claim(`worker ${restart}`, LEASE_MS);
    jobs.checkpoint(id, `worker ${restart}`, `step ${restart}`);
    jobs.release(id, `worker ${restart}`);
  }
  expect(jobs.get(id)).toMatchObject({ state: 'queued', attempts: 0, checkpointFile: 'step 9' });
});

test('a reason ends a job at once, and retrying starts it afresh', () => {
  const { store, jobs } = createQueue();
  const id = jobs.enqueue(createJob());
  jobs.claim('w', LEASE_MS);
  jobs.checkpoint(id, 'w', 'file');
  jobs.step(id, 'w', { step: 1, totalSteps: 2, loss: 1, gradNorm: 1, learningRate: 1e-5, epoch: 1 });
  jobs.fail(id, 'w', { identifier: 'disk_full', context: { path: 'x' } });
  expect(jobs.get(id)).toMatchObject({ state: 'failed', error: { identifier: 'disk_full' } });
  jobs.retry(id);
  expect(jobs.get(id)).toMatchObject({ state: 'queued', checkpointFile: null, error: null, attempts: 0 });
  expect(store.jobSteps.of(id)).toEqual([]);
});

test('a step redone after a resume replaces itself', () => {
  const { store, jobs } = createQueue();
  const id = jobs.enqueue(createJob());
  jobs.claim('w', LEASE_MS);
  const log = { totalSteps: 2, gradNorm: 1, learningRate: 1e-5, epoch: 1 };
  for (const [step, loss] of [
    [1, 3],
    [2, 2.5],
    [2, 2.4],
  ] as const)
    jobs.step(id, 'w', { ...log, step, loss });
  expect(store.jobSteps.of(id).map(({ step, loss }) => [step, loss])).toEqual([
    [1, 3],
    [2, 2.4],
  ]);
});

test('discarding a running job takes effect at once: the next worker may start, the old one is told', () => {
  const { jobs } = createQueue();
  const [first, second] = [jobs.enqueue(createJob()), jobs.enqueue(createJob())];
  jobs.claim('a', LEASE_MS);
  jobs.cancel(first, false);
  expect(jobs.get(first)).toMatchObject({ state: 'cancelled', cancelMode: 'discard', worker: null });
  expect(jobs.beat(first, 'a', LEASE_MS)).toBe('cancel');
  expect(() => jobs.finish(first, 'a', finished)).toThrow(LeaseLostError);
  expect(jobs.claim('b', LEASE_MS)?.id).toBe(second);
});

test('keeping the progress leaves the job to its worker, which ends it with a version', () => {
  const { jobs } = createQueue();
  const id = jobs.enqueue(createJob());
  jobs.claim('w', LEASE_MS);
  jobs.cancel(id, true);
  expect(jobs.beat(id, 'w', LEASE_MS)).toBe('cancel');
  expect(jobs.get(id)).toMatchObject({ state: 'running', cancelMode: 'keep' });
  expect(jobs.finish(id, 'w', finished).number).toBe(1);
});

test('keeping the progress of a job that waits after a crash lets the next worker end it from its checkpoint', () => {
  const { jobs } = createQueue();
  const [withCheckpoint, without] = [jobs.enqueue(createJob()), jobs.enqueue(createJob())];
  jobs.claim('w', LEASE_MS);
  jobs.checkpoint(withCheckpoint, 'w', 'file');
  jobs.workerDied('w');
  jobs.cancel(withCheckpoint, true);
  jobs.cancel(without, true);
  expect(jobs.get(without)?.state).toBe('cancelled');
  expect(jobs.claim('x', LEASE_MS)).toMatchObject({ id: withCheckpoint, cancelMode: 'keep', checkpointFile: 'file' });
  jobs.abandon(withCheckpoint, 'x');
  expect(jobs.get(withCheckpoint)?.state).toBe('cancelled');
});

test('cancelling or retrying a job that has ended well changes nothing', () => {
  const { store, jobs } = createQueue();
  const id = jobs.enqueue(createJob());
  jobs.claim('w', LEASE_MS);
  jobs.finish(id, 'w', finished);
  const before = [jobs.get(id), store.outbox.pending()];
  jobs.cancel(id, false);
  jobs.cancel(id, true);
  jobs.retry(id);
  expect([jobs.get(id), store.outbox.pending()]).toEqual(before);
  expect(() => jobs.retry('nothing')).toThrow(/no job/);
});

test('the next version grows from the one the job names', () => {
  const { store, jobs } = createQueue();
  jobs.enqueue(createJob());
  const first = jobs.finish(jobs.claim('w', LEASE_MS)!.id, 'w', finished);
  jobs.enqueue(createJob({ fromVersionId: first.id }));
  const second = jobs.finish(jobs.claim('w', LEASE_MS)!.id, 'w', finished);
  expect(second).toMatchObject({ number: 2, parentId: first.id });
  expect(store.classes.get('class')?.currentVersionId).toBe(second.id);
});

test('a job whose words were withdrawn cannot be retried', () => {
  const { store, jobs, sitting } = createQueue();
  const id = jobs.enqueue(createJob({ payload: createPayload({ memberIds: [sitting.student.id] }) }));
  store.members.forget(sitting.student.id);
  expect(jobs.get(id)).toMatchObject({ state: 'failed', error: { identifier: 'job_words_withdrawn' } });
  expect(userErrorOf(() => jobs.retry(id))).toBe('job_words_withdrawn');
});
