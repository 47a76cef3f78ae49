/**
 * A lesson for tests of what goes wrong: the real bot, a teacher and two students in the local classroom (one reads English,
 * one Portuguese), what each is told in private, and the rows of the database before and after.
 */
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { type Locale, t, tDynamic } from '../../src/i18n/index.ts';
import { flatten, type Message, Person, textOf } from './person.ts';
import { type Running, startBot } from './start.ts';

const EPHEMERAL = 64;

/** Answers made aside, each of a tenth of a second at least: together, time for half a dozen deeds on a fast computer too. */
const ASIDE = 10;

export type Rows = Record<string, unknown[]>;

export class Lesson {
  readonly folder: string;
  bot!: Running;
  /** The teacher. */
  rosa!: Person;
  ana!: Person;
  /** Reads Portuguese. */
  bia!: Person;
  /** Reads Portuguese, and talks to the brain aside. */
  caio!: Person;
  /** The text channel. */
  channel = '';
  /** The thread of the sitting opened last. */
  thread = '';
  /** What the bot wrote into its log as warnings and errors. */
  log = '';
  readonly #environment: NodeJS.ProcessEnv;

  constructor(folder: string, environment: NodeJS.ProcessEnv = {}) {
    this.folder = folder;
    this.#environment = environment;
  }

  async open(): Promise<this> {
    this.bot = await this.#start(0);
    this.rosa = await Person.join(this.bot, 'Rosa', { teacher_code: this.bot.teacherCode });
    this.ana = await Person.join(this.bot, 'Ana');
    this.bia = await Person.join(this.bot, 'Bia', { locale: 'pt-BR' });
    this.caio = await Person.join(this.bot, 'Caio', { locale: 'pt-BR' });
    this.channel = (await this.rosa.channels()).find((each) => each.name === 'classroom')!.id;
    // Whoever is met for the first time becomes a row: this is that time.
    for (const person of this.people) await this.told(person, () => person.command(this.channel, 'privacy consent'));
    return this;
  }

  get people(): Person[] {
    return [this.rosa, this.ana, this.bia, this.caio];
  }

  /** Stops the bot, lets `meanwhile` happen, and starts it again where it was. */
  async restart(meanwhile: () => void = () => {}): Promise<void> {
    for (const person of this.people) person.leave();
    await this.bot.stop();
    meanwhile();
    this.bot = await this.#start(Number(new URL(this.bot.url).port));
    for (const person of this.people) await person.connect();
  }

  async close(): Promise<void> {
    for (const person of this.people) person?.leave();
    await this.bot?.stop();
  }

  async #start(port: number): Promise<Running> {
    const bot = await startBot(this.folder, { THREADS: '1', ...this.#environment }, port);
    bot.child.stderr?.on('data', (text: Buffer) => {
      this.log += text.toString();
    });
    return bot;
  }

  locale(person: Person): Locale {
    return person === this.bia || person === this.caio ? 'pt-BR' : 'en';
  }

  /** Rosa opens a sitting. */
  async sit(settings: Record<string, string | number> = {}): Promise<void> {
    const known = new Set(this.rosa.messages.keys());
    await this.told(this.rosa, () => this.rosa.command(this.channel, 'session start', settings));
    const title = t('en', 'discord:opening_title');
    const opening = await this.rosa.message(
      'the opening',
      (message) => !known.has(message.id) && textOf(message).includes(title),
    );
    this.thread = opening.channel_id;
  }

  /** What the bot tells this person alone about what they just did. One deed of a person at a time. */
  async told(person: Person, deed: () => Promise<void>): Promise<string> {
    return asShown(textOf(await this.answer(person, deed))).trim();
  }

  async answer(person: Person, deed: () => Promise<void>): Promise<Message> {
    const known = new Set(person.messages.keys());
    await deed();
    const isAnswer = (message: Message) =>
      !known.has(message.id) && (message.flags ?? 0) === EPHEMERAL && textOf(message).trim() !== '';
    return person.until(() => person.seen().find(isAnswer), 'an answer');
  }

  /** The sentence a refusal is said in, to this person. */
  refusal(person: Person, identifier: string, context: Record<string, string | number> = {}): string {
    return `🤔 ${tDynamic(this.locale(person), `errors:${identifier}`, context)}`;
  }

  /** The deed is refused in exactly this sentence, and no row of the database changes. */
  async refuses(
    person: Person,
    deed: () => Promise<void>,
    identifier: string,
    context: Record<string, string | number> = {},
  ): Promise<void> {
    const before = await this.settledRows();
    expect(await this.told(person, deed)).toBe(this.refusal(person, identifier, context));
    expect(await this.settledRows()).toEqual(before);
  }

  /** The front door itself refuses, naming what is wrong, before the bot hears of it. */
  async doorRefuses(deed: () => Promise<unknown>, code: string): Promise<void> {
    const before = await this.settledRows();
    await expect(deed()).rejects.toThrow(code);
    expect(await this.settledRows()).toEqual(before);
  }

  /** All rows of all tables, once everything that happened has been shown. */
  async settledRows(): Promise<Rows> {
    return this.rosa.until(() => {
      const rows = this.rows();
      return rows.outbox!.every((row) => (row as { delivered_at: unknown }).delivered_at !== null) && rows;
    }, 'the outbox to be empty');
  }

  rows(): Rows {
    return this.read((database) => {
      const names = database
        .prepare<[], string>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        .pluck()
        .all();
      return Object.fromEntries(names.map((name) => [name, database.prepare(`SELECT * FROM "${name}"`).all()]));
    });
  }

  /** One value of the database. */
  value(sql: string): unknown {
    return this.read((database) => database.prepare(sql).pluck().get());
  }

  read<T>(look: (database: Database.Database) => T): T {
    const database = new Database(path.join(this.folder, 'brain-factory.sqlite'), { readonly: true, timeout: 5000 });
    try {
      return look(database);
    } finally {
      database.close();
    }
  }

  /** Writes into the database behind the bot's back, as a disk or a person with a tool may. */
  write(sql: string): void {
    const database = new Database(path.join(this.folder, 'brain-factory.sqlite'), { timeout: 5000 });
    database.pragma('foreign_keys = ON');
    database.exec(sql);
    database.close();
  }

  /** Waits until the newest sitting is in this phase and all of it has been shown. */
  async phase(phase: string): Promise<void> {
    await this.reaches(phase);
    await this.settledRows();
  }

  /** Waits until the newest sitting is in this phase, which may pass by itself. */
  async reaches(phase: string): Promise<void> {
    await this.rosa.until(() => this.isIn(phase), `the phase ${phase}`);
  }

  isIn(phase: string): boolean {
    return this.value('SELECT phase FROM sessions ORDER BY created_at DESC LIMIT 1') === phase;
  }

  /** The newest message of the thread that has this control. */
  with(person: Person, control: string): Promise<Message> {
    const has = (message: Message) =>
      message.channel_id === this.thread &&
      flatten(message.components).some(({ custom_id }) => custom_id?.startsWith(control));
    return person.message(`a message with ${control}`, has);
  }

  /**
   * Gives the brain so many long answers to make aside that a turn begun now waits for them: time to be in its way.
   * Resolves once they wait; `over` when they are made.
   */
  async busy(): Promise<{ over: Promise<unknown> }> {
    const known = new Set(this.caio.messages.keys());
    const asked = Array.from({ length: ASIDE }, () =>
      this.caio.command(this.channel, 'brain chat', { text: 'Conte mais' }),
    );
    await Promise.all(asked);
    const heard = () => this.caio.seen().filter(({ id, flags }) => !known.has(id) && (flags ?? 0) & EPHEMERAL);
    await this.caio.until(() => heard().length === ASIDE, 'the questions aside to be heard');
    const answered = () => heard().filter((message) => textOf(message).trim() !== '').length === ASIDE;
    return { over: this.caio.until(answered, 'the answers aside') };
  }

  /** Somebody says a sentence by command, and the reply is there. */
  async say(person: Person, text: string): Promise<Message> {
    const said = await this.told(person, () => person.command(this.thread, 'turn say', { text }));
    expect(said).toBe(`✅ ${t(this.locale(person), 'discord:said')}`);
    await this.phase('rating');
    return this.with(person, 'bf:rate:');
  }
}

/** Markdown as a reader sees it: without the backslashes that keep signs from formatting. */
export function asShown(text: string): string {
  return text.replace(/\\([!-/:-@[-`{-~])/g, '$1');
}
