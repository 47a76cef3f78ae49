/**
 * A whole sitting as people see it: the real bot as a process of its own, a real browser with two people in it, a teacher
 * in English at a desk and a student in Portuguese with a phone. The database is read afterwards.
 * Needs a Chromium (CHROMIUM_PATH, or one in a usual place); skips itself where there is none.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { t } from '../../src/i18n/index.ts';
import { DESKTOP, findChromium, launch, PHONE, Visitor } from './browser.ts';
import { type Running, startBot } from './start.ts';

const chromium = findChromium();
if (chromium === null) {
  console.warn('No Chromium found (set CHROMIUM_PATH to one): the sitting in a browser is not played.');
}

const folder = mkdtempSync(path.join(tmpdir(), 'browser-sitting-'));
let bot: Running;
let browser: Browser;

beforeAll(async () => {
  if (chromium === null) return;
  [bot, browser] = await Promise.all([startBot(folder), launch(chromium)]);
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await bot?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The class's language: what everybody sees. What only one person sees is in that person's language. */
const shared = 'en';

test.skipIf(chromium === null)(
  'a teacher at a desk and a student with a phone play a sitting in their browsers',
  async () => {
    const teacher = await Visitor.arrive(browser, bot.url, { ...DESKTOP, locale: 'en' });
    const student = await Visitor.arrive(browser, bot.url, { ...PHONE, locale: 'pt-BR' });
    const both = [teacher, student];
    const everybodySees = (...words: (string | RegExp)[]) =>
      Promise.all(both.map((person) => person.thisMessage(...words)));

    await teacher.join('Ms Ada', bot.teacherCode, 'teacher');
    await student.join('Bia', bot.joinCode);
    await student.page
      .getByRole('heading', { name: t('pt-BR', 'local:welcome_title', { name: 'classroom' }) })
      .waitFor();

    // The teacher opens a sitting of two turns as one types a command: a few letters, Enter, the option, Enter.
    await teacher.composer.pressSequentially('/sess');
    await teacher.commandList.getByRole('option', { name: '/session start' }).waitFor();
    await teacher.composer.pressSequentially('ion sta');
    await teacher.composer.press('Enter');
    await teacher.fillOption('turns', '2');
    await teacher.page.keyboard.press('Enter');
    await teacher.thisMessage(t(shared, 'discord:opening_title'));

    // The student is told of the thread, goes there, and consents; the thanks are in Portuguese and nobody else's.
    await student.press(student.button(t('pt-BR', 'local:open')));
    const opening = await student.thisMessage(t(shared, 'discord:opening_title'));
    await student.press(student.button(t(shared, 'discord:button_consent_yes'), opening));
    await student.thisMessage(t('pt-BR', 'discord:consent_granted'), t('pt-BR', 'local:only_you'));
    expect(await teacher.page.getByText(t('pt-BR', 'discord:consent_granted')).count()).toBe(0);

    // First turn: a sentence in the text field, and the reply opened up.
    await student.say('Hello, how are you today?');
    const [, first] = await everybodySees(t(shared, 'discord:turn_title', { number: 1, iteration: 1 }), 'ROUGE-L');
    for (const words of ['hello', 'BLEU', 'METEOR', 'BERTScore', 'v0']) {
      await first!.getByText(words).first().waitFor();
    }
    await student.choose(student.menu(t(shared, 'discord:rate_placeholder'), first), /^0\.3 /);
    await student.thisMessage(t('pt-BR', 'discord:rated', { value: '0,30' }), t('pt-BR', 'local:only_you'));
    await everybodySees(t(shared, 'discord:ratings', { average: '0.30', threshold: '0.6' }), 'Bia 0.30');

    // Both watch one message change from waiting to trained, under their eyes.
    const training = await everybodySees(
      new RegExp(
        [t(shared, 'discord:queued_next'), t(shared, 'discord:training_loading'), 'learning_rate']
          .map((words) => words.replaceAll('.', '\\.'))
          .join('|'),
      ),
    );
    for (const message of training) {
      await message.getByText(t(shared, 'discord:training_done')).waitFor();
      await message.getByText('learning_rate').waitFor();
      await message.getByText('100%').waitFor();
    }
    // It runs for five seconds beside the summary: it is looked for at the same time.
    const countdown = everybodySees(t(shared, 'discord:countdown_turn'));
    const summaries = await everybodySees(t(shared, 'discord:summary_title', { from: 0, to: 1 }));
    for (const summary of summaries) {
      for (const words of [
        'train_loss',
        t(shared, 'discord:before', { version: 0 }),
        t(shared, 'discord:after', { version: 1 }),
      ]) {
        await summary.getByText(words).waitFor();
      }
      const chart = summary.locator('img');
      await chart.scrollIntoViewIfNeeded();
      await expect
        .poll(() => chart.evaluate((image) => Number(Reflect.get(image, 'naturalWidth'))), { timeout: 30_000 })
        .toBeGreaterThan(300);
    }

    // The countdown runs on both screens, then the second turn is open.
    await countdown;
    const [, turn] = await everybodySees(t(shared, 'discord:turn_open', { turn: 2, turns: 2, iteration: 1 }));

    // Second turn: by the form, with a language chosen; rated high by the teacher.
    await student.press(student.button(t(shared, 'discord:button_speak'), turn));
    await student.form.getByLabel(t('pt-BR', 'discord:speak_text')).fill('Olá, tudo bem?');
    await student.choose(
      student.menu(t('pt-BR', 'discord:choice_language'), student.form),
      t('pt-BR', 'discord:language_pt'),
    );
    await student.press(student.button(t('pt-BR', 'local:send_form'), student.form));
    await student.form.waitFor({ state: 'detached' });
    const [second] = await everybodySees(t(shared, 'discord:turn_title', { number: 2, iteration: 1 }), 'ROUGE-L');
    await second!.getByText('Olá, tudo bem?').waitFor();
    await teacher.choose(teacher.menu(t(shared, 'discord:rate_placeholder'), second), /^0\.9 /);
    await teacher.thisMessage(t('en', 'discord:rated', { value: '0.90' }));
    await everybodySees(t(shared, 'discord:iteration_closed', { number: 1 }), 'METEOR', '0.60');

    // The teacher stops in the countdown (one pressed a moment too late stops all the same) and keeps the progress.
    await teacher.press(teacher.button(t(shared, 'discord:button_stop')).last());
    const question = await teacher.thisMessage(t(shared, 'discord:keep_question', { version: 1, start: 0 }));
    await teacher.press(teacher.button(t(shared, 'discord:button_keep'), question));
    await everybodySees(t(shared, 'discord:ended_title'), t(shared, 'discord:kept', { version: 1 }));

    expect(Object.fromEntries(both.map((person) => [person.locale, person.problems]))).toEqual({ en: [], 'pt-BR': [] });
    await Promise.all(both.map((person) => person.leave()));
    await bot.stop();

    const database = new Database(path.join(folder, 'brain-factory.sqlite'), { readonly: true });
    const rows = (sql: string) => database.prepare(sql).all();
    expect(
      rows('SELECT number, text, language, state, length(reply) > 0 AS replied FROM turns ORDER BY number'),
    ).toEqual([
      { number: 1, text: 'Hello, how are you today?', language: 'en', state: 'answered', replied: 1 },
      { number: 2, text: 'Olá, tudo bem?', language: 'pt', state: 'answered', replied: 1 },
    ]);
    expect(
      rows('SELECT members.name, value FROM ratings JOIN members ON members.id = member_id ORDER BY value'),
    ).toEqual([
      { name: 'Bia', value: 0.3 },
      { name: 'Ms Ada', value: 0.9 },
    ]);
    expect(rows('SELECT state FROM jobs')).toEqual([{ state: 'finished' }]);
    expect(rows('SELECT step FROM job_steps ORDER BY step')).toEqual([1, 2, 3, 4, 5].map((step) => ({ step })));
    expect(rows('SELECT number FROM versions')).toEqual([{ number: 1 }]);
    expect(rows('SELECT number FROM iterations WHERE closed_at IS NOT NULL')).toEqual([{ number: 1 }]);
    expect(rows('SELECT phase FROM sessions')).toEqual([{ phase: 'ended' }]);
    expect(rows('SELECT count(*) AS waiting FROM outbox WHERE delivered_at IS NULL')).toEqual([{ waiting: 0 }]);
    database.close();
  },
  240_000,
);
