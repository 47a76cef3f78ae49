/**
 * Runs sittings: gives events to the rules (step.ts) and writes what they ask for. A step reads the state, writes the new
 * one, the rows and the outbox in one transaction, all of it synchronous, so two people pressing at once are one after the
 * other and a killed process leaves a whole step or none. What has to happen next (an answer, a timer, a training) is
 * never written down as a task: it follows from the state, after every step and again at a restart (`carryOn`).
 */
import type { ContextTurn } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import type { JobRow, NewTurn, Reply, SessionRow } from '../store/index.ts';
import { averagesOf } from './averages.ts';
import type { Announcement, Effect, SessionEvent } from './events.ts';
import { jobEvent, type Probe, queueJob } from './jobs.ts';
import type { Gathered } from './material.ts';
import { makeReply, stillStands } from './replies.ts';
import { type Room, settingsOf } from './room.ts';
import { type ClassSettings, completeSettings, sessionRules } from './settings.ts';
import { measuredTurns } from './show.ts';
import { type CurrentTurn, type SessionState, sessionStateSchema } from './state.ts';
import { step } from './step.ts';
import type { Versions } from './versions.ts';

/** The words and numbers an event comes with: what its effects write, and the state never holds. */
export interface Words {
  turn?: Pick<NewTurn, 'text' | 'intent' | 'emotion' | 'language' | 'choicesGuessed'>;
  choices?: Pick<NewTurn, 'intent' | 'emotion' | 'language'>;
  reply?: Reply;
  probe?: Probe;
  /** What the recipe learns from; null for classic. */
  material?: Gathered | null;
  /** Of the model that would be trained. */
  layers?: number;
}

interface AnswerUnderWay {
  turnId: string;
  run: number;
  done: Promise<void>;
}

/** After a failure to write (a full disk, say), how long until it is tried again. */
const RETRY_MS = 30_000;

export class Sittings {
  readonly #room: Room;
  readonly #versions: Versions;
  readonly #timers = new Map<string, { deadline: number; cancel: () => void }>();
  readonly #answers = new Map<string, AnswerUnderWay>();
  readonly #retries = new Set<() => void>();
  #closed = false;

  constructor(room: Room, versions: Versions) {
    this.#room = room;
    this.#versions = versions;
  }

  /** The sitting, whatever its phase. @throws UserError session_gone. */
  get(sessionId: string): { session: SessionRow; state: SessionState; settings: ClassSettings } {
    const session = this.#room.store.sessions.get(sessionId);
    if (!session) throw new UserError('session_gone');
    const state = sessionStateSchema.parse(session.state);
    return { session, state, settings: sessionSettings(this.#room, session.classId, state) };
  }

  /** The sitting, if it is one of this class. @throws UserError session_gone. */
  ofClass(classId: string, sessionId: string): ReturnType<Sittings['get']> {
    const found = this.get(sessionId);
    if (found.session.classId !== classId) throw new UserError('session_gone');
    return found;
  }

  /**
   * One event: the new state, its rows and its announcements, in one transaction; then what follows is set going.
   * @throws UserError session_gone, and what `step` refuses: then nothing has changed.
   */
  apply(sessionId: string, event: SessionEvent, words: Words = {}): SessionState {
    const { store } = this.#room;
    const state = store.transaction(() => {
      let { session, state } = this.get(sessionId);
      const events = [event];
      for (let next = events.shift(); next; next = events.shift()) {
        const stepped = step(
          state,
          next,
          sessionRules(sessionSettings(this.#room, session.classId, state), this.#room.countdownMs),
        );
        if (stepped.state !== state)
          store.sessions.save(sessionId, { phase: stepped.state.phase, state: stepped.state });
        state = stepped.state;
        for (const effect of stepped.effects) events.push(...this.#write(session, state, effect, words));
      }
      return state;
    });
    this.#room.announced();
    this.carryOn(sessionId);
    return state;
  }

  /** Sets going what the state asks for; harmless when it is going already. */
  carryOn(sessionId: string): void {
    if (this.#closed) return;
    const { store } = this.#room;
    const session = store.sessions.get(sessionId);
    if (!session) {
      this.#stopTimer(sessionId);
      return;
    }
    const state = sessionStateSchema.parse(session.state);
    const turn = 'turn' in state ? state.turn : null;
    if (turn && !store.turns.get(turn.id)) {
      this.apply(sessionId, { type: 'turn_forgotten', turnId: turn.id });
      return;
    }
    if (state.phase === 'countdown') this.#startTimer(sessionId, state.deadline);
    else this.#stopTimer(sessionId);
    if (turn?.pending && state.phase !== 'ended') this.#startAnswer(sessionId, turn);
    if (state.phase === 'training' || state.phase === 'stopping') this.#watchJob(sessionId, state.jobId);
  }

  /** Carries on every sitting that is not over: after a start. */
  resumeAll(): void {
    for (const { id } of this.#room.store.sessions.open()) {
      try {
        this.apply(id, { type: 'restarted' });
      } catch (error) {
        // One damaged sitting must not keep the others from going on.
        this.#room.log.error({ err: error, sessionId: id }, 'this sitting could not be resumed');
      }
    }
  }

  /** A job's row changed: its sitting goes on if the job has ended. */
  jobChanged(jobId: string): void {
    const job = this.#room.store.jobs.get(jobId);
    if (!job?.sessionId) return;
    const { sessionId } = job;
    // Nobody waits for this: what cannot be written now is tried again.
    this.#attempt(sessionId, () => this.carryOn(sessionId));
  }

  /** Resolves when no answer to this turn is being made any more. */
  async answered(sessionId: string, turnId: string): Promise<void> {
    for (let answer = this.#answers.get(sessionId); answer?.turnId === turnId; answer = this.#answers.get(sessionId))
      await answer.done;
  }

  /** Calls everything off; answers under way are dropped, and made again after the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const id of [...this.#timers.keys()]) this.#stopTimer(id);
    for (const cancel of this.#retries) cancel();
    await Promise.all([...this.#answers.values()].map((answer) => answer.done));
  }

  /** Writes one effect; returns events that follow from it within the same transaction. */
  #write(session: SessionRow, state: SessionState, effect: Effect, words: Words): SessionEvent[] {
    const { store } = this.#room;
    const { id: sessionId, classId } = session;
    switch (effect.type) {
      case 'append_turn':
        this.#appendTurn(session, effect, words);
        return [];
      case 'save_reply':
        store.turns.saveReply(effect.turnId, given(words.reply));
        return [];
      case 'save_failure':
        store.turns.fail(effect.turnId, { identifier: effect.identifier, context: effect.context });
        return [];
      case 'reopen_turn':
        store.turns.reopen(effect.turnId);
        return [];
      case 'save_choices':
        store.turns.revise(effect.turnId, given(words.choices));
        return [];
      case 'save_preference':
        store.tries.prefer(effect);
        return [];
      case 'save_rating':
        if (store.ratings.add(effect) === 'already_rated') throw new UserError('already_rated');
        return [];
      case 'enqueue_job': {
        const turn = given(store.turns.get(effect.turnId));
        const settings = sessionSettings(this.#room, classId, state);
        const learning = {
          probe: given(words.probe),
          material: words.material ?? null,
          layers: given(words.layers),
        };
        return [{ type: 'job_queued', jobId: queueJob(this.#room, turn, settings, learning) }];
      }
      case 'retry_job':
        store.jobs.retry(effect.jobId);
        return [];
      case 'cancel_job':
        store.jobs.cancel(effect.jobId, effect.keepProgress);
        return endOfJob(effect.jobId, store.jobs.get(effect.jobId), this.#room.now());
      case 'use_version':
        store.classes.setCurrentVersion(classId, effect.versionId);
        return [];
      case 'open_iteration':
        store.iterations.append({ sessionId });
        return [];
      case 'close_iteration':
        this.#closeIteration(session, effect.number);
        return [];
      case 'announce':
        this.#announce(session, effect.event);
        return [];
    }
  }

  #appendTurn(
    { id: sessionId, classId }: SessionRow,
    effect: { turnId: string; memberId: string },
    words: Words,
  ): void {
    const { store } = this.#room;
    const { turnId, memberId } = effect;
    const spokeBefore = store.turns.bySession(sessionId).some((turn) => turn.memberId === memberId);
    const iterationId = given(store.iterations.bySession(sessionId).at(-1)).id;
    store.turns.append({ id: turnId, classId, sessionId, iterationId, memberId, ...given(words.turn) });
    if (!spokeBefore && store.consents.current(memberId) === 'unknown')
      store.outbox.add({ classId, sessionId, kind: 'consent_needed', payload: { memberId } });
  }

  #closeIteration(session: SessionRow, number: number): void {
    const { store } = this.#room;
    const iteration = given(store.iterations.bySession(session.id).find((row) => row.number === number));
    const averages = averagesOf(measuredTurns(store, store.turns.byIteration(iteration.id)));
    const versionId = store.classes.get(session.classId)?.currentVersionId ?? null;
    store.iterations.close(iteration.id, { averages: { ...averages }, versionId });
  }

  #announce({ id: sessionId, classId }: SessionRow, { kind, ...payload }: Announcement): void {
    this.#room.store.outbox.add({ classId, sessionId, kind, payload });
  }

  #startTimer(sessionId: string, deadline: number): void {
    if (this.#timers.get(sessionId)?.deadline === deadline) return;
    this.#stopTimer(sessionId);
    const { now, setTimer } = this.#room;
    const cancel = setTimer(Math.max(0, deadline - now()), () => {
      this.#timers.delete(sessionId);
      this.#attempt(sessionId, () => this.apply(sessionId, { type: 'countdown_over', deadline, at: now() }));
    });
    this.#timers.set(sessionId, { deadline, cancel });
  }

  #stopTimer(sessionId: string): void {
    this.#timers.get(sessionId)?.cancel();
    this.#timers.delete(sessionId);
  }

  #watchJob(sessionId: string, jobId: string | null): void {
    if (jobId === null) return;
    const event = jobEvent(jobId, this.#room.store.jobs.get(jobId), this.#room.now());
    if (event) this.apply(sessionId, event);
    else this.#room.wakeTraining();
  }

  #startAnswer(sessionId: string, turn: CurrentTurn): void {
    const { id: turnId, run } = turn;
    const underWay = this.#answers.get(sessionId);
    if (underWay?.turnId === turnId && underWay.run === run) return;
    const answer: AnswerUnderWay = { turnId, run, done: Promise.resolve() };
    answer.done = this.#answer(sessionId, turn).then((save) => {
      if (this.#answers.get(sessionId) === answer) this.#answers.delete(sessionId);
      if (!this.#closed) this.#attempt(sessionId, save);
    });
    this.#answers.set(sessionId, answer);
  }

  /** Makes the answer and returns how to save it, or its failure; never throws. */
  async #answer(sessionId: string, { id: turnId, run, seed }: CurrentTurn): Promise<() => void> {
    const { store, brain, log } = this.#room;
    try {
      const ready = await brain;
      const turn = given(store.turns.get(turnId));
      const { settings } = this.get(sessionId);
      const version = this.#versions.current(turn.classId);
      const { reply, context } = await makeReply(this.#room, ready, turn, settings, seed, version);
      return () =>
        this.apply(sessionId, { type: 'answered', turnId, run }, { reply: this.#kept(turnId, reply, context) });
    } catch (error) {
      log.error({ err: error, sessionId, turnId }, 'the brain did not answer');
      const { identifier, context } =
        error instanceof UserError ? error : { identifier: 'brain_stumbled' as const, context: {} };
      return () => this.apply(sessionId, { type: 'answer_failed', turnId, run, identifier, context });
    }
  }

  /** Somebody who was forgotten while the brain answered may stand in what it read: then that is not kept. */
  #kept(turnId: string, reply: Reply, context: ContextTurn[]): Reply {
    const { store } = this.#room;
    const turn = store.turns.get(turnId);
    return !turn || stillStands(store, turn, { context }) ? reply : { ...reply, promptIds: null };
  }

  /** Runs `work`, which writes; what a full disk or a busy database prevented is tried again from the state. */
  #attempt(sessionId: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof UserError && error.identifier === 'session_gone') return;
      this.#room.log.error({ err: error, sessionId }, 'this step of a sitting could not be written');
      const cancel = this.#room.setTimer(RETRY_MS, () => {
        this.#retries.delete(cancel);
        this.#attempt(sessionId, () => this.carryOn(sessionId));
      });
      this.#retries.add(cancel);
    }
  }
}

/** The class's settings with what was said at the sitting's start over them. */
export function sessionSettings(
  room: Pick<Room, 'store' | 'drawing'>,
  classId: string,
  state: SessionState,
): ClassSettings {
  return completeSettings(state.overrides, settingsOf(room, classId));
}

function endOfJob(jobId: string, job: JobRow | undefined, at: number): SessionEvent[] {
  const event = jobEvent(jobId, job, at);
  return event ? [event] : [];
}

/** What must be there; a bug where it is not. */
function given<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('a step of the sitting lacks what it writes');
  return value;
}
