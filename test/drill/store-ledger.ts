/**
 * The drill's book-keeping: what killed processes acknowledged, held against what the database says. Each check collects
 * its offences in words instead of stopping at the first.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { JobRow, OutboxRow, Store } from '../../src/store/index.ts';
import type { Acknowledgement } from './store-child.ts';

/** One check of one acknowledged write: is it there, as it was acknowledged? */
export function isKept(store: Store, ack: Acknowledgement): boolean {
  switch (ack.did) {
    case 'open':
    case 'opened':
      return true;
    case 'say':
      return (
        store.turns.get(ack.turnId)?.text === ack.text && store.outbox.get(ack.eventId)?.payload.turnId === ack.turnId
      );
    case 'answer':
      return store.turns.get(ack.turnId)?.reply === ack.reply;
    case 'rate':
      return store.ratings.ofTurn(ack.turnId).filter(({ value }) => value === ack.value).length === 1;
    case 'enqueue':
      return store.jobs.get(ack.jobId) !== undefined;
    case 'step':
      // A later attempt may have redone the step.
      return store.jobSteps.of(ack.jobId).filter(({ step }) => step === ack.step).length === 1;
    case 'checkpoint': {
      const path = join(store.folder, ack.file);
      return existsSync(path) && statSync(path).size === ack.bytes;
    }
    case 'finish': {
      const version = store.versions.get(ack.versionId);
      return (
        version?.number === ack.number && version.jobId === ack.jobId && store.jobs.get(ack.jobId)?.state === 'finished'
      );
    }
    case 'deliver':
      return store.outbox.get(ack.eventId)?.messageId === ack.messageId;
    case 'weights':
      return existsSync(join(store.folder, 'weights', ack.file));
  }
}

/** What must hold of the whole database whenever a process is killed: nothing half-done, nothing twice. */
export function findInconsistencies(store: Store): string[] {
  const offences: string[] = [];
  const expectThat = (holds: boolean, offence: string) => void (holds || offences.push(offence));
  const [session] = store.sessions.openIn('class');
  if (!session) return offences;
  const turns = store.turns.bySession(session.id);
  const events = store.outbox.ofSession(session.id);
  const jobs = store.jobs.list({ states: ['queued', 'running', 'finished', 'failed', 'cancelled'] });
  const versions = store.versions.list('class');

  expectThat(new Set(turns.map(({ text }) => text)).size === turns.length, 'a turn is there twice');
  expectThat(
    turns.every(({ number }, index) => number === index + 1),
    'turn numbers have gaps',
  );
  const told = (kind: OutboxRow['kind'], key: 'turnId' | 'jobId', id: string) =>
    events.filter((event) => event.kind === kind && event.payload[key] === id).length;
  for (const { id } of turns)
    expectThat(told('turn_answering', 'turnId', id) === 1, `turn ${id} without its one event`);
  for (const job of jobs) checkJob(job);
  expectThat(
    versions.every(({ number }, index) => number === index + 1),
    'version numbers have gaps',
  );
  expectThat(
    (store.classes.get('class')?.currentVersionId ?? null) === (versions.at(-1)?.id ?? null),
    'the newest version is not in use',
  );
  for (const { id, weightsFile } of versions) {
    // Both read every byte and compare it with its sha-256.
    if (weightsFile) store.versions.weightsPath(id);
    else store.versions.adapter(id);
    expectThat(store.versions.members(id).length === 1, `version ${id} forgot whose words it saw`);
  }
  return offences;

  function checkJob({ id, state, versionId, attempts }: JobRow) {
    const made = versions.filter(({ jobId }) => jobId === id);
    const isFinished = state === 'finished';
    expectThat(
      made.length === (isFinished ? 1 : 0) && (made[0]?.id ?? null) === versionId,
      `job ${id}: version half-done`,
    );
    expectThat(told('job_queued', 'jobId', id) === 1, `job ${id}: not announced once`);
    expectThat(told('job_finished', 'jobId', id) === (isFinished ? 1 : 0), `job ${id}: its end announced wrongly`);
    expectThat(
      told('job_failed', 'jobId', id) === (state === 'failed' ? 1 : 0),
      `job ${id}: its failure announced wrongly`,
    );
    expectThat(attempts <= 3, `job ${id}: tried ${attempts} times`);
  }
}

export type RowCounts = Record<'turns' | 'jobs' | 'versions', number>;

export function countRows(store: Store): RowCounts {
  const [session] = store.sessions.openIn('class');
  return {
    turns: session ? store.turns.bySession(session.id).length : 0,
    jobs: store.jobs.list({ states: ['queued', 'running', 'finished', 'failed', 'cancelled'] }).length,
    versions: store.versions.list('class').length,
  };
}
