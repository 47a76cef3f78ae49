/** The gateway as such: tokens, resuming, limits, wrong frames; with bare sockets and with discord.js. */
import { type Client, Events, type Message } from 'discord.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClassroom, heard, type TestClassroom, textChannel } from './classroom.ts';
import { type Json, record } from './person.ts';

interface Bare {
  socket: WebSocket;
  payloads: Json[];
  closed: Promise<{ code: number; reason: string }>;
  send(payload: unknown): void;
  next(op: number): Promise<Json>;
}

/** A websocket that does nothing by itself. */
async function bare(classroom: TestClassroom, headers: Record<string, string> = {}): Promise<Bare> {
  const socket = new WebSocket(`${classroom.server.url.replace('http', 'ws')}/gateway?v=10&encoding=json`, { headers });
  onTestFinished(() => socket.terminate());
  const payloads: Json[] = [];
  const waiting: (() => void)[] = [];
  socket.on('message', (data) => {
    payloads.push(record(JSON.parse(data.toString())));
    for (const wake of waiting.splice(0)) wake();
  });
  socket.on('error', () => {});
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  await new Promise((resolve) => {
    socket.once('open', resolve);
    socket.once('close', resolve);
  });
  const next = async (op: number): Promise<Json> => {
    for (;;) {
      const index = payloads.findIndex((payload) => payload.op === op);
      const [found] = index === -1 ? [] : payloads.splice(index, 1);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => waiting.push(resolve));
    }
  };
  return { socket, payloads, closed, next, send: (payload) => socket.send(JSON.stringify(payload)) };
}

const identify = (token: string, more: Json = {}) => ({ op: 2, d: { token, intents: 513, properties: {}, ...more } });

describe('a gateway connection', () => {
  test('begins with HELLO and ends with 4004 for a wrong token', async () => {
    const classroom = await createClassroom();
    const connection = await bare(classroom);
    expect((await connection.next(10)).d).toEqual({ heartbeat_interval: 41250 });
    connection.send(identify('wrong'));
    expect((await connection.closed).code).toBe(4004);
    await expect(heardInvalid(classroom)).resolves.toContain('invalid token');
  });

  test.each([
    ['unknown opcode', 4001, (socket: WebSocket) => socket.send('{"op":99}')],
    ['no JSON', 4002, (socket: WebSocket) => socket.send('hello')],
    ['a list', 4002, (socket: WebSocket) => socket.send('[1]')],
    ['more than 4096 bytes', 4002, (socket: WebSocket) => socket.send(JSON.stringify({ op: 1, d: 'x'.repeat(5000) }))],
    ['a frame of more than 64 KB', 1009, (socket: WebSocket) => socket.send('x'.repeat(65 * 1024))],
    ['asking before identifying', 4003, (socket: WebSocket) => socket.send('{"op":8,"d":{}}')],
    [
      '121 payloads a minute',
      4008,
      (socket: WebSocket) => {
        for (let n = 0; n < 121; n++) socket.send('{"op":1,"d":null}');
      },
    ],
  ])('is closed for %s (%i)', async (_name, code, act) => {
    const connection = await bare(await createClassroom());
    act(connection.socket);
    expect((await connection.closed).code).toBe(code);
  });

  test('is closed for wrong intents, wrong shards and a second IDENTIFY', async () => {
    const classroom = await createClassroom();
    const code = async (...payloads: unknown[]) => {
      const connection = await bare(classroom);
      for (const payload of payloads) connection.send(payload);
      return (await connection.closed).code;
    };
    const { botToken } = classroom.server;
    expect(await code(identify(botToken, { intents: -1 }))).toBe(4013);
    expect(await code(identify(botToken, { shard: [0, 2] }))).toBe(4010);
    expect(await code(identify(botToken), identify(botToken))).toBe(4005);
  });

  test('answers heartbeats, and resumes only what it knows', async () => {
    const classroom = await createClassroom();
    const connection = await bare(classroom);
    connection.send({ op: 1, d: null });
    await connection.next(11);
    connection.send({ op: 6, d: { token: classroom.server.botToken, session_id: 'unheard-of', seq: 3 } });
    expect((await connection.next(9)).d).toBe(false);
    connection.send(identify(classroom.server.botToken));
    const ready = record((await connection.next(0)).d);
    expect(ready).toMatchObject({
      application: { id: classroom.server.applicationId },
      guilds: [{ unavailable: true }],
    });
    const second = await bare(classroom);
    second.send({ op: 6, d: { token: classroom.server.botToken, session_id: ready.session_id, seq: 999 } });
    expect((await second.closed).code).toBe(4007);
  });

  test('the socket after the last free place is refused politely', async () => {
    const classroom = await createClassroom({ maxSockets: 3 });
    const first = await Promise.all([1, 2, 3].map(() => bare(classroom)));
    expect(await (await bare(classroom)).closed).toEqual({
      code: 1013,
      reason: 'The classroom is full. Try again in a moment.',
    });
    first[0]?.socket.close();
    await first[0]?.closed;
    const late = await bare(classroom);
    expect((await late.next(10)).op).toBe(10);
  });
});

describe('500 sockets', () => {
  test('are held, the 501st is refused politely, and the class goes on', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const idle = await Promise.all(Array.from({ length: 499 }, () => bare(classroom)));
    for (const connection of idle) connection.send({ op: 2, d: { token: ana.token, properties: {} } });
    await Promise.all(idle.map((connection) => connection.next(0)));
    expect((await (await bare(classroom)).closed).code).toBe(1013);
    await ana.say(await ana.channelNamed('general'), 'hello, all of you');
    const heardBy = await Promise.all(
      idle.map(async (connection) => {
        for (;;) {
          const payload = await connection.next(0);
          if (payload.t === 'MESSAGE_CREATE') return record(payload.d).content;
        }
      }),
    );
    expect(new Set(heardBy)).toEqual(new Set(['hello, all of you']));
  });
});

async function heardInvalid(classroom: TestClassroom): Promise<string> {
  const client = await import('discord.js').then(
    ({ Client: Made }) => new Made({ intents: [1], rest: { api: classroom.server.apiUrl, version: '10' } }),
  );
  onTestFinished(() => client.destroy());
  return client.login(`${classroom.server.botToken}x`).then(
    () => 'logged in',
    (error: Error) => error.message,
  );
}

describe('after a lost connection', () => {
  test('a person gets what was missed, once and in order', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const channel = textChannel(bot);
    await channel.send('before');
    await ana.nextMessage(({ content }) => content === 'before');
    for (let round = 0; round < 20; round++) {
      await ana.drop();
      await channel.send(`missed ${round}`);
      await ana.resume();
      await channel.send(`after ${round}`);
    }
    await ana.nextMessage(({ content }) => content === 'after 19');
    const contents = ana.events.filter(({ name }) => name === 'MESSAGE_CREATE').map(({ data }) => data.content);
    const expected = Array.from({ length: 20 }, (_, round) => [`missed ${round}`, `after ${round}`]).flat();
    expect(contents).toEqual(expected.slice(0, -1));
  });

  test('discord.js resumes by itself and neither misses nor doubles a message', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const { id } = textChannel(bot);
    const contents: string[] = [];
    bot.on('messageCreate', ({ content }: Message) => void contents.push(content));
    let resumed = 0;
    bot.on(Events.ShardResume, () => void resumed++);
    for (let round = 0; round < 5; round++) {
      const back = heard<number>(bot, Events.ShardResume);
      await ana.say(id, `before ${round}`);
      socketOf(bot).terminate();
      await ana.say(id, `during ${round}`);
      await back;
    }
    const last = heard<Message>(bot, 'messageCreate', ({ content }) => content === 'last');
    await ana.say(id, 'last');
    await last;
    expect(resumed).toBe(5);
    expect(contents).toEqual([
      ...Array.from({ length: 5 }, (_, round) => [`before ${round}`, `during ${round}`]).flat(),
      'last',
    ]);
  });

  test('an interaction sent while the bot was away for a moment still reaches it', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    await bot.application.commands.create({ name: 'help', description: 'Help' });
    const ana = await classroom.person('Ana');
    socketOf(bot).terminate();
    const arriving = heard<{ isChatInputCommand(): boolean; reply(text: string): Promise<unknown> }>(
      bot,
      'interactionCreate',
    );
    await ana.command(textChannel(bot).id, 'help');
    await (await arriving).reply('here again');
    expect(await ana.nextMessage(({ content }) => content === 'here again')).toBeDefined();
  });

  test('of two sockets that resume one session, the later one has it', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const old = ana.socket;
    await ana.resume();
    expect(old?.readyState).not.toBe(WebSocket.OPEN);
    const { id } = await ana.say(await ana.channelNamed('general'), 'still here');
    expect(await ana.nextMessage((message) => message.id === id)).toBeDefined();
  });
});

/** The socket under discord.js, to be cut as a network cuts it. */
function socketOf(bot: Client): WebSocket {
  const { _ws: manager } = bot.ws as unknown as {
    _ws: { strategy: { shards: Map<number, { connection: WebSocket }> } };
  };
  const shard = manager.strategy.shards.get(0);
  if (shard === undefined) throw new Error('no shard');
  return shard.connection;
}

describe('who is here', () => {
  test('is told to the others, with a few seconds of patience for a reload', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const teo = await classroom.person('Téo');
    const online = await ana.next('PRESENCE_UPDATE', ({ data }) => record(data.user).id === teo.id);
    expect(online.data.status).toBe('online');
    teo.close();
    const offline = await ana.next('PRESENCE_UPDATE', ({ data }) => record(data.user).id === teo.id);
    expect(offline.data.status).toBe('offline');
  });

  test('and who is writing', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const teo = await classroom.person('Téo');
    const channelId = await ana.channelNamed('general');
    await teo.request('POST', `/channels/${channelId}/typing`);
    expect((await ana.next('TYPING_START')).data).toMatchObject({ channel_id: channelId, user_id: teo.id });
    expect(teo.events.some(({ name }) => name === 'TYPING_START')).toBe(false);
  });
});
