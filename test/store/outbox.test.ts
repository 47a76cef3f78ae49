import { expect, test } from 'vitest';
import { createJob, createSitting, createStore } from './fixture.ts';

test('events wait in the order they happened until they are delivered', () => {
  const { store } = createStore();
  const { session } = createSitting(store);
  createSitting(store, 'other');
  const add = (classId: string, kind: 'rated' | 'turn_answered') =>
    store.outbox.add({ classId, sessionId: null, kind, payload: { n: 1 } });
  const ids = [add('class', 'rated'), add('other', 'rated'), add('class', 'turn_answered')];
  expect(store.outbox.pending().map(({ id }) => id)).toEqual(ids);
  expect(store.outbox.pending('class').map(({ kind }) => kind)).toEqual(['rated', 'turn_answered']);
  store.outbox.delivered(ids[0]!);
  expect(store.outbox.pending('class').map(({ id }) => id)).toEqual([ids[2]]);
  expect(store.outbox.ofSession(session.id)).toEqual([]);
});

test('an event delivered twice keeps its first message', () => {
  const { store, clock } = createStore();
  const { session } = createSitting(store);
  const id = store.outbox.add({ classId: 'class', sessionId: session.id, kind: 'rated', payload: {} });
  store.outbox.delivered(id, { channelId: 'channel', messageId: 'first' });
  const delivered = store.outbox.get(id);
  expect(delivered).toMatchObject({ deliveredAt: clock.now, channelId: 'channel', messageId: 'first' });
  clock.now += 5;
  store.outbox.delivered(id, { channelId: 'channel', messageId: 'second' });
  expect(store.outbox.get(id)).toEqual(delivered);
  expect(store.outbox.last(session.id, 'rated')).toEqual(delivered);
  expect(store.outbox.last(session.id, 'turn_failed')).toBeUndefined();
});

test('an event whose change is rolled back was never there, and its id goes to no other', () => {
  const { store } = createStore();
  createSitting(store);
  const event = { classId: 'class', sessionId: null, kind: 'rated' as const, payload: {} };
  const before = store.outbox.add(event);
  expect(() =>
    store.transaction(() => {
      store.outbox.add(event);
      throw new Error('no');
    }),
  ).toThrow('no');
  expect(store.outbox.pending().map(({ id }) => id)).toEqual([before]);
});

test('the queue tells of every change of a job, once, in the transaction of the change', () => {
  const { store, clock } = createStore();
  const { session } = createSitting(store);
  const told = () => store.outbox.pending().map(({ kind, sessionId, payload }) => [kind, sessionId, payload.jobId]);
  const job = createJob({ sessionId: session.id });
  const [finished, failed, cancelled, crashed] = [1, 2, 3, 4].map(() => store.jobs.enqueue(job)) as [
    string,
    string,
    string,
    string,
  ];
  store.jobs.claim('w', 1000);
  const version = store.jobs.finish(finished, 'w', {
    version: { adapter: new Uint8Array([1]), note: '' },
    summary: {},
    push: {},
  });
  store.jobs.claim('w', 1000);
  store.jobs.fail(failed, 'w', { identifier: 'disk_full', context: { path: 'x' } });
  store.jobs.cancel(cancelled, false);
  store.jobs.cancel(cancelled, false);
  for (let attempt = 0; attempt < 3; attempt++) {
    store.jobs.claim('w', 1000);
    clock.now += 1000;
    store.jobs.freeExpired();
  }
  store.jobs.retry(failed);
  store.jobs.retry(failed);
  expect(told()).toEqual([
    ...[finished, failed, cancelled, crashed].map((id) => ['job_queued', session.id, id]),
    ['job_finished', session.id, finished],
    ['job_failed', session.id, failed],
    ['job_cancelled', session.id, cancelled],
    ['job_failed', session.id, crashed],
    ['job_queued', session.id, failed],
  ]);
  expect(store.outbox.last(session.id, 'job_finished')?.payload.versionId).toBe(version.id);
});
