/** Outages in the middle of things: Discord away while an answer is due, our own disk full while something is shown. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Delivery } from '../../src/discord/delivery.ts';
import { IdentifyThrottle } from '../../src/discord/identify-throttle.ts';
import { UserError } from '../../src/errors.ts';
import { openStore, type Store } from '../../src/store/index.ts';
import { temporaryFolder } from '../classroom/fixture.ts';
import {
  answer,
  beginTraining,
  endTraining,
  message,
  openHouse,
  openSitting,
  ratedTurn,
  sharedBrain,
  textOf,
} from './house.ts';

const shared = sharedBrain();
const BROKEN = { code: 0, message: '500: Internal Server Error' };
const CALLBACK = /^\/interactions\/\d+\/[^/]+\/callback$/;
const ORIGINAL = /\/messages\/(?:@|%40)original$/;

describe('what somebody is owed an answer to', () => {
  test('is answered when Discord is back, however long the client’s own tries were in vain', async () => {
    const house = await openHouse(shared);
    house.server.fail('PATCH', ORIGINAL, 500, BROKEN, {}, 9);
    const reply = await answer(house, house.ana.command(house.server.channelId, 'help'));
    await house.server.until(() => textOf(reply).includes('Brain Factory'), 'the answer');
  });

  test('is done, once, where Discord took our acknowledgement and we never heard so', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    house.server.loseAnswer('POST', CALLBACK);
    const said = await answer(house, house.ana.command(threadId, 'turn say', { text: 'Hello there' }));
    await house.server.until(() => textOf(said).includes('Said.'), 'the answer');
    expect(house.classroom.recentTurns(house.server.guildId)).toHaveLength(1);
  });

  test('is left to whoever acknowledged it, where that was not us', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    house.server.fail('POST', CALLBACK, 400, { code: 40060, message: 'Interaction has already been acknowledged.' });
    house.ana.command(threadId, 'turn say', { text: 'Hello there' });
    await house.server.until(() => house.log.some(({ level }) => level === 'warn'), 'the warning');
    expect(house.classroom.recentTurns(house.server.guildId)).toEqual([]);
  });

  test('gets kind words where Discord refuses the answer itself', async () => {
    const house = await openHouse(shared);
    house.server.fail('PATCH', ORIGINAL, 400, { code: 50035, message: 'Invalid Form Body' });
    const reply = await answer(house, house.ana.command(house.server.channelId, 'help'));
    const [, reference] = textOf(reply).match(/\b([0-9A-F]{6})\b/) ?? [];
    expect(house.log.find(({ level }) => level === 'error')?.details).toMatchObject({ reference });
  });
});

describe('an event', () => {
  test.each([
    ['401', 401, { code: 0, message: '401: Unauthorized' }],
    ['403 of a filter in between', 403, {}],
  ])('waits through a %s: it is neither lost nor apologised for', async (_, status, body) => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.9');
    await message(house, threadId, 'Turn 2 of 5');
    await house.server.until(() => house.store.outbox.pending().length === 0, 'the outbox to be empty');
    house.server.fail('POST', /^\/channels\/\d+\/messages$/, status, body, {}, 2);
    house.ana.write(threadId, 'Once more');
    await house.server.until(
      () => house.log.some(({ message: said }) => said === 'an event could not be shown yet'),
      'the event to wait',
    );
    await message(
      house,
      threadId,
      'Turn 2',
      (each) => textOf(each).includes('Once more') || textOf(each).includes('ROUGE-L'),
    );
    await house.server.until(() => house.store.outbox.pending().length === 0, 'the outbox to be empty');
    expect(house.server.inChannel(threadId).map(textOf).join()).not.toContain('could not be shown');
  });

  test('whose showing cannot be noted down, the disk being full, waits and is shown again without an apology', async () => {
    const store = openStore({ folder: temporaryFolder() });
    onTestFinished(() => store.close());
    store.classes.ensure({ id: 'class', name: '7A', locale: 'en' });
    store.outbox.add({ classId: 'class', sessionId: null, kind: 'turn_open', payload: {} });
    let full = 3;
    const refuse = (): void => {
      full -= 1;
      if (full >= 0) throw new UserError('disk_full', { path: store.folder });
    };
    const outbox: Pick<Store['outbox'], 'pending' | 'delivered'> = {
      pending() {
        if (full === 2) refuse();
        return store.outbox.pending();
      },
      delivered(...mark) {
        refuse();
        store.outbox.delivered(...mark);
      },
    };
    let shown = 0;
    const delivery = new Delivery({
      outbox,
      show: async () => {
        shown += 1;
        return { channelId: 'c', messageId: 'm' };
      },
      apologise: () => Promise.reject(new Error('there is nothing to be sorry for')),
      logger: { info() {}, warn() {}, error: (details: object) => expect(details).not.toHaveProperty('reference') },
      retryMs: 5,
    });
    onTestFinished(() => delivery.stop());
    for (let tries = 0; store.outbox.pending().length > 0 && tries < 500; tries++) {
      delivery.nudge();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(store.outbox.pending()).toEqual([]);
    expect(shown).toBeGreaterThan(1);
  });
});

test('the progress ends with its last numbers, though Discord was away when the training ended', async () => {
  const house = await openHouse(shared);
  const { server } = house;
  const threadId = await openSitting(house);
  await ratedTurn(house, threadId, '0.2');
  const jobId = beginTraining(house);
  const progress = await message(house, threadId, 'step 1 of 9');
  server.fail('PATCH', new RegExp(`/messages/${progress.id}$`), 500, BROKEN, {}, 9);
  endTraining(house, shared.brain, jobId);
  await message(house, threadId, 'What the training did');
  await server.until(() => textOf(server.messages.get(progress.id)!).includes('Training finished'), 'the last numbers');
});

test('the progress ends with its last numbers, though the bot was away when the training ended', async () => {
  const house = await openHouse(shared);
  const { server } = house;
  const threadId = await openSitting(house);
  await ratedTurn(house, threadId, '0.2');
  const jobId = beginTraining(house);
  const progress = await message(house, threadId, 'step 1 of 9');
  await house.bot.stop();
  endTraining(house, shared.brain, jobId);
  await house.restartBot();
  await message(house, threadId, 'What the training did');
  await server.until(() => textOf(server.messages.get(progress.id)!).includes('Training finished'), 'the last numbers');
});

test('identifying does not need a disk with room', async () => {
  const folder = temporaryFolder();
  // A folder where the file should be: it can be neither read nor written.
  const file = path.join(folder, 'identifies.json');
  mkdirSync(`${file}.tmp`);
  const throttle = new IdentifyThrottle({ file, spacing: 0 });
  await throttle.waitForIdentify(0, new AbortController().signal);
});
