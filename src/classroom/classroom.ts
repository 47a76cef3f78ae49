/**
 * The classroom's counter: everything a front door (Discord, the local page) may ask for. Who asks and what they typed is
 * checked behind it: turns.ts, openings.ts, brains.ts, people.ts; sittings.ts runs the sittings under the rules of step.ts.
 * What comes of it is read through the views, and announced in the store's outbox; `onEvent` only says something is there.
 */
import type { Choices } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import type { ForgetReport } from '../store/index.ts';
import { Brains } from './brains.ts';
import { Openings, type Place } from './openings.ts';
import { People, requireTeacher } from './people.ts';
import { type Actor, type ClassroomOptions, plainTimer, type Room, settingsOf } from './room.ts';
import { type ClassSettings, COUNTDOWN_MS, parseSettings } from './settings.ts';
import { jobView, queueView, sessionView, turnView } from './show.ts';
import { Sittings } from './sittings.ts';
import { Turns } from './turns.ts';
import { Versions, versionNumber } from './versions.ts';
import type {
  ChatView,
  ComparisonView,
  JobView,
  MemberView,
  QueueView,
  RatingOutcome,
  SessionView,
  TurnView,
  VersionView,
  WhyView,
} from './views.ts';

const SILENT = { info() {}, warn() {}, error() {} };
/** Seeds are whole numbers below it. */
const SEEDS = 2 ** 31;

export class Classroom {
  readonly #room: Room;
  readonly #people: People;
  readonly #versions: Versions;
  readonly #sittings: Sittings;
  readonly #turns: Turns;
  readonly #openings: Openings;
  readonly #brains: Brains;
  readonly #listeners = new Set<() => void>();

  constructor(options: ClassroomOptions) {
    const room = completed(options, () => this.#nudge());
    this.#room = room;
    this.#people = new People(room);
    this.#versions = new Versions(room);
    this.#sittings = new Sittings(room, this.#versions);
    this.#turns = new Turns(room, this.#people, this.#sittings);
    this.#openings = new Openings(room, this.#people, this.#versions, this.#sittings);
    this.#brains = new Brains(room, this.#people, this.#versions, this.#sittings);
  }

  // — a sitting: openings.ts —

  /** Opens the class's sitting; `overrides` (threshold, turnsPerIteration, iterations, method, model) are for it alone. */
  startSession(actor: Actor, place: Place, overrides: Record<string, unknown> = {}): SessionView {
    return this.#openings.start(actor, place, overrides);
  }

  /** Takes up the channel's last sitting where it ended: a new iteration, the same gathered text. */
  resumeSession(actor: Actor, place: Place): SessionView {
    return this.#openings.resume(actor, place);
  }

  /** Stops the sitting, whatever it is doing, and has people asked whether to keep the progress. Its opener or a teacher may. */
  stopSession(actor: Actor, sessionId: string): SessionView {
    return this.#openings.asOwner(actor, sessionId, { type: 'stop' });
  }

  /** The countdown's Stop button. One pressed a moment too late stops the sitting all the same: that was the wish. */
  stopCountdown(actor: Actor, sessionId: string): SessionView {
    return this.stopSession(actor, sessionId);
  }

  /** Answers the question after a stop; no goes back to the version the sitting began with. Its opener or a teacher may. */
  keepProgress(actor: Actor, sessionId: string, keep: boolean): SessionView {
    return this.#openings.asOwner(actor, sessionId, { type: 'keep_progress', keep });
  }

  /** Tries a failed training again. @throws UserError no_failed_job, job_words_withdrawn. */
  retryJob(actor: Actor, sessionId: string): SessionView {
    return this.#openings.asMember(actor, sessionId, { type: 'retry_job' });
  }

  /** Goes on without a failed training: the version in use stays. @throws UserError no_failed_job. */
  skipJob(actor: Actor, sessionId: string): SessionView {
    return this.#openings.asMember(actor, sessionId, { type: 'skip_job', at: this.#room.now() });
  }

  /** Names the thread a sitting is held in, once the front door has made it. */
  setThread(sessionId: string, threadId: string): void {
    this.#sittings.get(sessionId);
    this.#room.store.sessions.setThread(sessionId, threadId);
  }

  // — a turn: turns.ts —

  /** Says something to the brain; what is not chosen is guessed. Resolves when it is answered, or has failed. */
  say(actor: Actor, sessionId: string, said: { text: string } & Partial<Choices>): Promise<TurnView> {
    return this.#turns.say(actor, sessionId, said);
  }

  /** Changes how a turn was meant, and has it answered again with the same seed. Its author or a teacher may. */
  reviseChoices(actor: Actor, turnId: string, choices: Partial<Choices>): Promise<TurnView> {
    return this.#turns.reviseChoices(actor, turnId, choices);
  }

  /** Another reply to the same words, in place of the one before, which can still be preferred. */
  anotherTry(actor: Actor, turnId: string): Promise<TurnView> {
    return this.#turns.anotherTry(actor, turnId);
  }

  /** Says which of a turn's tries is better; one choice a member, until the turn is decided. */
  preferTry(actor: Actor, turnId: string, number: number): TurnView {
    return this.#turns.preferTry(actor, turnId, number);
  }

  /** Rates a reply, 0 to 1 ("0,5" too). The first rating decides what follows. */
  rate(actor: Actor, turnId: string, value: string | number): Promise<RatingOutcome> {
    return this.#turns.rate(actor, turnId, value);
  }

  /** Keeps a better answer for a turn's reply. It is measured, not trained on. */
  correct(actor: Actor, turnId: string, text: string): TurnView {
    return this.#turns.correct(actor, turnId, text);
  }

  /** How likely the brain found each token of its reply. */
  whyTheseWords(actor: Actor, turnId: string): WhyView {
    return this.#turns.why(actor, turnId);
  }

  // — a class —

  settings(classId: string): ClassSettings {
    return settingsOf(this.#room, classId);
  }

  /** Changes settings, all or none; they count at once. @throws UserError not_teacher, setting_…. */
  configure(actor: Actor, classId: string, changes: Record<string, unknown>): ClassSettings {
    requireTeacher(actor);
    if (classId !== actor.classId) throw new UserError('not_teacher');
    const parsed = parseSettings(changes);
    const { store } = this.#room;
    const member = this.#people.member(actor);
    store.transaction(() => {
      for (const [name, value] of Object.entries(parsed)) store.settings.set(classId, name, value);
      if (parsed.locale) store.classes.setLocale(classId, parsed.locale);
      const details = { changed: Object.keys(parsed).join(' ') };
      store.audit.add({ classId, memberId: member.id, action: 'configured', details });
    });
    return this.settings(classId);
  }

  queueView(): QueueView {
    return queueView(this.#room);
  }

  // — its brains: brains.ts —

  /** The class's versions, v0 (the base) first. */
  brains(classId: string): VersionView[] {
    return this.#versions.list(classId);
  }

  /** The number of the version the class uses; 0 is the base. */
  currentVersion(classId: string): number {
    const { store } = this.#room;
    return versionNumber(store, store.classes.get(classId)?.currentVersionId ?? null);
  }

  /** Makes a version the one that answers. Teachers only. */
  useVersion(actor: Actor, number: number): VersionView[] {
    return this.#brains.use(actor, number);
  }

  /** Goes back to the version the one in use grew from. Teachers only. */
  rollback(actor: Actor): VersionView[] {
    return this.#brains.rollback(actor);
  }

  /** The same words, the same seed, two versions; without a prompt, the newest answered turn. */
  compare(actor: Actor, a: number, b: number, prompt?: string): Promise<ComparisonView> {
    return this.#brains.compare(actor, a, b, prompt);
  }

  /** Answers outside a sitting; nothing of it is kept. */
  chat(actor: Actor, text: string, version?: number): Promise<ChatView> {
    return this.#brains.chat(actor, text, version);
  }

  /** Writes a version as files that Python loads, under the data folder. Teachers only. */
  exportVersion(actor: Actor, number: number): Promise<{ folder: string; files: string[] }> {
    return this.#brains.export(actor, number);
  }

  // — people: people.ts —

  /** The person as a member, and whether they let their words train. */
  member(actor: Actor): MemberView {
    return this.#people.view(actor);
  }

  members(classId: string): MemberView[] {
    return this.#people.list(classId);
  }

  /** The person's own answer to the consent question (`consentText`). A no stops what was to train on their words. */
  consent(actor: Actor, granted: boolean): MemberView {
    const member = this.#people.consent(actor, granted);
    this.#carryOn(actor.classId);
    return member;
  }

  /** A guardian's answer, recorded by the teacher who holds it. */
  guardianConsent(actor: Actor, userId: string, granted: boolean): MemberView {
    const member = this.#people.guardianConsent(actor, userId, granted);
    this.#carryOn(actor.classId);
    return member;
  }

  /** The operator's declaration, recorded with its wording (`declarationText` unless given), date and who. Teachers only. */
  declare(actor: Actor, wording?: string): void {
    this.#people.declare(actor, wording);
  }

  /** When this class's texts were declared usable for training; null: not yet. */
  declaredAt(classId: string): number | null {
    return this.#room.store.classes.get(classId)?.declaredAt ?? null;
  }

  /** Everything kept about the person, as plain JSON. */
  exportMyData(actor: Actor): Record<string, unknown> {
    return this.#people.exportData(actor);
  }

  /** Forgets a person at once; sittings they were in go on without their turns. Null when nothing was kept. */
  deleteMyData(actor: Actor): ForgetReport | null {
    const report = this.#people.forget(actor);
    this.#carryOn(actor.classId);
    return report;
  }

  // — views: show.ts —

  /** @throws UserError session_gone. */
  session(sessionId: string): SessionView {
    return sessionView(this.#room, this.#sittings.get(sessionId).session);
  }

  /** The class's sitting that is not over, if there is one. */
  openSession(classId: string): SessionView | null {
    const row = this.#room.store.sessions.openIn(classId)[0];
    return row ? sessionView(this.#room, row) : null;
  }

  /** The sitting held in a thread: the open one, else the newest. */
  sessionAt(threadId: string): SessionView | null {
    const row = this.#room.store.sessions.byThread(threadId);
    return row ? sessionView(this.#room, row) : null;
  }

  /** @throws UserError turn_gone. */
  turn(turnId: string): TurnView {
    return this.#turns.view(turnId);
  }

  /** The class's newest turns, newest first. */
  recentTurns(classId: string, limit = 25): TurnView[] {
    return this.#room.store.turns.recentOf(classId, limit).map((row) => turnView(this.#room, row));
  }

  /** @throws UserError job_gone. */
  job(jobId: string): JobView {
    const row = this.#room.store.jobs.get(jobId);
    if (!row) throw new UserError('job_gone');
    return jobView(this.#room, row);
  }

  // — the house —

  /** Calls `listener` after commits that may have put something into the outbox. Returns how to stop. */
  onEvent(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The supervisor's hook: something about a job changed. */
  jobChanged(jobId: string): void {
    this.#sittings.jobChanged(jobId);
    this.#nudge();
  }

  /** At start: carries on whatever was half done. */
  resumeAll(): void {
    this.#sittings.resumeAll();
  }

  /** Stops timers and drops answers under way, which a next start makes again. The store stays open. */
  async close(): Promise<void> {
    this.#listeners.clear();
    await this.#sittings.close();
  }

  /** After something was taken out of a class: its sitting may have lost its turn or its training. */
  #carryOn(classId: string): void {
    for (const { id } of this.#room.store.sessions.openIn(classId)) this.#sittings.carryOn(id);
    this.#nudge();
  }

  #nudge(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (error) {
        // What was written is written; a front door's trouble is not the speaker's.
        this.#room.log.error({ err: error }, 'a listener of the classroom failed');
      }
    }
  }
}

function completed(options: ClassroomOptions, announced: () => void): Room {
  const { store, declarationRequired, random = Math.random } = options;
  const brain = Promise.resolve(options.brain);
  // Whoever asks the brain for something is told; nobody asking is no reason to end the process.
  brain.catch(() => {});
  return {
    store,
    brain,
    model: options.model ?? 'sprout',
    drawing: options.drawing ?? {},
    wakeTraining: () => options.wakeTraining(),
    now: options.now ?? Date.now,
    newSeed: () => Math.floor(random() * SEEDS),
    setTimer: options.setTimer ?? plainTimer,
    declarationRequired,
    bertScorer: options.bertScorer ?? null,
    log: options.log ?? SILENT,
    countdownMs: options.countdownMs ?? COUNTDOWN_MS,
    announced,
  };
}
