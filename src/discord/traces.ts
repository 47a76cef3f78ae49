/**
 * What of a person stands in our messages when they ask to be forgotten: those that quote them, or ask them something, are
 * removed; those that only name them (a rating, an opening) are shown anew without the name. What people wrote themselves
 * is theirs to remove.
 */
import type { OutboxRow } from '../store/index.ts';
import type { Caller, Desk } from './desk.ts';
import { turnMessage } from './messages/turn.ts';
import type { Payload } from './payload.ts';
import { openingOf } from './show.ts';

interface Shown {
  channelId: string;
  messageId: string;
}

export interface Traces {
  readonly quoting: readonly Shown[];
  /** `build` gives the message without them, once they are forgotten. */
  readonly naming: readonly (Shown & { build(): Payload })[];
}

/** To be called before the data is deleted: afterwards nobody knows whose what was. */
export function tracesOf(desk: Desk, { actor }: Caller): Traces {
  const { store, classroom } = desk;
  const member = store.members.find(actor.classId, actor.userId);
  if (!member) return { quoting: [], naming: [] };
  const quoting: Shown[] = [];
  const naming: (Shown & { build(): Payload })[] = [];
  for (const session of store.sessions.inClass(actor.classId)) {
    for (const { id, memberId, messageId } of store.turns.bySession(session.id)) {
      if (messageId === null) continue;
      const shown = { channelId: session.threadId ?? session.channelId, messageId };
      if (memberId === member.id) quoting.push(shown);
      else if (judgesOf(desk, id).has(member.id))
        naming.push({ ...shown, build: () => turnMessage(classroom.turn(id), classroom.turn(id).locale) });
    }
    const events = store.outbox.ofSession(session.id);
    const asked = events.filter(({ kind, payload }) => kind === 'consent_needed' && payload.memberId === member.id);
    quoting.push(...asked.flatMap(shownAt));
    if (session.startedBy !== member.id) continue;
    const openings = events.filter(({ kind, payload }) => kind === 'session_started' && payload.resumed !== true);
    naming.push(...openings.flatMap(shownAt).map((shown) => ({ ...shown, build: () => openingOf(desk, session.id) })));
  }
  return { quoting, naming };
}

/** Who rated a turn or chose between its tries. */
const judgesOf = ({ store }: Desk, turnId: string): Set<string> =>
  new Set([...store.ratings.ofTurn(turnId), ...store.tries.preferencesOf(turnId)].map(({ memberId }) => memberId));

/** What cannot be removed or changed now (a deleted thread, an outage) does not undo the deletion of the data. */
export async function removeTraces({ transport, logger }: Desk, { quoting, naming }: Traces): Promise<void> {
  const attempt = async ({ channelId, messageId }: Shown, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      logger.warn({ err: error, channelId, messageId }, 'a message about a forgotten member could not be taken back');
    }
  };
  for (const shown of quoting) await attempt(shown, () => transport.remove(shown.channelId, shown.messageId));
  for (const { build, ...shown } of naming)
    await attempt(shown, async () => transport.edit(shown.channelId, shown.messageId, build()));
}

const shownAt = ({ channelId, messageId }: OutboxRow): Shown[] =>
  channelId === null || messageId === null ? [] : [{ channelId, messageId }];
