/**
 * The classroom's counter: everything a front door (Discord, the local page) may ask for, checked here for who asks and
 * what they typed. What comes of it is read through the views, and announced in the store's outbox; `onEvent` only says
 * that something is there. Sittings themselves are run by sittings.ts under the rules of step.ts.
 */
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { type Brain, type Choices, guessChoices } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import type { ForgetReport, SessionRow, TurnRow } from '../store/index.ts';
import type { SessionEvent } from './events.ts';
import { readCorrection, readRating, readTurnText } from './input.ts';
import { blockOf, probeOf } from './jobs.ts';
import { shownReply } from './moderation.ts';
import { People, requireTeacher } from './people.ts';
import { choicesOf, generationSettings } from './replies.ts';
import { type Actor, type ClassroomOptions, plainTimer, type Room, settingsOf } from './room.ts';
import { type ClassSettings, COUNTDOWN_MS, parseSessionOverrides, parseSettings } from './settings.ts';
import { jobView, queueView, sessionView, turnView, whyView } from './show.ts';
import { Sittings } from './sittings.ts';
import { newSession, type SessionState } from './state.ts';
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

export interface Place {
  channelId: string;
  threadId?: string | null;
}

const SILENT = { info() {}, warn() {}, error() {} };
/** Seeds are whole numbers below it. */
const SEEDS = 2 ** 31;

export class Classroom {
  readonly #room: Room;
  readonly #people: People;
  readonly #versions: Versions;
  readonly #sittings: Sittings;
  readonly #listeners = new Set<() => void>();

  constructor(options: ClassroomOptions) {
    const { random = Math.random, store } = options;
    const brain = Promise.resolve(options.brain);
    // Whoever asks the brain for something is told; nobody asking is no reason to end the process.
    brain.catch(() => {});
    this.#room = {
      store,
      brain,
      model: options.model ?? 'sprout',
      wakeTraining: () => options.wakeTraining(),
      now: options.now ?? Date.now,
      newSeed: () => Math.floor(random() * SEEDS),
      setTimer: options.setTimer ?? plainTimer,
      declarationRequired: options.declarationRequired,
      log: options.log ?? SILENT,
      countdownMs: options.countdownMs ?? COUNTDOWN_MS,
      announced: () => this.#nudge(),
    };
    this.#people = new People(this.#room);
    this.#versions = new Versions(this.#room);
    this.#sittings = new Sittings(this.#room, this.#versions);
  }

  // — a sitting —

  /**
   * Opens the class's sitting in a channel. `overrides`: threshold, turnsPerIteration, iterations, method, model, for this
   * sitting alone. @throws UserError session_running, start_teachers_only, model_unknown, setting_…, version_other_base.
   */
  startSession(actor: Actor, place: Place, overrides: Record<string, unknown> = {}): SessionView {
    const { store, model } = this.#room;
    const member = this.#people.member(actor);
    this.#mayStart(actor);
    const { model: wanted = model, ...rest } = overrides;
    if (wanted !== model) throw new UserError('model_unknown', { model: quoted(wanted), known: model });
    const parsed = parseSessionOverrides(rest);
    this.#versions.current(actor.classId);
    const session = store.transaction(() => {
      if (store.sessions.openIn(actor.classId).length > 0) throw new UserError('session_running');
      const state = newSession(store.classes.get(actor.classId)?.currentVersionId ?? null, parsed);
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
    return this.session(session.id);
  }

  /** Takes up the channel's last sitting where it ended: a new iteration, the same gathered text. */
  resumeSession(actor: Actor, place: Place): SessionView {
    const { store } = this.#room;
    this.#people.member(actor);
    this.#mayStart(actor);
    if (store.sessions.openIn(actor.classId).length > 0) throw new UserError('session_running');
    const last =
      store.sessions.byThread(place.threadId ?? place.channelId) ??
      store.sessions.lastStopped(actor.classId, place.channelId);
    if (last?.classId !== actor.classId) throw new UserError('nothing_to_resume');
    const { id: startVersionId } = this.#versions.current(actor.classId);
    this.#sittings.apply(last.id, { type: 'resume', startVersionId });
    return this.session(last.id);
  }

  /**
   * Says something to the brain; what is not chosen is guessed. Resolves with the answered turn, or with one in state
   * `failed` and its reason: the words are kept either way.
   * @throws UserError turn_empty, turn_too_long, session_gone, and what the phase forbids (still_answering, rate_first,
   *   training_running, job_choice_first, countdown_running, stop_choice_first, session_over).
   */
  async say(actor: Actor, sessionId: string, said: { text: string } & Partial<Choices>): Promise<TurnView> {
    const text = readTurnText(said.text);
    const { settings } = this.#session(actor, sessionId);
    const guess = await guessChoices(text, settings.locale === 'pt-BR' ? 'pt' : 'en');
    const { intent = guess.intent, emotion = guess.emotion, language = guess.language } = said;
    const choicesGuessed = !said.intent && !said.emotion && !said.language;
    const turnId = randomUUID();
    this.#sittings.apply(
      sessionId,
      {
        type: 'say',
        turnId,
        memberId: this.#people.member(actor).id,
        seed: this.#room.newSeed(),
        at: this.#room.now(),
      },
      { turn: { text, intent, emotion, language, choicesGuessed } },
    );
    await this.#sittings.answered(sessionId, turnId);
    return this.turn(turnId);
  }

  /** Changes how a turn was meant, and has it answered again with the same seed. Its author or a teacher may. */
  async reviseChoices(actor: Actor, turnId: string, changes: Partial<Choices>): Promise<TurnView> {
    const turn = this.#turn(actor, turnId);
    const member = this.#people.member(actor);
    if (turn.memberId !== member.id && !actor.isTeacher) throw new UserError('choices_not_yours');
    const choices = { ...choicesOf(turn), ...changes };
    this.#sittings.apply(turn.sessionId, { type: 'revise_choices', turnId }, { choices });
    await this.#sittings.answered(turn.sessionId, turnId);
    return this.turn(turnId);
  }

  /** Another reply to the same words: another seed. It takes the place of the one before. */
  async anotherTry(actor: Actor, turnId: string): Promise<TurnView> {
    const turn = this.#turn(actor, turnId);
    this.#people.member(actor);
    this.#sittings.apply(turn.sessionId, { type: 'another_try', turnId, seed: this.#room.newSeed() });
    await this.#sittings.answered(turn.sessionId, turnId);
    return this.turn(turnId);
  }

  /**
   * Rates a reply, 0 to 1. The first rating decides what follows; later ones by others are kept beside it.
   * @throws UserError rating_empty, rating_not_a_number, rating_out_of_range, already_rated, turn_gone, turn_unanswered,
   *   rate_after_answer.
   */
  async rate(actor: Actor, turnId: string, raw: string | number): Promise<RatingOutcome> {
    const value = readRating(raw);
    const { store, brain, now } = this.#room;
    const { sessionId, classId } = this.#turn(actor, turnId);
    const member = this.#people.member(actor);
    const probe = await probeOf(store, brain, this.#turn(actor, turnId), this.#sittings.get(sessionId).settings);
    const turn = this.#turn(actor, turnId);
    if (turn.reply === null && turn.state === 'failed') throw new UserError('turn_unanswered');
    const alreadyRated = store.ratings.ofTurn(turnId).some((rating) => rating.memberId === member.id);
    const blocked = blockOf(this.#room, classId, sessionId);
    const before = this.#sittings.get(sessionId).state;
    const decided = before.phase === 'rating' && before.turn.id === turnId;
    const event: SessionEvent = { type: 'rate', turnId, memberId: member.id, value, alreadyRated, blocked, at: now() };
    const after = this.#sittings.apply(sessionId, event, { probe });
    const leadTo = decided ? leadsTo(after) : null;
    return {
      turn: this.turn(turnId),
      session: this.session(sessionId),
      value,
      decided,
      leadTo,
      blocked: leadTo === 'training_blocked' ? blocked : null,
    };
  }

  /** Keeps a better answer for a turn's reply; writing again replaces one's own. It is measured, not trained on. */
  correct(actor: Actor, turnId: string, raw: string): TurnView {
    const text = readCorrection(raw);
    const turn = this.#turn(actor, turnId);
    if (turn.reply === null) throw new UserError('turn_unanswered');
    this.#room.store.corrections.add({ turnId, memberId: this.#people.member(actor).id, text });
    return this.turn(turnId);
  }

  /** How likely the brain found each token of its reply. @throws UserError turn_unanswered. */
  whyTheseWords(actor: Actor, turnId: string): WhyView {
    const view = whyView(this.#turn(actor, turnId));
    if (!view) throw new UserError('turn_unanswered');
    return view;
  }

  /** Stops the sitting, from whatever it is doing, and has people asked whether to keep the progress. */
  stopSession(actor: Actor, sessionId: string): SessionView {
    return this.#asOwner(actor, sessionId, { type: 'stop' });
  }

  /** The countdown's Stop button. One pressed a moment too late stops the sitting all the same: that was the wish. */
  stopCountdown(actor: Actor, sessionId: string): SessionView {
    return this.stopSession(actor, sessionId);
  }

  /** Answers the question after a stop; no goes back to the version the sitting began with. */
  keepProgress(actor: Actor, sessionId: string, keep: boolean): SessionView {
    return this.#asOwner(actor, sessionId, { type: 'keep_progress', keep });
  }

  /** Tries a failed training again. @throws UserError no_failed_job, job_words_withdrawn. */
  retryJob(actor: Actor, sessionId: string): SessionView {
    this.#session(actor, sessionId);
    this.#sittings.apply(sessionId, { type: 'retry_job' });
    return this.session(sessionId);
  }

  /** Goes on without a failed training: the version in use stays. @throws UserError no_failed_job. */
  skipJob(actor: Actor, sessionId: string): SessionView {
    this.#session(actor, sessionId);
    this.#sittings.apply(sessionId, { type: 'skip_job', at: this.#room.now() });
    return this.session(sessionId);
  }

  /** Names the thread a sitting is held in, once the front door has made it. */
  setThread(sessionId: string, threadId: string): void {
    this.#sittings.get(sessionId);
    this.#room.store.sessions.setThread(sessionId, threadId);
  }

  // — a class —

  settings(classId: string): ClassSettings {
    return settingsOf(this.#room, classId);
  }

  /** Changes settings, all or none. @throws UserError not_teacher, setting_…. */
  configure(actor: Actor, classId: string, changes: Record<string, unknown>): ClassSettings {
    requireTeacher(actor);
    if (classId !== actor.classId) throw new UserError('not_teacher');
    const parsed = parseSettings(changes);
    const { store } = this.#room;
    const member = this.#people.member(actor);
    store.transaction(() => {
      for (const [name, value] of Object.entries(parsed)) store.settings.set(classId, name, value);
      if (parsed.locale) store.classes.setLocale(classId, parsed.locale);
      store.audit.add({
        classId,
        memberId: member.id,
        action: 'configured',
        details: { changed: Object.keys(parsed).join(' ') },
      });
    });
    return this.settings(classId);
  }

  /** The class's brains, v0 (the base) first. */
  brains(classId: string): VersionView[] {
    return this.#versions.list(classId);
  }

  /** Makes a version the one that answers. @throws UserError not_teacher, version_unknown, version_busy… */
  useVersion(actor: Actor, number: number): VersionView[] {
    requireTeacher(actor);
    const { store } = this.#room;
    const { classId } = actor;
    const member = this.#people.member(actor);
    const row = this.#versions.find(classId, number);
    for (const { id } of store.sessions.openIn(classId)) {
      const { phase } = this.#sittings.get(id).state;
      if (phase === 'answering' || phase === 'training') throw new UserError('version_busy');
    }
    store.transaction(() => {
      store.classes.setCurrentVersion(classId, row?.id ?? null);
      store.audit.add({ classId, memberId: member.id, action: 'version_used', details: { number } });
    });
    return this.brains(classId);
  }

  /** Goes back to the version the one in use grew from. @throws UserError rollback_at_base, those of `useVersion`. */
  rollback(actor: Actor): VersionView[] {
    requireTeacher(actor);
    const current = this.brains(actor.classId).find((version) => version.current);
    if (!current || current.parentNumber === null) throw new UserError('rollback_at_base');
    return this.useVersion(actor, current.parentNumber);
  }

  /**
   * The same words, the same seed, two versions. Without a prompt, the class's newest answered turn is asked again.
   * @throws UserError version_unknown, nothing_to_compare, turn_empty, turn_too_long.
   */
  async compare(actor: Actor, a: number, b: number, prompt?: string): Promise<ComparisonView> {
    const { store, brain } = this.#room;
    const { classId } = actor;
    const newest = store.turns.recentOf(classId).find((turn) => turn.reply !== null);
    if (prompt === undefined && !newest) throw new UserError('nothing_to_compare');
    const text = prompt === undefined ? newest!.text : readTurnText(prompt);
    const choices = prompt === undefined ? choicesOf(newest!) : await this.#guess(classId, text);
    const seed = newest?.seed ?? this.#room.newSeed();
    const settings = this.settings(classId);
    const versions = [this.#versions.byNumber(classId, a), this.#versions.byNumber(classId, b)];
    const model = await brain;
    const promptIds = model.promptIds([], text, choices, settings.maxNewTokens);
    const answers = [];
    for (const { number, loaded } of versions) {
      const { text: reply, seconds } = await model.generate(promptIds, generationSettings(settings, seed), loaded);
      const shown = shownReply(reply);
      answers.push({ versionNumber: number, reply: shown.text, masked: shown.masked, seconds });
    }
    return { prompt: text, seed, answers };
  }

  /** Answers outside a sitting. Nothing of it is kept, and nothing trains on it. */
  async chat(actor: Actor, raw: string, version?: number): Promise<ChatView> {
    const text = readTurnText(raw);
    const { classId } = actor;
    const { number, loaded } =
      version === undefined ? this.#versions.current(classId) : this.#versions.byNumber(classId, version);
    const settings = this.settings(classId);
    const brain = await this.#room.brain;
    const promptIds = brain.promptIds([], text, await this.#guess(classId, text), settings.maxNewTokens);
    const generation = await brain.generate(promptIds, generationSettings(settings, this.#room.newSeed()), loaded);
    const shown = shownReply(generation.text);
    const { model } = this.#room;
    return { ...generation, reply: shown.text, masked: shown.masked, versionNumber: number, model };
  }

  /** Writes a version as files that Python loads, under the data folder. @throws UserError not_teacher, version_unknown. */
  async exportVersion(actor: Actor, number: number): Promise<{ folder: string; files: string[] }> {
    requireTeacher(actor);
    const brain: Brain = await this.#room.brain;
    const folder = path.join(this.#room.store.folder, 'exports');
    return this.#versions.export(brain, actor.classId, number, folder);
  }

  queueView(): QueueView {
    return queueView(this.#room);
  }

  // — people —

  /** The person as a member, and whether they let their words train. */
  member(actor: Actor): MemberView {
    return this.#people.view(actor);
  }

  members(classId: string): MemberView[] {
    return this.#people.list(classId);
  }

  consent(actor: Actor, granted: boolean): MemberView {
    return this.#people.consent(actor, granted);
  }

  guardianConsent(actor: Actor, userId: string, granted: boolean): MemberView {
    return this.#people.guardianConsent(actor, userId, granted);
  }

  declare(actor: Actor, wording?: string): void {
    this.#people.declare(actor, wording);
  }

  /** When this class's texts were declared usable for training; null: not yet. */
  declaredAt(classId: string): number | null {
    return this.#room.store.classes.get(classId)?.declaredAt ?? null;
  }

  exportMyData(actor: Actor): Record<string, unknown> {
    return this.#people.exportData(actor);
  }

  /** Forgets a person at once; sittings they were in go on without their turns. Null when nothing was kept. */
  deleteMyData(actor: Actor): ForgetReport | null {
    const report = this.#people.forget(actor);
    for (const { id } of this.#room.store.sessions.openIn(actor.classId)) this.#sittings.carryOn(id);
    this.#room.announced();
    return report;
  }

  // — views —

  /** @throws UserError session_gone. */
  session(sessionId: string): SessionView {
    return sessionView(this.#room, this.#sittings.get(sessionId).session);
  }

  /** The class's sitting that is not over, if there is one. */
  openSession(classId: string): SessionView | null {
    const row = this.#room.store.sessions.openIn(classId)[0];
    return row ? sessionView(this.#room, row) : null;
  }

  /** The sitting held in a thread (the open one, else the newest), or in a channel without threads. */
  sessionAt(threadId: string): SessionView | null {
    const row = this.#room.store.sessions.byThread(threadId);
    return row ? sessionView(this.#room, row) : null;
  }

  /** @throws UserError turn_gone. */
  turn(turnId: string): TurnView {
    const row = this.#room.store.turns.get(turnId);
    if (!row) throw new UserError('turn_gone');
    return turnView(this.#room, row);
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

  /** The number of the version the class uses; 0 is the base. */
  currentVersion(classId: string): number {
    const { store } = this.#room;
    return versionNumber(store, store.classes.get(classId)?.currentVersionId ?? null);
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
    this.#room.announced();
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

  #mayStart(actor: Actor): void {
    if (!actor.isTeacher && !this.settings(actor.classId).studentsMayStart) throw new UserError('start_teachers_only');
  }

  #session(actor: Actor, sessionId: string): ReturnType<Sittings['get']> {
    const found = this.#sittings.get(sessionId);
    if (found.session.classId !== actor.classId) throw new UserError('session_gone');
    return found;
  }

  #turn(actor: Actor, turnId: string): TurnRow {
    const turn = this.#room.store.turns.get(turnId);
    if (turn?.classId !== actor.classId) throw new UserError('turn_gone');
    return turn;
  }

  /** An event that whoever began the sitting, or a teacher, may cause. */
  #asOwner(actor: Actor, sessionId: string, event: SessionEvent): SessionView {
    const { session } = this.#session(actor, sessionId);
    const member = this.#people.member(actor);
    if (!actor.isTeacher && !isStarter(session, member.id)) throw new UserError('stop_not_yours');
    this.#sittings.apply(sessionId, event);
    return this.session(sessionId);
  }

  #guess(classId: string, text: string): Promise<Choices> {
    return guessChoices(text, this.settings(classId).locale === 'pt-BR' ? 'pt' : 'en');
  }
}

function isStarter(session: SessionRow, memberId: string): boolean {
  return session.startedBy === memberId;
}

function leadsTo(after: SessionState): RatingOutcome['leadTo'] {
  switch (after.phase) {
    case 'training':
      return 'training';
    case 'countdown':
      return after.closed ? 'iteration' : 'training_blocked';
    case 'ended':
      return 'end';
    default:
      return 'turn';
  }
}

function quoted(value: unknown): string {
  return [...String(value)].slice(0, 80).join('');
}
