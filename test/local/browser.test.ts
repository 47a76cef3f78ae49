/** The page in a real browser: people come in, write, use commands and forms, lose the connection, look on from a phone. */
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startLocalServer } from '../../src/local/index.ts';
import { findChromium } from '../sitting/browser.ts';
import { temporaryFolder } from './classroom.ts';
import { type Demo, startDemo } from './demo.ts';

const executablePath = findChromium();
if (executablePath === null)
  console.warn('test/local/browser.test.ts is skipped: no Chromium found (set CHROMIUM_PATH)');

let browser: Browser;
let demo: Demo;

beforeAll(async () => {
  if (executablePath === null) return;
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--no-first-run'];
  [browser, demo] = await Promise.all([chromium.launch({ executablePath, args }), startDemo()]);
});

afterAll(async () => {
  await browser?.close();
  await demo?.stop();
});

interface Guest {
  page: Page;
  /** Errors of scripts, in the console, and what the page's policy refused. */
  problems: string[];
}

/** Runs in the page first: keeps its websockets at hand, to be cut. */
const KEEP_SOCKETS = `globalThis.sockets = [];
globalThis.WebSocket = class extends WebSocket { constructor(...given) { super(...given); sockets.push(this); } };`;

async function arrive(options: BrowserContextOptions = {}, server = demo.server): Promise<Guest> {
  const context = await browser.newContext({ locale: 'en-US', viewport: { width: 1280, height: 800 }, ...options });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') problems.push(message.text());
  });
  await page.addInitScript(
    `addEventListener('securitypolicyviolation', (event) => console.error('refused: ' + event.violatedDirective))`,
  );
  await page.addInitScript(KEEP_SOCKETS);
  await page.goto(server.url);
  await page.getByRole('heading', { name: 'Brain Factory' }).waitFor();
  return { page, problems };
}

async function comeIn(name: string, options: BrowserContextOptions = {}, server = demo.server): Promise<Guest> {
  const guest = await arrive(options, server);
  await guest.page.locator('#join-name').fill(name);
  await guest.page.locator('#join-invite').fill(server.joinCode.toLowerCase());
  await guest.page.locator('button[type=submit]').click();
  await guest.page.locator('.history').waitFor();
  return guest;
}

/** Opens a channel of its own, so that tests do not look at each other's messages. */
async function ownChannel(guest: Guest, name: string): Promise<string> {
  const { json } = await demo.teacher.request('POST', `/guilds/${demo.server.guildId}/channels`, { name });
  await guest.page.getByRole('button', { name, exact: true }).click();
  return String(json.id);
}

/** A channel or thread in the list, whatever is unread in it. */
const inChannels = (page: Page, name: string) => page.locator('nav.channels').getByText(name, { exact: true });

/** A text among the messages (new ones are also read aloud to those who do not see). */
const inMessages = (page: Page, text: string) => page.locator('.messages').getByText(text);

const composer = (page: Page) => page.locator('.composer textarea').first();

async function write(page: Page, text: string): Promise<void> {
  await composer(page).fill(text);
  await composer(page).press('Enter');
}

describe.skipIf(executablePath === null)('the page in a browser', () => {
  test('lets in by name and code, and says what is wrong beside the field', async () => {
    const { page } = await arrive();
    await page.locator('#join-name').fill('Marina');
    await page.locator('#join-invite').fill('WRONG9');
    await page.locator('button[type=submit]').click();
    await page.getByText('That is not the join code').waitFor();
    await page.locator('#join-invite').fill(demo.server.joinCode);
    await page.locator('button[type=submit]').click();
    await page.getByText('Somebody here has this name').waitFor();
    await page.locator('#join-name').fill('Marina B');
    await page.locator('button[type=submit]').click();
    await page.locator('.history').waitFor();
    expect(await page.locator('.me-name b').textContent()).toBe('Marina B');
    await page.reload();
    await page.locator('.history').waitFor();
    expect(await page.locator('.me-name b').textContent()).toBe('Marina B');
  });

  test('lets one come back as oneself with the return code', async () => {
    const first = await comeIn('Zoé');
    await first.page.locator('.me-button').click();
    const code = await first.page.locator('.return-code code').textContent();
    const { page } = await arrive();
    await page.getByRole('button', { name: 'I was here before' }).click();
    await page.locator('#join-name').fill('zoé');
    await page.locator('#join-invite').fill(demo.server.joinCode);
    await page.locator('#join-return').fill(code ?? '');
    await page.locator('button[type=submit]').click();
    await page.locator('.history').waitFor();
    expect(await page.locator('.me-name b').textContent()).toBe('Zoé');
  });

  test('shows what others write at once, and edits in their place', async () => {
    const ana = await comeIn('Ana 1');
    const teo = await comeIn('Téo 1');
    const channelId = await ownChannel(ana, 'live');
    await inChannels(teo.page, 'live').click();
    await write(ana.page, 'hello **Téo**');
    const shown = teo.page.locator('.message', { hasText: 'hello Téo' });
    await shown.waitFor();
    expect(await shown.locator('strong').last().textContent()).toBe('Téo');
    expect(await ana.page.locator('.message', { hasText: 'hello Téo' }).count()).toBe(1);
    const [message] = await demo.teacher.messages(channelId);
    const channel = demo.classroom.client.channels.cache.get(channelId);
    if (!channel?.isSendable()) throw new Error('no channel');
    const progress = await channel.send({ embeds: [{ title: 'step 0' }] });
    const card = teo.page.locator(`#message-${progress.id} .embed`);
    await card.waitFor();
    const node = await card.elementHandle();
    for (let step = 1; step <= 5; step++) await progress.edit({ embeds: [{ title: `step ${step}` }] });
    await inMessages(teo.page, 'step 5').waitFor();
    expect(await node?.evaluate((element) => element.isConnected)).toBe(true);
    await ana.page.locator(`#message-${message?.id}`).hover();
    ana.page.on('dialog', (dialog) => void dialog.accept());
    await ana.page.locator(`#message-${message?.id}`).getByRole('button', { name: 'Delete' }).click();
    await teo.page.locator(`#message-${message?.id}`).waitFor({ state: 'detached' });
    expect([...ana.problems, ...teo.problems]).toEqual([]);
  });

  test('text stays text, whatever it looks like', async () => {
    const guest = await comeIn('Eve');
    const { page } = guest;
    await ownChannel(guest, 'hostile');
    const attacks = [
      '<img src=x onerror="document.title=1">',
      '<script>document.title=1</script>',
      '[x](javascript:document.title=1)',
      '"><svg onload=document.title=1>',
    ];
    for (const attack of attacks) await write(page, attack);
    await page.locator('.message', { hasText: 'svg onload' }).waitFor();
    const texts = await page.locator('.content').allTextContents();
    expect(texts).toEqual(attacks);
    expect(await page.locator('.messages img, .messages script, .messages a').count()).toBe(0);
    expect(await page.title()).not.toBe('1');
    expect(guest.problems).toEqual([]);
  });

  test('completes a command by keyboard, asks for its options, and shows the answer', async () => {
    const guest = await comeIn('Cora');
    const { page } = guest;
    await ownChannel(guest, 'commands');
    await composer(page).fill('/');
    await page.getByRole('option', { name: /\/help/ }).waitFor();
    await composer(page).fill('/lea');
    expect(await page.getByRole('option').count()).toBe(1);
    await composer(page).press('Tab');
    const term = page.getByLabel('term');
    await term.waitFor();
    await term.press('Enter');
    await page.getByText('This is needed.').waitFor();
    await term.fill('grad');
    await page.getByRole('option', { name: 'loss' }).waitFor({ state: 'detached' });
    await page.getByRole('option', { name: 'gradient norm' }).waitFor();
    await term.press('ArrowDown');
    await term.press('Enter');
    expect(await term.inputValue()).toBe('gradient norm');
    await term.press('Enter');
    await inMessages(page, 'You asked for /learn: gradient norm').waitFor();
    await page.locator('.origin', { hasText: 'Cora' }).waitFor();
    expect(guest.problems).toEqual([]);
  });

  test('a whole line works too; an unknown command is not sent as a message', async () => {
    const guest = await comeIn('Dora');
    const { page } = guest;
    await ownChannel(guest, 'lines');
    await write(page, '/turn say text: I love the rain');
    await inMessages(page, 'You asked for /turn: say').waitFor();
    await write(page, '/nonsense now');
    await page.getByText('There is no command /nonsense').waitFor();
    expect(await page.locator('.message').count()).toBe(1);
  });

  test('the button of an empty channel starts a sitting and leads into its thread', async () => {
    const guest = await comeIn('Flora');
    const { page } = guest;
    await ownChannel(guest, 'fresh');
    await page.locator('.welcome').getByRole('button', { name: 'Start a sitting' }).click();
    await page.locator('.channel-head').getByText('A new sitting').waitFor();
    await inMessages(page, 'Let us raise a brain').waitFor();
    expect(guest.problems).toEqual([]);
  });

  test('a form opens, refuses what does not fit beside its field, and is sent', async () => {
    const guest = await comeIn('Gil');
    const { page } = guest;
    await inChannels(page, 'Sitting of the rain').click();
    await page.getByRole('button', { name: 'Speak' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Your turn' });
    await dialog.waitFor();
    expect(await dialog.getByLabel('Your sentence').evaluate((element) => element.matches(':focus'))).toBe(true);
    await dialog.getByLabel('Your sentence').fill('I love the sea');
    await dialog.getByRole('combobox', { name: /Intent/ }).press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    expect(await dialog.getByRole('combobox', { name: /Intent/ }).textContent()).toContain('Disagree');
    await dialog.getByRole('button', { name: 'Send' }).click();
    await dialog.waitFor({ state: 'detached' });
    await inMessages(page, '“I love the sea”').waitFor();

    await page.getByRole('button', { name: 'Speak' }).first().click();
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
    expect(guest.problems).toEqual([]);
  });

  test('a choice in a select reaches the bot, whose answer only this person sees', async () => {
    const guest = await comeIn('Hugo');
    const other = await comeIn('Iara');
    for (const { page } of [guest, other]) await inChannels(page, 'Sitting of the rain').click();
    const { page } = guest;
    const select = page.getByRole('combobox', { name: /How good is this answer/ }).first();
    await select.scrollIntoViewIfNeeded();
    await select.click();
    await page.getByRole('option', { name: '0.3' }).click();
    await inMessages(page, 'You gave 0.3').waitFor();
    await inMessages(page, 'Only you can see this.').waitFor();
    await write(page, 'seen by all');
    await inMessages(other.page, 'seen by all').waitFor();
    expect(await inMessages(other.page, 'You gave 0.3').count()).toBe(0);
    await page.getByRole('button', { name: 'Hide it' }).click();
    await inMessages(page, 'You gave 0.3').waitFor({ state: 'detached' });
  });

  test('after a lost connection nothing is missing and nothing double', async () => {
    const guest = await comeIn('Jonas');
    const { page } = guest;
    const channelId = await ownChannel(guest, 'lost');
    await demo.teacher.say(channelId, 'before');
    await inMessages(page, 'before').waitFor();
    for (let round = 1; round <= 3; round++) {
      // Closed by the page itself with a code that is no goodbye: for the server it is a loss.
      await page.evaluate('sockets.at(-1).close(4000)');
      await demo.teacher.say(channelId, `while away ${round}`);
      await write(page, `mine ${round}`);
      await inMessages(page, `while away ${round}`).waitFor();
    }
    await demo.teacher.say(channelId, 'after');
    await inMessages(page, 'after').waitFor();
    const contents = await page.locator('.content').allTextContents();
    const rounds = [1, 2, 3].flatMap((round) => [`while away ${round}`, `mine ${round}`]);
    expect(contents).toEqual(['before', ...rounds, 'after']);
    expect(await page.evaluate('sockets.length')).toBe(4);
    expect(guest.problems).toEqual([]);
  });

  test('after the program was started anew the page goes on by itself', async () => {
    const folder = temporaryFolder();
    let server = await startLocalServer({ port: 0, dataFolder: folder });
    onTestFinished(() => server.stop());
    const { page } = await comeIn('Karl', {}, server);
    await write(page, 'before');
    await page.locator('.message:not(.sending)', { hasText: 'before' }).waitFor();
    await server.stop();
    await page.getByText('Connection lost').waitFor();
    await write(page, 'into the void');
    await page.getByText('cannot be reached').first().waitFor();
    server = await startLocalServer({ port: Number(new URL(server.url).port), dataFolder: folder });
    await page.getByText('Connection lost').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Send again' }).click();
    await page.locator('.message:not(.failed):not(.sending)', { hasText: 'into the void' }).waitFor();
    expect(await page.locator('.content').allTextContents()).toEqual(['before', 'into the void']);
  });

  test('speaks Portuguese and wears the dark when asked to, and remembers', async () => {
    const { page } = await comeIn('Kátia', { locale: 'pt-BR' });
    await page.getByText('Começar uma sessão').first().waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('pt-BR');
    await page.locator('.me-button').click();
    await page.getByRole('radio', { name: 'Escuro' }).click();
    await page.getByRole('radio', { name: 'English' }).click();
    await page.getByText('Start a sitting').first().waitFor();
    await page.reload();
    await page.getByText('Start a sitting').first().waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(18, 28, 25)');
  });

  test('fits a phone: nothing sticks out, the channels are in a drawer, what is pressed is large', async () => {
    const guest = await comeIn('Lia', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    const { page } = guest;
    await page.getByRole('button', { name: 'Channels' }).tap();
    await inChannels(page, 'Sitting of the rain').tap();
    await page.locator('.embed').first().waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await page.evaluate('document.querySelector(".history").scrollWidth')).toBe(360);
    const small =
      await page.evaluate(`[...document.querySelectorAll('.composer button, .components button, .channel-head button')]
      .map((each) => each.getBoundingClientRect()).filter(({ width, height }) => width > 0 && (width < 40 || height < 40)).length`);
    expect(small).toBe(0);
    expect(guest.problems).toEqual([]);
  });

  test('everything one can press or fill in has a name for those who do not see', async () => {
    const { page } = await comeIn('Malu');
    await inChannels(page, 'Sitting of the rain').click();
    await page.locator('.embed').first().waitFor();
    const nameless =
      await page.evaluate(`[...document.querySelectorAll('button, a[href], input, textarea, [role=listbox], img, [role=combobox]')]
      .filter((each) => each.getClientRects().length > 0)
      .filter((each) => !(each.getAttribute('aria-label') || each.textContent.trim() || each.getAttribute('alt') !== null || each.labels?.length || each.querySelector('img[alt]')))
      .map((each) => each.outerHTML.slice(0, 120))`);
    expect(nameless).toEqual([]);
    expect(await page.locator('main').count()).toBe(1);
    expect(await page.locator('[aria-live=polite]').count()).toBe(1);
    await demo.teacher.say(demo.thread.id, 'announced to all');
    await page.locator('[aria-live=polite]', { hasText: 'Marina: announced to all' }).waitFor();
  });
});
