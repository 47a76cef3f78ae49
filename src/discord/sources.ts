/** Which plain message a turn was said in, so that its reply can answer it. Known only while this process lives. */
import type { TurnView } from '../classroom/index.ts';

/** Turns whose source is remembered: more than anybody edits at once. */
const MOST = 500;

export class SourceMessages {
  /** Messages on their way to becoming turns, by sitting and member, oldest first. */
  readonly #waiting = new Map<string, string[]>();
  readonly #ofTurn = new Map<string, string>();

  /** A member's message is about to be said in a sitting. */
  expect(sessionId: string, userId: string, messageId: string): void {
    const key = `${sessionId} ${userId}`;
    this.#waiting.set(key, [...(this.#waiting.get(key) ?? []), messageId]);
  }

  /** The message became no turn, or its turn has been shown. */
  settle(sessionId: string, userId: string, messageId: string): void {
    const key = `${sessionId} ${userId}`;
    const rest = (this.#waiting.get(key) ?? []).filter((id) => id !== messageId);
    if (rest.length > 0) this.#waiting.set(key, rest);
    else this.#waiting.delete(key);
  }

  of(turn: TurnView): string | null {
    const known = this.#ofTurn.get(turn.id);
    if (known !== undefined) return known;
    const { sessionId, author } = turn;
    const [source] = this.#waiting.get(`${sessionId} ${author.userId}`) ?? [];
    if (source === undefined) return null;
    this.settle(sessionId, author.userId, source);
    this.#ofTurn.set(turn.id, source);
    const oldest = this.#ofTurn.keys().next();
    if (this.#ofTurn.size > MOST && !oldest.done) this.#ofTurn.delete(oldest.value);
    return source;
  }
}
