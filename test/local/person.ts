/**
 * A person in the local classroom, as the page is one: joins over REST, listens on the gateway, writes, clicks, fills in
 * forms. Tests drive whole lessons with it; it knows nothing of the server's insides.
 */
import { WebSocket } from 'ws';

export type Json = Record<string, unknown>;

export interface Heard {
  name: string;
  data: Json;
}

export class Person {
  readonly api: string;
  readonly token: string;
  readonly id: string;
  readonly returnCode: string;
  readonly events: Heard[] = [];
  socket: WebSocket | null = null;
  sessionId = '';
  sequence = 0;
  guildId = '';
  applicationId = '';
  locale = 'en-US';
  closeCode: number | null = null;
  #waiting: { matches: (heard: Heard) => boolean; resolve: (heard: Heard) => void }[] = [];
  #nonce = 0;

  private constructor(api: string, identity: { token: string; id: string; returnCode: string }) {
    this.api = api;
    this.token = identity.token;
    this.id = identity.id;
    this.returnCode = identity.returnCode;
  }

  /** Joins by name and code, and connects. */
  static async join(apiUrl: string, name: string, invite: string, more: Json = {}): Promise<Person> {
    const api = `${apiUrl}/v10`;
    const answer = await fetch(`${api}/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ global_name: name, invite, ...more }),
    });
    const json = record(await answer.json());
    if (!answer.ok) throw new Error(`join: ${JSON.stringify(json)}`);
    const person = new Person(api, {
      token: String(json.token),
      id: String(json.user_id),
      returnCode: String(json.return_code),
    });
    await person.connect();
    return person;
  }

  /** Opens the gateway and identifies; resolves when the guild is there. */
  async connect(): Promise<void> {
    const guild = this.next('GUILD_CREATE');
    this.#open(() => this.#send({ op: 2, d: { token: this.token, properties: {} } }));
    this.guildId = String((await guild).data.id);
    const index = await this.get(`/guilds/${this.guildId}/application-command-index`);
    const [application] = list(index.applications);
    this.applicationId = String(application?.id);
  }

  /** Comes back on a new socket where the last one left off. */
  async resume(): Promise<void> {
    const resumed = this.next('RESUMED');
    this.#open(() => this.#send({ op: 6, d: { token: this.token, session_id: this.sessionId, seq: this.sequence } }));
    await resumed;
  }

  /** Cuts the connection without a goodbye, as a lost network does. */
  async drop(): Promise<void> {
    const { socket } = this;
    if (socket === null) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.terminate();
    });
  }

  async request(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
    const answer = await fetch(this.api + path, {
      method,
      headers: {
        authorization: this.token,
        'x-discord-locale': this.locale,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed: unknown = text === '' ? {} : JSON.parse(text);
    return { status: answer.status, json: Array.isArray(parsed) ? { items: parsed } : record(parsed) };
  }

  async get(path: string): Promise<Json> {
    return (await this.#expectOk('GET', path)).json;
  }

  async say(channelId: string, content: string): Promise<Json> {
    return (await this.#expectOk('POST', `/channels/${channelId}/messages`, { content, nonce: this.#newNonce() })).json;
  }

  /** What the channel shows to this person, oldest first. */
  async messages(channelId: string): Promise<Json[]> {
    return list((await this.get(`/channels/${channelId}/messages?limit=100`)).items).reverse();
  }

  async channelNamed(name: string): Promise<string> {
    const channels = list((await this.get(`/guilds/${this.guildId}/channels`)).items);
    const found = channels.find((channel) => channel.name === name);
    if (found === undefined) throw new Error(`no channel ${name}`);
    return String(found.id);
  }

  /** Uses a slash command: `command('c', 'session start', [{type: 3, name: 'topic', value: 'x'}])`. @returns the nonce */
  async command(channelId: string, path: string, options: Json[] = []): Promise<string> {
    return this.#interact(2, channelId, await this.#commandData(path, options));
  }

  /** Asks for completions; the focused option has `focused: true`. @returns the choices */
  async complete(channelId: string, path: string, options: Json[]): Promise<Json[]> {
    const nonce = await this.#interact(4, channelId, await this.#commandData(path, options));
    const answer = await this.next('APPLICATION_COMMAND_AUTOCOMPLETE_RESPONSE', ({ data }) => data.nonce === nonce);
    return list(answer.data.choices);
  }

  click(message: Json, customId: string): Promise<string> {
    return this.#component(message, { component_type: 2, custom_id: customId });
  }

  choose(message: Json, customId: string, values: string[], type = 3): Promise<string> {
    return this.#component(message, { component_type: type, custom_id: customId, values });
  }

  /** Sends in a modal. @param values by custom id; a list for selects */
  submit(modal: Json, values: Record<string, string | string[]>): Promise<string> {
    const components = Object.entries(values).map(([customId, value]) => ({
      type: 18,
      component: Array.isArray(value) ? { custom_id: customId, values: value } : { custom_id: customId, value },
    }));
    return this.#interact(5, String(modal.channel_id), { id: modal.id, custom_id: modal.custom_id, components });
  }

  /** The next event of a name (or one that has come and that nobody has taken). */
  next(name: string, matches: (heard: Heard) => boolean = () => true): Promise<Heard> {
    const wanted = (heard: Heard) => heard.name === name && matches(heard);
    const index = this.events.findIndex(wanted);
    const [known] = index === -1 ? [] : this.events.splice(index, 1);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => this.#waiting.push({ matches: wanted, resolve }));
  }

  /** The next message, new or changed, that fits; nothing that went by earlier is lost. */
  async nextMessage(matches: (message: Json) => boolean, name = 'MESSAGE_CREATE'): Promise<Json> {
    return (await this.next(name, ({ data }) => matches(data))).data;
  }

  close(): void {
    this.socket?.close(1000);
  }

  async #commandData(path: string, options: Json[]): Promise<Json> {
    const [name = '', ...inner] = path.split(' ');
    const index = await this.get(`/guilds/${this.guildId}/application-command-index`);
    const command = list(index.application_commands).find((each) => each.name === name);
    if (command === undefined) throw new Error(`no command /${name}`);
    const nested = inner.reduceRight<Json[]>(
      (given, part, depth) => [{ type: depth < inner.length - 1 ? 2 : 1, name: part, options: given }],
      options,
    );
    return { id: command.id, name, type: 1, options: nested };
  }

  #component(message: Json, data: Json): Promise<string> {
    return this.#interact(3, String(message.channel_id), data, { message_id: message.id });
  }

  async #interact(type: number, channelId: string, data: Json, more: Json = {}): Promise<string> {
    const nonce = this.#newNonce();
    const body = {
      type,
      application_id: this.applicationId,
      guild_id: this.guildId,
      channel_id: channelId,
      nonce,
      data,
      ...more,
    };
    await this.#expectOk('POST', '/interactions', body);
    return nonce;
  }

  /** As a good client does, waits where the server asks for it. */
  async #expectOk(method: string, path: string, body?: unknown): Promise<{ status: number; json: Json }> {
    let answer = await this.request(method, path, body);
    while (answer.status === 429) {
      await new Promise((resolve) => setTimeout(resolve, Number(answer.json.retry_after) * 1000));
      answer = await this.request(method, path, body);
    }
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.json)}`);
    return answer;
  }

  #newNonce(): string {
    return `${this.id.slice(-8)}-${++this.#nonce}`;
  }

  #open(greet: () => void): void {
    const socket = new WebSocket(
      `${this.api.replace(/^http/, 'ws').replace('/api/v10', '')}/gateway?v=10&encoding=json`,
    );
    this.socket = socket;
    socket.on('error', () => {});
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('message', (raw) => {
      const payload = record(JSON.parse(raw.toString()));
      if (payload.op === 10) greet();
      if (payload.op === 9) this.#hear({ name: 'INVALID_SESSION', data: {} });
      if (payload.op !== 0) return;
      this.sequence = Number(payload.s);
      const data = record(payload.d);
      if (payload.t === 'READY') this.sessionId = String(data.session_id);
      this.#hear({ name: String(payload.t), data });
    });
  }

  #hear(heard: Heard): void {
    const index = this.#waiting.findIndex(({ matches }) => matches(heard));
    const [waiting] = index === -1 ? [] : this.#waiting.splice(index, 1);
    if (waiting === undefined) this.events.push(heard);
    else waiting.resolve(heard);
  }

  #send(payload: unknown): void {
    this.socket?.send(JSON.stringify(payload));
  }
}

export function record(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error(`not an object: ${JSON.stringify(value)}`);
  return Object.fromEntries(Object.entries(value));
}

export function list(value: unknown): Json[] {
  if (!Array.isArray(value)) throw new Error(`not a list: ${JSON.stringify(value)}`);
  return value.map(record);
}
