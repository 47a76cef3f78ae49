/**
 * What people get wrong in a sitting, and what a class does for fun, through the front door: the real bot as a process, the
 * local classroom, the embedded brain, real trainings. Each refusal is the catalogue's sentence in the reader's language
 * and changes no row; afterwards the sitting goes on. The tests follow one another in one lesson.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { t } from '../../src/i18n/index.ts';
import { Lesson } from './lesson.ts';
import { flatten, type Message, Person, textOf } from './person.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const folder = mkdtempSync(path.join(tmpdir(), 'bad-input-'));
const lesson = new Lesson(folder);
beforeAll(() => lesson.open());
afterAll(async () => {
  await lesson.close();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

/** Wild dice and many words: time enough to be in the brain's way. */
const LONG_ANSWERS = { max_new_tokens: 200, temperature: 2, top_k: 0, top_p: 1 };
const SHORT_ANSWERS = { max_new_tokens: 30, temperature: 0.7, top_k: 50, top_p: 0.9 };

const say = (person: Person, text: string) => () =>
  person.command(lesson.thread || lesson.channel, 'turn say', { text });
const command =
  (person: Person, words: string, values: Record<string, string | number | boolean> = {}) =>
  () =>
    person.command(lesson.channel, words, values);

/** What the door says to a button that was taken off the message since it was seen. */
const BUTTON_TAKEN_OFF = 'COMPONENT_VALIDATION_FAILED';

/** What somebody is told who presses, by the bot or by the door. */
function pressed(person: Person, message: Message, which: string, values?: string[]): Promise<string> {
  return lesson
    .told(person, () => person.press(message, which, values))
    .catch((error: unknown) => (String(error).includes(BUTTON_TAKEN_OFF) ? BUTTON_TAKEN_OFF : Promise.reject(error)));
}

/** Opens the form behind a button and sends it in. */
function form(person: Person, message: Message, button: string, fields: Record<string, string>) {
  return async () => {
    await person.press(message, button);
    await person.submitModal(message.channel_id, fields);
  };
}

test('before a sitting: nothing to say it in, nothing to resume, nothing to go back to; teachers’ commands are theirs', async () => {
  const { rosa, ana, bia } = lesson;
  await lesson.refuses(ana, say(ana, 'Hello?'), 'no_session_here');
  await lesson.refuses(bia, say(bia, 'Oi?'), 'no_session_here');
  await lesson.refuses(bia, command(bia, 'session resume'), 'nothing_to_resume');
  await lesson.refuses(ana, command(ana, 'session stop'), 'no_session_here');
  await lesson.refuses(rosa, command(rosa, 'brain rollback'), 'rollback_at_base');
  await lesson.refuses(rosa, command(rosa, 'brain use', { version: 7 }), 'version_unknown', {
    number: '7',
    known: 'v0',
  });
  await lesson.refuses(bia, command(bia, 'brain compare', { first: 0, second: 0 }), 'nothing_to_compare');
  await lesson.refuses(ana, command(ana, 'brain use', { version: 0 }), 'not_teacher');
  await lesson.refuses(bia, command(bia, 'brain rollback'), 'not_teacher');
  await lesson.refuses(bia, command(bia, 'brain export', { version: 0 }), 'not_teacher');
  await lesson.refuses(ana, command(ana, 'session config', { threshold: 0 }), 'not_teacher');
  await lesson.refuses(bia, command(bia, 'session config', { declare: true }), 'not_teacher');
  const { id } = (await ana.request('GET', '/users/@me')) as { id: string };
  await lesson.refuses(bia, command(bia, 'privacy consent', { student: id, answer: true }), 'not_teacher');
  await lesson.doorRefuses(command(rosa, 'session start', { threshold: 7 }), 'NUMBER_TYPE_MAX');
});

test('a direct message: people cannot write one to the bot, so no command comes from there', async () => {
  const { ana } = lesson;
  await lesson.doorRefuses(() => ana.request('POST', '/users/@me/channels', { recipient_id: '1' }), '50007');
});

test('a second sitting while one runs', async () => {
  const { rosa, ana, bia } = lesson;
  await lesson.sit({ turns: 3 });
  const opening = await ana.message('the opening', (each) => textOf(each).includes(t('en', 'discord:opening_title')));
  for (const person of [ana, bia]) await lesson.told(person, () => person.press(opening, 'bf:consent:yes'));
  expect(lesson.value('SELECT count(DISTINCT member_id) FROM consents WHERE granted')).toBe(2);
  await lesson.refuses(bia, command(bia, 'session start'), 'session_running');
  await lesson.refuses(rosa, command(rosa, 'session start', { turns: 1 }), 'session_running');
  await lesson.refuses(ana, command(ana, 'session resume'), 'session_running');
});

test('several writing at the same instant, and whatever is said or pressed while the brain answers: one turn', async () => {
  const { rosa, ana, bia, caio, thread } = lesson;
  await lesson.told(rosa, command(rosa, 'session config', LONG_ANSWERS));
  const people = [ana, bia, rosa];
  const { over } = await lesson.busy();
  await Promise.all(people.map((person) => person.write(thread, `${person.name} was first`)));
  await ana.message('the hint', (each) => textOf(each).trim() === lesson.refusal(ana, 'still_answering'));
  await lesson.refuses(bia, say(bia, 'E eu?'), 'still_answering');
  await lesson.refuses(ana, say(ana, 'And I?'), 'still_answering');
  await lesson.refuses(rosa, command(rosa, 'brain use', { version: 0 }), 'version_busy');
  await lesson.refuses(caio, command(caio, 'session resume'), 'session_running');
  await over;
  await lesson.phase('rating');
  expect(lesson.value('SELECT count(*) FROM turns')).toBe(1);
});

test('a button pressed by everybody at once is pressed once', async () => {
  const { rosa, ana, bia } = lesson;
  const people = [ana, bia, rosa];
  const turn = await lesson.with(ana, 'bf:again:');
  const { over } = await lesson.busy();
  const told = await Promise.all(people.map((person) => pressed(person, turn, 'bf:again:')));
  await over;
  await lesson.phase('rating');
  const done = people.filter((person, index) => told[index] === `✅ ${t(lesson.locale(person), 'discord:said')}`);
  expect(done.length).toBe(1);
  // Who came too late is told to wait, or found the button gone.
  for (const [index, person] of people.entries())
    if (person !== done[0])
      expect([lesson.refusal(person, 'still_answering'), BUTTON_TAKEN_OFF]).toContain(told[index]);
  expect(lesson.value('SELECT tries FROM turns')).toBe(2);
  await lesson.refuses(bia, say(bia, 'E agora?'), 'rate_first');
  await lesson.told(rosa, command(rosa, 'session config', SHORT_ANSWERS));
});

test('a rating that is none', async () => {
  const { ana, bia } = lesson;
  const turn = await lesson.with(ana, 'bf:exact:');
  const cases = [
    [ana, 'abc', 'rating_not_a_number'],
    [bia, 'abc', 'rating_not_a_number'],
    [ana, '1.2', 'rating_out_of_range'],
    [bia, '1,2', 'rating_out_of_range'],
    [ana, '-0.1', 'rating_out_of_range'],
    [bia, '-0.1', 'rating_out_of_range'],
    [ana, '  ', 'rating_empty'],
    [bia, '\u200B', 'rating_empty'],
  ] as const;
  for (const [person, value, identifier] of cases)
    await lesson.refuses(person, form(person, turn, 'bf:exact:', { value }), identifier, { value: value.trim() });
  await lesson.doorRefuses(form(bia, turn, 'bf:exact:', { value: '' }), 'BASE_TYPE_MIN_LENGTH');
  await lesson.doorRefuses(() => ana.press(turn, 'bf:rate:', ['7']), '50035');
  await lesson.refuses(bia, form(bia, turn, 'bf:better:', { text: ' \n ' }), 'correction_empty');
});

test('two people rating at the same instant, and each of them again', async () => {
  const { ana, bia } = lesson;
  const turn = await lesson.with(ana, 'bf:rate:');
  const [one, other] = await Promise.all([
    lesson.told(ana, () => ana.press(turn, 'bf:rate:', ['0.9'])),
    lesson.told(bia, () => bia.press(turn, 'bf:rate:', ['1.0'])),
  ]);
  const beside = [one.includes(t('en', 'discord:rated_beside')), other.includes(t('pt-BR', 'discord:rated_beside'))];
  expect(beside.toSorted()).toEqual([false, true]);
  expect(lesson.value('SELECT group_concat(value) FROM (SELECT value FROM ratings ORDER BY value)')).toBe('0.9,1.0');
  await lesson.phase('ready');
  await lesson.refuses(ana, () => ana.press(turn, 'bf:rate:', ['0.0']), 'already_rated');
  await lesson.refuses(bia, form(bia, turn, 'bf:exact:', { value: '0,3' }), 'already_rated');
});

test('a turn of nothing, or of more than fits', async () => {
  const { ana, bia } = lesson;
  await lesson.refuses(ana, say(ana, '\u200B\u200D\u2060\uFEFF'), 'turn_empty');
  await lesson.refuses(bia, say(bia, '\n'.repeat(4_000)), 'turn_empty');
  const open = await lesson.with(bia, 'bf:speak:');
  await lesson.refuses(bia, form(bia, open, 'bf:speak:', { text: ' \t\n ' }), 'turn_empty');
  await lesson.refuses(ana, command(ana, 'brain chat', { text: '\u2800' }), 'turn_empty');
  await lesson.doorRefuses(say(ana, ''), 'BASE_TYPE_MIN_LENGTH');
  await lesson.doorRefuses(say(ana, 'a'.repeat(4_001)), 'BASE_TYPE_MAX_LENGTH');
  await lesson.doorRefuses(say(ana, '\n'.repeat(10_000)), 'BASE_TYPE_MAX_LENGTH');
  await lesson.doorRefuses(form(bia, open, 'bf:speak:', { text: 'a'.repeat(4_001) }), 'BASE_TYPE_MAX_LENGTH');
  await lesson.doorRefuses(() => ana.write(lesson.thread, 'a'.repeat(2_001)), 'BASE_TYPE_MAX_LENGTH');
});

test('emoji, right to left, zero-width, markdown, mentions and a script are words like any others', async () => {
  const { ana, bia } = lesson;
  const text =
    '@everyone <@1> **loud** ||x|| <script>alert(1)</script> [x](javascript:alert(1)) 👩‍👩‍👧‍👦🇧🇷 שלום\u202Etxet a\u200Bb e\u0301 <|endoftext|>';
  const turn = await lesson.say(bia, text);
  expect(lesson.value('SELECT text FROM turns ORDER BY created_at DESC LIMIT 1')).toBe(text);
  const shown = turn.content.split('\n').slice(1).join('\n');
  expect(shown).toContain('👩‍👩‍👧‍👦🇧🇷 שלום');
  // Nothing that pings, links, formats or turns the line around: each sign stands behind a backslash or is cut apart.
  expect(shown).not.toMatch(/@everyone|(?<!\\)[<*|[\]]|\u202E/);
  const kept = (await ana.request('GET', `/channels/${lesson.thread}/messages/${turn.id}`)) as Record<string, unknown>;
  expect(kept).toMatchObject({ mention_everyone: false, mentions: [] });
  await lesson.told(ana, () => ana.press(turn, 'bf:rate:', ['1.0']));
  await lesson.phase('ready');
});

test('what is tried while the brain trains, and in the countdown', async () => {
  const { rosa, ana, bia } = lesson;
  // Many, so that it lasts while all this is tried.
  await lesson.told(rosa, command(rosa, 'session config', { epochs: 40 }));
  const turn = await lesson.say(
    ana,
    `The sun is a star. ${'There are many stars in the sky at night. '.repeat(12)}`.trim(),
  );
  await lesson.told(bia, () => bia.press(turn, 'bf:rate:', ['0.1']));
  // The worker writes meanwhile, so here the sentences alone are compared, and what people made.
  expect(await lesson.told(ana, say(ana, 'And the moon?'))).toBe(lesson.refusal(ana, 'training_running'));
  expect(await lesson.told(bia, say(bia, 'E a lua?'))).toBe(lesson.refusal(bia, 'training_running'));
  expect(await lesson.told(rosa, command(rosa, 'brain use', { version: 0 }))).toBe(
    lesson.refusal(rosa, 'version_busy'),
  );
  expect(await lesson.told(bia, command(bia, 'session start'))).toBe(lesson.refusal(bia, 'session_running'));
  expect(lesson.value('SELECT count(*) FROM turns')).toBe(3);
  await lesson.reaches('countdown');
  const told = await lesson.told(bia, say(bia, 'Agora?'));
  // On a slow computer the five seconds may be over before the bot hears it: the next turn is open then, and takes it.
  if (lesson.isIn('countdown') || told !== `✅ ${t('pt-BR', 'discord:said')}`)
    expect([1, 2, 3, 4, 5].map((seconds) => lesson.refusal(bia, 'countdown_running', { seconds }))).toContain(told);
  await lesson.settledRows();
  expect(lesson.value('SELECT count(*) FROM versions')).toBe(1);
  await lesson.told(rosa, command(rosa, 'session config', { epochs: 6 }));
});

test('Stop, pressed by everybody at once, is the teacher’s; the question is answered once', async () => {
  const { rosa, ana, bia, caio } = lesson;
  // The countdown's, or, on a slow computer, that of the next turn.
  const stop = await lesson.with(rosa, 'bf:stop_');
  const told = await Promise.all(lesson.people.map((person) => pressed(person, stop, 'bf:stop_')));
  expect(told[0]).toBe(`✅ ${t('en', 'discord:stopped')}`);
  for (const [index, person] of [ana, bia, caio].entries())
    expect([lesson.refusal(person, 'stop_not_yours'), BUTTON_TAKEN_OFF]).toContain(told[index + 1]);
  await lesson.phase('stopping');
  await lesson.refuses(ana, say(ana, 'Go on!'), 'stop_choice_first');
  const question = await lesson.with(rosa, 'bf:keep:');
  await lesson.refuses(bia, () => bia.press(question, 'bf:keep:'), 'stop_not_yours');
  await lesson.told(rosa, () => rosa.press(question, 'bf:keep:'));
  await lesson.phase('ended');
  expect(lesson.value('SELECT current_version_id IS NOT NULL FROM classes')).toBe(1);
});

test('yesterday’s buttons: what is over says so, and its replies may still be rated', async () => {
  const { rosa, ana, bia } = lesson;
  const open = await lesson.with(bia, 'bf:speak:');
  await lesson.refuses(bia, form(bia, open, 'bf:speak:', { text: 'Ainda dá?' }), 'session_over');
  await lesson.refuses(rosa, () => rosa.press(open, 'bf:stop_session:'), 'session_over');
  await lesson.refuses(ana, say(ana, 'Anybody?'), 'no_session_here');
  const turn = await lesson.with(ana, 'bf:rate:');
  expect(await lesson.told(rosa, () => rosa.press(turn, 'bf:rate:', ['0.5']))).toContain(
    t('en', 'discord:rated_beside'),
  );
  await lesson.settledRows();
  // The answered turn shows no such button any more; the door compares with what the message holds now.
  await lesson.doorRefuses(() => ana.press(withButton(turn, 'again'), 'bf:again:'), BUTTON_TAKEN_OFF);
});

test('somebody’s words are deleted in the middle of the training on them; a retry is refused, and the class goes on', async () => {
  const { rosa, ana, bia } = lesson;
  await lesson.sit({ turns: 3 });
  await lesson.told(rosa, command(rosa, 'session config', { epochs: 60 }));
  const turn = await lesson.say(
    bia,
    `Eu gosto de nadar no mar. ${'O mar é grande e a água é fria. '.repeat(12)}`.trim(),
  );
  await lesson.told(ana, () => ana.press(turn, 'bf:rate:', ['0.0']));
  expect(await lesson.told(rosa, command(rosa, 'brain rollback'))).toBe(lesson.refusal(rosa, 'version_busy'));
  await rosa.until(() => lesson.value("SELECT count(*) FROM jobs WHERE state = 'running'") === 1, 'the training');
  const question = await lesson.answer(bia, command(bia, 'privacy delete'));
  const told = await lesson.told(bia, () => bia.press(question, 'bf:forget:'));
  expect(told).toContain(t('pt-BR', 'discord:privacy_gone').split('.')[0]!);
  await lesson.phase('failed');
  expect(lesson.value("SELECT count(*) FROM turns WHERE text LIKE '%nadar%'")).toBe(0);
  expect(lesson.value("SELECT count(*) FROM jobs WHERE payload LIKE '%nadar%'")).toBe(0);

  const failure = await lesson.with(ana, 'bf:retry:');
  await lesson.refuses(ana, () => ana.press(failure, 'bf:retry:'), 'job_words_withdrawn');
  await lesson.refuses(ana, say(ana, 'Next?'), 'job_choice_first');
  const spam = await Promise.all(
    [ana, rosa].map((person) => lesson.told(person, () => person.press(failure, 'bf:skip:'))),
  );
  expect(spam.toSorted()).toEqual(
    [`✅ ${t('en', 'discord:skipped')}`, lesson.refusal(ana, 'no_failed_job')].toSorted(),
  );
  await lesson.phase('ready');
  expect(lesson.value('SELECT count(*) FROM versions')).toBe(1);
});

test('Stop while the brain answers; the answer that was on its way is kept', async () => {
  const { rosa, ana } = lesson;
  await lesson.told(rosa, command(rosa, 'session config', LONG_ANSWERS));
  const open = await lesson.with(rosa, 'bf:stop_session:');
  const { over } = await lesson.busy();
  const said = lesson.told(ana, say(ana, 'What do you like?'));
  await lesson.reaches('answering');
  await lesson.told(rosa, () => rosa.press(open, 'bf:stop_session:'));
  expect(lesson.value("SELECT state FROM turns WHERE text = 'What do you like?'")).toBe('answering');
  await over;
  expect(await said).toBe(`✅ ${t('en', 'discord:said')}`);
  await lesson.phase('stopping');
  const question = await lesson.with(rosa, 'bf:keep:');
  await lesson.told(rosa, () => rosa.press(question, 'bf:keep:'));
  await lesson.phase('ended');
  expect(lesson.value("SELECT state FROM turns WHERE text = 'What do you like?'")).toBe('answered');
  await lesson.told(rosa, command(rosa, 'session config', SHORT_ANSWERS));
});

test('the buttons of a sitting that was deleted', async () => {
  const { rosa, ana, bia } = lesson;
  await lesson.sit({ turns: 2 });
  const opening = await lesson.with(bia, 'bf:speak:');
  const turn = await lesson.say(ana, 'Remember me');
  const thread = lesson.thread;
  lesson.write("DELETE FROM sessions WHERE phase = 'rating'");
  await lesson.refuses(bia, form(bia, opening, 'bf:speak:', { text: 'Oi' }), 'session_gone');
  await lesson.refuses(rosa, () => rosa.press(opening, 'bf:stop_session:'), 'session_gone');
  await lesson.refuses(ana, () => ana.press(turn, 'bf:rate:', ['1.0']), 'turn_gone');
  await lesson.refuses(bia, () => bia.press(turn, 'bf:why:'), 'turn_gone');
  await ana.write(thread, 'Is anybody here?');
  await lesson.sit();
  expect(lesson.thread).not.toBe(thread);
  await lesson.say(bia, 'Voltei.');
});

test('somebody with a name for mischief leaves in the middle of their turn; the class goes on', async () => {
  const { bot, ana, rosa } = lesson;
  await expect(Person.join(bot, 'x'.repeat(33))).rejects.toThrow('BASE_TYPE_BAD_LENGTH');
  await expect(Person.join(bot, 'ANA')).rejects.toThrow('USERNAME_ALREADY_TAKEN');
  const turn = await lesson.with(ana, 'bf:rate:');
  await lesson.told(ana, () => ana.press(turn, 'bf:rate:', ['1.0']));
  await lesson.phase('ready');
  const bob = await Person.join(bot, '@everyone **Bob** <@&1>');
  await bob.write(lesson.thread, 'I am off, good bye!');
  await rosa.until(() => lesson.value("SELECT count(*) FROM turns WHERE text LIKE 'I am off%'") === 1, 'the turn');
  bob.leave();
  await bob.request('DELETE', '/users/@me');
  await lesson.phase('rating');
  const question = await rosa.message('the question', (each) => /Bob/.test(each.content));
  expect(question.content).toContain('\\*\\*Bob\\*\\*');
  expect(question.content).not.toMatch(/@everyone|(?<!\\)<@/);
  const reply = await lesson.with(ana, 'bf:rate:');
  expect(await lesson.told(ana, () => ana.press(reply, 'bf:rate:', ['0.9']))).toContain('0.9');
});

test('the thread is deleted: the question after Stop comes in a new one', async () => {
  const { rosa } = lesson;
  const { thread } = lesson;
  await rosa.request('DELETE', `/channels/${thread}`);
  await lesson.told(rosa, command(rosa, 'session stop'));
  const question = await rosa.message(
    'the question',
    (each) =>
      each.channel_id !== thread && flatten(each.components).some(({ custom_id }) => custom_id?.startsWith('bf:keep:')),
  );
  await lesson.told(rosa, () => rosa.press(question, 'bf:keep:'));
  await lesson.phase('ended');
  await lesson.sit();
});

test('a stored version whose bytes are not those that were kept: each way to it says so, and the base still answers', async () => {
  const { rosa, ana, bia } = lesson;
  const question = await stopSitting();
  await lesson.told(rosa, () => rosa.press(question, 'bf:keep:'));
  await lesson.phase('ended');
  await lesson.restart(() => {
    // One byte in the middle, as a failing disk would.
    lesson.write(
      "UPDATE versions SET adapter = CAST(substr(adapter, 1, 5000) || x'FF' || substr(adapter, 5002) AS BLOB) WHERE number = 1",
    );
  });
  const damaged = { detail: 'v1, sha-256' };
  expect(lesson.value('SELECT current_version_id IS NOT NULL FROM classes')).toBe(1);
  await lesson.refuses(rosa, command(rosa, 'session start'), 'adapter_damaged', damaged);
  await lesson.refuses(bia, command(bia, 'brain chat', { text: 'Oi' }), 'adapter_damaged', damaged);
  await lesson.refuses(
    ana,
    command(ana, 'brain compare', { first: 0, second: 1, sentence: 'Hi' }),
    'adapter_damaged',
    damaged,
  );
  await lesson.refuses(rosa, command(rosa, 'brain export', { version: 1 }), 'adapter_damaged', damaged);
  expect(await lesson.told(rosa, command(rosa, 'brain list'))).toContain('v1');
  expect(await lesson.told(rosa, command(rosa, 'brain rollback'))).toContain(t('en', 'discord:using_told'));
  await lesson.settledRows();
  await lesson.refuses(rosa, command(rosa, 'brain use', { version: 1 }), 'adapter_damaged', damaged);
  await lesson.sit();
  await lesson.say(bia, 'Quem é você agora?');
});

test('after all of it nobody saw a failure, the log holds no bug, and every row is sound', async () => {
  for (const person of lesson.people) expect(person.failures).toEqual([]);
  expect(lesson.read((database) => database.pragma('foreign_key_check'))).toEqual([]);
  expect(lesson.read((database) => database.pragma('integrity_check', { simple: true }))).toBe('ok');
  expect(lesson.log).not.toMatch(/a bug while answering|could not be shown|Error:/);
});

async function stopSitting(): Promise<Message> {
  const { rosa } = lesson;
  await lesson.told(rosa, command(rosa, 'session stop'));
  await lesson.phase('stopping');
  return lesson.with(rosa, 'bf:keep:');
}

/** A message as somebody's screen may still show it: with a button that was taken off since. */
function withButton(message: Message, action: string): Message {
  const [turn] = flatten(message.components).flatMap(
    ({ custom_id }) => custom_id?.match(/^bf:why:(.+)$/)?.slice(1) ?? [],
  );
  return {
    ...message,
    components: [{ type: 1, components: [{ type: 2, custom_id: `bf:${action}:${turn}`, label: '' }] }],
  };
}
