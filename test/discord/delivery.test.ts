/** The delivery loop alone, over a small outbox in memory: order, patience, parking, and the end. */
import { DiscordAPIError, HTTPError } from 'discord.js';
import fc from 'fast-check';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Delivery, nonceOf } from '../../src/discord/delivery.ts';
import { LIMITS } from '../../src/discord/limits.ts';
import type { OutboxRow } from '../../src/store/index.ts';

const request = { files: undefined, body: undefined };
const broken = () => new HTTPError(500, 'Internal Server Error', 'POST', 'url', request);
const gone = () => new DiscordAPIError({ code: 10003, message: 'Unknown Channel' }, 10003, 404, 'POST', 'url', request);
const refused = () =>
  new DiscordAPIError({ code: 50035, message: 'Invalid Form Body' }, 50035, 400, 'POST', 'url', request);

function event(id: number, sessionId: string | null): OutboxRow {
  const shown = { deliveredAt: null, channelId: null, messageId: null };
  return {
    id,
    classId: 'class',
    sessionId,
    kind: 'turn_open',
    payload: {},
    createdAt: 1_700_000_000_000 + id,
    ...shown,
  };
}

/** An outbox of one event per given sitting; `fails` says what goes wrong at the n-th attempt to show an event. */
function desk(sessions: (string | null)[], fails: (event: OutboxRow, attempt: number) => Error | null = () => null) {
  const waiting = sessions.map((session, index) => event(index + 1, session));
  const shown: string[] = [];
  const attempts = new Map<number, number>();
  const apologies: number[] = [];
  const delivery = new Delivery({
    outbox: {
      pending: () => [...waiting],
      delivered: (id) =>
        void waiting.splice(
          waiting.findIndex((row) => row.id === id),
          1,
        ),
    },
    async show(row) {
      const attempt = (attempts.get(row.id) ?? 0) + 1;
      attempts.set(row.id, attempt);
      await Promise.resolve();
      const failure = fails(row, attempt);
      if (failure) throw failure;
      shown.push(`${row.sessionId ?? 'class'} ${row.id}`);
      return null;
    },
    apologise: async (row) => void apologies.push(row.id),
    logger: { info() {}, warn() {}, error() {} },
    retryMs: 1,
    mostRetryMs: 4,
    parkMs: 60_000,
  });
  onTestFinished(() => delivery.stop());
  return { delivery, waiting, shown, attempts, apologies };
}

const settled = (waiting: unknown[]) => vi.waitFor(() => expect(waiting).toEqual([]), { interval: 1 });

test('each sitting’s events are shown in order, whatever fails for now', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('a', 'b', 'c', null), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 12, maxLength: 12 }),
      async (sessions, failures) => {
        const { delivery, waiting, shown } = desk(sessions, ({ id }, attempt) =>
          attempt <= failures[id - 1]! ? broken() : null,
        );
        delivery.nudge();
        delivery.nudge();
        await settled(waiting);
        for (const lane of ['a', 'b', 'c', 'class']) {
          const order = shown.filter((each) => each.startsWith(`${lane} `)).map((each) => Number(each.split(' ')[1]));
          expect(order).toEqual(order.toSorted((one, other) => one - other));
        }
        expect(new Set(shown).size).toBe(sessions.length);
        await delivery.stop();
      },
    ),
    { numRuns: 30 },
  );
});

test('a sitting that cannot be shown for now keeps no other waiting', async () => {
  const { delivery, shown } = desk(['a', 'b', 'a', 'b'], ({ sessionId }) => (sessionId === 'a' ? broken() : null));
  delivery.nudge();
  await vi.waitFor(() => expect(shown).toEqual(['b 2', 'b 4']));
});

test('a sitting whose channel is gone is left alone until there is news', async () => {
  let open = false;
  const { delivery, waiting, shown, attempts } = desk(['a', 'b'], ({ sessionId }) =>
    sessionId === 'a' && !open ? gone() : null,
  );
  delivery.nudge();
  await vi.waitFor(() => expect(shown).toEqual(['b 2']));
  for (let nudge = 0; nudge < 5; nudge++) delivery.nudge();
  expect(attempts.get(1)).toBe(1);
  open = true;
  delivery.unpark();
  await settled(waiting);
  expect(shown).toEqual(['b 2', 'a 1']);
});

test('an event that Discord refuses is apologised for and does not block what follows', async () => {
  const { delivery, waiting, shown, apologies } = desk(['a', 'a'], ({ id }) => (id === 1 ? refused() : null));
  delivery.nudge();
  await settled(waiting);
  expect([shown, apologies]).toEqual([['a 2'], [1]]);
});

test('a stop waits for what is being shown, and nothing new starts', async () => {
  const { delivery, waiting, shown } = desk(['a', 'a', 'a']);
  delivery.nudge();
  await delivery.stop();
  const then = shown.length;
  delivery.nudge();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(shown.length).toBe(then);
  expect(waiting.length).toBe(3 - then);
});

test('nonces fit, and tell events and parts of them apart', () => {
  const ids = [1, 2, 35, 36, Number.MAX_SAFE_INTEGER];
  const nonces = ids.flatMap((id) => [0, 9].map((part) => nonceOf({ id, createdAt: 1_700_000_000_000 }, part)));
  expect(new Set(nonces).size).toBe(nonces.length);
  expect(nonces.filter((nonce) => nonce.length > LIMITS.nonce)).toEqual([]);
});
