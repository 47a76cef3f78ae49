// @ts-check
/**
 * Discord's gateway from the browser: identify, heartbeat, and after a lost connection come back where it broke off
 * (RESUME), so that nothing is missed or shown twice. Waits longer after each failure, with some chance in it, so that a
 * whole class does not come back in the same instant.
 */

const OP = { dispatch: 0, heartbeat: 1, identify: 2, resume: 6, reconnect: 7, invalidSession: 9, hello: 10, ack: 11 };
const AUTHENTICATION_FAILED = 4004;
const LONGEST_WAIT_MS = 15_000;

/**
 * @typedef {object} Handlers
 * @property {(name: string, data: any) => void} event
 * @property {(isOnline: boolean) => void} connection
 * @property {() => void} expelled the token no longer holds
 */

export class Gateway {
  #token;
  #handlers;
  /** @type {WebSocket | null} */
  #socket = null;
  #sessionId = '';
  #sequence = 0;
  #heartbeat = 0;
  #isAcknowledged = true;
  #failures = 0;
  #isClosed = false;
  #retry = 0;

  /**
   * @param {string} token
   * @param {Handlers} handlers
   */
  constructor(token, handlers) {
    this.#token = token;
    this.#handlers = handlers;
    this.#open();
    addEventListener('online', this.#hurry);
  }

  close() {
    this.#isClosed = true;
    removeEventListener('online', this.#hurry);
    clearTimeout(this.#retry);
    clearInterval(this.#heartbeat);
    this.#socket?.close(1000);
  }

  #hurry = () => {
    if (this.#socket === null && !this.#isClosed) {
      clearTimeout(this.#retry);
      this.#open();
    }
  };

  #open() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/gateway?v=10&encoding=json`);
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#receive(JSON.parse(event.data)));
    socket.addEventListener('close', (event) => {
      if (this.#socket === socket) this.#lost(event.code);
    });
  }

  /** @param {{ op: number, d: any, s: number | null, t: string | null }} payload */
  #receive(payload) {
    if (payload.s !== null && payload.s !== undefined) this.#sequence = payload.s;
    switch (payload.op) {
      case OP.hello:
        this.#startHeartbeat(payload.d.heartbeat_interval);
        if (this.#sessionId === '') this.#send(OP.identify, { token: this.#token, properties: { browser: 'page' } });
        else this.#send(OP.resume, { token: this.#token, session_id: this.#sessionId, seq: this.#sequence });
        break;
      case OP.dispatch:
        if (payload.t === 'READY') this.#sessionId = payload.d.session_id;
        if (payload.t === 'READY' || payload.t === 'RESUMED') {
          this.#failures = 0;
          this.#handlers.connection(true);
        }
        this.#handlers.event(payload.t ?? '', payload.d);
        break;
      case OP.ack:
        this.#isAcknowledged = true;
        break;
      case OP.invalidSession:
        this.#sessionId = '';
        this.#sequence = 0;
        this.#send(OP.identify, { token: this.#token, properties: { browser: 'page' } });
        break;
      case OP.reconnect:
        this.#socket?.close(4000);
        break;
    }
  }

  /** @param {number} interval */
  #startHeartbeat(interval) {
    clearInterval(this.#heartbeat);
    this.#isAcknowledged = true;
    this.#heartbeat = setInterval(() => {
      if (!this.#isAcknowledged) {
        this.#socket?.close(4000);
        return;
      }
      this.#isAcknowledged = false;
      this.#send(OP.heartbeat, this.#sequence);
    }, interval);
  }

  /** @param {number} code */
  #lost(code) {
    clearInterval(this.#heartbeat);
    this.#socket = null;
    if (this.#isClosed) return;
    if (code === AUTHENTICATION_FAILED) {
      this.#isClosed = true;
      this.#handlers.expelled();
      return;
    }
    this.#handlers.connection(false);
    const wait = Math.min(LONGEST_WAIT_MS, 500 * 2 ** this.#failures++);
    this.#retry = setTimeout(() => this.#open(), wait * (0.5 + Math.random()));
  }

  /**
   * @param {number} op
   * @param {unknown} d
   */
  #send(op, d) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ op, d }));
  }
}
