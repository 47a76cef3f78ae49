/** Coming in, coming back, going: codes, tokens, roles, and what is left of somebody who goes. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanName } from '../../src/local/people.ts';
import { RateLimits } from '../../src/local/rest/rate-limit.ts';
import { CODE_SYMBOLS, newCode, newToken, normaliseCode } from '../../src/local/secrets.ts';
import { createClassroom, PNG, type TestClassroom, textChannel } from './classroom.ts';
import { Person, record } from './person.ts';

async function register(classroom: TestClassroom, body: unknown, path = '/auth/register') {
  const answer = await fetch(`${classroom.server.apiUrl}/v10${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: answer.status, headers: answer.headers, json: record(await answer.json()) };
}

describe('codes and tokens', () => {
  test('a code has 6 of 31 symbols that are hard to confuse', () => {
    expect(CODE_SYMBOLS).toHaveLength(31);
    expect(CODE_SYMBOLS).not.toMatch(/[ILO01]/);
    const codes = Array.from({ length: 500 }, newCode);
    for (const code of codes) expect(code).toMatch(/^[A-HJKMNP-Z2-9]{6}$/);
    expect(new Set(codes).size).toBe(500);
    expect(new Set(codes.join('')).size).toBe(31);
  });

  test('a code may be typed in any case, with blanks and dashes', () => {
    fc.assert(
      fc.property(fc.constant(null).map(newCode), fc.constantFrom(' ', '-', ' - '), (code, gap) => {
        expect(normaliseCode(`${code.slice(0, 3).toLowerCase()}${gap}${code.slice(3)}`)).toBe(code);
      }),
    );
  });

  test('a token carries at least 128 random bits', () => {
    const [, , secret = ''] = newToken('1574313896058028033', Date.now()).split('.');
    expect(Buffer.from(secret, 'base64url').length * 8).toBeGreaterThanOrEqual(128);
  });

  test('a name is one line without control or direction marks', () => {
    expect(cleanName('  Ana \n Beatriz\u202e\u0007 ')).toBe('Ana Beatriz');
    expect(cleanName('\u200b ')).toBeNull();
    expect(cleanName('x'.repeat(33))).toBeNull();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (typed) => {
        const name = cleanName(typed);
        if (name === null) return;
        expect(name).not.toMatch(/[\p{C}\n]/u);
        expect(cleanName(name)).toBe(name);
      }),
    );
  });
});

describe('joining', () => {
  test('needs a name and the join code; the first one in is the teacher', async () => {
    const classroom = await createClassroom();
    const { joinCode } = classroom.server;
    const roles = async (person: Person) => record(await person.get(`/guilds/${person.guildId}/members/@me`)).roles;
    const first = await classroom.person('Marina');
    const second = await classroom.person('Ana');
    expect(await roles(first)).toHaveLength(1);
    expect(await roles(second)).toEqual([]);
    const code = async (body: object) => JSON.stringify((await register(classroom, body)).json.errors);
    expect(await code({ global_name: 'Téo', invite: 'WRONG1' })).toContain('INVITE_CODE_INVALID');
    expect(await code({ global_name: 'ana', invite: joinCode })).toContain('USERNAME_ALREADY_TAKEN');
    expect(await code({ global_name: ' ', invite: joinCode })).toContain('BASE_TYPE_BAD_LENGTH');
    expect((await register(classroom, { invite: joinCode })).json.code).toBe(50035);
    expect((await register(classroom, 'nonsense')).json.code).toBe(50035);
  });

  test('whoever has the teacher code is a teacher, without a join code', async () => {
    const classroom = await createClassroom();
    await classroom.person('Early bird');
    const second = await Person.join(classroom.server.apiUrl, 'Marina', '', {
      teacher_code: classroom.server.teacherCode,
    });
    expect(record(await second.get(`/guilds/${second.guildId}/members/@me`)).roles).toHaveLength(1);
    second.close();
    expect(
      (await register(classroom, { global_name: 'Téo', invite: classroom.server.joinCode, teacher_code: 'WRONG2' }))
        .status,
    ).toBe(400);
  });

  test('a return code makes one the same person on another computer', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const invite = classroom.server.joinCode;
    const again = await register(
      classroom,
      { login: 'ANA', password: ana.returnCode.toLowerCase(), invite },
      '/auth/login',
    );
    expect(again.json).toMatchObject({ user_id: ana.id, token: expect.any(String) });
    expect(again.json.token).not.toBe(ana.token);
    const wrong = await register(classroom, { login: 'Ana', password: 'WRONG3', invite }, '/auth/login');
    expect(JSON.stringify(wrong.json)).toContain('INVALID_LOGIN');
    const renewed = await ana.request('POST', `/guilds/${ana.guildId}/members/@me/return-code`);
    expect((await register(classroom, { login: 'Ana', password: ana.returnCode, invite }, '/auth/login')).status).toBe(
      400,
    );
    expect(
      (await register(classroom, { login: 'Ana', password: renewed.json.return_code, invite }, '/auth/login')).status,
    ).toBe(200);
  });

  test('wrong codes are counted: 10 a minute an address, and then not even the right one', async () => {
    let time = Date.now();
    const classroom = await createClassroom({ now: () => time });
    const attempt = (invite: string) => register(classroom, { global_name: 'Eve', invite });
    for (let guess = 0; guess < 10; guess++) expect((await attempt('AAAAAA')).status).toBe(400);
    const refused = await attempt(classroom.server.joinCode);
    expect(refused.status).toBe(429);
    expect(refused.json.retry_after).toBeGreaterThan(0);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    time += 61_000;
    expect((await attempt(classroom.server.joinCode)).status).toBe(200);
  });

  test('and 60 a minute from all addresses together', () => {
    const limits = new RateLimits();
    const now = Date.UTC(2026, 0, 1);
    for (let guess = 0; guess < 60; guess++) {
      const ip = `192.168.0.${guess % 12}`;
      limits.checkTry(ip, now);
      limits.failedTry(ip, now);
    }
    expect(() => limits.checkTry('192.168.0.99', now)).toThrow('rate limited');
    limits.checkTry('192.168.0.99', now + 60_000);
  });

  test('many may join from one address as long as they know the code', async () => {
    const classroom = await createClassroom();
    const people = await Promise.all(Array.from({ length: 40 }, (_, number) => classroom.person(`Pupil ${number}`)));
    expect(new Set(people.map(({ id }) => id)).size).toBe(40);
  });
});

describe('a teacher', () => {
  test('sees and renews the join code, which pupils may not', async () => {
    const classroom = await createClassroom();
    const teacher = await classroom.person('Marina');
    const ana = await classroom.person('Ana');
    const [invite] = (await teacher.get(`/guilds/${teacher.guildId}/invites`)).items as { code: string }[];
    expect(invite?.code).toBe(classroom.server.joinCode);
    expect((await ana.request('GET', `/guilds/${ana.guildId}/invites`)).json.code).toBe(50013);
    expect((await ana.request('DELETE', `/invites/${invite?.code}`)).json.code).toBe(50013);
    await teacher.request('DELETE', `/invites/${invite?.code}`);
    expect((await register(classroom, { global_name: 'Téo', invite: invite?.code })).status).toBe(400);
  });

  test('makes others teachers, and takes people out of the class at once', async () => {
    const classroom = await createClassroom();
    const teacher = await classroom.person('Marina');
    const ana = await classroom.person('Ana');
    const channelId = await ana.channelNamed('general');
    await ana.say(channelId, 'hello');
    const role = (await teacher.get(`/guilds/${teacher.guildId}/members/@me`)).roles as string[];
    expect((await ana.request('PATCH', `/guilds/${ana.guildId}/members/@me`, { roles: role })).json.code).toBe(50013);
    await teacher.request('PATCH', `/guilds/${teacher.guildId}/members/${ana.id}`, { roles: role });
    expect((await ana.get(`/guilds/${ana.guildId}/members/@me`)).roles).toEqual(role);
    expect((await teacher.request('DELETE', `/guilds/${teacher.guildId}/members/${ana.id}`)).json.code).toBe(50013);
    await teacher.request('PATCH', `/guilds/${teacher.guildId}/members/${ana.id}`, { roles: [] });
    const closed = new Promise<void>((resolve) => ana.socket?.once('close', () => resolve()));
    expect((await teacher.request('DELETE', `/guilds/${teacher.guildId}/members/${ana.id}`)).status).toBe(204);
    await closed;
    expect(ana.closeCode).toBe(4004);
    expect((await ana.request('GET', '/users/@me')).status).toBe(401);
    expect((await teacher.messages(channelId)).map(({ content }) => content)).toEqual(['hello']);
  });
});

describe('going', () => {
  test('logging out ends the token', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    expect((await ana.request('POST', '/auth/logout')).status).toBe(204);
    expect((await ana.request('GET', '/users/@me')).json).toEqual({ message: '401: Unauthorized', code: 0 });
  });

  test('erasing oneself leaves no byte of what one said', async () => {
    const classroom = await createClassroom();
    const teacher = await classroom.person('Marina');
    const ana = await classroom.person('Zuleika-Quirina');
    const channelId = await ana.channelNamed('general');
    await ana.say(channelId, 'xylophonic-secret');
    const form = new FormData();
    form.append('payload_json', '{}');
    form.append('files[0]', new Blob([PNG, 'pneumatic-file']), 'quetzal.png');
    await fetch(`${ana.api}/channels/${channelId}/messages`, {
      method: 'POST',
      headers: { authorization: ana.token },
      body: form,
    });
    const traces = ['xylophonic-secret', 'pneumatic-file', 'quetzal', 'Zuleika-Quirina'];
    const found = () => {
      const bytes = readdirSync(classroom.folder).map((name) => readFileSync(path.join(classroom.folder, name)));
      return traces.filter((trace) => bytes.some((file) => file.includes(trace)));
    };
    expect(found()).toEqual(traces);
    await teacher.say(channelId, 'mine stays');
    expect((await ana.request('DELETE', '/users/@me')).status).toBe(204);
    expect(found()).toEqual([]);
    expect((await teacher.next('MESSAGE_DELETE')).data).toMatchObject({ channel_id: channelId });
    expect((await teacher.messages(channelId)).map(({ content }) => content)).toEqual(['mine stays']);
    expect((await ana.request('GET', '/users/@me')).status).toBe(401);
  });

  test('the bot’s token opens nothing for people, nor theirs for the bot', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const ana = await classroom.person('Ana');
    const status = async (authorization: string, method: string, path: string) =>
      (await fetch(`${classroom.server.apiUrl}/v10${path}`, { method, headers: { authorization } })).status;
    expect(await status(classroom.server.botToken, 'GET', '/users/@me')).toBe(401);
    expect(await status(`Bot ${ana.token}`, 'GET', '/users/@me')).toBe(401);
    expect(await status(ana.token, 'GET', `/applications/${bot.application.id}/commands`)).toBe(403);
    expect(await status(ana.token, 'GET', '/gateway/bot')).toBe(403);
    expect(await status(`Bot ${classroom.server.botToken}`, 'POST', '/interactions')).toBe(403);
    expect(await status('', 'GET', `/channels/${textChannel(bot).id}/messages`)).toBe(401);
  });

  test('a person’s message has no cards and no components', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const channelId = await ana.channelNamed('general');
    const button = { type: 1, components: [{ type: 2, style: 1, label: 'x', custom_id: 'x' }] };
    const { json } = await ana.request('POST', `/channels/${channelId}/messages`, {
      content: 'x',
      embeds: [{ title: 'fake' }],
      components: [button],
    });
    expect(json).toMatchObject({ content: 'x', embeds: [], components: [] });
  });
});
