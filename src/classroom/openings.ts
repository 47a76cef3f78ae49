/** Opening, stopping and taking up sittings: who may, where, and with which settings of their own. */
import { UserError } from '../errors.ts';
import type { SessionEvent } from './events.ts';
import type { People } from './people.ts';
import { type Actor, type Room, settingsOf } from './room.ts';
import { parseSessionOverrides } from './settings.ts';
import { sessionView } from './show.ts';
import type { Sittings } from './sittings.ts';
import { newSession } from './state.ts';
import type { Versions } from './versions.ts';
import type { SessionView } from './views.ts';

export interface Place {
  channelId: string;
  threadId?: string | null;
}

export class Openings {
  readonly #room: Room;
  readonly #people: People;
  readonly #versions: Versions;
  readonly #sittings: Sittings;

  constructor(room: Room, people: People, versions: Versions, sittings: Sittings) {
    this.#room = room;
    this.#people = people;
    this.#versions = versions;
    this.#sittings = sittings;
  }

  /**
   * Opens the class's sitting in a channel. `overrides`: threshold, turnsPerIteration, iterations, method, model, for this
   * sitting alone. @throws UserError session_running, start_teachers_only, model_unknown, setting_…, version_other_base.
   */
  start(actor: Actor, place: Place, overrides: Record<string, unknown>): SessionView {
    const { store, model } = this.#room;
    const member = this.#people.member(actor);
    this.#mayStart(actor);
    const { model: wanted = model, ...rest } = overrides;
    if (wanted !== model) throw new UserError('model_unknown', { model: quoted(wanted), known: model });
    const parsed = parseSessionOverrides(rest);
    // A version that cannot be used is better known now than at the first turn.
    const { id: startVersionId } = this.#versions.current(actor.classId);
    const session = store.transaction(() => {
      this.#assertNoneOpen(actor.classId);
      const state = newSession(startVersionId, parsed);
      const row = store.sessions.create({
        classId: actor.classId,
        startedBy: member.id,
        channelId: place.channelId,
        threadId: place.threadId ?? null,
        phase: state.phase,
        state,
      });
      store.iterations.append({ sessionId: row.id });
      const payload = { resumed: false };
      store.outbox.add({ classId: row.classId, sessionId: row.id, kind: 'session_started', payload });
      return row;
    });
    this.#room.announced();
    return sessionView(this.#room, session);
  }

  /**
   * Takes up the channel's last sitting where it ended: a new iteration, the same gathered text.
   * @throws UserError session_running, nothing_to_resume, start_teachers_only, version_other_base.
   */
  resume(actor: Actor, place: Place): SessionView {
    const { store } = this.#room;
    this.#people.member(actor);
    this.#mayStart(actor);
    this.#assertNoneOpen(actor.classId);
    const last =
      store.sessions.byThread(place.threadId ?? place.channelId) ??
      store.sessions.lastStopped(actor.classId, place.channelId);
    if (last?.classId !== actor.classId) throw new UserError('nothing_to_resume');
    const { id: startVersionId } = this.#versions.current(actor.classId);
    return this.#applied(last.id, { type: 'resume', startVersionId });
  }

  /** Causes an event that whoever opened the sitting, or a teacher, may cause. @throws UserError stop_not_yours. */
  asOwner(actor: Actor, sessionId: string, event: SessionEvent): SessionView {
    const { session } = this.#sittings.ofClass(actor.classId, sessionId);
    const member = this.#people.member(actor);
    if (!actor.isTeacher && session.startedBy !== member.id) throw new UserError('stop_not_yours');
    return this.#applied(sessionId, event);
  }

  /** Causes an event that anybody in the class may cause. */
  asMember(actor: Actor, sessionId: string, event: SessionEvent): SessionView {
    this.#sittings.ofClass(actor.classId, sessionId);
    return this.#applied(sessionId, event);
  }

  #applied(sessionId: string, event: SessionEvent): SessionView {
    this.#sittings.apply(sessionId, event);
    return sessionView(this.#room, this.#sittings.get(sessionId).session);
  }

  #assertNoneOpen(classId: string): void {
    if (this.#room.store.sessions.openIn(classId).length > 0) throw new UserError('session_running');
  }

  #mayStart(actor: Actor): void {
    const { studentsMayStart } = settingsOf(this.#room, actor.classId);
    if (!actor.isTeacher && !studentsMayStart) throw new UserError('start_teachers_only');
  }
}

function quoted(value: unknown): string {
  return [...String(value)].slice(0, 80).join('');
}
