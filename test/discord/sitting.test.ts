/**
 * A whole sitting over the protocol: a teacher and two students, two turns, one of them training a real (tiny) brain in a
 * real worker process.
 */
import { expect, test, vi } from 'vitest';
import { answer, message, openHouse, openSitting, sharedBrain, textOf } from './house.ts';
import { offers } from './protocol-person.ts';

// The worker runs at low priority and the machine may be busy.
vi.setConfig({ testTimeout: 240_000 });

const shared = sharedBrain();

test('two students and a teacher play a sitting of two turns; the first trains the brain', async () => {
  const house = await openHouse(shared, { trains: true });
  const { server, store, rosa, ana, bia, log } = house;
  const threadId = await openSitting(house, { turns: 2, threshold: 0.6 });
  expect(server.channels.get(threadId)).toMatchObject({ type: 11, parent_id: server.channelId });

  // Ana agrees to training; she is told in her own language, privately.
  const opening = await message(house, threadId, 'Let us raise a brain');
  const consent = ana.press(opening, 'consent');
  expect(textOf(await answer(house, consent))).toContain('your words may train');
  expect(consent.callback).toMatchObject({ type: 5, data: { flags: 64 } });

  // The first turn is a plain message; the answer replies to it and carries the guess in three menus.
  const said = ana.write(threadId, 'What do you like?');
  const first = await message(house, threadId, 'an answer', (each) => offers(each, 'rate'));
  expect(first.message_reference).toMatchObject({ message_id: said });
  expect(textOf(first)).toContain('ROUGE-L');
  expect(['intent', 'emotion', 'language'].filter((menu) => !offers(first, menu))).toEqual([]);

  // Bia, who reads Portuguese, asks why and gives a better answer.
  expect(textOf(await answer(house, bia.press(first, 'why')))).toContain('Por que essas palavras?');
  const better = await bia.submit(bia.press(first, 'better'), { text: 'I like rain.' });
  expect(textOf(await answer(house, better))).toContain('Obrigado');

  // Her low rating trains.
  const rating = await answer(house, bia.choose(first, 'rate', '0.3'));
  expect(textOf(rating)).toContain('o cérebro vai treinar');
  const summary = await server.until(
    () => server.inChannel(threadId).findLast((each) => textOf(each).includes('What the training did: v0 → v1')),
    'the summary',
    200_000,
  );
  expect(textOf(summary)).toMatch(
    /train_runtime[\s\S]*train_samples_per_second[\s\S]*train_steps_per_second[\s\S]*train_loss/,
  );
  expect(textOf(summary)).toMatch(/Before \(v0\)[\s\S]*After \(v1\)/);
  expect(textOf(summary)).toContain('Which way was it pushed?');
  expect(summary.files.map(({ filename, data }) => [filename, data.subarray(1, 4).toString()])).toEqual([
    ['training.png', 'PNG'],
  ]);
  const progress = await message(house, threadId, 'Training finished');
  expect(textOf(progress)).toMatch(/loss[\s\S]*grad_norm[\s\S]*learning_rate[\s\S]*epoch/);

  // After the countdown it is the next turn; the teacher speaks by the form and rates exactly.
  const open = await message(house, threadId, 'Turn 2 of 2');
  const form = await rosa.submit(rosa.press(open, 'speak'), {
    text: 'Do you like the rain?',
    intent: 'ask',
    emotion: 'happy',
  });
  expect(textOf(await answer(house, form))).toContain('The answer is in the thread');
  const second = await message(
    house,
    threadId,
    'the second answer',
    (each) => offers(each, 'rate') && each.id !== first.id,
  );
  expect(textOf(second)).toMatch(/v1/);
  const exact = await rosa.submit(rosa.press(second, 'exact'), { value: '0,85' });
  expect(textOf(await answer(house, exact))).toContain('You gave 0.85.');
  expect(textOf(await message(house, threadId, 'Iteration 1 is closed'))).toContain('METEOR');

  // Stopped by the teacher, who keeps the progress.
  await answer(house, rosa.command(threadId, 'session stop'));
  const question = await message(house, threadId, 'Keep what the brain learned (v1)');
  await answer(house, rosa.press(question, 'keep'));
  expect(textOf(await message(house, threadId, 'The sitting is over'))).toContain('v1 is in use');

  // The store agrees with the screen, and everything was shown.
  const { guildId } = server;
  const turns = store.turns.recentOf(guildId).toReversed();
  expect(turns.map(({ text, intent, emotion }) => [text, intent, emotion])).toEqual([
    ['What do you like?', 'ask', 'neutral'],
    ['Do you like the rain?', 'ask', 'happy'],
  ]);
  expect(turns.map(({ id }) => store.ratings.ofTurn(id).map(({ value }) => value))).toEqual([[0.3], [0.85]]);
  expect(turns.map(({ messageId }) => messageId)).toEqual([first.id, second.id]);
  expect(store.versions.list(guildId).map(({ number }) => number)).toEqual([1]);
  expect(house.classroom.currentVersion(guildId)).toBe(1);
  await server.until(() => store.outbox.pending().length === 0, 'the outbox to be empty');
  expect(log.filter(({ level }) => level === 'error')).toEqual([]);

  // Nobody was ever pinged: every body that could mention says that nothing is to be parsed.
  const bodies = server.requests
    .filter(({ method, path }) => method !== 'GET' && /messages/.test(path))
    .map(({ body }) => body);
  expect(bodies.length).toBeGreaterThan(20);
  expect(
    bodies.filter(({ allowed_mentions }) => JSON.stringify(allowed_mentions) !== '{"parse":[],"replied_user":false}'),
  ).toEqual([]);
});
