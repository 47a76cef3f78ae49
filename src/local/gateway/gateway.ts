/** All listeners: who is connected, which sessions may still be resumed, and the way every event takes to those it is for. */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import type { User } from '../people.ts';
import { Connection, type Reception } from './connection.ts';
import { Session, type SessionOptions } from './session.ts';

export const MAX_SOCKETS = 500;
export const MAX_FRAME_BYTES = 64 * 1024;
const RESUME_WITHIN_MS = 2 * 60_000;
const OFFLINE_AFTER_MS = 5000;
/** RFC 6455's registry: "try again later". */
const CLOSE_TRY_AGAIN_LATER = 1013;

export interface GatewayEvent {
  name: string;
  /** The intent a bot needs to hear it; 0 for none. */
  intent: number;
  /** Who it is for; everyone if absent. */
  to?: (user: User, session: Session) => boolean;
  /** The payload for one listener. Listeners with the same `key` share it. */
  data: (session: Session) => unknown;
  key?: (session: Session) => string;
}

export interface GatewayHooks {
  authenticate(token: string): User | null;
  /** What a new session is told: READY's payload and the events after it. */
  welcome(session: Session): { ready: unknown; events: { name: string; data: unknown }[] };
  members(session: Session, request: Record<string, unknown>): unknown;
  presence(user: User, isOnline: boolean): void;
}

export class Gateway implements Reception {
  readonly #hooks: GatewayHooks;
  readonly #sessions = new Map<string, Session>();
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });
  readonly #online = new Set<string>();
  readonly #maxSockets: number;

  constructor(hooks: GatewayHooks, maxSockets = MAX_SOCKETS) {
    this.#hooks = hooks;
    this.#maxSockets = maxSockets;
  }

  /** Takes over a request to upgrade whose Host and Origin have been checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, base: string): void {
    const isFull = this.#server.clients.size >= this.#maxSockets;
    this.#server.handleUpgrade(request, socket, head, (websocket) => {
      if (isFull) websocket.close(CLOSE_TRY_AGAIN_LATER, 'The classroom is full. Try again in a moment.');
      else new Connection(websocket, this, base);
    });
  }

  dispatch(event: GatewayEvent): void {
    const texts = new Map<string, string>();
    for (const session of this.#sessions.values()) {
      if (!session.hears(event.intent) || event.to?.(session.user, session) === false) continue;
      const key = event.key?.(session) ?? session.base;
      const text = texts.get(key) ?? JSON.stringify(event.data(session));
      texts.set(key, text);
      session.send(event.name, text);
    }
  }

  isOnline(userId: string): boolean {
    return this.#online.has(userId);
  }

  /** Ends every session of a user whose tokens no longer hold. */
  expel(userId: string): void {
    for (const session of [...this.#sessions.values()]) {
      if (session.user.id !== userId) continue;
      session.socket?.close(4004, 'Authentication failed.');
      this.lost(session, true);
    }
  }

  /** Ends the sessions of one token. */
  expelToken(token: string): void {
    for (const session of [...this.#sessions.values()]) {
      if (session.token !== token) continue;
      session.socket?.close(4004, 'Authentication failed.');
      this.lost(session, true);
    }
  }

  get socketCount(): number {
    return this.#server.clients.size;
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
    this.#sessions.clear();
  }

  // What a connection asks for:

  authenticate(token: string): User | null {
    return this.#hooks.authenticate(token);
  }

  open(options: SessionOptions, socket: WebSocket): Session {
    const session = new Session(options);
    session.socket = socket;
    const { ready, events } = this.#hooks.welcome(session);
    session.send('READY', JSON.stringify(ready));
    for (const event of events) session.send(event.name, JSON.stringify(event.data));
    this.#sessions.set(session.id, session);
    this.#arrived(session.user);
    return session;
  }

  find(sessionId: string): Session | null {
    return this.#sessions.get(sessionId) ?? null;
  }

  resumed(session: Session): void {
    session.lostAt = null;
    session.send('RESUMED', '{"_trace":[]}');
    this.#arrived(session.user);
  }

  lost(session: Session, isFinal: boolean): void {
    session.lostAt = Date.now();
    if (isFinal) this.#sessions.delete(session.id);
    else setTimeout(() => this.#dropIfStillLost(session), RESUME_WITHIN_MS).unref();
    setTimeout(() => this.#leftIfGone(session.user), OFFLINE_AFTER_MS).unref();
  }

  memberEvents(session: Session, request: Record<string, unknown>): void {
    session.send('GUILD_MEMBERS_CHUNK', JSON.stringify(this.#hooks.members(session, request)));
  }

  #dropIfStillLost(session: Session): void {
    if (session.lostAt !== null && Date.now() - session.lostAt >= RESUME_WITHIN_MS) this.#sessions.delete(session.id);
  }

  #arrived(user: User): void {
    if (this.#online.has(user.id)) return;
    this.#online.add(user.id);
    this.#hooks.presence(user, true);
  }

  #leftIfGone(user: User): void {
    const isHere = [...this.#sessions.values()].some(
      (session) => session.user.id === user.id && session.socket !== null,
    );
    if (isHere || !this.#online.delete(user.id)) return;
    this.#hooks.presence(user, false);
  }
}
