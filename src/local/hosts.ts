/**
 * Under which names this server may be asked for. A page of a foreign site can make a visitor's browser connect to us
 * ("DNS rebinding"); its Host or Origin then names the foreign site, and we refuse it (OWASP, WebSocket cheat sheet).
 */

import { isIPv6 } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';

const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];
const REFRESH_MS = 10_000;

export class Hosts {
  readonly #listeningOn: string;
  #names: { read: number; set: Set<string> } = { read: Number.NEGATIVE_INFINITY, set: new Set() };

  /** @param listeningOn the address we listen on; 0.0.0.0 and :: are all of this computer's */
  constructor(listeningOn: string) {
    this.#listeningOn = listeningOn;
  }

  /** Whether a Host header (name and port) is one of ours. */
  isOurs(host: string | undefined, port: number): boolean {
    if (host === undefined) return false;
    const match = /^(\[[0-9a-f:.]+\]|[^:[\]]+)(?::(\d+))?$/i.exec(host);
    if (match === null || Number(match[2] ?? 80) !== port) return false;
    return this.#current().has((match[1] ?? '').toLowerCase());
  }

  /** Whether a browser's Origin is our own page, opened under the same name as this request. */
  isSameOrigin(origin: string | undefined, host: string | undefined): boolean {
    return origin === undefined || origin === `http://${host}`;
  }

  /** This computer's addresses in the classroom's network, to be shown to the teacher. */
  lanAddresses(): string[] {
    return addresses(['IPv4']);
  }

  get isOpenToNetwork(): boolean {
    return this.#listeningOn === '0.0.0.0' || this.#listeningOn === '::';
  }

  #current(): Set<string> {
    const now = Date.now();
    if (now - this.#names.read > REFRESH_MS) this.#names = { read: now, set: new Set(this.#collect()) };
    return this.#names.set;
  }

  #collect(): string[] {
    if (!this.isOpenToNetwork) return [...LOOPBACK, bracketed(this.#listeningOn)];
    const name = hostname().toLowerCase();
    return [...LOOPBACK, ...addresses(['IPv4', 'IPv6']), name, `${name}.local`];
  }
}

function addresses(families: readonly string[]): string[] {
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ family, internal }) => families.includes(family) && !internal)
    .map(({ address }) => bracketed(address));
}

function bracketed(address: string): string {
  return isIPv6(address) ? `[${address.toLowerCase()}]` : address.toLowerCase();
}
