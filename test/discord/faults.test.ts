/** What goes wrong between the bot and Discord, and that nothing is lost, doubled or out of order for it. */
import { describe, expect, test } from 'vitest';
import {
  answer,
  beginTraining,
  endTraining,
  failTraining,
  type House,
  logStep,
  message,
  openHouse,
  openSitting,
  ratedTurn,
  sharedBrain,
  textOf,
} from './house.ts';
import { offers } from './protocol-person.ts';

const shared = sharedBrain();
const POSTS = /^\/channels\/\d+\/messages$/;

/** What stands in the thread, in short, in order. */
const MILESTONES: [RegExp, string][] = [
  [/Let us raise a brain/, 'opening'],
  [/ROUGE-L/, 'turn'],
  [/What the training did/, 'summary'],
  [/The training failed/, 'failure'],
  [/Training|In the queue|Next in the queue/, 'progress'],
  [/countdown|begins/, 'countdown'],
  [/who speaks/, 'next turn'],
  [/Keep what|Keep the|progress is kept|Gone back/, 'question'],
  [/is over/, 'end'],
];
const thread = ({ server }: House, threadId: string): string[] =>
  server
    .inChannel(threadId)
    .filter(({ author }) => (author as { bot?: boolean }).bot)
    .map((each) => MILESTONES.find(([pattern]) => pattern.test(textOf(each)))?.[1] ?? textOf(each));

const STORY = ['opening', 'turn', 'progress', 'summary', 'countdown', 'next turn'];

/** One turn with one training, played to the next turn. `during` comes while it trains. */
async function play(house: House, threadId: string, during: () => Promise<void> | void = () => {}): Promise<void> {
  await ratedTurn(house, threadId, '0.2');
  const jobId = beginTraining(house);
  await during();
  for (const step of [2, 3]) logStep(house, jobId, step);
  endTraining(house, shared.brain, jobId);
  await message(house, threadId, 'Turn 2 of 5');
  await house.server.until(() => house.store.outbox.pending().length === 0, 'the outbox to be empty');
}

describe('the story of a turn is told whole, once and in order', () => {
  test('when nothing goes wrong', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await play(house, threadId);
    expect(thread(house, threadId)).toEqual(STORY);
  });

  test('when Discord asks us to wait (429)', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    const limited = { message: 'You are being rate limited.', retry_after: 0.05, global: false };
    house.server.fail('POST', POSTS, 429, limited, { 'retry-after': '0.05', 'x-ratelimit-scope': 'user' }, 6);
    await play(house, threadId);
    expect(thread(house, threadId)).toEqual(STORY);
  });

  test('when Discord is broken for longer than the client tries (500)', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    house.server.fail('POST', POSTS, 500, { code: 0, message: '500: Internal Server Error' }, {}, 9);
    await play(house, threadId);
    expect(thread(house, threadId)).toEqual(STORY);
    expect(house.log.some(({ message: said }) => said === 'an event could not be shown yet')).toBe(true);
  });

  test('when an answer of Discord is lost on the way: the repeated message is the same one', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    house.server.loseAnswer('POST', POSTS);
    await play(house, threadId, () => house.server.loseAnswer('POST', POSTS));
    expect(thread(house, threadId)).toEqual(STORY);
  });

  test('when the gateway drops in the middle of the training', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await play(house, threadId, async () => {
      house.server.dropGateway(4000);
      await house.server.until(() => house.server.resumes === 1, 'the gateway to be resumed');
    });
    expect(thread(house, threadId)).toEqual(STORY);
    expect(house.server.identifies).toBe(1);
  });

  test('when the bot is restarted in the middle of the training: it goes on in the same message', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await play(house, threadId, async () => {
      const before = await message(house, threadId, 'step 1 of 9');
      await house.restartBot();
      logStep(house, house.store.jobs.list()[0]!.id, 2);
      expect((await message(house, threadId, 'step 2 of 9')).id).toBe(before.id);
    });
    expect(thread(house, threadId)).toEqual(STORY);
  });

  test('when the bot dies after sending and before noting it down', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.9');
    await message(house, threadId, 'Turn 2 of 5');
    await house.server.until(() => house.store.outbox.pending().length === 0, 'the outbox to be empty');
    const told = thread(house, threadId);
    // What the store would hold after such a death: the last event still waits.
    const { bot, store } = house;
    const last = store.outbox.ofSession(house.classroom.openSession(house.server.guildId)!.id).at(-1)!;
    await bot.stop();
    const pending = store.outbox.pending;
    store.outbox.pending = () => [...pending(), ...(store.outbox.pending === pending ? [] : [last])];
    const requests = house.server.requests.length;
    await house.restartBot();
    await house.server.until(
      () => house.server.requests.slice(requests).some(({ method, path }) => method === 'POST' && POSTS.test(path)),
      'the event to be sent again',
    );
    store.outbox.pending = pending;
    expect(thread(house, threadId)).toEqual(told);
  });
});

describe('live progress', () => {
  test('is one message, edited at a pace, and ends with the last numbers', async () => {
    const house = await openHouse(shared, { bot: { pace: { editMs: 150, lookMs: 20, retryMs: 20 } } });
    const { server } = house;
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.2');
    const jobId = beginTraining(house);
    const shown = await message(house, threadId, 'step 1 of 9');
    const edits = () =>
      server.requests.filter(({ method, path }) => method === 'PATCH' && path.endsWith(`/${shown.id}`)).length;
    const before = edits();
    for (const step of [2, 3, 4, 5, 6, 7]) logStep(house, jobId, step);
    await message(house, threadId, 'step 7 of 9');
    // Six changes at once are one or two edits, never six.
    expect(edits() - before).toBeLessThanOrEqual(2);
    endTraining(house, shared.brain, jobId);
    const done = await message(house, threadId, 'Training finished');
    expect(done.id).toBe(shown.id);
    expect(textOf(done)).toMatch(/loss\s+3\.2222\s+\(was 3\.8889\)/);
  });

  test('moves on to a new message when Discord no longer lets the old one be edited (30046)', async () => {
    const house = await openHouse(shared);
    const { server } = house;
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.2');
    const jobId = beginTraining(house);
    const old = await message(house, threadId, 'step 1 of 9');
    server.fail('PATCH', new RegExp(`/${old.id}$`), 429, { code: 30046, message: 'Maximum number of edits reached.' });
    server.fail('PATCH', new RegExp(`/${old.id}$`), 400, { code: 30046, message: 'Maximum number of edits reached.' });
    logStep(house, jobId, 2);
    const renewed = await message(house, threadId, 'step 2 of 9');
    expect(renewed.id).not.toBe(old.id);
  });
});

describe('a failed training', () => {
  test('offers another try, and takes its buttons back once that is chosen', async () => {
    const house = await openHouse(shared);
    const { ana } = house;
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.2');
    failTraining(house, beginTraining(house));
    const failure = await message(house, threadId, 'v0 stays in use', (each) => offers(each, 'retry'));
    expect(textOf(await answer(house, ana.press(failure, 'retry')))).toContain('in the queue again');
    await house.server.until(() => !offers(house.server.messages.get(failure.id)!, 'retry'), 'the buttons to go');
    endTraining(house, shared.brain, beginTraining(house));
    await message(house, threadId, 'What the training did: v0 → v1');
  });

  test('or the class goes on without it', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.2');
    failTraining(house, beginTraining(house));
    const failure = await message(house, threadId, 'v0 stays in use', (each) => offers(each, 'skip'));
    await answer(house, house.bia.press(failure, 'skip'));
    await message(house, threadId, 'Turn 2 of 5');
    expect(house.classroom.currentVersion(house.server.guildId)).toBe(0);
  });
});

describe('a place that is gone', () => {
  test('a deleted thread is followed by another, in which the sitting goes on', async () => {
    const house = await openHouse(shared);
    const { server, rosa, ana, store, classroom } = house;
    const threadId = await openSitting(house);
    server.deleteChannel(threadId);
    const said = ana.command(server.channelId, 'turn say', { text: 'Is anybody here?' });
    expect(textOf(await answer(house, said))).toContain('Said.');
    await server.until(() => store.outbox.pending().length === 0, 'the outbox to be empty');
    const { threadId: another } = classroom.openSession(server.guildId)!;
    expect(another).not.toBe(threadId);
    const turn = await message(house, another!, 'ROUGE-L');
    expect(textOf(turn)).toContain('Is anybody here');
    await answer(house, rosa.choose(turn, 'rate', '0.9'));
    await message(house, another!, 'Turn 2 of 5');
  });

  test('a thread deleted in the middle of a training, and then of the question whether to keep it, leaves nobody stuck', async () => {
    const house = await openHouse(shared);
    const { server, rosa, classroom, store } = house;
    const first = await openSitting(house);
    await ratedTurn(house, first, '0.2');
    const jobId = beginTraining(house);
    await message(house, first, 'step 1 of 9');
    /** Where the sitting is held once it is not in `gone` any more. */
    const after = (gone: string): Promise<string> =>
      server.until(() => {
        const threadId = classroom.openSession(server.guildId)?.threadId;
        return threadId !== gone && threadId;
      }, 'another thread');
    server.deleteChannel(first);
    endTraining(house, shared.brain, jobId);
    const second = await after(first);
    await message(house, second, 'What the training did');
    await answer(house, rosa.command(server.channelId, 'session stop'));
    await message(house, second, 'Keep what the brain learned');
    server.deleteChannel(second);
    await answer(house, rosa.command(server.channelId, 'session stop'));
    const third = await after(second);
    await answer(house, rosa.press(await message(house, third, 'Keep what the brain learned'), 'keep'));
    await message(house, third, 'The sitting is over');
    await server.until(() => store.outbox.pending().length === 0, 'the outbox to be empty');
  });

  test('a deleted channel parks its sitting, not the bot', async () => {
    const house = await openHouse(shared);
    const { server, rosa, ana, bia, store, classroom } = house;
    await openSitting(house);
    const elsewhere = server.id();
    server.channels.set(elsewhere, { ...server.channels.get(server.channelId)!, id: elsewhere, name: 'elsewhere' });
    for (const id of [...server.channels.keys()]) if (id !== elsewhere) server.deleteChannel(id);
    const said = ana.command(elsewhere, 'turn say', { text: 'Is anybody here?' });
    expect(textOf(await answer(house, said))).toContain('Said.');
    await server.until(
      () => house.log.some(({ message: told }) => told.startsWith('the channel is gone')),
      'the parking',
    );
    expect(store.outbox.pending().map(({ kind }) => kind)).toEqual([
      'consent_needed',
      'turn_answering',
      'turn_answered',
    ]);
    expect(textOf(await answer(house, bia.command(elsewhere, 'help')))).toContain('Brain Factory');
    expect(classroom.openSession(server.guildId)?.phase).toBe('rating');

    // What it waits for can be done from anywhere, so that the class is not stuck with it.
    const status = () => answer(house, rosa.command(elsewhere, 'session status'));
    await answer(house, rosa.choose(await status(), 'rate', '0.9'));
    expect(classroom.openSession(server.guildId)?.phase).toBe('ready');
    await answer(house, rosa.press(await status(), 'stop_session'));
    await answer(house, rosa.press(await status(), 'keep'));
    expect(classroom.openSession(server.guildId)).toBeNull();
    expect(textOf(await answer(house, rosa.command(elsewhere, 'session start')))).toContain('The sitting is open');
  });

  test('where no thread may be opened, the channel itself serves', async () => {
    const house = await openHouse(shared);
    const { server, rosa, ana } = house;
    server.fail('POST', /\/threads$/, 403, { code: 50013, message: 'Missing Permissions' });
    const reply = await answer(house, rosa.command(server.channelId, 'session start'));
    expect(reply.content).toContain(`<#${server.channelId}>`);
    await message(house, server.channelId, 'Let us raise a brain');
    ana.write(server.channelId, 'Hello there');
    await message(house, server.channelId, 'ROUGE-L');
  });
});

test('a message Discord refuses is replaced by a sentence with a number, and the sitting goes on', async () => {
  const house = await openHouse(shared);
  const { server, ana, log } = house;
  const threadId = await openSitting(house);
  const refusal = {
    code: 50035,
    message: 'Invalid Form Body',
    errors: { embeds: { _errors: [{ code: 'X', message: 'no' }] } },
  };
  server.fail('PATCH', /^\/channels\/\d+\/messages\/\d+$/, 400, refusal);
  ana.write(threadId, 'Hello there');
  const apology = await message(house, threadId, 'could not be shown');
  const [, reference] = textOf(apology).match(/number (E\d+)/) ?? [];
  expect(log.find(({ level }) => level === 'error')?.details).toMatchObject({ reference });
  expect(textOf(await answer(house, ana.command(threadId, 'session status')))).toContain('Waiting for the rating');
});
