/** The page's picture of a channel: whatever order pages and events come in, it ends as the server has it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pageModule } from './page-module.ts';

interface Message {
  id: string;
  content: string;
  nonce?: string;
  sending?: boolean;
  failed?: string;
}
interface History {
  list: Message[];
  isLoaded: boolean;
  hasMore: boolean;
}

const {
  emptyHistory,
  awaitPage,
  addPage,
  addMessage,
  changeMessage,
  removeMessages,
  putSending,
  finishSending,
  oldestOf,
} = await pageModule<{
  emptyHistory(): History;
  awaitPage(history: History): History;
  addPage(history: History, page: readonly Message[] | null, size: number): History;
  addMessage(history: History, message: Message): History;
  changeMessage(history: History, message: Message): History;
  removeMessages(history: History, ids: readonly string[]): History;
  putSending(history: History, draft: Message): History;
  finishSending(history: History, nonce: string, message: Message): History;
  oldestOf(history: History): Message | undefined;
}>('history.js');

const id = (number: number) => `${1574313896058028033n + BigInt(number)}`;
const message = (number: number, content = `${number}`): Message => ({ id: id(number), content });
const contents = (history: History) => history.list.map(({ content }) => content);

describe('the picture of a channel', () => {
  test('a message that comes while the first page is on its way is not lost', () => {
    let history = awaitPage(emptyHistory());
    history = addMessage(history, message(3));
    history = addPage(history, [message(2), message(1)], 50);
    expect(contents(history)).toEqual(['1', '2', '3']);
    expect(history).toMatchObject({ isLoaded: true, hasMore: false });
  });

  test('neither is a change, nor comes back what was deleted meanwhile', () => {
    let history = awaitPage(emptyHistory());
    history = changeMessage(history, message(1, 'one, edited'));
    history = removeMessages(history, [id(2)]);
    history = addPage(history, [message(3), message(2), message(1)], 3);
    expect(contents(history)).toEqual(['one, edited', '3']);
    expect(history.hasMore).toBe(true);
  });

  test('our own message is there once, whether the answer or the event comes first', () => {
    const draft = { id: 'sending-n', content: 'mine', nonce: 'n', sending: true };
    const sent = { ...message(5, 'mine'), nonce: 'n' };
    const sending = putSending(addMessage(emptyHistory(), message(1)), draft);
    const answerFirst = addMessage(finishSending(sending, 'n', message(5, 'mine')), sent);
    const eventFirst = finishSending(addMessage(sending, sent), 'n', message(5, 'mine'));
    expect(answerFirst.list.map((each) => each.id)).toEqual([id(1), id(5)]);
    expect(eventFirst.list.map((each) => each.id)).toEqual([id(1), id(5)]);
    expect(contents(addMessage(sending, message(4)))).toEqual(['1', '4', 'mine']);
  });

  test('ends as the server has it, whatever overtakes what', () => {
    const PAGE = 3;
    const act = fc.oneof(
      { weight: 4, arbitrary: fc.constant('create' as const) },
      { weight: 3, arbitrary: fc.constant('update' as const) },
      { weight: 2, arbitrary: fc.constant('delete' as const) },
      { weight: 3, arbitrary: fc.constant('ask' as const) },
      { weight: 3, arbitrary: fc.constant('arrive' as const) },
      { weight: 1, arbitrary: fc.constant('fail' as const) },
    );
    fc.assert(
      fc.property(fc.nat(8), fc.array(fc.record({ act, pick: fc.nat() }), { maxLength: 60 }), (before, acts) => {
        const server = new Map(Array.from({ length: before }, (_, number) => [number, message(number)]));
        let next = before;
        let history = emptyHistory();
        let onItsWay: Message[] | null = null;
        const ask = () => {
          const oldest = history.isLoaded ? oldestOf(history) : undefined;
          const older = [...server.values()].filter(
            (each) => oldest === undefined || BigInt(each.id) < BigInt(oldest.id),
          );
          onItsWay = older.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? 1 : -1)).slice(0, PAGE);
          history = awaitPage(history);
        };
        const arrive = () => {
          history = addPage(history, onItsWay, PAGE);
          onItsWay = null;
        };
        ask();
        for (const { act, pick } of acts) {
          const chosen = [...server.keys()][pick % Math.max(1, server.size)];
          if (act === 'create') {
            const made = message(next);
            server.set(next++, made);
            history = addMessage(history, made);
          } else if (act === 'update' && chosen !== undefined) {
            const changed = message(chosen, `${chosen} changed ${pick}`);
            server.set(chosen, changed);
            history = changeMessage(history, changed);
          } else if (act === 'delete' && chosen !== undefined) {
            server.delete(chosen);
            history = removeMessages(history, [id(chosen)]);
          } else if (act === 'ask' && onItsWay === null && (!history.isLoaded || history.hasMore)) ask();
          else if (act === 'arrive' && onItsWay !== null) arrive();
          else if (act === 'fail' && onItsWay !== null) {
            onItsWay = null;
            history = addPage(history, null, PAGE);
          }
        }
        if (onItsWay !== null) arrive();
        for (let rounds = 0; !history.isLoaded || history.hasMore; rounds++) {
          ask();
          arrive();
          expect(rounds).toBeLessThan(60);
        }
        const truth = [...server.entries()].sort(([a], [b]) => a - b).map(([, each]) => each.content);
        expect(contents(history)).toEqual(truth);
      }),
      { numRuns: 2000 },
    );
  });
});
