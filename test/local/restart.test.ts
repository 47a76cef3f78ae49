/** What is there after a restart, after kill -9 in the middle of writing, and what is said when the start fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import { createInterface } from 'node:readline';
import BetterSqlite3 from 'better-sqlite3';
import { ChannelType } from 'discord.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { UserError } from '../../src/errors.ts';
import { startLocalServer } from '../../src/local/index.ts';
import { createClassroom, logIn, PNG, temporaryFolder, textChannel } from './classroom.ts';
import { list, record } from './person.ts';

describe('a restart', () => {
  test('keeps users, channels, threads, messages, files, commands, codes and tokens', async () => {
    const classroom = await createClassroom();
    const before = { ...classroom.server };
    const bot = await classroom.bot();
    await bot.application.commands.create({ name: 'help', description: 'Help' });
    const ana = await classroom.person('Ana');
    const channel = textChannel(bot);
    const thread = await channel.threads.create({ name: 'A sitting', type: ChannelType.PublicThread });
    await ana.say(thread.id, 'hello');
    const sent = await thread.send({ embeds: [{ title: 'Card' }], files: [{ attachment: PNG, name: 'a.png' }] });
    const shown = await ana.messages(thread.id);
    await bot.destroy();
    await classroom.restart();

    expect({ ...classroom.server, stop: before.stop }).toEqual(before);
    await ana.connect();
    expect(await ana.messages(thread.id)).toEqual(shown);
    const link = list(shown[1]?.attachments)[0]?.url;
    expect(Buffer.from(await (await fetch(String(link))).arrayBuffer())).toEqual(PNG);
    const again = await classroom.bot();
    expect(again.user.id).toBe(before.applicationId);
    expect((await again.application.commands.fetch()).map(({ name }) => name)).toEqual(['help']);
    const found = textChannel(again).threads.cache.get(thread.id);
    expect(found?.name).toBe('A sitting');
    await (await found?.messages.fetch(sent.id))?.edit('still mine');
    expect((await ana.messages(thread.id)).at(-1)).toMatchObject({
      id: sent.id,
      content: 'still mine',
      embeds: [{ title: 'Card' }],
    });
    const newer = await ana.say(thread.id, 'newer');
    expect(BigInt(String(newer.id))).toBeGreaterThan(BigInt(sent.id));
  });

  test('a client that comes back after it starts a new session by itself', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const back = new Promise((resolve) => bot.once('shardReady', resolve));
    await classroom.restart();
    await back;
    expect((await textChannel(bot).send('here')).content).toBe('here');
  });

  test('an answer can be edited across it, as its token lives fifteen minutes', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    await bot.application.commands.create({ name: 'help', description: 'Help' });
    const ana = await classroom.person('Ana');
    const arriving = new Promise<import('discord.js').Interaction>((resolve) => bot.once('interactionCreate', resolve));
    await ana.command(textChannel(bot).id, 'help');
    const interaction = await arriving;
    if (!interaction.isChatInputCommand()) throw new Error('not a command');
    await interaction.deferReply();
    const back = new Promise((resolve) => bot.once('shardReady', resolve));
    await classroom.restart();
    await back;
    expect((await interaction.editReply('after all')).content).toBe('after all');
  });

  test('ids go on growing when the clock was put back', async () => {
    let time = Date.UTC(2030, 0, 1);
    const classroom = await createClassroom({ now: () => time });
    const ana = await classroom.person('Ana');
    const channelId = await ana.channelNamed('general');
    const first = await ana.say(channelId, 'first');
    time = Date.UTC(2001, 0, 1);
    await classroom.restart();
    await ana.connect();
    const second = await ana.say(channelId, 'second');
    expect(BigInt(String(second.id))).toBeGreaterThan(BigInt(String(first.id)));
    expect((await ana.messages(channelId)).map(({ content }) => content)).toEqual(['first', 'second']);
  });
});

/** Starts a server in a process of its own, which prints its address, join code and bot token. */
async function startElsewhere(folder: string) {
  const source = `import { startLocalServer } from ${JSON.stringify(new URL('../../src/local/index.ts', import.meta.url).href)};
    const server = await startLocalServer({ port: 0, dataFolder: ${JSON.stringify(folder)} });
    console.log(JSON.stringify({ ...server, pid: process.pid }));`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [line] = await once(createInterface({ input: child.stdout }), 'line');
  const { apiUrl, joinCode } = record(JSON.parse(String(line)));
  return { child, apiUrl: String(apiUrl), joinCode: String(joinCode) };
}

describe('kill -9', () => {
  test('in the middle of writing loses nothing that was answered, and doubles nothing', async () => {
    const folder = temporaryFolder();
    const acknowledged: string[] = [];
    for (let round = 0; round < 6; round++) {
      const { child, apiUrl, joinCode } = await startElsewhere(folder);
      const { Person } = await import('./person.ts');
      const ana = await Person.join(apiUrl, `Ana ${round}`, joinCode);
      const channelId = await ana.channelNamed('general');
      const writing = (async () => {
        for (let number = 0; ; number++) {
          const content = `${round}-${number}`;
          const answer = await ana.request('POST', `/channels/${channelId}/typing`).then(() =>
            fetch(`${ana.api}/channels/${channelId}/messages`, {
              method: 'POST',
              headers: { authorization: ana.token, 'content-type': 'application/json' },
              body: JSON.stringify({ content, nonce: content, enforce_nonce: true }),
            }),
          );
          if (answer.status === 200) acknowledged.push(content);
          if (answer.status === 429) return;
        }
      })().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 25));
      child.kill('SIGKILL');
      await once(child, 'exit');
      await writing;
      ana.close();
    }
    const database = new BetterSqlite3(path.join(folder, 'local-classroom.sqlite'), { readonly: true });
    onTestFinished(() => void database.close());
    expect(database.pragma('integrity_check', { simple: true })).toBe('ok');
    const kept = database
      .prepare<[], { body: string }>('SELECT body FROM messages')
      .all()
      .map(({ body }) => String(record(JSON.parse(body)).content));
    expect(acknowledged.length).toBeGreaterThan(5);
    expect(kept).toEqual(expect.arrayContaining(acknowledged));
    expect(new Set(kept).size).toBe(kept.length);
  });
});

describe('a start that fails says why', () => {
  async function failure(options: Parameters<typeof startLocalServer>[0]): Promise<UserError> {
    const error = await startLocalServer(options).then(
      (server) => server.stop().then(() => new Error('it started')),
      (reason: unknown) => reason,
    );
    if (!(error instanceof UserError)) throw error;
    return error;
  }

  test('the port is taken', async () => {
    const other = createServer();
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    expect(await failure({ port, dataFolder: temporaryFolder() })).toMatchObject({
      identifier: 'local_port_in_use',
      context: { port },
    });
  });

  test('the host is none of this computer’s', async () => {
    expect(await failure({ port: 0, host: '192.0.2.77', dataFolder: temporaryFolder() })).toMatchObject({
      identifier: 'local_host_unknown',
    });
  });

  test('the file is no database, or is damaged inside; it stays as it is', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder, 'local-classroom.sqlite');
    writeFileSync(file, 'this is no database '.repeat(500));
    expect(await failure({ port: 0, dataFolder: folder })).toMatchObject({
      identifier: 'local_database_damaged',
      context: { path: file },
    });

    const good = temporaryFolder();
    const server = await startLocalServer({ port: 0, dataFolder: good });
    await server.stop();
    const database = new BetterSqlite3(path.join(good, 'local-classroom.sqlite'));
    database.pragma('user_version = 99');
    database.close();
    expect(await failure({ port: 0, dataFolder: good })).toMatchObject({ identifier: 'local_database_newer' });
  });

  test('a file whose pages were overwritten is recognised', async () => {
    const folder = temporaryFolder();
    const classroom = await startLocalServer({ port: 0, dataFolder: folder });
    const bot = await logIn(classroom);
    for (let number = 0; number < 45; number++) await textChannel(bot).send(`${number} ${'x'.repeat(1900)}`);
    await bot.destroy();
    await classroom.stop();
    const file = path.join(folder, 'local-classroom.sqlite');
    const { readFileSync } = await import('node:fs');
    const bytes = readFileSync(file);
    bytes.fill(0xaa, 8192, bytes.length - 4096);
    writeFileSync(file, bytes);
    expect(await failure({ port: 0, dataFolder: folder })).toMatchObject({ identifier: 'local_database_damaged' });
    expect(readFileSync(file)).toEqual(bytes);
  });
});
