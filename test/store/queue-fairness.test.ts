/** The queue's promise to a class: it never waits for two jobs of another. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createJob, createSitting, createStore, undone } from './fixture.ts';

const CLASSES = ['a', 'b', 'c', 'd'];
const LEASE_MS = 1000;
const finished = { version: { adapter: new Uint8Array([1]), note: '' }, summary: {}, push: {} };

const actions = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ do: fc.constant('enqueue' as const), classId: fc.constantFrom(...CLASSES) }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('claim' as const) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('finish', 'fail', 'crash', 'release', 'cancel') }) },
  ),
  { minLength: 20, maxLength: 60, size: 'max' },
);

function createQueue() {
  const { store, clock } = createStore();
  for (const classId of CLASSES) createSitting(store, classId);
  return { store, jobs: store.jobs, clock };
}

test('no class waits for two jobs of another, whatever arrives and however jobs end', () => {
  const { store, jobs, clock } = createQueue();
  let claims = 0;
  const property = fc.property(actions, (sequence) =>
    undone(store, () => {
      let running: string | undefined;
      /** For each class that waits: how often each other class has been served since. */
      const served = new Map<string, Map<string, number>>();
      for (const action of sequence) {
        if (action.do === 'enqueue') jobs.enqueue(createJob({ classId: action.classId }));
        else if (action.do === 'claim') {
          const job = jobs.claim('w', LEASE_MS);
          if (!job) continue;
          claims++;
          running = job.id;
          served.delete(job.classId);
          for (const counts of served.values()) {
            counts.set(job.classId, (counts.get(job.classId) ?? 0) + 1);
            expect(counts.get(job.classId)).toBeLessThan(2);
          }
        } else if (running) {
          if (action.do === 'finish') jobs.finish(running, 'w', finished);
          else if (action.do === 'fail')
            jobs.fail(running, 'w', { identifier: 'job_crashed', context: { attempts: 1 } });
          else if (action.do === 'release') jobs.release(running, 'w');
          else if (action.do === 'cancel') jobs.cancel(running, false);
          else {
            clock.now += LEASE_MS;
            jobs.freeExpired();
          }
          running = undefined;
        }
        for (const { classId } of jobs.list({ states: ['queued'] })) {
          if (!served.has(classId)) served.set(classId, new Map());
        }
      }
    }),
  );
  fc.assert(property, { numRuns: 100 });
  expect(claims).toBeGreaterThan(500);
});

test('the position shown is the order in which jobs then run', () => {
  const { store, jobs } = createQueue();
  const property = fc.property(
    fc.array(fc.constantFrom(...CLASSES), { maxLength: 8 }),
    fc.array(fc.constantFrom(...CLASSES), { minLength: 1, maxLength: 12 }),
    (past, waiting) =>
      undone(store, () => {
        for (const classId of past) {
          jobs.enqueue(createJob({ classId }));
          jobs.finish(jobs.claim('w', LEASE_MS)!.id, 'w', finished);
        }
        const ids = waiting.map((classId) => jobs.enqueue(createJob({ classId })));
        const promised = ids.toSorted((left, right) => jobs.position(left) - jobs.position(right));
        expect(ids.map((id) => jobs.position(id)).sort((left, right) => left - right)).toEqual(
          ids.map((_, i) => i + 1),
        );
        for (const id of promised) {
          expect(jobs.claim('w', LEASE_MS)?.id).toBe(id);
          expect(jobs.position(id)).toBe(0);
          jobs.finish(id, 'w', finished);
        }
      }),
  );
  fc.assert(property, { numRuns: 60 });
});

test('within a class, jobs run in the order they came', () => {
  const { jobs } = createQueue();
  const ids = Array.from({ length: 5 }, () => jobs.enqueue(createJob({ classId: 'a' })));
  const order = ids.map(() => {
    const { id } = jobs.claim('w', LEASE_MS)!;
    jobs.finish(id, 'w', finished);
    return id;
  });
  expect(order).toEqual(ids);
});
