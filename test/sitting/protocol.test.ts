/**
 * A whole sitting, end to end: the real bot as a process of its own, the local classroom, the embedded brain, a real
 * training, played by a teacher and two students over the protocol. The database is read afterwards.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Message, Person, textOf } from './person.ts';
import { type Running, startBot } from './start.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'sitting-'));
let bot: Running;

beforeAll(async () => {
  bot = await startBot(folder);
}, 120_000);
afterAll(async () => {
  await bot?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const has = (text: string) => (message: Message) => textOf(message).includes(text);

test('a teacher and two students play a sitting of two turns, and the class has a new version', async () => {
  const teacher = await Person.join(bot, 'Ms Ada', { teacher_code: bot.teacherCode });
  const ana = await Person.join(bot, 'Ana');
  const bia = await Person.join(bot, 'Bia', { locale: 'pt-BR' });
  const channel = (await teacher.channels()).find((each) => each.name === 'classroom')!;

  await teacher.command(channel.id, 'session start', { turns: 2 });
  const opening = await ana.message('the opening', has('raise a brain'));
  const thread = opening.channel_id;
  expect(thread).not.toBe(channel.id);

  await ana.press(opening, 'Yes, train with my words');
  await ana.message('thanks for the consent', has('may train the brain'));
  await bia.message('the opening', has('raise a brain'));

  // First turn: a plain message in the thread.
  await ana.write(thread, 'Hello, how are you today?');
  const first = await bia.message('the first reply', (message) => has('Turn 1')(message) && has('ROUGE-L')(message));
  await bia.press(first, 'bf:rate:', ['0.3']);
  const summary = await ana.message('the summary', has('What the training did'));
  expect(textOf(summary)).toMatch(/v0 → v1/);
  expect(summary.attachments.map((file) => file.filename)).toContainEqual(expect.stringMatching(/\.png$/));

  // Second turn: by the form, rated high by the teacher.
  const open = await ana.message('the second turn', has('Turn 2 of 2'));
  await bia.press(open, 'bf:speak:');
  await bia.submitModal(thread, { text: 'Olá, tudo bem?', language: 'pt' });
  const second = await teacher.message(
    'the second reply',
    (message) => has('Turn 2')(message) && has('ROUGE-L')(message),
  );
  await teacher.press(second, 'bf:rate:', ['0.9']);
  await ana.message('the averages', has('Iteration 1'));

  await teacher.command(thread, 'session stop');
  const question = await teacher.message('the question', has('Keep what the brain learned'));
  await teacher.press(question, 'Keep the progress');
  await ana.message('the end', has('sitting is over'));
  for (const person of [teacher, ana, bia]) {
    expect(person.failures).toEqual([]);
    person.leave();
  }
  await bot.stop();

  const database = new Database(path.join(folder, 'brain-factory.sqlite'), { readonly: true });
  const rows = (sql: string) => database.prepare(sql).all();
  expect(rows('SELECT number, text, state, length(reply) > 0 AS replied FROM turns ORDER BY created_at')).toEqual([
    { number: 1, text: 'Hello, how are you today?', state: 'answered', replied: 1 },
    { number: 2, text: 'Olá, tudo bem?', state: 'answered', replied: 1 },
  ]);
  expect(rows('SELECT value FROM ratings ORDER BY value')).toEqual([{ value: 0.3 }, { value: 0.9 }]);
  expect(rows('SELECT state FROM jobs')).toEqual([{ state: 'finished' }]);
  expect(rows('SELECT step FROM job_steps ORDER BY step')).toEqual([1, 2, 3, 4, 5].map((step) => ({ step })));
  expect(rows('SELECT number FROM versions')).toEqual([{ number: 1 }]);
  expect(rows('SELECT count(*) AS n FROM outbox WHERE delivered_at IS NULL')).toEqual([{ n: 0 }]);
  database.close();
}, 300_000);
