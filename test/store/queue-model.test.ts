/** The queue against a model of it in a few lines: every sequence of calls leaves both in the same state. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CancelMode, type JobState, LeaseLostError, MAX_ATTEMPTS } from '../../src/store/index.ts';
import { createJob, createSitting, createStore, undone } from './fixture.ts';

const LEASE_MS = 1000;
const WORKERS = ['v', 'w'] as const;
const finished = { version: { adapter: new Uint8Array([1]), note: '' }, summary: {}, push: {} };
const reason = { identifier: 'job_crashed', context: { attempts: 0 } } as const;

interface ModelJob {
  state: JobState;
  worker: string | null;
  leaseUntil: number | null;
  attempts: number;
  cancelMode: CancelMode | null;
  checkpointFile: string | null;
}

/** One class's queue, its jobs in order of arrival. `null` from a worker's call: the lease is lost. */
class Model {
  jobs: ModelJob[] = [];
  versions = 0;
  now = 0;

  enqueue() {
    const fresh = { worker: null, leaseUntil: null, attempts: 0, cancelMode: null, checkpointFile: null };
    this.jobs.push({ state: 'queued', ...fresh });
  }
  stop(job: ModelJob, state: JobState) {
    Object.assign(job, { state, worker: null, leaseUntil: null });
  }
  crash(job: ModelJob) {
    this.stop(job, job.attempts < MAX_ATTEMPTS ? 'queued' : 'failed');
  }
  freeExpired() {
    for (const job of this.jobs) if (job.state === 'running' && job.leaseUntil! <= this.now) this.crash(job);
  }
  claim(worker: string): number | null {
    this.freeExpired();
    if (this.jobs.some((job) => job.state === 'running')) return null;
    const index = this.jobs.findIndex((job) => job.state === 'queued');
    const job = this.jobs[index];
    if (!job) return null;
    Object.assign(job, { state: 'running', worker, leaseUntil: this.now + LEASE_MS, attempts: job.attempts + 1 });
    return index;
  }
  beat(job: ModelJob, worker: string) {
    if (job.state === 'cancelled') return 'cancel';
    if (job.worker !== worker) return 'lost';
    job.leaseUntil = this.now + LEASE_MS;
    return job.cancelMode ? 'cancel' : 'ok';
  }
  /** What each of the worker's writes does to a job it holds. */
  write(kind: Write, job: ModelJob, worker: string): boolean {
    if (job.worker !== worker) return false;
    if (kind === 'checkpoint') job.checkpointFile = 'file';
    if (kind === 'fail') this.stop(job, 'failed');
    if (kind === 'abandon') this.stop(job, 'cancelled');
    if (kind === 'release') {
      this.stop(job, 'queued');
      job.attempts -= 1;
    }
    if (kind === 'finish') {
      this.stop(job, 'finished');
      job.checkpointFile = null;
      this.versions += 1;
    }
    return true;
  }
  cancel(job: ModelJob, keep: boolean) {
    if (job.state !== 'queued' && job.state !== 'running') return;
    if (keep && (job.state === 'running' || job.checkpointFile)) job.cancelMode = 'keep';
    else {
      this.stop(job, 'cancelled');
      job.cancelMode = 'discard';
    }
  }
  retry(job: ModelJob) {
    if (job.state !== 'failed' && job.state !== 'cancelled') return;
    Object.assign(job, { state: 'queued', attempts: 0, cancelMode: null, checkpointFile: null });
  }
}

const WRITES = ['checkpoint', 'finish', 'fail', 'release', 'abandon'] as const;
type Write = (typeof WRITES)[number];

// The first ones more often, and claims and writes: a worker's write is seldom of a job that it holds otherwise, and some states
// were not reached in every run.
const job = fc.oneof({ weight: 3, arbitrary: fc.nat({ max: 1 }) }, fc.nat({ max: 4 }));
const worker = fc.constantFrom(...WORKERS);
const calls = fc.array(
  fc.oneof(
    fc.record({ call: fc.constant('enqueue' as const) }),
    fc.record({ call: fc.constant('wait' as const), ms: fc.constantFrom(1, 999, 1000) }),
    { weight: 2, arbitrary: fc.record({ call: fc.constant('claim' as const), worker }) },
    fc.record({ call: fc.constant('died' as const), worker }),
    fc.record({ call: fc.constant('beat' as const), job, worker }),
    {
      weight: 4,
      arbitrary: fc.record({ call: fc.constant('write' as const), kind: fc.constantFrom(...WRITES), job, worker }),
    },
    fc.record({ call: fc.constant('cancel' as const), job, keep: fc.boolean() }),
    fc.record({ call: fc.constant('retry' as const), job }),
    fc.record({ call: fc.constant('free' as const) }),
  ),
  { maxLength: 50, size: 'max' },
);

test('every sequence of calls leaves the queue as its model says', () => {
  const { store, clock } = createStore();
  createSitting(store);
  const { jobs } = store;
  const reached = new Set<JobState>();

  const property = fc.property(calls, (sequence) =>
    undone(store, () => {
      const model = new Model();
      const ids: string[] = [];
      const start = clock.now;
      for (const step of sequence) {
        const target = 'job' in step ? model.jobs[step.job] : undefined;
        const id = 'job' in step ? ids[step.job] : undefined;
        if (step.call === 'enqueue') {
          model.enqueue();
          ids.push(jobs.enqueue(createJob()));
        } else if (step.call === 'wait') {
          model.now += step.ms;
          clock.now = start + model.now;
        } else if (step.call === 'claim') {
          const claimed = model.claim(step.worker);
          expect(jobs.claim(step.worker, LEASE_MS)?.id).toBe(claimed === null ? undefined : ids[claimed]);
        } else if (step.call === 'died') {
          const held = model.jobs.find((candidate) => candidate.worker === step.worker);
          if (held) model.crash(held);
          jobs.workerDied(step.worker);
        } else if (step.call === 'free') {
          model.freeExpired();
          jobs.freeExpired();
        } else if (target && id) {
          if (step.call === 'beat') expect(jobs.beat(id, step.worker, LEASE_MS)).toBe(model.beat(target, step.worker));
          else if (step.call === 'write') {
            const write = () => performWrite(step.kind, id, step.worker);
            if (model.write(step.kind, target, step.worker)) write();
            else expect(write).toThrow(LeaseLostError);
          } else if (step.call === 'cancel') {
            model.cancel(target, step.keep);
            jobs.cancel(id, step.keep);
          } else {
            model.retry(target);
            jobs.retry(id);
          }
        }
        expect(ids.map(actual)).toEqual(model.jobs);
        for (const { state } of model.jobs) reached.add(state);
      }
      expect(store.versions.list('class')).toHaveLength(model.versions);

      function actual(jobId: string): ModelJob {
        const { state, worker, leaseUntil, attempts, cancelMode, checkpointFile } = jobs.get(jobId)!;
        const lease = leaseUntil === null ? null : leaseUntil - start;
        return { state, worker, leaseUntil: lease, attempts, cancelMode, checkpointFile };
      }
    }),
  );
  fc.assert(property, { numRuns: 400 });
  expect([...reached].sort()).toEqual(['cancelled', 'failed', 'finished', 'queued', 'running']);

  function performWrite(kind: Write, id: string, by: string) {
    if (kind === 'checkpoint') jobs.checkpoint(id, by, 'file');
    else if (kind === 'finish') jobs.finish(id, by, finished);
    else if (kind === 'fail') jobs.fail(id, by, reason);
    else if (kind === 'release') jobs.release(id, by);
    else jobs.abandon(id, by);
  }
});
