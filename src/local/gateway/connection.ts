/**
 * One websocket: HELLO, IDENTIFY or RESUME in the first frame, then heartbeats. Follows Discord's gateway: its opcodes, its
 * close codes, its limits (4096 bytes a payload and 120 payloads a minute).
 */
import { GatewayCloseCodes as Close, GatewayOpcodes as Op } from 'discord-api-types/v10';
import type { RawData, WebSocket } from 'ws';
import type { User } from '../people.ts';
import type { Session, SessionOptions } from './session.ts';

export const HEARTBEAT_MS = 41_250;
const MAX_PAYLOAD_BYTES = 4096;
const MAX_PAYLOADS_A_MINUTE = 120;
const IDENTIFY_WITHIN_MS = 20_000;
/** Browsers slow the timers of hidden pages to one a minute. */
const SILENCE_MS = 2.5 * HEARTBEAT_MS;
const ALL_INTENTS = 2 ** 26 - 1;

export interface Reception {
  authenticate(token: string): User | null;
  /** Starts a session on this socket and sends READY and what follows it. */
  open(options: SessionOptions, socket: WebSocket): Session;
  find(sessionId: string): Session | null;
  resumed(session: Session): void;
  lost(session: Session, isFinal: boolean): void;
  memberEvents(session: Session, request: Record<string, unknown>): void;
}

export class Connection {
  readonly #socket: WebSocket;
  readonly #reception: Reception;
  readonly #base: string;
  #session: Session | null = null;
  #heardAt = Date.now();
  #watch: NodeJS.Timeout;
  #window = { start: Date.now(), count: 0 };

  constructor(socket: WebSocket, reception: Reception, base: string) {
    this.#socket = socket;
    this.#reception = reception;
    this.#base = base;
    socket.on('message', (data) => this.#receive(data));
    socket.on('close', (code) => this.#closed(code));
    socket.on('error', () => socket.terminate());
    this.#send({ op: Op.Hello, d: { heartbeat_interval: HEARTBEAT_MS } });
    this.#watch = setInterval(() => this.#checkSilence(), 5000);
    this.#watch.unref();
  }

  get isIdentified(): boolean {
    return this.#session !== null;
  }

  #checkSilence(): void {
    const silent = Date.now() - this.#heardAt;
    if (this.#session === null && silent > IDENTIFY_WITHIN_MS)
      this.#socket.close(Close.NotAuthenticated, 'Not authenticated.');
    else if (silent > SILENCE_MS) this.#socket.close(Close.SessionTimedOut, 'Session timed out.');
  }

  #receive(raw: RawData): void {
    // What was still on its way when the connection was refused does not count any more.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    try {
      this.#handle(raw.toString());
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#socket.close(error.code, error.message);
    }
  }

  #handle(text: string): void {
    if (this.#isTooMuch()) throw new Refusal(Close.RateLimited, 'You are being rate limited.');
    const payload = text.length > MAX_PAYLOAD_BYTES ? null : parse(text);
    if (payload === null) throw undecodable();
    this.#heardAt = Date.now();
    switch (payload.op) {
      case Op.Heartbeat:
        if (typeof payload.d === 'number') this.#session?.acknowledge(payload.d);
        this.#send({ op: Op.HeartbeatAck });
        break;
      case Op.Identify:
        this.#identify(payload.d);
        break;
      case Op.Resume:
        this.#resume(payload.d);
        break;
      case Op.RequestGuildMembers:
        if (this.#session === null) throw new Refusal(Close.NotAuthenticated, 'Not authenticated.');
        this.#reception.memberEvents(this.#session, isRecord(payload.d) ? payload.d : {});
        break;
      case Op.PresenceUpdate:
      case Op.VoiceStateUpdate:
        break;
      default:
        throw new Refusal(Close.UnknownOpcode, 'Unknown opcode.');
    }
  }

  #identify(data: unknown): void {
    if (!isRecord(data) || typeof data.token !== 'string') throw undecodable();
    const { token, user } = this.#authenticate(data.token);
    const isBot = user.role === 'bot';
    const { intents } = data;
    const areIntents =
      typeof intents === 'number' && Number.isInteger(intents) && intents >= 0 && intents <= ALL_INTENTS;
    if (isBot && !areIntents) throw new Refusal(Close.InvalidIntents, 'Invalid intent(s).');
    if (Array.isArray(data.shard) && data.shard[1] !== 1) throw new Refusal(Close.InvalidShard, 'Invalid shard.');
    const options = { user, token, intents: isBot && areIntents ? intents : null, base: this.#base };
    this.#session = this.#reception.open(options, this.#socket);
  }

  #resume(data: unknown): void {
    if (!isRecord(data) || typeof data.token !== 'string' || typeof data.seq !== 'number') throw undecodable();
    const { token } = this.#authenticate(data.token);
    const session = this.#reception.find(String(data.session_id));
    if (session === null || session.token !== token) {
      this.#send({ op: Op.InvalidSession, d: false });
      return;
    }
    if (data.seq > session.sequence) throw new Refusal(Close.InvalidSeq, 'Invalid seq.');
    const old = session.socket;
    session.socket = this.#socket;
    if (old !== null) old.terminate();
    if (!session.replay(data.seq)) {
      session.socket = null;
      this.#reception.lost(session, true);
      this.#send({ op: Op.InvalidSession, d: false });
      return;
    }
    this.#session = session;
    this.#reception.resumed(session);
  }

  #authenticate(given: string): { token: string; user: User } {
    if (this.#session !== null) throw new Refusal(Close.AlreadyAuthenticated, 'Already authenticated.');
    const token = given.replace(/^Bot /, '');
    const user = this.#reception.authenticate(token);
    if (user === null) throw new Refusal(Close.AuthenticationFailed, 'Authentication failed.');
    return { token, user };
  }

  #closed(code: number): void {
    clearInterval(this.#watch);
    const session = this.#session;
    if (session === null || session.socket !== this.#socket) return;
    session.socket = null;
    // Discord's rule: a client that says goodbye (1000, 1001) ends its session; any other loss may be resumed.
    this.#reception.lost(session, code === 1000 || code === 1001);
  }

  #isTooMuch(): boolean {
    const now = Date.now();
    if (now - this.#window.start > 60_000) this.#window = { start: now, count: 0 };
    return ++this.#window.count > MAX_PAYLOADS_A_MINUTE;
  }

  #send(payload: { op: number; d?: unknown }): void {
    if (this.#socket.readyState === this.#socket.OPEN)
      this.#socket.send(JSON.stringify({ t: null, s: null, ...payload }));
  }
}

/** Ends the connection with one of Discord's close codes. */
class Refusal extends Error {
  readonly code: number;

  constructor(code: number, reason: string) {
    super(reason);
    this.code = code;
  }
}

function undecodable(): Refusal {
  return new Refusal(Close.DecodeError, 'Error while decoding payload.');
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
