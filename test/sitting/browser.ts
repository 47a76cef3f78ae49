/**
 * People with a real browser: finds a Chromium on this computer and plays somebody who looks at the page, types, presses
 * and chooses. Everything is found as a person finds it, by role and by the words on the page. All that went wrong in the
 * page (script errors, errors in the console, things the page's own policy refused) is kept in `problems`.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core';
import { type Locale, t } from '../../src/i18n/index.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'microsoft-edge'];
const MAC_NAMES = ['Chromium', 'Google Chrome', 'Microsoft Edge'];
const WINDOWS_PLACES = [
  ['Chromium', 'Application', 'chrome.exe'],
  ['Google', 'Chrome', 'Application', 'chrome.exe'],
  ['Microsoft', 'Edge', 'Application', 'msedge.exe'],
];

/** A Chromium's executable: CHROMIUM_PATH, or one on the PATH, or where installers put it; null where there is none. */
export function findChromium(environment: NodeJS.ProcessEnv = process.env): string | null {
  const { CHROMIUM_PATH: wanted, PATH: folders = '' } = environment;
  if (wanted) {
    if (!existsSync(wanted)) throw new Error(`CHROMIUM_PATH is ${wanted}, and there is no such file`);
    return wanted;
  }
  const places = [
    ...folders.split(path.delimiter).flatMap((folder) => NAMES.map((name) => path.join(folder, name))),
    ...MAC_NAMES.map((name) => path.join('/Applications', `${name}.app`, 'Contents', 'MacOS', name)),
    ...[environment.PROGRAMFILES, environment['PROGRAMFILES(X86)'], environment.LOCALAPPDATA]
      .filter((folder) => folder !== undefined)
      .flatMap((folder) => WINDOWS_PLACES.map((parts) => path.join(folder, ...parts))),
  ];
  return places.find((place) => existsSync(place)) ?? null;
}

export function launch(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'],
  });
}

export const DESKTOP = { viewport: { width: 1280, height: 800 } } as const satisfies BrowserContextOptions;
export const PHONE = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
} as const satisfies BrowserContextOptions;

export type Look = BrowserContextOptions & { readonly locale: Locale };

/** Runs in the page: says in the console what the page's policy refused, which Chromium does not say for every kind. */
const REPORT_REFUSALS = `addEventListener('securitypolicyviolation', (event) => {
  console.error('policy refuses ' + event.violatedDirective + ': ' + event.blockedURI);
});`;

/** What a visitor may wait for: a training of the embedded brain on a slow computer. */
const WAIT_MS = 90_000;

export class Visitor {
  readonly page: Page;
  readonly locale: Locale;
  readonly problems: string[] = [];
  readonly #isPhone: boolean;

  constructor(page: Page, look: Look) {
    this.page = page;
    this.locale = look.locale;
    this.#isPhone = look.hasTouch === true;
  }

  /** Opens the page in a browser of its own. */
  static async arrive(browser: Browser, url: string, look: Look): Promise<Visitor> {
    const context = await browser.newContext(look);
    context.setDefaultTimeout(WAIT_MS);
    const visitor = new Visitor(await context.newPage(), look);
    await visitor.#listen();
    await visitor.page.goto(url);
    return visitor;
  }

  async #listen(): Promise<void> {
    this.page.on('pageerror', (error) => this.problems.push(`error in the page: ${error.stack ?? error.message}`));
    this.page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') {
        this.problems.push(`${message.type()} in the console: ${message.text()} (${message.location().url})`);
      }
    });
    this.page.on('requestfailed', (request) => {
      this.problems.push(`no answer to ${request.url()}: ${request.failure()?.errorText}`);
    });
    await this.page.addInitScript({ content: REPORT_REFUSALS });
  }

  leave(): Promise<void> {
    return this.page.context().close();
  }

  press(what: Locator): Promise<void> {
    return this.#isPhone ? what.tap() : what.click();
  }

  button(name: string, within: Page | Locator = this.page): Locator {
    return within.getByRole('button', { name, exact: true });
  }

  // Coming in

  async join(name: string, code: string, as: 'student' | 'teacher' = 'student'): Promise<void> {
    if (as === 'teacher') await this.press(this.button(t(this.locale, 'local:way_teacher')));
    await this.page.getByLabel(t(this.locale, 'local:your_name'), { exact: true }).fill(name);
    const field = as === 'teacher' ? t(this.locale, 'local:teacher_code') : t(this.locale, 'local:join_code');
    await this.page.getByLabel(field, { exact: true }).fill(code);
    await this.press(this.button(t(this.locale, 'local:enter')));
    await this.composer.waitFor();
  }

  // Writing

  get composer(): Locator {
    return this.page.locator('.composer textarea');
  }

  async say(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.press(this.button(t(this.locale, 'local:send')));
  }

  /** The list of commands that fit what is typed. */
  get commandList(): Locator {
    return this.page.getByRole('listbox', { name: t(this.locale, 'local:commands') });
  }

  /** The form in which a chosen command's options are filled in. */
  get commandForm(): Locator {
    return this.page.locator('.command-form');
  }

  /** Adds an option to the command's form and fills it in. */
  async fillOption(name: string, value: string): Promise<void> {
    const chip = this.button(`+ ${name}`, this.commandForm);
    if (await chip.isVisible()) await this.press(chip);
    await this.commandForm.getByLabel(name).fill(value);
  }

  /** Types a command, picks it from the list, fills in its options and sends it. @param words as this reader types it. */
  async command(words: string, options: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.composer.fill(`/${words}`);
    await this.press(this.commandList.getByRole('option', { name: `/${words}` }).first());
    for (const [name, value] of Object.entries(options)) await this.fillOption(name, value);
    if (await this.commandForm.isVisible())
      await this.press(this.button(t(this.locale, 'local:run'), this.commandForm));
  }

  // Messages

  /** The newest message in which all these words stand. */
  message(...words: (string | RegExp)[]): Locator {
    return words.reduce((found, hasText) => found.filter({ hasText }), this.page.locator('li.message')).last();
  }

  /** Waits for a message and gives it as itself: the same one, whatever it is edited to say later. */
  async thisMessage(...words: (string | RegExp)[]): Promise<Locator> {
    const found = this.message(...words);
    await found.waitFor();
    return this.page.locator(`#${await found.getAttribute('id')}`);
  }

  /** Opens a menu, by what it says while nothing is chosen. */
  async openMenu(menu: Locator): Promise<Locator> {
    await this.press(menu);
    const list = this.page.getByRole('listbox');
    await list.waitFor();
    return list;
  }

  menu(label: string, within: Page | Locator = this.page): Locator {
    return within.getByRole('combobox', { name: label });
  }

  async choose(menu: Locator, option: string | RegExp): Promise<void> {
    const list = await this.openMenu(menu);
    await this.press(list.getByRole('option', { name: option, exact: true }));
  }

  get form(): Locator {
    return this.page.getByRole('dialog');
  }
}
