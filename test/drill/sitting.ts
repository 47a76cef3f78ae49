/**
 * kill −9 of the bot and of its worker at random moments of a whole sitting, restarted each time. Afterwards every turn,
 * rating and version that was acknowledged to somebody is there exactly once, every message of the bot stands once, and
 * the sitting goes on. The moments are random and their seed is printed: the same seed plays the same intentions, though
 * never the same microseconds.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { seededRandom } from '../../src/engine/random.ts';
import { DATABASE_FILE as LOCAL_DATABASE } from '../../src/local/index.ts';
import { type Message, Person, textOf } from '../sitting/person.ts';
import { type Running, startBot } from '../sitting/start.ts';

export interface SittingDrillResult {
  seed: number;
  botKills: number;
  workerKills: number;
  acknowledgedTurns: number;
  acknowledgedRatings: number;
  turns: number;
  versions: number;
  /** What did not hold; empty when all did. */
  offences: string[];
  /** What went wrong for somebody while the bot was alive, and was tried again. */
  complaints: string[];
}

const SAID = 'Said.';
const RATED = 'You gave';
const EPHEMERAL = 64;
const LONGEST_SITTING_MS = 20 * 60_000;

export async function drillSitting({ kills = 20, seed = Date.now() % 2 ** 31 } = {}): Promise<SittingDrillResult> {
  const folder = mkdtempSync(path.join(tmpdir(), 'sitting-drill-'));
  try {
    return await new SittingDrill(folder, seed).play(kills);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface VersionRow {
  id: string;
  number: number;
  sha256: string;
  adapter: Buffer | null;
  weights_file: string | null;
}

class SittingDrill {
  readonly #folder: string;
  readonly #seed: number;
  readonly #random: () => number;
  readonly #said: string[] = [];
  readonly #rated: { turnId: string; value: number }[] = [];
  #bot!: Running;
  #person!: Person;
  #thread = '';
  #botKills = 0;
  #workerKills = 0;
  #counter = 0;
  /** The worker last aimed at: the next one is another. */
  #lastWorker: number | null = null;
  /** What went wrong for people while the bot was alive: refused requests, answers that never came. */
  readonly #complaints: string[] = [];

  constructor(folder: string, seed: number) {
    this.#folder = folder;
    this.#seed = seed;
    this.#random = seededRandom(seed).uniform;
  }

  async play(kills: number): Promise<SittingDrillResult> {
    const start = performance.now();
    await this.#open();
    while (this.#botKills + this.#workerKills < kills) {
      if (performance.now() - start > LONGEST_SITTING_MS)
        throw new Error(`the drill (seed ${this.#seed}) does not get on`);
      const killing = this.#killSoon();
      const acting = this.#actUntil(() => killing.done);
      await killing;
      // What was going on when the bot died gets no more answers: it has to end before anything new begins.
      if (this.#isDead()) this.#person.leave();
      await acting;
      if (this.#isDead()) await this.#restart();
    }
    // The sitting goes on: one more turn, answered and rated, with nobody killing anybody.
    const turnsBefore = this.#turns().length;
    await this.#actUntil(() => this.#turns().length > turnsBefore && this.#phase() === 'ready');
    await this.#quiet();
    await this.#bot.stop();
    return this.#verify();
  }

  async #open(): Promise<void> {
    this.#bot = await startBot(this.#folder, { LOG_LEVEL: 'info' });
    this.#person = await Person.join(this.#bot, 'Ms Ada', { teacher_code: this.#bot.teacherCode });
    const channel = (await this.#person.channels()).find((each) => each.name === 'classroom')!;
    await this.#person.command(channel.id, 'session start', { turns: 2 });
    const opening = await this.#person.message('the opening', (message) => textOf(message).includes('raise a brain'));
    this.#thread = opening.channel_id;
    await this.#person.press(opening, 'Yes, train with my words');
    await this.#person.message('the consent', (message) => textOf(message).includes('Thank you'));
  }

  /** Kills the bot up to 8 s from now, or a worker up to 1.5 s after it started; the bot too if no worker comes. */
  #killSoon(): Promise<void> & { done: boolean } {
    const aimAtWorker = this.#random() < 0.4;
    const delay = this.#random();
    const work = async () => {
      if (!aimAtWorker || !(await this.#killNextWorker(delay * 1500))) {
        await pause(50 + delay * 8000);
        await this.#bot.kill();
        this.#botKills++;
      }
      killing.done = true;
    };
    const killing: Promise<void> & { done: boolean } = Object.assign(work(), { done: false });
    return killing;
  }

  async #killNextWorker(delay: number): Promise<boolean> {
    for (let waited = 0; waited < 20_000; waited += 20) {
      const worker = this.#bot.workerPid();
      if (worker !== null && worker !== this.#lastWorker) {
        this.#lastWorker = worker;
        await pause(delay);
        if (killed(worker)) {
          this.#workerKills++;
          return true;
        }
      }
      await pause(20);
    }
    return false;
  }

  #isDead(): boolean {
    return this.#bot.child.exitCode !== null || this.#bot.child.signalCode !== null;
  }

  /** Starts the bot again; people's pages find it at the same address and connect again. */
  async #restart(): Promise<void> {
    const port = Number(new URL(this.#bot.url).port);
    this.#bot = await startBot(this.#folder, { LOG_LEVEL: 'info' }, port);
    await this.#person.connect();
    await this.#person.refresh(this.#thread);
  }

  /** Does one thing after another that a person would do. What fails because the bot was killed is tried again later. */
  async #actUntil(isOver: () => boolean): Promise<void> {
    while (!isOver()) {
      try {
        await this.#act();
      } catch (error) {
        if (!this.#isDead()) this.#complaints.push(error instanceof Error ? error.message : String(error));
      }
      await pause(30);
    }
  }

  async #act(): Promise<void> {
    const phase = this.#phase();
    if (phase === 'ready') {
      const text = `Sentence number ${this.#counter++} of seed ${this.#seed}`;
      const answer = await this.#answerTo(() => this.#person.command(this.#thread, 'turn say', { text }));
      if (!answer.includes(SAID)) throw new Error(`a turn was refused: ${answer}`);
      this.#said.push(text);
    }
    if (phase === 'rating') {
      const turn = this.#turns().at(-1)!;
      await this.#person.refresh(this.#thread);
      const message = this.#person
        .seen()
        .find((each) => JSON.stringify(each.components).includes(`bf:rate:${turn.id}`));
      if (!message) return;
      const value = this.#random() < 0.7 ? 0.3 : 0.9;
      const answer = await this.#answerTo(() => this.#person.press(message, 'bf:rate:', [value.toFixed(1)]));
      if (!answer.includes(RATED)) throw new Error(`a rating was refused: ${answer}`);
      this.#rated.push({ turnId: turn.id, value });
    }
    if (phase === 'failed') {
      // Three killed workers give a job up, as they should; then a person presses "try again".
      await this.#person.refresh(this.#thread);
      const message = this.#person.seen().findLast((each) => JSON.stringify(each.components).includes('bf:retry:'));
      if (message) await this.#answerTo(() => this.#person.press(message, 'bf:retry:'));
    }
  }

  /** What the bot tells this person alone about what they just did. */
  async #answerTo(deed: () => Promise<void>): Promise<string> {
    const isAnswer = (message: Message) => (message.flags ?? 0) === EPHEMERAL && textOf(message).trim() !== '';
    const known = new Set(this.#person.messages.keys());
    await deed();
    const fresh = () => this.#person.seen().find((message) => !known.has(message.id) && isAnswer(message));
    return textOf(await this.#person.until(fresh, 'an answer'));
  }

  #rows<T>(sql: string): T[] {
    const database = new Database(path.join(this.#folder, 'brain-factory.sqlite'), { readonly: true });
    try {
      return database.prepare(sql).all() as T[];
    } finally {
      database.close();
    }
  }

  #phase(): string {
    return this.#rows<{ phase: string }>('SELECT phase FROM sessions')[0]?.phase ?? 'none';
  }

  #turns(): { id: string; text: string }[] {
    return this.#rows('SELECT id, text FROM turns ORDER BY created_at');
  }

  /** Every public message as the local classroom keeps it. */
  #bodiesShown(): string[] {
    const database = new Database(path.join(this.#folder, LOCAL_DATABASE), { readonly: true });
    const rows = database.prepare('SELECT body FROM messages WHERE only_for IS NULL').all() as { body: string }[];
    database.close();
    return rows.map((row) => row.body);
  }

  async #quiet(): Promise<void> {
    const open = () => this.#rows('SELECT id FROM outbox WHERE delivered_at IS NULL').length;
    for (let waited = 0; open() > 0 && waited < 60_000; waited += 200) await pause(200);
  }

  async #verify(): Promise<SittingDrillResult> {
    const offences: string[] = [];
    const expectOne = (what: string, count: number) => {
      if (count !== 1) offences.push(`${what}: ${count} times`);
    };
    const turns = this.#turns();
    for (const text of this.#said) expectOne(`turn "${text}"`, turns.filter((turn) => turn.text === text).length);
    const ratings = this.#rows<{ turn_id: string; value: number }>('SELECT turn_id, value FROM ratings');
    for (const { turnId, value } of this.#rated) {
      expectOne(
        `rating ${value} of ${turnId}`,
        ratings.filter((row) => row.turn_id === turnId && row.value === value).length,
      );
    }
    const versions = this.#rows<VersionRow>(
      'SELECT id, number, sha256, adapter, weights_file FROM versions ORDER BY number',
    );
    const finished = this.#rows<{ version_id: string }>("SELECT version_id FROM jobs WHERE state = 'finished'");
    const shown = this.#bodiesShown();
    for (const [index, { id, number, sha256, adapter, weights_file }] of versions.entries()) {
      if (number !== index + 1) offences.push(`version ${number} stands at place ${index + 1}`);
      expectOne(`job of version ${number}`, finished.filter((job) => job.version_id === id).length);
      const bytes = adapter ?? readFileSync(path.join(this.#folder, 'weights', weights_file!));
      if (createHash('sha256').update(bytes).digest('hex') !== sha256) offences.push(`version ${number} is damaged`);
      expectOne(
        `summary of v${number}`,
        shown.filter((body) => body.includes(`did: v${number - 1} → v${number}"`)).length,
      );
    }
    for (const { id } of turns)
      expectOne(`the reply to ${id}`, shown.filter((body) => body.includes(`bf:why:${id}`)).length);
    const undelivered = this.#rows('SELECT id FROM outbox WHERE delivered_at IS NULL').length;
    if (undelivered > 0) offences.push(`${undelivered} events were never shown`);
    return {
      seed: this.#seed,
      botKills: this.#botKills,
      workerKills: this.#workerKills,
      acknowledgedTurns: this.#said.length,
      acknowledgedRatings: this.#rated.length,
      turns: turns.length,
      versions: versions.length,
      offences,
      complaints: this.#complaints,
    };
  }
}

function killed(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it had left by itself
  }
}
