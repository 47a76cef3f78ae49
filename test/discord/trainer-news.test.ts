/**
 * What the trainer wrote down reaches the sitting even when nobody says so: its event may be shown before the supervisor's
 * nudge, and after a kill of the bot a worker may end its job with nobody left to nudge.
 */
import { expect, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { adapterBytes, SUMMARY } from '../classroom/fixture.ts';
import { beginTraining, type House, message, openHouse, openSitting, ratedTurn, sharedBrain } from './house.ts';
import { offers } from './protocol-person.ts';

const shared = sharedBrain();

/** A sitting whose job is in a worker's hands. @returns the thread, the sitting and the job. */
async function trainingSitting(house: House) {
  const threadId = await openSitting(house);
  await ratedTurn(house, threadId, '0.1');
  await message(house, threadId, 'Next in the queue');
  return { threadId, sessionId: house.classroom.sessionAt(threadId)!.id, jobId: beginTraining(house) };
}

test('a failed training offers its two buttons, though the classroom hears of it from its event alone', async () => {
  const house = await openHouse(shared);
  const { threadId, sessionId, jobId } = await trainingSitting(house);
  house.store.jobs.fail(jobId, 'worker', new UserError('disk_full', { path: 'x' }));
  const failure = await message(house, threadId, 'The training failed', (each) => offers(each, 'retry'));
  expect(offers(failure, 'skip')).toBe(true);
  expect(house.classroom.session(sessionId)).toMatchObject({ phase: 'failed', jobId });
});

test('a finished training lets the sitting go on, though the classroom hears of it from its event alone', async () => {
  const house = await openHouse(shared);
  const { threadId, sessionId, jobId } = await trainingSitting(house);
  house.store.jobs.finish(jobId, 'worker', {
    version: { note: 'classic', adapter: adapterBytes(shared.brain, 1) },
    summary: SUMMARY,
    push: {},
  });
  await message(house, threadId, 'What the training did: v0 → v1');
  await message(house, threadId, 'Turn 2 of 5');
  expect(house.classroom.session(sessionId)).toMatchObject({ phase: 'ready', versionNumber: 1 });
});
