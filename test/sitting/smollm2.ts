/**
 * A sitting on a real chat model: the bot as a user starts it, on SmolLM2-135M-Instruct, with a teacher at a desk and a
 * student with a phone in their browsers. Three turns; two are rated low, the first with a better answer, so the brain is
 * trained twice and each reply compared with the one before; then the teacher goes back a version and a turn is played on it. A short sitting in Portuguese
 * follows. The database is read afterwards, and the memory of bot and worker watched all the time.
 *
 * `npm run drill -- smollm2 [--pictures FOLDER]`; five minutes or so. Skipped, with the reason, where the model of `../shared`
 * or a Chromium is missing.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import type { Browser, Locator } from 'playwright-core';
import { PROJECT_FOLDER } from '../../src/config.ts';
import { type Locale, t } from '../../src/i18n/index.ts';
import { DESKTOP, findChromium, launch, PHONE, Visitor } from './browser.ts';
import { canMeasureMemory, MemoryWatch, type PhaseMemory } from './memory.ts';
import { startBot } from './start.ts';

const MODEL = path.resolve(PROJECT_FOLDER, '..', 'shared', 'models', 'SmolLM2-135M-Instruct.Q4_1.gguf');

/** Bot and worker, everything counted once: what a model of 135 million parameters may take. */
const MOST_MEGABYTES = 1200;

/** A training learns from the replies, and what it takes grows with them: drawn anew each time, no two sittings would compare. */
const SAME_REPLIES = pathToFileURL(path.join(import.meta.dirname, 'same-replies.js'));

/** A training of a model of this size on a busy computer. */
const WAIT_MS = 600_000;

const WORDS = {
  en: {
    teacher: 'Ms Ada',
    student: 'Bia',
    say: ['What is your favourite animal?', 'Why is the sky blue?', 'Tell me a short story about a robot.'],
    better: 'My favourite animal is the sea turtle.',
  },
  'pt-BR': {
    teacher: 'Prof. Ada',
    student: 'Bia',
    say: ['Oi! O que você gosta de fazer?'],
    better: 'Gosto de desenhar e de jogar bola.',
  },
} as const;

export interface SmolLm2Result {
  /** Why nothing was played. */
  skipped?: string;
  memory: PhaseMemory[];
  replies: unknown[];
  trainings: unknown[];
  /** From the rating chosen to the summary seen. */
  secondsToSummary: number[];
  offences: string[];
}

/** @param pictures folder for screenshots; none are taken without it. */
export async function drillSmolLm2({ pictures }: { pictures?: string } = {}): Promise<SmolLm2Result> {
  const chromium = findChromium();
  const nothing = { memory: [], replies: [], trainings: [], secondsToSummary: [], offences: [] };
  if (!existsSync(MODEL)) return { skipped: `there is no ${path.basename(MODEL)} in ../shared/models`, ...nothing };
  if (chromium === null) return { skipped: 'no Chromium found: set CHROMIUM_PATH to one', ...nothing };
  const browser = await launch(chromium);
  try {
    const english = await played(browser, 'en', pictures);
    const portuguese = await played(browser, 'pt-BR', pictures);
    return {
      memory: [...english.memory, ...portuguese.memory],
      replies: [...english.replies, ...portuguese.replies],
      trainings: [...english.trainings, ...portuguese.trainings],
      secondsToSummary: [...english.secondsToSummary, ...portuguese.secondsToSummary],
      offences: [...english.offences, ...portuguese.offences],
    };
  } finally {
    await browser.close();
  }
}

async function played(browser: Browser, locale: Locale, pictures: string | undefined): Promise<SmolLm2Result> {
  const folder = mkdtempSync(path.join(tmpdir(), 'smollm2-sitting-'));
  const bot = await startBot(folder, { BRAIN: MODEL, CLASS_LOCALE: locale, NODE_OPTIONS: `--import=${SAME_REPLIES}` });
  const watch = canMeasureMemory ? new MemoryWatch(bot.child.pid!) : null;
  const sitting = new SmolLm2Sitting(browser, bot, locale, pictures, (phase) => {
    if (watch) watch.phase = `${locale}: ${phase}`;
  });
  try {
    await sitting.play().catch(async (error: unknown) => {
      throw new Error(`the ${locale} sitting did not get to its end: ${await sitting.lastWords()}`, { cause: error });
    });
    const memory = watch?.stop() ?? [];
    await bot.stop();
    const found = kept(folder);
    const offences = [...sitting.problems, ...wrong(found, locale)];
    for (const { phase, sharedOnce } of memory)
      if (sharedOnce > MOST_MEGABYTES) offences.push(`${phase}: ${sharedOnce} MB, more than ${MOST_MEGABYTES}`);
    const { replies, trainings } = found;
    return { memory, replies, trainings, secondsToSummary: sitting.secondsToSummary, offences };
  } finally {
    watch?.stop();
    await bot.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

class SmolLm2Sitting {
  readonly secondsToSummary: number[] = [];
  readonly problems: string[] = [];
  readonly #browser: Browser;
  readonly #bot: Awaited<ReturnType<typeof startBot>>;
  readonly #locale: Locale;
  readonly #pictures: string | undefined;
  readonly #enter: (phase: string) => void;
  #teacher!: Visitor;
  #student!: Visitor;
  #picture = 0;

  constructor(
    browser: Browser,
    bot: Awaited<ReturnType<typeof startBot>>,
    locale: Locale,
    pictures: string | undefined,
    enter: (phase: string) => void,
  ) {
    this.#browser = browser;
    this.#bot = bot;
    this.#locale = locale;
    this.#pictures = pictures;
    this.#enter = enter;
    if (pictures !== undefined) mkdirSync(pictures, { recursive: true });
  }

  async play(): Promise<void> {
    const { say } = WORDS[this.#locale];
    await this.#open(say.length);
    const [first, second, third] = say;
    await this.#turn(1, first);
    await this.#correct(1);
    await this.#train(1, '0.3');
    if (second !== undefined && third !== undefined) {
      await this.#turnOpen(2, say.length);
      await this.#turn(2, second);
      await this.#train(2, '0.4');
      await this.#turnOpen(3, say.length);
      await this.#rollback();
      await this.#turn(3, third);
      await this.#rate(3, '0.9');
      await this.#both((visitor) => visitor.thisMessage(t(this.#locale, 'discord:iteration_closed', { number: 1 })));
      await this.#take('averages', toEnd);
    }
    await this.#stop();
    for (const visitor of [this.#teacher, this.#student]) this.problems.push(...visitor.problems);
    await this.#both((visitor) => visitor.leave());
  }

  /** The end of what the teacher sees, for the message of a failure. */
  async lastWords(): Promise<string> {
    await this.#take('failed', toEnd);
    return (await this.#teacher.page.locator('.history').innerText()).slice(-1500);
  }

  async #open(turns: number): Promise<void> {
    this.#enter('opening');
    const look = { locale: this.#locale, colorScheme: 'light' } as const;
    this.#teacher = await Visitor.arrive(this.#browser, this.#bot.url, { ...DESKTOP, ...look });
    this.#student = await Visitor.arrive(this.#browser, this.#bot.url, { ...PHONE, ...look });
    for (const { page } of [this.#teacher, this.#student]) page.setDefaultTimeout(WAIT_MS);
    await this.#teacher.join(WORDS[this.#locale].teacher, this.#bot.teacherCode, 'teacher');
    await this.#student.join(WORDS[this.#locale].student, this.#bot.joinCode);
    const start = `${t(this.#locale, 'commands:session_name')} ${t(this.#locale, 'commands:session_start_name')}`;
    // The code to come back with would hide a part of each picture. Closed first: the note of the new thread has such a button too.
    await this.#both((visitor) => visitor.press(visitor.button(t(this.#locale, 'local:close')).last()));
    await Promise.all([
      // The note stays some seconds only: waited for from the start.
      this.#student.press(this.#student.button(t(this.#locale, 'local:open')).last()),
      this.#teacher.command(start, { [t(this.#locale, 'commands:option_turns_name')]: String(turns) }),
    ]);
    const opening = await this.#student.thisMessage(t(this.#locale, 'discord:opening_title'));
    await this.#student.press(this.#student.button(t(this.#locale, 'discord:button_consent_yes'), opening));
    await this.#student.thisMessage(t(this.#locale, 'discord:consent_granted'));
  }

  async #turn(number: number, text: string): Promise<void> {
    this.#enter(`reply ${number}`);
    await this.#student.say(text);
    await this.#both((visitor) => visitor.thisMessage(this.#turnTitle(number), 'ROUGE-L'));
    this.#enter(`reply ${number} shown`);
    await this.#take(`reply-${number}`, (visitor) => atTop(visitor.message(this.#turnTitle(number), 'ROUGE-L')));
    await this.#take(`reply-${number}-end`, toEnd);
  }

  /** The student writes what should have been said; the training then goes on guided's leash. */
  async #correct(number: number): Promise<void> {
    const message = this.#student.message(this.#turnTitle(number), 'ROUGE-L');
    await this.#student.press(this.#student.button(t(this.#locale, 'discord:button_better'), message));
    await this.#student.form.getByLabel(t(this.#locale, 'discord:better_text')).fill(WORDS[this.#locale].better);
    await this.#student.press(this.#student.button(t(this.#locale, 'local:send_form'), this.#student.form));
    await this.#student.thisMessage(t(this.#locale, 'discord:corrected'));
  }

  async #rate(number: number, value: string): Promise<void> {
    const message = this.#teacher.message(this.#turnTitle(number), 'ROUGE-L');
    const shown = this.#locale === 'en' ? value : value.replace('.', ',');
    const menu = this.#teacher.menu(t(this.#locale, 'discord:rate_placeholder'), message);
    await this.#teacher.choose(menu, new RegExp(`^${shown.replace('.', '\\.')} `));
  }

  /** The turn's reply is rated low; both watch the training to its summary. */
  async #train(version: number, value: string): Promise<void> {
    this.#enter(`training ${version}`);
    const start = performance.now();
    await this.#rate(version, value);
    const summary = t(this.#locale, 'discord:summary_title', { from: version - 1, to: version });
    const progress = this.#teacher.message('LoRA ·');
    await progress.waitFor();
    await this.#take(`training-${version}`, toEnd);
    await this.#both((visitor) => visitor.thisMessage(summary));
    this.secondsToSummary.push(Number(((performance.now() - start) / 1000).toFixed(1)));
    this.#enter(`summary ${version} shown`);
    await this.#take(`trained-${version}`, (visitor) =>
      atTop(visitor.message(t(this.#locale, 'discord:training_done'))),
    );
    await this.#take(`summary-${version}`, (visitor) => atTop(visitor.message(summary)));
    await this.#take(`before-after-${version}`, (visitor) => atTop(visitor.message(summary).locator('.fields')));
  }

  async #turnOpen(turn: number, turns: number): Promise<void> {
    await this.#both((visitor) =>
      visitor.thisMessage(t(this.#locale, 'discord:turn_open', { turn, turns, iteration: 1 })),
    );
  }

  async #rollback(): Promise<void> {
    this.#enter('rollback');
    const words = `${t(this.#locale, 'commands:brain_name')} ${t(this.#locale, 'commands:brain_rollback_name')}`;
    await this.#teacher.command(words);
    await this.#both((visitor) => visitor.thisMessage(t(this.#locale, 'discord:using', { number: 1 })));
    await this.#take('rollback', toEnd);
  }

  async #stop(): Promise<void> {
    this.#enter('end');
    await this.#teacher.press(this.#teacher.button(t(this.#locale, 'discord:button_stop')).last());
    const keep = t(this.#locale, 'discord:button_keep');
    await this.#teacher.button(keep).last().waitFor();
    await this.#take('keep-question', toEnd);
    await this.#teacher.press(this.#teacher.button(keep).last());
    await this.#both((visitor) => visitor.thisMessage(t(this.#locale, 'discord:ended_title')));
    await this.#take('end', toEnd);
  }

  #turnTitle(number: number): string {
    return t(this.#locale, 'discord:turn_title', { number, iteration: 1 });
  }

  #both<T>(what: (visitor: Visitor) => Promise<T>): Promise<T[]> {
    return Promise.all([this.#teacher, this.#student].map(what));
  }

  /** What both see now, in the light and in the dark. */
  async #take(step: string, prepare: (visitor: Visitor) => Promise<unknown>): Promise<void> {
    if (this.#pictures === undefined) return;
    const number = String(++this.#picture).padStart(2, '0');
    for (const [look, visitor] of [
      ['desk', this.#teacher],
      ['phone', this.#student],
    ] as const) {
      await prepare(visitor);
      for (const colorScheme of ['light', 'dark'] as const) {
        await visitor.page.emulateMedia({ colorScheme });
        const file = `${number}-${step}.${this.#locale}.${look}-${colorScheme}.png`;
        await visitor.page.screenshot({ path: path.join(this.#pictures, file) });
      }
    }
  }
}

const atTop = (message: Locator) =>
  message.evaluate((element) => Reflect.get(element, 'scrollIntoView').call(element, { block: 'start' }));
const toEnd = (visitor: Visitor) =>
  visitor.page.locator('.history').evaluate((element) => Reflect.set(element, 'scrollTop', 1e9));

interface Kept {
  replies: { turn: number; version: number; tokens: number; seconds: number; tokensPerSecond: number; reply: string }[];
  trainings: { state: string; secondsOfSteps: number[]; losses: number[]; tokens: number; trainRuntime: number }[];
  versions: { number: number; parent: number | null; method: string }[];
  current: number;
  phase: string;
}

/** What the database says afterwards. */
function kept(folder: string): Kept {
  const database = new Database(path.join(folder, 'brain-factory.sqlite'), { readonly: true });
  const rows = <T>(sql: string) => database.prepare(sql).all() as T[];
  const replies = rows<Kept['replies'][number]>(
    `SELECT turns.number AS turn, coalesce(versions.number, 0) AS version, json_array_length(output_ids) AS tokens,
      round(seconds, 2) AS seconds, round(tokens_per_second, 1) AS tokensPerSecond, reply
      FROM turns LEFT JOIN versions ON versions.id = version_id ORDER BY turns.number`,
  );
  const jobs = rows<{ id: string; state: string; started_at: number; summary: string }>(
    'SELECT id, state, started_at, summary FROM jobs ORDER BY number',
  );
  const trainings = jobs.map(({ id, state, started_at, summary }) => {
    const steps = database.prepare('SELECT loss, created_at FROM job_steps WHERE job_id = ? ORDER BY step').all(id) as {
      loss: number;
      created_at: number;
    }[];
    // The first one's seconds hold the opening of the model as well.
    const moments = [started_at, ...steps.map((step) => step.created_at)];
    const { tokens, trainRuntime } = JSON.parse(summary) as { tokens: number; trainRuntime: number };
    return {
      state,
      secondsOfSteps: steps.map((_, index) => (moments[index + 1]! - moments[index]!) / 1000),
      losses: steps.map(({ loss }) => loss),
      tokens,
      trainRuntime,
    };
  });
  const versions = rows<Kept['versions'][number]>(
    `SELECT versions.number, parents.number AS parent, versions.method
      FROM versions LEFT JOIN versions AS parents ON parents.id = versions.parent_id ORDER BY versions.number`,
  );
  const [{ current }] = rows<{ current: number }>(
    `SELECT coalesce(versions.number, 0) AS current FROM classes LEFT JOIN versions ON versions.id = current_version_id`,
  ) as [{ current: number }];
  const [{ phase }] = rows<{ phase: string }>('SELECT phase FROM sessions') as [{ phase: string }];
  database.close();
  return { replies, trainings, versions, current, phase };
}

/** Where the database tells another story than what was played. */
function wrong(found: Kept, locale: Locale): string[] {
  const turns = WORDS[locale].say.length;
  const trained = Math.min(turns, 2);
  const numbers = Array.from({ length: trained }, (_, index) => index + 1);
  // The last of three turns is played a version back.
  const answering = [0, 1, 1].slice(0, turns);
  const claims: [string, unknown, unknown][] = [
    ['versions that answered', found.replies.map(({ version }) => version), answering],
    ['empty replies', found.replies.filter(({ reply }) => reply === ''), []],
    ['jobs', found.trainings.map(({ state }) => state), numbers.map(() => 'finished')],
    // With a better answer guided goes far, on its leash; the second training has none.
    ['steps', found.trainings.map(({ losses }) => losses.length), [30, 5].slice(0, trained)],
    ['jobs whose loss did not fall', found.trainings.filter(({ losses }) => losses.at(-1)! >= losses[0]!), []],
    [
      'versions',
      found.versions,
      numbers.map((number) => ({ number, parent: number > 1 ? number - 1 : null, method: 'lora' })),
    ],
    ['version in use', found.current, 1],
    ['phase', found.phase, 'ended'],
  ];
  return claims
    .filter(([, is, wanted]) => JSON.stringify(is) !== JSON.stringify(wanted))
    .map(([what, is, wanted]) => `${locale}, ${what}: ${JSON.stringify(is)} instead of ${JSON.stringify(wanted)}`);
}
