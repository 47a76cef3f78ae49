/** What people may do, and what they are told: commands, buttons, menus and forms, each in the reader's own language. */
import { describe, expect, test, vi } from 'vitest';
import { encodeCustomId } from '../../src/discord/custom-id.ts';
import { quoted } from '../../src/discord/text.ts';
import {
  answer,
  beginTraining,
  endTraining,
  type House,
  type HouseOptions,
  message,
  openHouse,
  openSitting,
  ratedTurn,
  sharedBrain,
  textOf,
} from './house.ts';
import { offers, Person } from './protocol-person.ts';
import type { InteractionRecord, Json } from './protocol-server.ts';

const shared = sharedBrain();

async function said(house: House, interaction: InteractionRecord): Promise<string> {
  return textOf(await answer(house, interaction));
}

/** A house where a low rating asks for the operator's declaration first, as on Discord. */
const onDiscord: HouseOptions = { bot: { declarationRequired: true }, classroom: { declarationRequired: true } };

describe('every interaction', () => {
  test('is acknowledged privately before anything else is done', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    const asked = house.ana.command(threadId, 'help');
    await answer(house, asked);
    expect(asked.callback).toEqual({ type: 5, data: { flags: 64 } });
    // Only Ana sees it: it stands in no channel.
    expect(house.server.inChannel(threadId).filter((each) => textOf(each).includes('All commands'))).toEqual([]);
  });

  test('is answered in the reader’s language; what everybody sees in the class’s', async () => {
    const house = await openHouse(shared);
    const { server, rosa, ana, bia } = house;
    expect(await said(house, bia.command(server.channelId, 'help'))).toContain('O que fazer primeiro');
    expect(await said(house, ana.command(server.channelId, 'help'))).toContain('What to do first');
    await answer(house, rosa.command(server.channelId, 'session config', { language: 'pt-BR' }));
    const reply = await answer(house, rosa.command(server.channelId, 'session start'));
    expect(reply.content).toContain('The sitting is open');
    const [, threadId] = reply.content.match(/<#(\d+)>/) ?? [];
    await message(house, threadId!, 'Vamos criar um cérebro');
  });

  test('in a direct message is refused kindly', async () => {
    const house = await openHouse(shared);
    const pressed = house.ana.pressInDirectMessage(encodeCustomId({ action: 'consent', granted: 'yes' }));
    expect(await said(house, pressed)).toContain('works on a server, not in direct messages');
  });

  test('from an old, a foreign or a deleted message is explained', async () => {
    const house = await openHouse(shared);
    const { ana, bia, server } = house;
    const gone = [
      'bf:rate:nothing-of-this-id',
      'bf:no_such_action:1',
      'bf:rate',
      'someone-elses-button',
      'bf:keep:nothing-of-this-id:yes',
    ].map((id) => said(house, ana.pressId(server.channelId, id)));
    for (const text of await Promise.all(gone)) expect(text).toMatch(/^🤔 .{20}/);
    const portuguese = await said(house, bia.pressId(server.channelId, 'bf:no_such_action:1'));
    expect(portuguese).toContain('Este botão é de algo que já acabou');
    expect(await said(house, ana.command(server.channelId, 'vanished'))).toContain('no longer there');
    expect(house.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  test('that meets a bug gets kind words and a number that is in the log', async () => {
    const house = await openHouse(shared);
    const bug = vi.spyOn(house.classroom, 'queueView').mockImplementation(() => {
      throw new TypeError('a secret detail');
    });
    const text = await said(house, house.ana.command(house.server.channelId, 'queue'));
    bug.mockRestore();
    expect(text).not.toContain('secret detail');
    const [reference] = text.match(/[0-9A-F]{6}/) ?? [];
    expect(house.log.map(({ details }) => details)).toContainEqual(expect.objectContaining({ reference }));
  });

  test('that Discord has lost track of (10062) is told of in the channel, and nothing is done', async () => {
    const house = await openHouse(shared);
    const { server, ana } = house;
    const threadId = await openSitting(house);
    server.fail('POST', /^\/interactions\//, 404, { code: 10062, message: 'Unknown interaction' });
    ana.command(threadId, 'turn say', { text: 'Hello' });
    await message(house, threadId, 'Please press it again');
    expect(house.store.turns.recentOf(server.guildId)).toEqual([]);
  });
});

describe('a turn', () => {
  test('by command takes its choices; what is left open is guessed', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await answer(house, house.ana.command(threadId, 'turn say', { text: 'Não gosto disso.', feeling: 'angry' }));
    const [turn] = house.store.turns.recentOf(house.server.guildId);
    expect(turn).toMatchObject({ emotion: 'angry', language: 'pt' });
    expect(textOf(await message(house, threadId, 'ROUGE-L'))).toContain('Não gosto disso');
  });

  test('is answered again when its author chooses otherwise, in the same message', async () => {
    const house = await openHouse(shared);
    const { ana, bia, store, server } = house;
    const threadId = await openSitting(house);
    ana.write(threadId, 'Hello there');
    const first = await message(house, threadId, 'an answer', (each) => offers(each, 'emotion'));
    expect(await said(house, ana.choose(first, 'emotion', 'happy'))).toContain('answers again');
    expect(store.turns.recentOf(server.guildId)[0]).toMatchObject({ emotion: 'happy', tries: 2 });
    const again = await message(house, threadId, 'try 2');
    expect(again.id).toBe(first.id);
    expect(await said(house, bia.choose(first, 'emotion', 'sad'))).toMatch(/^🤔/);
    expect(await said(house, bia.press(first, 'again'))).toContain('no tópico');
    await message(house, threadId, 'try 3');
  });

  test('tried again shows both replies; people say which is better, and change their mind until it is rated', async () => {
    const house = await openHouse(shared);
    const { ana, bia, rosa, store, server } = house;
    const threadId = await openSitting(house);
    ana.write(threadId, 'Hello there');
    const first = await message(house, threadId, 'an answer', (each) => offers(each, 'again'));
    expect(offers(first, 'prefer')).toBe(false);
    const reply = store.turns.recentOf(server.guildId)[0]!.reply!;
    await said(house, ana.press(first, 'again'));
    const both = await message(house, threadId, 'two tries', (each) => offers(each, 'prefer'));
    expect(both.id).toBe(first.id);
    expect(textOf(both)).toMatch(/Which try is better\?\n\*\*Try 1\*\*\n> [\s\S]*\*\*Try 2\*\* · the answer above/);
    expect(textOf(both)).toContain(quoted(reply, 160, '', 2).split('\n')[0]);

    const { id } = store.turns.recentOf(server.guildId)[0]!;
    const second = `bf:prefer:${id}:2`;
    expect(JSON.stringify(both.components)).toContain(second);
    expect(await said(house, ana.pressId(threadId, second))).toContain('try 2 is better');
    expect(await said(house, bia.press(both, 'prefer'))).toContain('a tentativa 1 é melhor');
    expect(await said(house, ana.press(both, 'prefer'))).toContain('try 1 is better');
    await message(house, threadId, 'Try 1** · 👍 2');
    expect(store.tries.preferencesOf(id).map(({ number }) => number)).toEqual([1, 1]);
    expect(await said(house, ana.pressId(threadId, `bf:prefer:${id}:7`))).toMatch(/^🤔.*no longer there/s);

    // Who is forgotten is not counted any more, in the message neither.
    const asking = await answer(house, bia.command(threadId, 'privacy delete'));
    await said(house, bia.press(asking, 'forget'));
    await message(house, threadId, 'Try 1** · 👍 1');

    await said(house, rosa.choose(both, 'rate', '0.9'));
    const rated = await message(house, threadId, 'Rated 0.90');
    expect(textOf(rated)).toContain('Try 1** · 👍 1');
    expect(offers(server.messages.get(first.id)!, 'prefer')).toBe(false);
    expect(await said(house, ana.pressId(threadId, second))).toMatch(/^🤔.*decided/s);
  });

  test('shows every rating; the first decides, a second by the same person is refused', async () => {
    const house = await openHouse(shared);
    const { ana, bia, rosa } = house;
    const threadId = await openSitting(house);
    const shown = await ratedTurn(house, threadId, '0.9');
    expect(await said(house, bia.choose(shown, 'rate', '0.1'))).toContain('já decidiu');
    expect(await said(house, ana.choose(shown, 'rate', '1.0'))).toMatch(/^🤔/);
    const odd = await rosa.submit(rosa.press(shown, 'exact'), { value: 'lots' });
    expect(await said(house, odd)).toMatch(/^🤔/);
    const text = textOf(await message(house, threadId, 'Rated 0.50'));
    expect(text).toContain('Ana 0.90 · Bia 0.10');
    // The menus go once the rating has decided.
    expect(offers(house.server.messages.get(shown.id)!, 'emotion')).toBe(false);
  });

  test('that is too early or empty is refused, and the class is told once, not at every message', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.1');
    for (const text of ['me too', 'and me', 'hello?']) house.bia.write(threadId, text);
    await message(house, threadId, 'training');
    house.ana.write(threadId, '   ');
    await answer(house, house.ana.command(threadId, 'session status'));
    const hints = house.server.inChannel(threadId).filter((each) => each.content.startsWith('🤔'));
    expect(hints).toHaveLength(1);
  });

  test('is not heard from other bots, in other channels, or without the message content', async () => {
    const house = await openHouse(shared, { bot: { messageContent: false } });
    const threadId = await openSitting(house);
    expect(textOf(await message(house, threadId, 'raise a brain'))).toContain('Press **Speak**');
    house.ana.write(threadId, 'Can you hear me?');
    expect(await said(house, house.ana.command(threadId, 'session status'))).toContain('Waiting for somebody to speak');
    const form = await house.ana.submit(house.ana.press(await message(house, threadId, 'raise a brain'), 'speak'), {
      text: 'And now?',
    });
    expect(await said(house, form)).toContain('Said.');
    expect(house.store.turns.recentOf(house.server.guildId).map(({ text }) => text)).toEqual(['And now?']);
  });
});

describe('teachers', () => {
  test('are those who may manage the server, and whoever wears the class’s role', async () => {
    const house = await openHouse(shared);
    const { server, rosa, ana } = house;
    const paulo = new Person(server, { id: '400000000000000009', name: 'Paulo', roles: [server.roleId] });
    expect(await said(house, ana.command(server.channelId, 'session config', { threshold: 0.8 }))).toMatch(/^🤔/);
    expect(await said(house, paulo.command(server.channelId, 'session config', { threshold: 0.8 }))).toMatch(/^🤔/);
    const set = rosa.command(server.channelId, 'session config', { teacher_role: server.roleId });
    expect(await said(house, set)).toContain('Saved');
    const text = await said(house, paulo.command(server.channelId, 'session config', { threshold: 0.8, turns: 3 }));
    expect(text).toMatch(/^● threshold\s+0\.8$/m);
    expect(text).toContain('Teaching staff');
    expect(text).toMatch(/^ {2}temperature\s+0\.7$/m);
    expect(house.classroom.settings(server.guildId)).toMatchObject({ threshold: 0.8, turnsPerIteration: 3 });
  });

  test('alone choose which version answers', async () => {
    const house = await openHouse(shared);
    const { server, rosa, ana } = house;
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.2');
    endTraining(house, shared.brain, beginTraining(house));
    await message(house, threadId, 'Turn 2 of 5');
    expect(await said(house, ana.command(threadId, 'brain list'))).toMatch(/▶️ \*\*v1\*\*[\s\S]*\*\*v0\*\*/);
    expect(await said(house, ana.command(threadId, 'brain rollback'))).toMatch(/^🤔/);
    expect(await said(house, rosa.command(threadId, 'brain rollback'))).toContain('The class has been told.');
    await message(house, threadId, 'v0 is in use now');
    expect(await said(house, rosa.command(threadId, 'brain use', { version: 9 }))).toMatch(/^🤔/);
    await answer(house, ana.command(threadId, 'brain compare', { first: 0, second: 1, sentence: 'Hello' }));
    expect(textOf(await message(house, threadId, 'Two versions'))).toMatch(/v0 ·[\s\S]*v1 ·/);
    expect(await said(house, ana.command(threadId, 'brain chat', { text: 'Hello', version: 1 }))).toMatch(/v1 ·/);
    const handed = await answer(house, rosa.command(threadId, 'brain export', { version: 1 }));
    expect(handed.files.map(({ filename }) => filename).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);
    expect(house.classroom.currentVersion(server.guildId)).toBe(0);
  });
});

describe('training', () => {
  test('waits on Discord for the operator’s declaration, and says so', async () => {
    const house = await openHouse(shared, onDiscord);
    const { server, rosa, ana, store } = house;
    const threadId = await openSitting(house);
    expect(textOf(await message(house, threadId, 'raise a brain'))).toContain('Nothing is trained here yet');
    await ratedTurn(house, threadId, '0.2');
    await message(house, threadId, 'Discord’s own permission');
    expect(store.jobs.list()).toEqual([]);

    expect(await said(house, ana.command(threadId, 'session config', { declare: true }))).toMatch(/^🤔/);
    const declaring = await answer(house, rosa.command(threadId, 'session config', { declare: true }));
    expect(textOf(declaring)).toContain('I declare that Discord has agreed');
    const another = encodeCustomId({ action: 'declare', class: '900000000000000009' });
    expect(await said(house, rosa.pressId(threadId, another))).toMatch(/^🤔/);
    expect(house.classroom.declaredAt(server.guildId)).toBeNull();
    const declared = rosa.pressId(threadId, encodeCustomId({ action: 'declare', class: server.guildId }));
    expect(await said(house, declared)).toContain('with your name and the date');
    expect(await said(house, ana.command(threadId, 'session config'))).toContain('may train: declared');
    await message(house, threadId, 'Turn 2 of 5');
    await ratedTurn(house, threadId, '0.2');
    await message(house, threadId, 'Next in the queue');
  });

  test('needs somebody’s consent; the question comes with its buttons', async () => {
    const house = await openHouse(shared);
    const { bia, ana } = house;
    const threadId = await openSitting(house);
    bia.write(threadId, 'Hello there');
    const question = await message(house, threadId, 'Bia, may your words train');
    expect(await said(house, bia.press(question, 'consent'))).toContain('Obrigado');
    const [yes, no] = question.components[0]!.components as Json[];
    expect([yes, no].map((each) => String(each?.custom_id))).toEqual(['bf:consent:yes', 'bf:consent:no']);
    expect(await said(house, ana.pressId(threadId, 'bf:consent:no'))).toContain('never trained on');
    expect(await said(house, bia.command(threadId, 'privacy consent'))).toContain('Suas palavras podem treinar');
    expect(await said(house, bia.command(threadId, 'privacy consent', { answer: false }))).toContain('nunca entram');
  });
});

test('stopping asks whether to keep; going back takes the first version again, and the sitting can be taken up', async () => {
  // Longer than anything here may take: the countdown is stopped, not waited for.
  const house = await openHouse(shared, { classroom: { countdownMs: 600_000 } });
  const { rosa, ana, server } = house;
  const threadId = await openSitting(house);
  await ratedTurn(house, threadId, '0.2');
  endTraining(house, shared.brain, beginTraining(house));
  const countdown = await message(house, threadId, 'begins', (each) => offers(each, 'stop_countdown'));
  expect(await said(house, ana.press(countdown, 'stop_countdown'))).toMatch(/^🤔/);
  await answer(house, rosa.press(countdown, 'stop_countdown'));
  const question = await message(house, threadId, 'Keep what the brain learned (v1)');
  await server.until(() => !offers(server.messages.get(countdown.id)!, 'stop_countdown'), 'the Stop button to go');
  const no = question.components[0]!.components.map((each) => String(each.custom_id)).find((id) => id.endsWith(':no'))!;
  await answer(house, rosa.pressId(threadId, no));
  await message(house, threadId, 'Gone back: v0 is in use');
  await server.until(() => !offers(server.messages.get(question.id)!, 'keep'), 'the question to go');
  expect(house.classroom.currentVersion(server.guildId)).toBe(0);
  expect(await said(house, rosa.command(threadId, 'session resume'))).toContain(`<#${threadId}>`);
  await message(house, threadId, 'The sitting goes on: iteration 2');
});

describe('privacy', () => {
  test('hands over everything about a person, and deletes it together with the messages that quote it', async () => {
    const house = await openHouse(shared);
    const { ana, bia, server, store } = house;
    const threadId = await openSitting(house);
    const shown = await ratedTurn(house, threadId, '0.9');
    const handed = await answer(house, ana.command(threadId, 'privacy export'));
    expect(handed.files[0]?.data.toString('utf8')).toContain('What do you like?');

    const question = await answer(house, ana.command(threadId, 'privacy delete'));
    expect(await said(house, bia.pressId(threadId, `bf:forget:${ana.id}`))).toMatch(/^🤔/);
    expect(store.members.find(server.guildId, ana.id)).toBeDefined();
    const pressed = ana.pressId(threadId, encodeCustomId({ action: 'forget', member: ana.id }));
    expect(textOf(question)).toContain('cannot be undone');
    expect(await said(house, pressed)).toContain('Nothing of yours is left');
    expect(store.members.find(server.guildId, ana.id)).toBeUndefined();
    expect(server.messages.has(shown.id)).toBe(false);
  });

  test('takes back what asked or named a person, too: the question to them, their ratings, the sitting they opened', async () => {
    const house = await openHouse(shared);
    const { rosa, bia, server } = house;
    const threadId = await openSitting(house);
    const turn = await ratedTurn(house, threadId, '0.9');
    await said(house, bia.choose(turn, 'rate', '0.4'));
    await server.until(() => textOf(server.messages.get(turn.id)!).includes('Bia'), 'her rating');
    bia.write(threadId, 'Eu gosto de nadar.');
    const asked = await message(house, threadId, 'Bia, may your words train the brain?');
    const opening = await message(house, threadId, 'Rosa opened a sitting');
    await message(house, threadId, 'her answer', (each) => offers(each, 'again') && each.id !== turn.id);
    for (const person of [bia, rosa])
      await answer(house, person.pressId(threadId, encodeCustomId({ action: 'forget', member: person.id })));
    expect(server.messages.has(asked.id)).toBe(false);
    expect(textOf(server.messages.get(turn.id)!)).toContain('What do you like?');
    expect(textOf(server.messages.get(opening.id)!)).toContain('Somebody opened a sitting');
    // What they wrote themselves is theirs to remove; nothing of ours names them any more.
    const ours = server.inChannel(threadId).map(textOf);
    expect(ours.filter((text) => /Bia|Rosa/.test(text))).toEqual([]);
  });

  test('lets a teacher record what a student’s guardian answered, and nobody else', async () => {
    const house = await openHouse(shared);
    const { ana, bia, rosa, server, classroom } = house;
    const threadId = await openSitting(house);
    await answer(house, bia.command(threadId, 'privacy consent'));
    const record = (person: Person) =>
      person.commandAbout(threadId, 'privacy consent', 'student', bia, { answer: true });
    expect(await said(house, record(ana))).toMatch(/^🤔/);
    expect(await said(house, record(rosa))).toContain('Noted');
    expect(classroom.members(server.guildId).find(({ userId }) => userId === bia.id)?.consent).toBe('granted');
  });
});

describe('learning words', () => {
  test('a word is completed while typing, in the reader’s language', async () => {
    const house = await openHouse(shared);
    const { server, ana, bia } = house;
    const choices = async (interaction: InteractionRecord): Promise<string[]> => {
      const { data } = (await server.until(() => interaction.callback, 'choices')) as {
        data: { choices: { name: string }[] };
      };
      return data.choices.map(({ name }) => name);
    };
    expect((await choices(ana.complete(server.channelId, 'learn', 'word', 'grad')))[0]).toMatch(/gradient/i);
    const all = await choices(bia.complete(server.channelId, 'learn', 'word', ''));
    expect(all.length).toBeGreaterThanOrEqual(12);
    expect(all.length).toBeLessThanOrEqual(25);
    expect(await said(house, bia.command(server.channelId, 'learn', { word: all[0]! }))).toContain(all[0]);
  });

  test('a lesson quotes the class’s own training; a word nobody explains gets the nearest', async () => {
    const house = await openHouse(shared);
    const threadId = await openSitting(house);
    await ratedTurn(house, threadId, '0.2');
    endTraining(house, shared.brain, beginTraining(house));
    await message(house, threadId, 'What the training did');
    expect(await said(house, house.ana.command(threadId, 'learn', { word: 'train_loss' }))).toContain('3.2');
    expect(await said(house, house.ana.command(threadId, 'learn', { word: 'xyzzy' }))).toMatch(/^📖 .{10}/);
  });
});
