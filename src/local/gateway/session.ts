/**
 * One listener's numbered stream of events. It outlives its socket for a while: a client that comes back with RESUME gets
 * what it missed, in order and once. Events a client has acknowledged (its heartbeats name the last number) are dropped.
 */
import { randomBytes } from 'node:crypto';
import { GatewayOpcodes as Op } from 'discord-api-types/v10';
import type { WebSocket } from 'ws';
import type { User } from '../people.ts';

const MAX_BACKLOG = 1000;
const MAX_BUFFERED_BYTES = 4 * 1024 * 1024;

interface Sent {
  sequence: number;
  event: string;
  data: string;
}

export interface SessionOptions {
  user: User;
  token: string;
  /** A bot's intents; null for people, who hear everything they may see. */
  intents: number | null;
  /** Where the listener reaches us, for links. */
  base: string;
}

export class Session {
  readonly id = randomBytes(16).toString('hex');
  readonly user: User;
  readonly token: string;
  readonly intents: number | null;
  readonly base: string;
  socket: WebSocket | null = null;
  lostAt: number | null = null;
  #sequence = 0;
  #backlog: Sent[] = [];

  constructor(options: SessionOptions) {
    this.user = options.user;
    this.token = options.token;
    this.intents = options.intents;
    this.base = options.base;
  }

  get sequence(): number {
    return this.#sequence;
  }

  hears(intent: number): boolean {
    return intent === 0 || this.intents === null || (this.intents & intent) !== 0;
  }

  /** @param data the event's payload as JSON text, shared between listeners */
  send(event: string, data: string): void {
    const sent = { sequence: ++this.#sequence, event, data };
    this.#backlog.push(sent);
    if (this.#backlog.length > MAX_BACKLOG) this.#backlog.shift();
    this.#write(sent);
  }

  /** The client has everything up to `sequence`. */
  acknowledge(sequence: number): void {
    const first = this.#backlog.findIndex((sent) => sent.sequence > sequence);
    this.#backlog = first === -1 ? [] : this.#backlog.slice(first);
  }

  /** Sends again all that followed `sequence`. @returns false if some of it is no longer there */
  replay(sequence: number): boolean {
    const firstKept = this.#backlog[0]?.sequence ?? this.#sequence + 1;
    if (sequence > this.#sequence || sequence + 1 < firstKept) return false;
    for (const sent of this.#backlog) if (sent.sequence > sequence) this.#write(sent);
    return true;
  }

  #write({ sequence, event, data }: Sent): void {
    if (this.socket === null || this.socket.readyState !== this.socket.OPEN) return;
    this.socket.send(`{"op":${Op.Dispatch},"s":${sequence},"t":"${event}","d":${data}}`);
    // A listener that cannot keep up is dropped; it resumes, or starts anew, when it can.
    if (this.socket.bufferedAmount > MAX_BUFFERED_BYTES) this.socket.terminate();
  }
}
