/** What is not let in: foreign hosts and origins, paths out of the page's folder, forged links; and what every answer forbids. */
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Hosts } from '../../src/local/hosts.ts';
import { createClassroom, PNG, type TestClassroom, textChannel } from './classroom.ts';

interface Raw {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A request whose path and headers go out exactly as they are. */
function raw(
  classroom: TestClassroom,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Raw> {
  const { hostname, port, host } = new URL(classroom.server.url);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ hostname, port, path, method, headers: { host, ...headers } }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    request.on('error', reject);
    request.end();
  });
}

/** The status line of an attempt to open the gateway. */
function upgrade(classroom: TestClassroom, headers: Record<string, string>, path = '/gateway'): Promise<string> {
  const { hostname, port, host } = new URL(classroom.server.url);
  const all = {
    Host: host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\n${Object.entries(all)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}\r\n`,
      );
    });
    socket.once('data', (data) => {
      resolve(data.toString().split('\r\n')[0] ?? '');
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

describe('Host and Origin', () => {
  test('a name that is not ours is refused everywhere', async () => {
    const classroom = await createClassroom();
    const { port } = new URL(classroom.server.url);
    for (const host of [
      `evil.example:${port}`,
      'evil.example',
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${port}`,
      `[::2]:${port}`,
    ]) {
      expect((await raw(classroom, '/', { host })).status, host).toBe(403);
      expect((await raw(classroom, '/api/v10/gateway', { host })).status, host).toBe(403);
      expect(await upgrade(classroom, { Host: host }), host).toContain('403');
    }
    for (const host of [`127.0.0.1:${port}`, `localhost:${port}`, `LOCALHOST:${port}`]) {
      expect((await raw(classroom, '/', { host })).status, host).toBe(200);
    }
  });

  test('a page of another origin may neither ask nor listen', async () => {
    const classroom = await createClassroom();
    const { port, origin } = new URL(classroom.server.url);
    for (const foreign of [
      'http://evil.example',
      'null',
      `https://127.0.0.1:${port}`,
      `http://localhost:${port}`,
      `http://127.0.0.1:${port}.evil.example`,
    ]) {
      expect((await raw(classroom, '/api/v10/gateway', { origin: foreign })).status, foreign).toBe(403);
      expect(await upgrade(classroom, { Origin: foreign }), foreign).toContain('403');
    }
    expect((await raw(classroom, '/api/v10/gateway', { origin })).status).toBe(200);
    expect(await upgrade(classroom, { Origin: origin })).toContain('101');
    expect(await upgrade(classroom, { Origin: origin }, '/elsewhere')).toContain('404');
  });

  test('on loopback only loopback names are known; opened to the network, also this computer’s addresses', () => {
    const loopback = new Hosts('127.0.0.1');
    const open = new Hosts('0.0.0.0');
    for (const address of open.lanAddresses()) {
      expect(loopback.isOurs(`${address}:8123`, 8123)).toBe(false);
      expect(open.isOurs(`${address}:8123`, 8123)).toBe(true);
    }
    fc.assert(
      fc.property(fc.domain(), fc.nat(65535), (name, port) => {
        expect(loopback.isOurs(`${name}:${port}`, port)).toBe(false);
      }),
    );
  });
});

describe('the page’s files', () => {
  test('are a closed list: no path leads anywhere else', async () => {
    const classroom = await createClassroom();
    const tries = [
      '/../package.json',
      '/..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/vendor/../../package.json',
      '/tsconfig.json',
      '//etc/passwd',
      '/page/app.js',
      '/app.js%00',
      '/texts/..%2f..%2ferrors.json',
      '/local-classroom.sqlite',
      '/.env',
      '\\..\\package.json',
    ];
    for (const path of tries) {
      const answer = await raw(classroom, path);
      expect([400, 403, 404], path).toContain(answer.status);
    }
  });

  test('an address that is none is refused, and the server goes on', async () => {
    const classroom = await createClassroom();
    for (const path of ['//', '//:', 'http://', '//[']) {
      expect((await raw(classroom, path)).status, path).toBe(404);
      expect(await upgrade(classroom, {}, path), path).toContain('404');
    }
    expect((await raw(classroom, '/')).status).toBe(200);
  });

  test('any path at all is answered, and never with a file of the project', async () => {
    const classroom = await createClassroom();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('..', '.', 'package.json', 'src', 'local', '%2e%2e', 'page', '%2f', 'vendor', ''), {
          maxLength: 6,
        }),
        async (parts) => {
          const answer = await raw(classroom, `/${parts.join('/')}`);
          expect(answer.body).not.toContain('"dependencies"');
          expect([200, 304, 403, 404]).toContain(answer.status);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('carry a policy without inline scripts, and the page has none', async () => {
    const classroom = await createClassroom();
    const page = await raw(classroom, '/');
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self';");
    expect(policy).not.toContain('unsafe');
    expect(policy).toContain("frame-ancestors 'none'");
    expect(page.headers['x-content-type-options']).toBe('nosniff');
    for (const [, attributes = '', inside = ''] of page.body.matchAll(/<script([^>]*)>([^<]*)<\/script>/g)) {
      expect(attributes).toContain('src="/');
      expect(inside.trim()).toBe('');
    }
    expect(page.body).not.toMatch(/ on\w+=|style=|<style/);
  });

  test('name preact and htm by our own addresses, and are not sent twice', async () => {
    const classroom = await createClassroom();
    for (const path of ['/app.js', '/html.js', '/vendor/preact-hooks.js', '/vendor/preact.js', '/vendor/htm.js']) {
      const file = await raw(classroom, path);
      expect(file.status, path).toBe(200);
      expect(file.body, path).not.toMatch(/from\s*["'](preact|htm)/);
      expect((await raw(classroom, path, { 'if-none-match': String(file.headers.etag) })).status, path).toBe(304);
    }
  });
});

describe('files of messages', () => {
  test('are had only by a signed link, are never run, and never sniffed', async () => {
    const classroom = await createClassroom();
    const bot = await classroom.bot();
    const html = Buffer.from('<script>alert(1)</script>');
    const message = await textChannel(bot).send({
      files: [
        { attachment: html, name: 'page.html' },
        { attachment: PNG, name: 'a.png' },
        { attachment: html, name: 'fake.png' },
      ],
    });
    const [page, picture, fake] = message.attachments.map(({ url }) => new URL(url));
    const headers = async (url: URL | undefined) => (await raw(classroom, `${url?.pathname}${url?.search}`)).headers;
    expect(await headers(page)).toMatchObject({
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining('sandbox'),
    });
    expect(String((await headers(page))['content-disposition'])).toMatch(/^attachment/);
    expect(await headers(picture)).toMatchObject({
      'content-type': 'image/png',
      'content-disposition': expect.stringMatching(/^inline/),
    });
    expect((await headers(fake))['content-type']).toBe('application/octet-stream');
    const forged = [
      `${page?.pathname}`,
      `${page?.pathname}${page?.search.replace(/hm=..../, 'hm=0000')}`,
      `${picture?.pathname}${page?.search}`,
      `${page?.pathname}?ex=ffffffff&hm=${page?.searchParams.get('hm')}`,
    ];
    for (const path of forged) expect((await raw(classroom, path)).status, path).toBe(404);
  });

  test('a link ends with its time', async () => {
    let time = Date.now();
    const classroom = await createClassroom({ now: () => time });
    const bot = await classroom.bot();
    const message = await textChannel(bot).send({ files: [{ attachment: PNG, name: 'a.png' }] });
    const url = new URL(message.attachments.first()?.url ?? '');
    expect((await raw(classroom, url.pathname + url.search)).status).toBe(200);
    time += 3 * 24 * 60 * 60_000;
    expect((await raw(classroom, url.pathname + url.search)).status).toBe(404);
  });
});

describe('requests', () => {
  test('that are too large, no JSON, or for nothing there are refused as Discord refuses them', async () => {
    const classroom = await createClassroom();
    const ana = await classroom.person('Ana');
    const channelId = await ana.channelNamed('general');
    const post = (body: string | FormData, type?: string) =>
      fetch(`${ana.api}/channels/${channelId}/messages`, {
        method: 'POST',
        headers: { authorization: ana.token, ...(type && { 'content-type': type }) },
        body,
      });
    expect((await post('{"content":', 'application/json')).status).toBe(400);
    expect((await post(JSON.stringify({ content: 'x'.repeat(3_000_000) }), 'application/json')).status).toBe(413);
    const form = new FormData();
    form.append('files[0]', new Blob([new Uint8Array(11 * 1024 * 1024)]), 'big.bin');
    expect(await (await post(form)).json()).toMatchObject({ code: 40005 });
    expect((await ana.request('GET', '/nothing')).json).toEqual({ message: '404: Not Found', code: 0 });
    expect((await ana.request('POST', '/users/@me')).status).toBe(405);
    expect((await ana.request('GET', '/channels/1574313896058028033')).json.code).toBe(10003);
    expect((await ana.request('GET', '/channels/%ff')).status).toBe(404);
    expect(await ana.messages(channelId)).toEqual([]);
  });

  test('that come too fast from one person are slowed down, saying for how long', async () => {
    const classroom = await createClassroom({ now: () => 1_800_000_000_000 });
    const ana = await classroom.person('Ana');
    const channelId = await ana.channelNamed('general');
    const statuses = [];
    for (let number = 0; number < 12; number++)
      statuses.push(await ana.request('POST', `/channels/${channelId}/messages`, { content: `${number}` }));
    expect(statuses.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 200), 429, 429]);
    expect(statuses[11]?.json).toMatchObject({ retry_after: 10, global: false });
  });
});
