/**
 * Somebody in the class, at the level of the protocol: what a Discord client does (a user token, the gateway, messages and
 * interactions), so that whole sittings can be played without a browser. Knows nothing of the bot but what it shows.
 */
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from 'ws';

export interface Component {
  type: number;
  custom_id?: string;
  label?: string;
  disabled?: boolean;
  placeholder?: string;
  options?: { label: string; value: string; default?: boolean }[];
  components?: Component[];
  component?: Component;
  value?: string;
}

export interface Message {
  id: string;
  channel_id: string;
  content: string;
  author: { id: string; bot?: boolean };
  embeds: { title?: string; description?: string; fields?: { name: string; value: string }[] }[];
  components: Component[];
  attachments: { filename: string }[];
  flags?: number;
}

interface Modal {
  id: string;
  custom_id: string;
  title: string;
  components: Component[];
}

interface Command {
  id: string;
  name: string;
  options?: { type: number; name: string; options?: { type: number; name: string }[] }[];
}

interface CommandIndex {
  applications: { id: string }[];
  application_commands: Command[];
}

export interface Door {
  /** http://127.0.0.1:PORT/api */
  apiUrl: string;
  joinCode: string;
}

const WAIT_MS = 90_000;

export class Person {
  readonly name: string;
  readonly messages = new Map<string, Message>();
  readonly failures: string[] = [];
  readonly token: string;
  #door: Door;
  #guildId = '';
  #socket: WebSocket | null = null;
  #sequence: number | null = null;
  #modals: Modal[] = [];
  #gone = false;

  constructor(name: string, door: Door, token: string) {
    this.name = name;
    this.#door = door;
    this.token = token;
  }

  static async join(door: Door, name: string, extra: { teacher_code?: string; locale?: string } = {}): Promise<Person> {
    const { locale = 'en-US', ...form } = extra;
    const answer = await fetch(`${door.apiUrl}/v10/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-discord-locale': locale },
      body: JSON.stringify({ global_name: name, invite: door.joinCode, ...form }),
    });
    const body = (await answer.json()) as { token: string };
    if (!answer.ok) throw new Error(`${name} could not join: ${JSON.stringify(body)}`);
    const person = new Person(name, door, body.token);
    await person.connect();
    return person;
  }

  /** Opens the gateway, and again whenever it drops, as a page does. */
  async connect(): Promise<void> {
    const { url } = (await this.request('GET', '/gateway')) as { url: string };
    const socket = new WebSocket(url);
    this.#socket = socket;
    this.#gone = false;
    await new Promise<void>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('message', (raw) => {
        const { op, d, t, s } = JSON.parse(raw.toString());
        if (s !== null && s !== undefined) this.#sequence = s;
        if (op === 10) {
          const properties = { os: 'test', browser: 'test', device: 'test' };
          socket.send(JSON.stringify({ op: 2, d: { token: this.token, intents: 2 ** 26 - 1, properties } }));
          const heart = setInterval(() => this.#beat(socket), d.heartbeat_interval).unref();
          socket.once('close', () => clearInterval(heart));
        } else if (op === 1) this.#beat(socket);
        else if (t === 'READY') {
          this.#guildId = d.guilds[0].id;
          resolve();
        } else if (op === 0) this.#receive(t, d);
      });
    });
    socket.on('close', () => {
      if (!this.#gone) this.failures.push('gateway closed');
    });
  }

  #beat(socket: WebSocket): void {
    socket.send(JSON.stringify({ op: 1, d: this.#sequence }));
  }

  /** Reads a channel's messages anew: what happened while the gateway was down. Ephemeral messages are not among them. */
  async refresh(channelId: string): Promise<void> {
    const page = (await this.request('GET', `/channels/${channelId}/messages?limit=100`)) as Message[];
    for (const message of page) this.messages.set(message.id, message);
  }

  leave(): void {
    this.#gone = true;
    this.#socket?.terminate();
  }

  #receive(name: string, data: Message & Modal & { guild_id?: string }): void {
    if (name === 'MESSAGE_CREATE') this.messages.set(data.id, data);
    if (name === 'MESSAGE_UPDATE') this.messages.set(data.id, { ...this.messages.get(data.id), ...data });
    if (name === 'MESSAGE_DELETE') this.messages.delete(data.id);
    if (name === 'INTERACTION_MODAL_CREATE') this.#modals.push(data);
    if (name === 'INTERACTION_FAILURE') this.failures.push('interaction failed');
  }

  async request(method: string, route: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${this.#door.apiUrl}/v10${route}`, {
      method,
      headers: { authorization: this.token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (answer.status === 429) {
      // As the page does: the server says how long.
      await pause(1000 * Number(JSON.parse(text).retry_after));
      return this.request(method, route, body);
    }
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }

  async channels(): Promise<{ id: string; name: string; type: number }[]> {
    return (await this.request('GET', `/guilds/${this.#guildId}/channels`)) as {
      id: string;
      name: string;
      type: number;
    }[];
  }

  async commands(): Promise<CommandIndex> {
    return (await this.request('GET', `/guilds/${this.#guildId}/application-command-index`)) as CommandIndex;
  }

  write(channelId: string, content: string): Promise<unknown> {
    return this.request('POST', `/channels/${channelId}/messages`, { content });
  }

  /** Types "/name subcommand option:value …". */
  async command(
    channelId: string,
    words: string,
    values: Record<string, string | number | boolean> = {},
  ): Promise<void> {
    const [name, subcommand] = words.split(' ');
    const command = (await this.commands()).application_commands.find((each) => each.name === name);
    if (!command) throw new Error(`there is no /${name}`);
    const declared = subcommand ? command.options?.find((each) => each.name === subcommand)?.options : command.options;
    const options = Object.entries(values).map(([key, value]) => {
      const option = declared?.find((each) => each.name === key);
      if (!option) throw new Error(`/${words} has no option ${key}`);
      return { type: option.type, name: key, value };
    });
    await this.#interact(channelId, 2, {
      id: command.id,
      name,
      type: 1,
      options: subcommand ? [{ type: 1, name: subcommand, options }] : options,
    });
  }

  /** Presses a button, or chooses values of a select. `which` is part of its label, placeholder or custom id. */
  async press(message: Message, which: string, values?: string[]): Promise<void> {
    const component = flatten(message.components).find((each) => matches(each, which));
    if (!component) throw new Error(`no component like "${which}" under: ${describe(message)}`);
    const data = { component_type: component.type, custom_id: component.custom_id, ...(values && { values }) };
    await this.#interact(message.channel_id, 3, data, message.id);
  }

  /** Waits for the next modal and sends it in; `fill` gives values by part of a label or custom id. */
  async submitModal(channelId: string, fill: Record<string, string>): Promise<void> {
    const modal = await this.until(() => this.#modals.shift(), 'a modal');
    const components = modal.components.map((row) => {
      const inner = row.component ?? row.components?.[0];
      if (!inner) throw new Error('a modal row without a component');
      const key = Object.keys(fill).find((each) => matches({ ...inner, label: row.label ?? inner.label ?? '' }, each));
      const chosen = key === undefined ? undefined : fill[key];
      const initial = inner.options?.filter((option) => option.default).map((option) => option.value) ?? [];
      const answer =
        inner.type === 4
          ? { type: 4, custom_id: inner.custom_id, value: chosen ?? inner.value ?? '' }
          : { type: inner.type, custom_id: inner.custom_id, values: chosen === undefined ? initial : [chosen] };
      return row.component ? { type: 18, component: answer } : { type: 1, components: [answer] };
    });
    await this.#interact(channelId, 5, { id: modal.id, custom_id: modal.custom_id, components });
  }

  async #interact(channelId: string, type: number, data: unknown, messageId?: string): Promise<void> {
    const { applications } = await this.commands();
    await this.request('POST', '/interactions', {
      type,
      application_id: applications[0]?.id,
      guild_id: this.#guildId,
      channel_id: channelId,
      ...(messageId && { message_id: messageId }),
      nonce: String(Math.floor(performance.now() * 1000)),
      data,
    });
  }

  /** Everything this person sees now, oldest first. */
  seen(): Message[] {
    return [...this.messages.values()].toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  }

  /** The last message for which `test` holds, waited for. */
  message(what: string, test: (message: Message) => boolean): Promise<Message> {
    return this.until(() => this.seen().findLast(test), what);
  }

  async until<T>(look: () => T | undefined | false, what: string): Promise<T> {
    const start = performance.now();
    for (;;) {
      const found = look();
      if (found) return found;
      if (this.#gone) throw new Error(`${this.name} left while waiting for ${what}`);
      if (performance.now() - start > WAIT_MS) {
        throw new Error(`${this.name} waited in vain for ${what}; saw:\n${this.seen().map(describe).join('\n')}`);
      }
      await pause(20);
    }
  }
}

export function flatten(components: readonly Component[]): Component[] {
  return components.flatMap((each) => [
    each,
    ...flatten(each.components ?? []),
    ...(each.component ? flatten([each.component]) : []),
  ]);
}

function matches(component: Component, which: string): boolean {
  return [component.label, component.placeholder, component.custom_id].some((text) => text?.includes(which));
}

/** All a message says, in one line. */
export function textOf(message: Message): string {
  const embeds = message.embeds.map((embed) =>
    [embed.title, embed.description, ...(embed.fields ?? []).flatMap((field) => [field.name, field.value])].join('\n'),
  );
  return [message.content, ...embeds].join('\n');
}

function describe(message: Message): string {
  const controls = flatten(message.components).map((each) => each.label ?? each.placeholder ?? each.custom_id ?? '');
  return `${message.id} ${textOf(message).replaceAll('\n', ' ⏎ ').slice(0, 300)} [${controls.filter(Boolean).join(' | ')}]`;
}
