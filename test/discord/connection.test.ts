import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Classroom } from '../../src/classroom/index.ts';
import { deployCommands, inviteLink } from '../../src/discord/deploy.ts';
import { IdentifyThrottle, identifyDelay } from '../../src/discord/identify-throttle.ts';
import { startBot } from '../../src/discord/index.ts';
import { openStore } from '../../src/store/index.ts';
import { refused, temporaryFolder } from '../classroom/fixture.ts';
import { answer, message, openHouse, openSitting, sharedBrain, textOf } from './house.ts';
import { ProtocolServer, type ProtocolServerOptions } from './protocol-server.ts';

const shared = sharedBrain();
const MESSAGE_CONTENT = 1 << 15;

async function serve(options: ProtocolServerOptions = {}): Promise<ProtocolServer> {
  const server = await new ProtocolServer(options).start();
  onTestFinished(() => server.stop());
  return server;
}

/** Starts a bot that is not expected to get far. */
function tryToStart(apiUrl: string, token: string, messageContent = true) {
  const store = openStore({ folder: temporaryFolder() });
  onTestFinished(() => store.close());
  const classroom = new Classroom({ store, brain: shared.brain, wakeTraining() {}, declarationRequired: true });
  onTestFinished(() => classroom.close());
  const logger = { info() {}, warn() {}, error() {} };
  return startBot({ token, apiUrl, classroom, store, logger, messageContent, identifySpacing: 0 });
}

describe('a start that cannot work says why', () => {
  test('a token Discord does not know (401)', async () => {
    const server = await serve();
    expect(await refused(() => tryToStart(server.apiUrl, 'WRONG.TOKEN.VALUE'))).toBe('discord_token_wrong');
  });

  test('a token the gateway does not know (4004)', async () => {
    const server = await serve();
    // REST takes it, the gateway does not: as when a token is reset between the two.
    const starting = refused(() => tryToStart(server.apiUrl, server.token));
    Object.defineProperty(server, 'token', { value: 'ANOTHER', configurable: true });
    server.fail('GET', /^\/gateway\/bot$/, 200, {
      ...{ url: `ws://${server.url}`, shards: 1 },
      session_start_limit: { total: 1000, remaining: 999, reset_after: 0, max_concurrency: 1 },
    });
    expect(await starting).toBe('discord_token_wrong');
  });

  test('intents that are not switched on (4014)', async () => {
    const server = await serve({ refusedIntents: MESSAGE_CONTENT });
    expect(await refused(() => tryToStart(server.apiUrl, server.token))).toBe('discord_intents_refused');
  });

  test('the same server takes a bot that does without message content', async () => {
    const server = await serve({ refusedIntents: MESSAGE_CONTENT });
    const bot = await tryToStart(server.apiUrl, server.token, false);
    expect(bot.applicationId).toBe(server.applicationId);
    await bot.stop();
  });

  test('an address where nobody answers', async () => {
    const server = await new ProtocolServer().start();
    await server.stop();
    expect(await refused(() => tryToStart(server.apiUrl, server.token))).toBe('discord_unreachable');
  });

  test('a token with letters no token has', async () => {
    const server = await serve();
    expect(await refused(() => tryToStart(server.apiUrl, 'não—sei'))).toBe('discord_token_wrong');
    expect(server.requests).toEqual([]);
  });

  test.each([200, 403])('a filter of the network that answers in Discord’s place (%i)', async (status) => {
    const filter = createServer((_request, response) =>
      response.writeHead(status, { 'content-type': 'text/html' }).end('no'),
    );
    await new Promise<void>((resolve) => filter.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise((resolve) => filter.close(() => resolve())));
    const { port } = filter.address() as AddressInfo;
    expect(await refused(() => tryToStart(`http://127.0.0.1:${port}/api`, 'SOME.TOKEN'))).toBe('discord_blocked');
  });

  test('no error names the token', async () => {
    const server = await serve();
    const failure = await tryToStart(server.apiUrl, 'SECRET.TOKEN.VALUE').catch((error: unknown) => error);
    expect(String(failure) + JSON.stringify(failure)).not.toContain('SECRET');
  });
});

describe('commands', () => {
  const registrations = (server: ProtocolServer): number =>
    server.requests.filter(({ method }) => method === 'PUT').length;

  test('are registered at the first start and left alone at the second', async () => {
    const house = await openHouse(shared);
    expect(registrations(house.server)).toBe(1);
    await house.restartBot();
    expect(registrations(house.server)).toBe(1);
  });

  test('are registered again when one of them has changed', async () => {
    const house = await openHouse(shared);
    const [path, list] = [...house.server.commands][0]!;
    house.server.commands.set(
      path,
      list.map((each) => (each.name === 'help' ? { ...each, description: 'Old words' } : each)),
    );
    await house.restartBot();
    expect(registrations(house.server)).toBe(2);
    await house.restartBot();
    expect(registrations(house.server)).toBe(2);
  });

  test('npm run commands registers them for one server too, and prints who may invite with what', async () => {
    const server = await serve();
    const first = await deployCommands(server.token, server.apiUrl, server.guildId);
    expect(first).toEqual({ applicationId: server.applicationId, changed: true, count: 7 });
    expect((await deployCommands(server.token, server.apiUrl, server.guildId)).changed).toBe(false);
    expect([...server.commands.keys()]).toEqual([
      `/applications/${server.applicationId}/guilds/${server.guildId}/commands`,
    ]);
    expect(await refused(() => deployCommands('WRONG', server.apiUrl))).toBe('discord_token_wrong');
    expect(inviteLink('1')).toBe(
      'https://discord.com/oauth2/authorize?client_id=1&permissions=309237763072&scope=bot+applications.commands',
    );
  });
});

describe('the gateway', () => {
  test('drops and comes back: what people did meanwhile is heard once', async () => {
    const house = await openHouse(shared);
    const { server, ana, bia, store } = house;
    const threadId = await openSitting(house);
    server.dropGateway(4000);
    ana.write(threadId, 'Can you hear me?');
    const asked = bia.command(threadId, 'help');
    expect(textOf(await answer(house, asked))).toContain('Brain Factory');
    await message(house, threadId, 'ROUGE-L');
    expect([server.identifies, server.resumes]).toEqual([1, 1]);
    expect(store.turns.recentOf(server.guildId).map(({ text }) => text)).toEqual(['Can you hear me?']);
  });

  test('forgets the session: the bot identifies again and goes on', async () => {
    const house = await openHouse(shared);
    const { server, ana } = house;
    const threadId = await openSitting(house);
    // 1000 ends a session for good.
    server.dropGateway(1000);
    await server.until(() => server.identifies === 2, 'a second identify');
    expect(textOf(await answer(house, ana.command(threadId, 'session status')))).toContain(
      'Waiting for somebody to speak',
    );
  });

  test('closes the door for good: whoever runs the bot is told', async () => {
    const house = await openHouse(shared);
    house.server.dropGateway(4014);
    expect((await house.bot.lost).identifier).toBe('discord_intents_refused');
  });

  test('falls silent: the watchdog opens a new connection, and the bot goes on', async () => {
    const house = await openHouse(shared, { bot: { pace: { retryMs: 20, watchEveryMs: 50, deadAfterMs: 300 } } });
    const { server, ana } = house;
    const threadId = await openSitting(house);
    server.mute = true;
    server.dropGateway(4000);
    await server.until(() => server.connections >= 2, 'the bot to try again');
    // The server takes connections but says nothing: discord.js would wait for a minute.
    await server.until(() => server.connections >= 3, 'the watchdog');
    server.mute = false;
    await server.until(() => server.identifies === 2, 'a second identify');
    expect(textOf(await answer(house, ana.command(threadId, 'session status')))).toContain('Waiting for somebody');
  });
});

describe('how often the bot identifies', () => {
  const MINUTE = 60_000;

  test('five in a row are 5 s apart, after that the wait doubles up to two minutes', () => {
    const times: number[] = [];
    const waits: number[] = [];
    let now = 0;
    for (let count = 0; count < 12; count++) {
      const wait = identifyDelay(times, now);
      waits.push(wait / 1000);
      now += wait;
      times.push(now);
    }
    expect(waits).toEqual([0, 5, 5, 5, 5, 5, 10, 20, 40, 80, 120, 120]);
  });

  test('a bot that restarts in a loop all day stays far below the 1000 a day', () => {
    const times: number[] = [];
    for (let now = 0; now < 24 * 60 * MINUTE; ) {
      now += identifyDelay(times, now);
      times.push(now);
    }
    expect(times.length).toBeLessThan(800);
  });

  test('the times outlive the process, and a damaged file is no obstacle', async () => {
    const file = join(temporaryFolder(), 'identifies.json');
    const { signal } = new AbortController();
    let now = 1_000_000;
    const first = new IdentifyThrottle({ file, now: () => now, spacing: 0 });
    await first.waitForIdentify(0, signal);
    now += 10;
    const waiting = new IdentifyThrottle({ file, now: () => now }).waitForIdentify(0, AbortSignal.abort());
    await expect(waiting).rejects.toThrow(/abort/i);
    writeFileSync(file, '[12');
    await new IdentifyThrottle({ file, now: () => now }).waitForIdentify(0, signal);
  });
});
