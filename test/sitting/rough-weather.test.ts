/**
 * A real training in rough weather, by the real bot as a process: Discord asks to wait, breaks and drops the gateway in the
 * middle of it; a server hands on what Discord would have stopped; the token is changed; the disk is full when the version
 * is to be saved. Nothing is lost or shown twice, and the sitting goes on.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeCustomId } from '../../src/discord/custom-id.ts';
import { type Locale, t, tDynamic } from '../../src/i18n/index.ts';
import { answer, message, textOf } from '../discord/house.ts';
import { offers, Person } from '../discord/protocol-person.ts';
import { type InteractionRecord, ProtocolServer, type StoredMessage } from '../discord/protocol-server.ts';
import { type DiscordBot, startOnDiscord } from './discord-start.ts';
import { failStart } from './fail-start.ts';
import { asShown, Lesson } from './lesson.ts';
import { textOf as wordsOf } from './person.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const root = mkdtempSync(path.join(tmpdir(), 'rough-weather-'));
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const LONG_MS = 200_000;
/** As many epochs as a class may ask for, of one step each. */
const STEPS = 60;
/** More than a word or two, so that a step takes its time. */
const LONG_TEXT = `The moon shines at night. ${'The sea is wide and the night is long. '.repeat(12)}`.trim();
/** Less than a third of an adapter of the embedded brain. */
const SPARE_BYTES = 250_000;
const GONE_ID = '00000000-0000-4000-8000-000000000000';

describe('on Discord', () => {
  const folder = path.join(root, 'discord');
  const server = new ProtocolServer();
  let bot: DiscordBot;
  let threadId = '';
  const rosa = new Person(server, { id: '400000000000000001', name: 'Rosa', teacher: true });
  const ana = new Person(server, { id: '400000000000000002', name: 'Ana' });
  const bia = new Person(server, { id: '400000000000000003', name: 'Bia', locale: 'pt-BR' });
  const house = { server };

  beforeAll(async () => {
    await server.start();
    bot = await startOnDiscord(server, folder);
    await answer(
      house,
      rosa.press(await answer(house, rosa.command(server.channelId, 'session config', { declare: true })), 'declare'),
    );
    await answer(house, rosa.command(server.channelId, 'session config', { epochs: STEPS, max_new_tokens: 20 }));
    const opened = await told(rosa.command(server.channelId, 'session start', { turns: 3 }));
    threadId = opened.match(/<#(\d+)>/)![1]!;
    const opening = await message(house, threadId, t('en', 'discord:opening_title'));
    await answer(house, ana.press(opening, 'consent'));
  });
  afterAll(async () => {
    bot.child.kill('SIGKILL');
    await bot.ended;
    await server.stop();
  });

  function rows<Row>(sql: string): Row[] {
    const database = new Database(path.join(folder, 'brain-factory.sqlite'), { readonly: true });
    try {
      return database.prepare<[], Row>(sql).all();
    } finally {
      database.close();
    }
  }

  async function told(interaction: InteractionRecord): Promise<string> {
    return asShown(textOf(await answer(house, interaction)));
  }

  const refusal = (locale: Locale, identifier: string, context: Record<string, string | number> = {}): string =>
    `🤔 ${tDynamic(locale, `errors:${identifier}`, context)}`;

  /** Messages of the bot in the thread that say this. */
  const saying = (text: string): StoredMessage[] =>
    server.inChannel(threadId).filter((each) => textOf(each).includes(text));

  test('a training runs through 429, 500 and two drops of the gateway, and its story is told once', async () => {
    server.fail(
      ...([
        'POST',
        /^\/channels\/\d+\/messages$/,
        429,
        { message: 'You are being rate limited.', retry_after: 0.2 },
      ] as const),
      ...([{ 'retry-after': '1', 'x-ratelimit-scope': 'user' }, 3] as const),
    );
    ana.write(threadId, LONG_TEXT);
    const turn = await message(house, threadId, 'an answer', (each) => offers(each, 'rate'));
    const broken = { code: 0, message: '500: Internal Server Error' };
    server.fail('PATCH', /@original$|%40original$/, 500, broken, {}, 5);
    expect(await told(ana.choose(turn, 'rate', '0.1'))).toContain(
      t('en', 'discord:rated', { value: '0.10' }).slice(0, 9),
    );

    await server.until(() => steps() > 0, 'the training', LONG_MS);
    server.fail('PATCH', /^\/channels\/\d+\/messages\/\d+$/, 500, broken, {}, 9);
    server.fail('POST', /^\/channels\/\d+\/messages$/, 500, broken, {}, 9);
    server.dropGateway(4000);
    await server.until(() => server.resumes === 1, 'the gateway to be resumed', LONG_MS);
    // What is pressed while the gateway is away is heard when it is back.
    server.dropGateway(4000);
    const queue = await told(bia.command(threadId, 'queue'));
    // A fast computer may be done by now: then the queue is empty, and says so.
    const trains = rows("SELECT 1 FROM jobs WHERE state = 'running'").length > 0;
    const title = t('pt-BR', 'discord:queue_title');
    if (trains || !queue.includes(t('pt-BR', 'discord:queue_empty'))) expect(queue).toContain(title);

    await server.until(() => saying('v0 → v1').length > 0, 'the summary', LONG_MS);
    await server.until(() => saying('Turn 2 of 3').length > 0, 'the next turn', LONG_MS);
    await allShown('ready');
    for (const once of [t('en', 'discord:opening_title'), 'v0 → v1', t('en', 'discord:training_done'), 'Turn 2 of 3'])
      expect([once, saying(once).length]).toEqual([once, 1]);
    expect(saying('could not be shown')).toEqual([]);
    expect(steps()).toBe(STEPS);
    expect(rows('SELECT state FROM jobs')).toEqual([{ state: 'finished' }]);
    expect(rows('SELECT number FROM versions')).toEqual([{ number: 1 }]);
    expect(server.identifies).toBe(1);
  });

  const steps = (): number => rows<{ n: number }>('SELECT count(*) AS n FROM job_steps')[0]!.n;
  /** Waits until the sitting is in this phase and all that happened has been shown. */
  async function allShown(phase: string): Promise<void> {
    const there = () =>
      rows(`SELECT 1 FROM sessions WHERE phase = '${phase}'`).length > 0 &&
      rows('SELECT 1 FROM outbox WHERE delivered_at IS NULL').length === 0;
    await server.until(there, `the phase ${phase}, all shown`, LONG_MS);
  }

  test('what Discord would have stopped is refused all the same, in the reader’s language, and changes nothing', async () => {
    const tables = [
      'sessions',
      'iterations',
      'turns',
      'ratings',
      'corrections',
      'jobs',
      'versions',
      'consents',
      'settings',
    ];
    const all = () => tables.map((name) => rows(`SELECT * FROM ${name}`));
    const known = ['v0', ...rows<{ number: number }>('SELECT number FROM versions').map(({ number }) => `v${number}`)];
    const turn = await anAnswer();
    const before = all();
    const id = turn.components
      .flatMap((row) => row.components)
      .map(({ custom_id }) => String(custom_id))[0]!
      .split(':')[2]!;
    const tooLong = { length: 4_001, limit: 4_000 };
    const cases: [InteractionRecord, string][] = [
      [bia.command(threadId, 'turn say', { text: 'a'.repeat(4_001) }), refusal('pt-BR', 'turn_too_long', tooLong)],
      [ana.command(threadId, 'turn say', { text: '\n'.repeat(10_000) }), refusal('en', 'turn_empty')],
      [ana.command(threadId, 'turn say', { text: `a${'\n'.repeat(3_999)}b` }), refusal('en', 'turn_too_long', tooLong)],
      [bia.command(threadId, 'turn say', { text: '' }), refusal('pt-BR', 'turn_empty')],
      [ana.choose(turn, 'rate', 'abc'), refusal('en', 'rating_not_a_number', { value: 'abc' })],
      [bia.choose(turn, 'rate', '1.2'), refusal('pt-BR', 'rating_out_of_range', { value: '1.2' })],
      [bia.choose(turn, 'rate', ''), refusal('pt-BR', 'rating_empty')],
      [ana.pressInDirectMessage(encodeCustomId({ action: 'why', turn: id })), refusal('en', 'guild_only')],
      [bia.pressInDirectMessage('bf:speak_form:x'), refusal('pt-BR', 'guild_only')],
      [
        ana.pressId(threadId, encodeCustomId({ action: 'stop_session', session: GONE_ID })),
        refusal('en', 'session_gone'),
      ],
      [bia.pressId(threadId, encodeCustomId({ action: 'again', turn: GONE_ID })), refusal('pt-BR', 'turn_gone')],
      [bia.pressId(threadId, 'another-bot:button'), refusal('pt-BR', 'button_gone')],
      [ana.command(threadId, 'session config', { learning_rate: 7 }), refusal('en', 'not_teacher')],
      [
        rosa.command(threadId, 'session config', { epochs: 0 }),
        refusal('en', 'setting_out_of_range', { setting: 'epochs', value: '0', min: 1, max: 60 }),
      ],
      [rosa.command(threadId, 'session begin'), refusal('en', 'command_gone')],
      [
        rosa.command(threadId, 'brain use', { version: -1 }),
        refusal('en', 'version_unknown', { number: '-1', known: known.join(', ') }),
      ],
    ];
    for (const [interaction, sentence] of cases) expect(await told(interaction)).toBe(sentence);
    expect(all()).toEqual(before);
  });

  /** An answer that can be rated, and nothing under way. Somebody speaks first where there is none. */
  async function anAnswer(): Promise<StoredMessage> {
    const find = () => server.inChannel(threadId).findLast((each) => offers(each, 'rate'));
    const there = find();
    if (there) return there;
    ana.write(threadId, 'Is anybody here?');
    await allShown('rating');
    return find()!;
  }

  test('who is renamed is called by the new name; a very long one is cut, and pings nobody', async () => {
    const name = `@everyone **${'x'.repeat(300)}** <@${ana.id}>`;
    const renamed = new Person(server, { id: ana.id, name });
    const said = await told(renamed.command(threadId, 'turn say', { text: 'Who am I now?' }));
    expect(said).toContain(t('en', 'discord:said'));
    const shown = await message(house, threadId, 'Who am I now?');
    expect(shown.content.length).toBeLessThan(200);
    expect(shown.content).toContain('@\u200Beveryone');
    expect(shown.content).not.toMatch(/@everyone|(?<!\\)<@/);
    expect(rows(`SELECT name FROM members WHERE user_id = '${ana.id}'`)).toEqual([{ name }]);
  });

  test('a token that was changed ends the bot with its sentence; the next start goes on', async () => {
    server.dropGateway(4004);
    expect(await bot.ended).toBe(1);
    expect(bot.stderr().split('\n')).toContain(t('en', 'errors:discord_token_wrong'));
    bot = await startOnDiscord(server, folder);
    const turn = await server.until(
      () => server.inChannel(threadId).findLast((each) => offers(each, 'rate')),
      'the turn that waits for its rating',
    );
    expect(await told(bia.choose(turn, 'rate', '1.0'))).toContain(
      t('pt-BR', 'discord:rated', { value: '1,00' }).slice(0, 6),
    );
    await message(house, threadId, 'Turn 3 of 3');
    await bot.stop();
  });
});

// A disk of its own, whose size can be changed: the operating system's own "no space left", without filling anything.
const disk = createDisk();
if (!disk) console.log('skipped: a file system cannot be mounted here (it needs Linux and a superuser)');

describe.skipIf(!disk)('a disk', () => {
  const folder = path.join(disk ?? '', 'data');

  test('with too little room is said before anything is opened', async () => {
    resize(8);
    const { code, stderr } = await failStart('pt-BR', { DATA_FOLDER: folder });
    const { bavail, bsize } = statfsSync(disk!);
    const have = Math.round((bavail * bsize) / 2 ** 20);
    expect([code, stderr.trim()]).toEqual([1, tDynamic('pt-BR', 'errors:disk_too_small', { have, need: 300 })]);
  });

  test('that is full when the new version is saved: a sentence, the old version, and once there is room the training again', async () => {
    resize(400);
    mkdirSync(folder, { recursive: true });
    const lesson = new Lesson(folder);
    try {
      await lesson.open();
      const { rosa, ana } = lesson;
      const steps = 40;
      const settings = { epochs: steps, max_new_tokens: 20 };
      await lesson.told(rosa, () => rosa.command(lesson.channel, 'session config', settings));
      await lesson.sit();
      // Without any room at all nobody gets anything in, and is told why.
      resize('full', 0);
      await lesson.doorRefuses(() => ana.write(lesson.thread, 'Hello there'), '507');
      await lesson.doorRefuses(() => ana.command(lesson.thread, 'turn say', { text: 'Hello there' }), '507');
      resize(400);
      const opening = await lesson.with(ana, 'bf:consent:yes');
      await lesson.told(ana, () => ana.press(opening, 'bf:consent:yes'));
      const turn = await lesson.say(ana, LONG_TEXT);
      await lesson.told(ana, () => ana.press(turn, 'bf:rate:', ['0.0']));
      // The last checkpoint is written a tenth before the end; after it, nothing large is until the version is saved.
      const last = () => Number(lesson.value('SELECT max(step) FROM job_steps')) > 0.9 * steps;
      await rosa.until(last, 'the last checkpoint');
      const before = lesson.rows();
      resize('full');
      await rosa.until(() => lesson.value('SELECT state FROM jobs') === 'failed', 'the failure');
      expect(lesson.value('SELECT max(step) FROM job_steps')).toBe(steps);
      resize(400);
      await lesson.phase('failed');
      const failure = await lesson.with(ana, 'bf:retry:');
      const sentence = tDynamic('en', 'errors:disk_full', { path: '' }).split(':')[0]!;
      expect(wordsOf(failure)).toContain(sentence);
      expect(wordsOf(failure)).toContain(t('en', 'discord:job_failed_next', { version: 0 }));
      for (const table of ['versions', 'turns', 'ratings', 'classes', 'consents', 'settings', 'iterations'])
        expect([table, lesson.rows()[table]]).toEqual([table, before[table]]);

      await lesson.told(ana, () => ana.press(failure, 'bf:retry:'));
      await lesson.phase('ready');
      expect(lesson.value('SELECT number FROM versions')).toBe(1);
      await lesson.say(ana, 'And now?');
      expect(lesson.read((database) => database.pragma('integrity_check', { simple: true }))).toBe('ok');
    } finally {
      await lesson.close();
    }
  });
});

/** Gives the disk this many megabytes, or no more than it holds and the little it takes to note that something failed. */
function resize(size: number | 'full', spare = SPARE_BYTES): void {
  const { blocks, bfree, bsize } = statfsSync(disk!);
  const bytes = size === 'full' ? (blocks - bfree) * bsize + spare : size * 2 ** 20;
  const { status, stderr } = spawnSync('mount', ['-o', `remount,size=${bytes}`, disk!]);
  if (status !== 0) throw new Error(`the disk cannot be resized: ${stderr}`);
}

function createDisk(): string | undefined {
  if (process.platform !== 'linux' || process.geteuid?.() !== 0) return undefined;
  const folder = mkdtempSync(path.join(tmpdir(), 'brain-factory-disk-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder]);
  afterAll(() => {
    if (status === 0) spawnSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  return status === 0 ? folder : undefined;
}
