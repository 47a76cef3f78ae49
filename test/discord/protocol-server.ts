/**
 * A small server that speaks Discord's protocol (REST v10 and gateway), for tests: it keeps guilds, channels and messages
 * in memory, lets a test act as a user, drop the gateway, or make the next requests fail. Written from Discord's
 * documentation and on purpose apart from src/local: the bot has to work with any server that speaks the protocol.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export type Json = Record<string, unknown>;

export interface StoredMessage extends Json {
  id: string;
  channel_id: string;
  content: string;
  embeds: Json[];
  components: { components: Json[] }[];
  files: { filename: string; size: number; data: Buffer }[];
}

export interface Recorded {
  method: string;
  path: string;
  body: Json;
  files: { filename: string; data: Buffer }[];
}

interface Fault {
  method: string;
  path: RegExp;
  /** 0: the request is carried out, but its answer is lost on the way. */
  status: number;
  body: Json;
  headers: Record<string, string>;
  times: number;
}

interface GatewaySession {
  id: string;
  sequence: number;
  sent: { s: number; text: string }[];
  socket: WebSocket | null;
}

/** How an interaction was answered: the callback as sent, and what "@original" says by now. */
export interface InteractionRecord {
  id: string;
  token: string;
  channelId: string;
  sourceMessageId: string | null;
  callback: Json | null;
  original: StoredMessage | null;
  followUps: StoredMessage[];
}

export interface ProtocolServerOptions {
  token?: string;
  /** Intent bits that are refused with close code 4014. */
  refusedIntents?: number;
  heartbeatInterval?: number;
}

const MESSAGE_LIMIT = 2000;
const EPHEMERAL = 64;

export class ProtocolServer {
  readonly applicationId = '900000000000000001';
  readonly botId = '900000000000000001';
  readonly guildId = '100000000000000001';
  readonly channelId = '200000000000000001';
  readonly roleId = '700000000000000001';
  readonly token: string;
  readonly requests: Recorded[] = [];
  readonly messages = new Map<string, StoredMessage>();
  readonly interactions = new Map<string, InteractionRecord>();
  readonly channels = new Map<string, Json>();
  readonly commands = new Map<string, Json[]>();
  identifies = 0;
  resumes = 0;
  connections = 0;
  /** Takes gateway connections, but says nothing on them. */
  mute = false;
  url = '';
  readonly #options: ProtocolServerOptions;
  readonly #http: Server;
  readonly #gateway: WebSocketServer;
  readonly #sessions = new Map<string, GatewaySession>();
  readonly #nonces = new Map<string, string>();
  readonly #faults: Fault[] = [];
  readonly #watchers = new Set<() => void>();
  #nextId = 300000000000000001n;

  constructor(options: ProtocolServerOptions = {}) {
    this.#options = options;
    this.token = options.token ?? 'TEST.TOKEN.VALUE';
    this.channels.set(this.channelId, this.#channel(this.channelId, 0, 'class'));
    this.#http = createServer((request, response) => void this.#serve(request, response));
    this.#gateway = new WebSocketServer({ server: this.#http });
    this.#gateway.on('connection', (socket) => this.#connected(socket));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.url = `127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    return this;
  }

  get apiUrl(): string {
    return `http://${this.url}/api`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#gateway.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  id(): string {
    this.#nextId += 1n;
    return String(this.#nextId);
  }

  /** The next `times` requests that match are answered with `status`. */
  fail(
    method: string,
    path: RegExp,
    status: number,
    body: Json,
    headers: Record<string, string> = {},
    times = 1,
  ): void {
    this.#faults.push({ method, path, status, body, headers, times });
  }

  /** The next matching request is carried out, but the bot never hears so. */
  loseAnswer(method: string, path: RegExp): void {
    this.fail(method, path, 0, {});
  }

  dropGateway(code: number): void {
    for (const session of this.#sessions.values()) session.socket?.close(code);
  }

  /** Sends an event to the bot; kept for a resume when the bot is away. */
  dispatch(t: string, d: Json): void {
    for (const session of this.#sessions.values()) {
      session.sequence += 1;
      const text = JSON.stringify({ op: 0, t, s: session.sequence, d });
      session.sent.push({ s: session.sequence, text });
      if (session.socket?.readyState === 1) session.socket.send(text);
    }
  }

  deleteChannel(id: string): void {
    const channel = this.channels.get(id)!;
    this.channels.delete(id);
    this.dispatch(channel.type === 11 ? 'THREAD_DELETE' : 'CHANNEL_DELETE', channel);
  }

  /** A message of the bot's with nothing in it, kept nowhere. */
  blankMessage(channelId: string): StoredMessage {
    return this.#message(channelId, this.#bot(), { body: {}, files: [] });
  }

  /** Messages of a channel, oldest first. */
  inChannel(channelId: string): StoredMessage[] {
    return [...this.messages.values()].filter((message) => message.channel_id === channelId);
  }

  /** Waits until `look` returns something; looks again after everything that happens. */
  async until<T>(look: () => T | undefined | null | false, what: string, milliseconds = 20_000): Promise<T> {
    const deadline = AbortSignal.timeout(milliseconds);
    for (;;) {
      const found = look();
      if (found) return found;
      if (deadline.aborted) throw new Error(`still waiting for: ${what}`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#watchers.delete(done);
          clearTimeout(soon);
          resolve();
        };
        // What is waited for may also happen beside the server, in the store.
        const soon = setTimeout(done, 20);
        this.#watchers.add(done);
      });
    }
  }

  #happened(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #channel(id: string, type: number, name: string, more: Json = {}): Json {
    return { id, type, name, guild_id: this.guildId, position: 0, permission_overwrites: [], parent_id: null, ...more };
  }

  // ── gateway ────────────────────────────────────────────────────────────────────────────────────────────────────

  #connected(socket: WebSocket): void {
    this.connections += 1;
    this.#happened();
    if (this.mute) return;
    let session: GatewaySession | null = null;
    const send = (packet: Json): void => socket.send(JSON.stringify(packet));
    send({ op: 10, t: null, s: null, d: { heartbeat_interval: this.#options.heartbeatInterval ?? 45_000 } });
    socket.on('message', (raw) => {
      const packet = JSON.parse(String(raw)) as { op: number; d: Json };
      if (packet.op === 1) send({ op: 11, t: null, s: null, d: null });
      if (packet.op === 2) session = this.#identify(socket, packet.d);
      if (packet.op === 6) session = this.#resume(socket, packet.d);
      this.#happened();
    });
    socket.on('close', () => {
      if (session?.socket === socket) session.socket = null;
      this.#happened();
    });
  }

  #identify(socket: WebSocket, data: Json): GatewaySession | null {
    this.identifies += 1;
    if (data.token !== this.token) {
      socket.close(4004);
      return null;
    }
    if (Number(data.intents) & (this.#options.refusedIntents ?? 0)) {
      socket.close(4014);
      return null;
    }
    const session: GatewaySession = { id: `session-${this.id()}`, sequence: 0, sent: [], socket };
    this.#sessions.clear();
    this.#sessions.set(session.id, session);
    this.dispatch('READY', {
      v: 10,
      user: this.#bot(),
      guilds: [{ id: this.guildId, unavailable: true }],
      session_id: session.id,
      resume_gateway_url: `ws://${this.url}`,
      application: { id: this.applicationId, flags: 0 },
      shard: [0, 1],
    });
    this.dispatch('GUILD_CREATE', this.#guild());
    return session;
  }

  #resume(socket: WebSocket, data: Json): GatewaySession | null {
    this.resumes += 1;
    const session = this.#sessions.get(String(data.session_id));
    if (!session) {
      socket.send(JSON.stringify({ op: 9, t: null, s: null, d: false }));
      return null;
    }
    session.socket = socket;
    for (const { s, text } of session.sent) if (s > Number(data.seq)) socket.send(text);
    session.sequence += 1;
    socket.send(JSON.stringify({ op: 0, t: 'RESUMED', s: session.sequence, d: {} }));
    return session;
  }

  #bot(): Json {
    return {
      id: this.botId,
      username: 'brain-factory',
      discriminator: '0',
      avatar: null,
      bot: true,
      global_name: null,
    };
  }

  #guild(): Json {
    const role = {
      permissions: '0',
      position: 0,
      color: 0,
      hoist: false,
      managed: false,
      mentionable: false,
      flags: 0,
    };
    return {
      id: this.guildId,
      name: 'Test class',
      owner_id: '400000000000000001',
      preferred_locale: 'en-US',
      roles: [
        { ...role, id: this.guildId, name: '@everyone' },
        { ...role, id: this.roleId, name: 'Teaching staff', position: 1 },
      ],
      channels: [...this.channels.values()].filter((channel) => channel.type !== 11),
      threads: [...this.channels.values()].filter((channel) => channel.type === 11),
      members: [],
      member_count: 4,
      joined_at: '2026-01-01T00:00:00.000Z',
      large: false,
      unavailable: false,
      ...{ emojis: [], stickers: [], features: [], voice_states: [], presences: [], stage_instances: [] },
      ...{ guild_scheduled_events: [], soundboard_sounds: [], verification_level: 0, default_message_notifications: 0 },
      ...{ explicit_content_filter: 0, mfa_level: 0, nsfw_level: 0, premium_tier: 0, system_channel_flags: 0 },
    };
  }

  // ── REST ───────────────────────────────────────────────────────────────────────────────────────────────────────

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', `http://${this.url}`);
    const path = url.pathname.replace(/^\/api\/v10/, '');
    const method = request.method ?? 'GET';
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const recorded: Recorded = { method, path, ...(await readBody(request, Buffer.concat(chunks))) };
    this.requests.push(recorded);
    const fault = this.#faults.find((each) => each.times > 0 && each.method === method && each.path.test(path));
    let answer: { status: number; body: Json | Json[] | null };
    let headers: Record<string, string> = {};
    if (fault?.status === 0) {
      fault.times -= 1;
      this.#route(recorded, url.searchParams);
      response.destroy();
      this.#happened();
      return;
    }
    if (fault) {
      fault.times -= 1;
      answer = { status: fault.status, body: fault.body };
      headers = fault.headers;
    } else if (!path.startsWith('/interactions/') && !path.startsWith('/webhooks/') && !this.#authorised(request)) {
      answer = { status: 401, body: { code: 0, message: '401: Unauthorized' } };
    } else {
      answer = this.#route(recorded, url.searchParams);
    }
    if (answer.body === null) response.writeHead(answer.status, headers).end();
    else {
      response.writeHead(answer.status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(answer.body));
    }
    this.#happened();
  }

  #authorised(request: IncomingMessage): boolean {
    return request.headers.authorization === `Bot ${this.token}`;
  }

  #route(recorded: Recorded, query: URLSearchParams): { status: number; body: Json | Json[] | null } {
    const { method, path, body } = recorded;
    const parts = path.split('/').slice(1);
    const route = `${method} ${parts.map((part) => (/^\d+$/.test(part) ? ':id' : part)).join('/')}`;
    const ok = (answer: Json | Json[]): { status: number; body: Json | Json[] } => ({ status: 200, body: answer });
    const missing = (code: number, message: string) => ({ status: 404, body: { code, message } });

    if (route === 'GET gateway/bot') {
      const limits = { total: 1000, remaining: 999, reset_after: 3_600_000, max_concurrency: 1 };
      return ok({ url: `ws://${this.url}`, shards: 1, session_start_limit: limits });
    }
    if (route === 'GET applications/@me') return ok({ id: this.applicationId, name: 'brain-factory' });
    if (route === 'GET applications/:id/commands' || route === 'GET applications/:id/guilds/:id/commands') {
      return ok(this.commands.get(path) ?? []);
    }
    if (route === 'PUT applications/:id/commands' || route === 'PUT applications/:id/guilds/:id/commands') {
      const list = (body as unknown as Json[]).map((command) => this.#asStoredCommand(command));
      this.commands.set(path, list);
      return ok(list);
    }
    if (method === 'POST' && parts[0] === 'interactions') {
      return this.#callback(parts[1]!, recorded, query.get('with_response') === 'true');
    }
    if (parts[0] === 'webhooks') return this.#webhook(method, parts, recorded);
    if (parts[0] === 'channels') {
      const channel = this.channels.get(parts[1]!);
      if (!channel) return missing(10003, 'Unknown Channel');
      if (route === 'GET channels/:id') return ok(channel);
      if (route === 'POST channels/:id/threads') return { status: 201, body: this.#startThread(parts[1]!, body) };
      const problem = method === 'DELETE' ? null : messageProblem(body);
      if (problem) return { status: 400, body: { code: 50035, message: `Invalid Form Body: ${problem}` } };
      if (route === 'POST channels/:id/messages') return ok(this.#post(parts[1]!, recorded));
      const message = this.messages.get(parts[3]!);
      if (!message) return missing(10008, 'Unknown Message');
      if (route === 'GET channels/:id/messages/:id') return ok(message);
      if (route === 'DELETE channels/:id/messages/:id') {
        this.messages.delete(message.id);
        this.dispatch('MESSAGE_DELETE', { id: message.id, channel_id: parts[1]!, guild_id: this.guildId });
        return { status: 204, body: null };
      }
      if (route === 'PATCH channels/:id/messages/:id') {
        this.#change(message, recorded);
        this.dispatch('MESSAGE_UPDATE', publicPart(message));
        return ok(publicPart(message));
      }
    }
    return missing(0, `no route ${route}`);
  }

  /** As Discord does: fills in what was left out and forgets empty parts. */
  #asStoredCommand(command: Json): Json {
    const filled = { default_member_permissions: null, nsfw: false, name_localizations: null, ...command };
    return { ...filled, id: this.id(), application_id: this.applicationId, version: this.id(), dm_permission: true };
  }

  #startThread(parentId: string, body: Json): Json {
    const id = this.id();
    const meta = { archived: false, auto_archive_duration: body.auto_archive_duration, locked: false };
    const thread = this.#channel(id, Number(body.type), String(body.name), {
      parent_id: parentId,
      owner_id: this.botId,
      thread_metadata: { ...meta, archive_timestamp: '2026-01-01T00:00:00.000Z' },
      message_count: 0,
      member_count: 1,
    });
    this.channels.set(id, thread);
    this.dispatch('THREAD_CREATE', { ...thread, newly_created: true });
    return thread;
  }

  #post(channelId: string, recorded: Recorded): Json {
    const { nonce, enforce_nonce } = recorded.body;
    const key = `${channelId} ${String(nonce)}`;
    const known = enforce_nonce ? this.#nonces.get(key) : undefined;
    if (known) return publicPart(this.messages.get(known)!);
    const message = this.#message(channelId, this.#bot(), recorded);
    this.messages.set(message.id, message);
    if (enforce_nonce) this.#nonces.set(key, message.id);
    this.dispatch('MESSAGE_CREATE', { ...publicPart(message), guild_id: this.guildId, nonce });
    return publicPart(message);
  }

  #message(channelId: string, author: Json, { body, files }: Pick<Recorded, 'body' | 'files'>): StoredMessage {
    const message: StoredMessage = {
      id: this.id(),
      channel_id: channelId,
      author,
      content: '',
      embeds: [],
      components: [],
      files: [],
      ...{ attachments: [], mentions: [], mention_roles: [], mention_everyone: false, pinned: false, tts: false },
      ...{ timestamp: '2026-01-01T00:00:00.000Z', edited_timestamp: null, type: 0 },
    };
    this.#change(message, { body, files });
    return message;
  }

  #change(message: StoredMessage, { body, files }: Pick<Recorded, 'body' | 'files'>): void {
    if (body.content !== undefined) message.content = String(body.content ?? '');
    if (body.embeds !== undefined) message.embeds = body.embeds as Json[];
    if (body.components !== undefined) message.components = body.components as StoredMessage['components'];
    if (body.message_reference !== undefined) message.message_reference = body.message_reference;
    if (body.flags !== undefined) message.flags = body.flags;
    if (body.attachments !== undefined) {
      message.files = files.map(({ filename, data }) => ({ filename, size: data.byteLength, data }));
    }
  }

  #callback(id: string, recorded: Recorded, withResponse: boolean): { status: number; body: Json | null } {
    const interaction = this.interactions.get(id);
    if (!interaction) return { status: 404, body: { code: 10062, message: 'Unknown interaction' } };
    if (interaction.callback) {
      return { status: 400, body: { code: 40060, message: 'Interaction has already been acknowledged.' } };
    }
    const data = (recorded.body.data ?? {}) as Json;
    const problem = recorded.body.type === 4 || recorded.body.type === 7 ? messageProblem(data) : null;
    if (problem) return { status: 400, body: { code: 50035, message: problem } };
    interaction.callback = recorded.body;
    if (recorded.body.type === 4)
      interaction.original = this.#reply(interaction, { body: data, files: recorded.files });
    if (recorded.body.type === 6 && interaction.sourceMessageId) {
      interaction.original = this.messages.get(interaction.sourceMessageId) ?? null;
    }
    return withResponse
      ? { status: 200, body: { interaction: { id, type: 2 }, resource: null } }
      : { status: 204, body: null };
  }

  /** A reply everybody sees stands in the channel; an ephemeral one only in the interaction's record. */
  #reply(interaction: InteractionRecord, recorded: Pick<Recorded, 'body' | 'files'>): StoredMessage {
    const message = this.#message(interaction.channelId, this.#bot(), recorded);
    if (!(Number(message.flags ?? 0) & EPHEMERAL)) this.messages.set(message.id, message);
    return message;
  }

  #webhook(method: string, parts: string[], recorded: Recorded): { status: number; body: Json | null } {
    const interaction = [...this.interactions.values()].find((each) => each.token === parts[2]);
    if (!interaction?.callback) return { status: 404, body: { code: 10015, message: 'Unknown Webhook' } };
    const problem = messageProblem(recorded.body);
    if (problem) return { status: 400, body: { code: 50035, message: problem } };
    if (method === 'PATCH') {
      const flags = ((interaction.callback.data ?? {}) as Json).flags;
      if (interaction.original) this.#change(interaction.original, recorded);
      else {
        const body = flags === undefined ? recorded.body : { ...recorded.body, flags };
        interaction.original = this.#reply(interaction, { body, files: recorded.files });
      }
      return { status: 200, body: publicPart(interaction.original) };
    }
    const followUp = this.#reply(interaction, recorded);
    interaction.followUps.push(followUp);
    return { status: 200, body: publicPart(followUp) };
  }
}

const publicPart = ({ files, ...message }: StoredMessage): Json => ({
  ...message,
  attachments: files.map(({ filename, size }, id) => ({
    id: String(id + 1),
    filename,
    size,
    url: `http://cdn/${filename}`,
  })),
});

/** A few of Discord's own checks, so that a message it would refuse is refused here. */
function messageProblem(body: Json): string | null {
  const content = String(body.content ?? '');
  if (content.length > MESSAGE_LIMIT) return 'content: Must be 2000 or fewer in length.';
  const mentions = body.allowed_mentions as { parse?: unknown[] } | undefined;
  if (mentions?.parse?.length !== 0) return 'allowed_mentions: this server wants parse: [] in every message';
  if (((body.components ?? []) as unknown[]).length > 5) return 'components: Must be 5 or fewer in length.';
  const empty = content.trim() === '' && !((body.embeds ?? []) as unknown[]).length;
  if (empty && !((body.attachments ?? []) as unknown[]).length) return 'Cannot send an empty message';
  return null;
}

async function readBody(request: IncomingMessage, raw: Buffer): Promise<Pick<Recorded, 'body' | 'files'>> {
  const type = request.headers['content-type'] ?? '';
  if (raw.length === 0) return { body: {}, files: [] };
  if (!type.startsWith('multipart/form-data')) return { body: JSON.parse(raw.toString('utf8')) as Json, files: [] };
  const form = await new Response(new Uint8Array(raw), { headers: { 'content-type': type } }).formData();
  const files: Recorded['files'] = [];
  for (const [, value] of form) {
    if (typeof value !== 'string') files.push({ filename: value.name, data: Buffer.from(await value.arrayBuffer()) });
  }
  return { body: JSON.parse(String(form.get('payload_json') ?? '{}')) as Json, files };
}
