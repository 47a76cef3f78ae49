/**
 * Pictures of a sitting, for looking at: `node test/sitting/screenshots.ts OUT_FOLDER [en|pt-BR]`.
 * Plays one sitting a language with four people who look on at once (a teacher at a desk in the light, students at a desk
 * in the dark and with a phone in either), and takes everybody's picture at each step. About a minute a language.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Browser, Locator } from 'playwright-core';
import { LOCALES, type Locale, t } from '../../src/i18n/index.ts';
import { DESKTOP, findChromium, launch, PHONE, Visitor } from './browser.ts';
import { type Running, startBot } from './start.ts';

/** What is said, in each language. */
const WORDS = {
  en: {
    teacher: 'Ms Ada',
    students: ['Ana', 'Bia', 'Leo'],
    first: 'I love music. Do you like music?',
    second: 'What is your favourite book?',
  },
  'pt-BR': {
    teacher: 'Prof. Ada',
    students: ['Ana', 'Bia', 'Léo'],
    first: 'Oi, tudo bem com você?',
    second: 'Qual é o seu livro favorito?',
  },
} as const satisfies Record<Locale, object>;

/** Steps of which the dark phone takes a picture too. */
const DARK_PHONE_STEPS = ['opening', 'reply', 'speak-form'];

class Album {
  readonly #folder: string;
  readonly #people: ReadonlyMap<string, Visitor>;
  #step = 0;

  constructor(folder: string, people: ReadonlyMap<string, Visitor>) {
    this.#folder = folder;
    this.#people = people;
  }

  /** Everybody's picture of this step (or of those whose look has `looks` in its name), with what they do first to see it. */
  async take(
    step: string,
    prepare: (visitor: Visitor) => Promise<unknown> = async () => {},
    looks = '',
  ): Promise<void> {
    const number = String(++this.#step).padStart(2, '0');
    for (const [look, visitor] of this.#people) {
      if ((look === 'phone-dark' && !DARK_PHONE_STEPS.includes(step)) || !look.includes(looks)) continue;
      await prepare(visitor);
      const file = `${number}-${step}.${visitor.locale}.${look}.png`;
      await visitor.page.screenshot({ path: path.join(this.#folder, file) });
    }
  }
}

const atTop = (message: Locator) =>
  message.evaluate((element) => Reflect.get(element, 'scrollIntoView').call(element, { block: 'start' }));
const toEnd = (visitor: Visitor) =>
  visitor.page.locator('.history').evaluate((element) => Reflect.set(element, 'scrollTop', 1e9));

async function play(browser: Browser, bot: Running, locale: Locale, folder: string): Promise<void> {
  const words = WORDS[locale];
  const arrive = (look: object) => Visitor.arrive(browser, bot.url, { ...look, locale });
  const teacher = await arrive({ ...DESKTOP, colorScheme: 'light' });
  const people = new Map([
    ['desk-light', teacher],
    ['desk-dark', await arrive({ ...DESKTOP, colorScheme: 'dark' })],
    ['phone-light', await arrive({ ...PHONE, colorScheme: 'light' })],
    ['phone-dark', await arrive({ ...PHONE, colorScheme: 'dark' })],
  ]);
  const students = [...people.values()].slice(1);
  const phone = students[1]!;
  const everybody = [...people.values()];
  const all = <T>(what: (visitor: Visitor) => Promise<T>) => Promise.all(everybody.map(what));
  const album = new Album(folder, people);

  await album.take('join');
  await teacher.join(words.teacher, bot.teacherCode, 'teacher');
  for (const [index, student] of students.entries()) await student.join(words.students[index]!, bot.joinCode);
  await album.take('empty-classroom');
  for (const visitor of everybody) await visitor.press(visitor.button(t(locale, 'local:close')).last());
  await album.take('commands', (visitor) => visitor.composer.pressSequentially('/ses'));
  const start = `${t(locale, 'commands:session_name')} ${t(locale, 'commands:session_start_name')}`;
  await album.take('command-options', async (visitor) => {
    await visitor.press(visitor.commandList.getByRole('option', { name: `/${start}` }));
    await visitor.fillOption(t(locale, 'commands:option_turns_name'), '2');
  });
  for (const student of students) {
    const cancel = student.button(t(locale, 'local:cancel'), student.commandForm);
    if (await cancel.isVisible()) await student.press(cancel);
  }
  await teacher.page.keyboard.press('Enter');
  await teacher.thisMessage(t(locale, 'discord:opening_title'));
  await album.take('thread-opened');
  for (const student of students) await student.press(student.button(t(locale, 'local:open')).last());
  await all((visitor) => visitor.thisMessage(t(locale, 'discord:opening_title')));
  await album.take('opening');
  await album.take('opening-top', async (visitor) => atTop(visitor.message(t(locale, 'discord:opening_title'))));
  await all(toEnd);
  await phone.press(phone.button(t(locale, 'discord:button_consent_yes')).last());
  await phone.thisMessage(t(locale, 'discord:consent_granted'));
  await album.take('consent');

  await phone.say(words.first);
  const title = (number: number) => t(locale, 'discord:turn_title', { number, iteration: 1 });
  await all((visitor) => visitor.thisMessage(title(1), 'ROUGE-L'));
  await album.take('reply');
  await album.take('reply-top', (visitor) => atTop(visitor.message(title(1))));
  await album.take('reply-middle', (visitor) => atTop(visitor.message(title(1)).locator('.fields')));
  await all(toEnd);
  await album.take('rating-menu', (visitor) => visitor.openMenu(visitor.menu(t(locale, 'discord:rate_placeholder'))));
  await all((visitor) => visitor.page.keyboard.press('Escape'));
  await album.take('why', async (visitor) => {
    await visitor.press(visitor.button(t(locale, 'discord:button_why')).last());
    await visitor.thisMessage(t(locale, 'discord:why_text').slice(0, 30));
  });
  await phone.press(phone.button(t(locale, 'discord:button_again')).last());
  const better = (number: number) => t(locale, 'discord:button_prefer', { number });
  await all((visitor) => visitor.button(better(2)).last().waitFor());
  await phone.press(phone.button(better(1)).last());
  await all((visitor) => visitor.thisMessage(title(1), '👍 1'));
  const compared = t(locale, 'discord:comparison_title');
  await album.take('two-tries', (visitor) => atTop(visitor.page.getByText(compared).last()));
  await phone.choose(phone.menu(t(locale, 'discord:rate_placeholder')), locale === 'en' ? /^0\.3 / : /^0,3 /);
  await all((visitor) => visitor.message('LoRA ·').waitFor());
  await album.take('training');
  await all((visitor) => visitor.message(/train_loss/).waitFor());
  await album.take('summary');
  const turnOpen = t(locale, 'discord:turn_open', { turn: 2, turns: 2, iteration: 1 });
  await album.take('summary-top', (visitor) => atTop(visitor.message(/train_loss/)));
  await album.take('before-after', (visitor) => atTop(visitor.message(/train_loss/).locator('.fields')));
  await all(toEnd);
  await album.take('countdown');
  await all((visitor) => visitor.thisMessage(turnOpen));
  await album.take('second-turn');

  const speak = t(locale, 'discord:button_speak');
  await album.take('speak-form', async (visitor) => {
    await visitor.press(visitor.button(speak).last());
    await visitor.form.getByLabel(t(locale, 'discord:speak_text')).fill(words.second);
  });
  await album.take(
    'speak-form-keyboard',
    ({ page }) => page.setViewportSize({ width: 360, height: 420 }),
    'phone-light',
  );
  await phone.page.setViewportSize(PHONE.viewport);
  await album.take('speak-form-menu', (visitor) =>
    visitor.openMenu(visitor.menu(t(locale, 'discord:choice_emotion'), visitor.form)),
  );
  for (const visitor of everybody) {
    await visitor.press(visitor.menu(t(locale, 'discord:choice_emotion'), visitor.form));
    if (visitor !== phone) await visitor.press(visitor.button(t(locale, 'local:cancel'), visitor.form).last());
  }
  await phone.press(phone.button(t(locale, 'local:send_form'), phone.form));
  await all((visitor) => visitor.thisMessage(title(2), 'ROUGE-L'));
  await album.take('second-reply');
  const rating = teacher.menu(t(locale, 'discord:rate_placeholder'), teacher.message(title(2)));
  await teacher.choose(rating, locale === 'en' ? /^0\.9 / : /^0,9 /);
  await all((visitor) => visitor.thisMessage(t(locale, 'discord:iteration_closed', { number: 1 })));
  await album.take('averages', toEnd);
  await teacher.press(teacher.button(t(locale, 'discord:button_stop')).last());
  const keep = t(locale, 'discord:button_keep');
  await all((visitor) => visitor.button(keep).last().waitFor());
  await album.take('keep-question', toEnd);
  await teacher.press(teacher.button(keep).last());
  await all((visitor) => visitor.thisMessage(t(locale, 'discord:ended_title')));
  await album.take('end', toEnd);

  const asked: [string, string, string, Record<string, string>?][] = [
    ['help', t(locale, 'commands:help_name'), t(locale, 'discord:help_commands')],
    ['learn-loss', t(locale, 'commands:learn_name'), '📖', { [t(locale, 'commands:option_term_name')]: 'loss' }],
    [
      'brain-list',
      `${t(locale, 'commands:brain_name')} ${t(locale, 'commands:brain_list_name')}`,
      t(locale, 'discord:brains_title'),
    ],
    ['queue', t(locale, 'commands:queue_name'), t(locale, 'discord:queue_empty')],
    [
      'privacy-export',
      `${t(locale, 'commands:privacy_name')} ${t(locale, 'commands:privacy_export_name')}`,
      t(locale, 'discord:privacy_export'),
    ],
    [
      'session-config',
      `${t(locale, 'commands:session_name')} ${t(locale, 'commands:session_config_name')}`,
      t(locale, 'discord:settings_title'),
    ],
    [
      'session-status',
      `${t(locale, 'commands:session_name')} ${t(locale, 'commands:session_status_name')}`,
      t(locale, 'discord:status_place', { place: '' }),
    ],
  ];
  for (const [step, command, answer, options] of asked) {
    await album.take(step, async (visitor) => {
      await visitor.command(command, options);
      await visitor.thisMessage(answer);
    });
  }
  for (const [look, visitor] of people) for (const problem of visitor.problems) console.error(locale, look, problem);
  await all((visitor) => visitor.leave());
}

const [out, only] = process.argv.slice(2);
const executable = findChromium();
if (out === undefined || executable === null) {
  console.error(
    out === undefined
      ? 'node test/sitting/screenshots.ts OUT_FOLDER [en|pt-BR]'
      : 'No Chromium found: set CHROMIUM_PATH.',
  );
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const browser = await launch(executable);
for (const locale of LOCALES.filter((each) => only === undefined || each === only)) {
  const data = mkdtempSync(path.join(tmpdir(), 'screenshots-'));
  const bot = await startBot(data, { CLASS_LOCALE: locale });
  try {
    await play(browser, bot, locale, out);
  } finally {
    await bot.stop();
    rmSync(data, { recursive: true, force: true });
  }
}
await browser.close();
