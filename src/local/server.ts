/** The HTTP side: who may ask at all, then the page, files of messages, or Discord's REST API. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { readerLocale } from '../i18n/index.ts';
import { isDiskFull } from './database.ts';
import { Hosts } from './hosts.ts';
import { isSignedPath } from './message-json.ts';
import { loadPages } from './pages.ts';
import { type Body, readBody } from './rest/body.ts';
import { ApiError, refusals } from './rest/errors.ts';
import { RateLimits } from './rest/rate-limit.ts';
import { compileRoutes, findRoute, type RestRequest } from './rest/router.ts';
import { accountRoutes } from './rest/routes/account.ts';
import { applicationRoutes } from './rest/routes/application.ts';
import { channelRoutes } from './rest/routes/channels.ts';
import { guildRoutes } from './rest/routes/guild.ts';
import { interactionRoutes } from './rest/routes/interactions.ts';
import { threadRoutes } from './rest/routes/threads.ts';
import type { World } from './world.ts';

const API_PATH = /^\/api(?:\/v\d+)?(\/.*)$/;
const ATTACHMENT_PATH = /^\/attachments\/(\d+)\/(\d+)\/[^/]+$/;

/** No inline script or style, nothing from elsewhere, no framing. */
const SECURITY_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
} as const;

export interface HttpSide {
  server: Server;
  hosts: Hosts;
}

export function createHttpSide(world: World, host: string): HttpSide {
  const hosts = new Hosts(host);
  const pages = loadPages();
  const limits = new RateLimits();
  const routes = compileRoutes([
    accountRoutes(limits),
    applicationRoutes,
    channelRoutes,
    threadRoutes,
    guildRoutes,
    interactionRoutes,
  ]);
  const server = createServer((request, response) => {
    void handle(request, response).catch((error: unknown) => fail(response, error));
  });
  server.on('upgrade', (request, socket, head) => upgrade(request, socket, head));
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (!isAllowed(request)) return refuse(response, 403, 'This server is not reached under that name.');
    const url = addressOf(request);
    if (url === null) return refuse(response, 404, 'There is no such page.');
    const api = API_PATH.exec(url.pathname);
    if (api !== null) return answerApi(request, response, api[1] ?? '', url.searchParams);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405, 'Method not allowed');
    const file = ATTACHMENT_PATH.exec(url.pathname);
    if (file !== null) return sendAttachment(response, file[1] ?? '', file[2] ?? '', url.searchParams);
    return sendPage(request, response, url.pathname);
  }

  function isAllowed(request: IncomingMessage): boolean {
    const { host: asked, origin } = request.headers;
    return hosts.isOurs(asked, portOf(request)) && hosts.isSameOrigin(origin, asked);
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const path = addressOf(request)?.pathname;
    const isGateway = path === '/gateway' || path === '/gateway/';
    if (!isAllowed(request) || !isGateway) {
      socket.end(
        `HTTP/1.1 ${isGateway ? '403 Forbidden' : '404 Not Found'}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
      );
      return;
    }
    world.gateway.accept(request, socket, head, `http://${request.headers.host}`);
  }

  async function answerApi(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    query: URLSearchParams,
  ): Promise<void> {
    const method = request.method ?? 'GET';
    const { route, params } = findRoute(routes, method, path);
    const token = tokenOf(request);
    const user = token === null ? null : world.people.byToken(token.secret);
    if (token !== null && (user === null || token.isBot !== (user.role === 'bot'))) throw refusals.unauthorized();
    if (user?.role === 'bot') setHeaders(response, limits.bot(user.id, route.bucket, world.now()));
    else if (user !== null) limits.person(user.id, route.bucket, world.now());
    const body: Body = await readBody(request);
    const rest: RestRequest = {
      world,
      params,
      query,
      body: body.json,
      files: body.files,
      user,
      token: token?.secret ?? null,
      base: `http://${request.headers.host}`,
      ip: request.socket.remoteAddress ?? '',
      locale: localeOf(request, user?.locale),
    };
    const result = route.handler(rest);
    if (result === undefined) {
      response.writeHead(204);
      response.end();
    } else sendJson(response, 200, result);
  }

  function sendAttachment(response: ServerResponse, channelId: string, id: string, query: URLSearchParams): void {
    const isSigned = isSignedPath(world, channelId, id, query.get('ex') ?? '', query.get('hm') ?? '');
    const file = isSigned ? world.messages.file(id) : null;
    if (file === null) {
      refuse(response, 404, 'This file is not there, or its link has expired.');
      return;
    }
    const isImage = file.contentType.startsWith('image/');
    const name = encodeURIComponent(file.filename).replaceAll("'", '%27');
    response.writeHead(200, {
      'content-type': file.contentType,
      'content-length': file.data.length,
      'content-disposition': `${isImage ? 'inline' : 'attachment'}; filename*=UTF-8''${name}`,
      'content-security-policy': "default-src 'none'; sandbox",
      'cache-control': 'private, max-age=86400, immutable',
    });
    response.end(file.data);
  }

  function sendPage(request: IncomingMessage, response: ServerResponse, path: string): void {
    const page = pages.get(path);
    if (page === undefined) {
      refuse(response, 404, 'There is no such page.');
      return;
    }
    response.setHeader('etag', page.etag);
    response.setHeader('cache-control', 'no-cache');
    if (request.headers['if-none-match'] === page.etag) {
      response.writeHead(304);
      response.end();
      return;
    }
    response.writeHead(200, { 'content-type': page.type, 'content-length': page.body.length });
    response.end(request.method === 'HEAD' ? undefined : page.body);
  }

  function fail(response: ServerResponse, cause: unknown): void {
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const error = isDiskFull(cause) ? refusals.diskFull() : cause;
    if (!(error instanceof ApiError)) {
      console.error('local classroom:', error);
      sendJson(response, 500, { message: '500: Internal Server Error', code: 0 });
      return;
    }
    setHeaders(response, error.headers);
    // A body that was not read to its end would be taken for the next request.
    if (error.status === 413) response.setHeader('connection', 'close');
    sendJson(response, error.status, error.toJson());
  }

  return { server, hosts };
}

/** What is asked for; null if it is no address at all. */
function addressOf(request: IncomingMessage): URL | null {
  const { url = '/' } = request;
  return URL.canParse(url, 'http://localhost') ? new URL(url, 'http://localhost') : null;
}

function tokenOf(request: IncomingMessage): { secret: string; isBot: boolean } | null {
  const header = request.headers.authorization;
  if (header === undefined || header === '') return null;
  const isBot = header.startsWith('Bot ');
  return { secret: isBot ? header.slice('Bot '.length) : header, isBot };
}

/** Discord's clients name their language in a header of its own. */
function localeOf(request: IncomingMessage, fallback: string | undefined): string {
  const header = request.headers['x-discord-locale'];
  const tag = typeof header === 'string' ? header : fallback;
  return readerLocale(tag ?? request.headers['accept-language']) === 'pt-BR' ? 'pt-BR' : 'en-US';
}

function portOf(request: IncomingMessage): number {
  return request.socket.localPort ?? 0;
}

function setHeaders(response: ServerResponse, headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
  });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(message),
  });
  response.end(message);
}
