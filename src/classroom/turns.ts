/** What people do with turns: say, say how it was meant, ask for another try, rate, correct, ask why. */
import { randomUUID } from 'node:crypto';
import { type Choices, guessChoices } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import type { TurnRow } from '../store/index.ts';
import type { SessionEvent } from './events.ts';
import { readCorrection, readRating, readTurnText } from './input.ts';
import { type AgreedPrompts, agreedPromptsOf, agreedPromptsStand, blockOf, materialFor, probeOf } from './jobs.ts';
import type { People } from './people.ts';
import { answeredPromptOf, choicesOf, type Prompt, stillStands } from './replies.ts';
import type { Actor, Room } from './room.ts';
import { sessionView, turnView, whyView } from './show.ts';
import type { Sittings } from './sittings.ts';
import type { SessionState } from './state.ts';
import type { RatingOutcome, TurnView, WhyView } from './views.ts';

export class Turns {
  readonly #room: Room;
  readonly #people: People;
  readonly #sittings: Sittings;

  constructor(room: Room, people: People, sittings: Sittings) {
    this.#room = room;
    this.#people = people;
    this.#sittings = sittings;
  }

  /**
   * Says something to the brain; what is not chosen is guessed. Resolves with the answered turn, or with one in state
   * `failed` and its reason: the words are kept either way.
   * @throws UserError turn_empty, turn_too_long, session_gone, and what the phase forbids (still_answering, rate_first,
   *   training_running, job_choice_first, countdown_running, stop_choice_first, session_over).
   */
  async say(actor: Actor, sessionId: string, said: { text: string } & Partial<Choices>): Promise<TurnView> {
    const text = readTurnText(said.text);
    const { settings } = this.#sittings.ofClass(actor.classId, sessionId);
    const guess = await guessChoices(text, settings.locale === 'pt-BR' ? 'pt' : 'en');
    const { intent = guess.intent, emotion = guess.emotion, language = guess.language } = said;
    const choicesGuessed = !said.intent && !said.emotion && !said.language;
    const turnId = randomUUID();
    const memberId = this.#people.member(actor).id;
    const event: SessionEvent = {
      ...{ type: 'say', turnId, memberId, seed: this.#room.newSeed(), at: this.#room.now() },
    };
    this.#sittings.apply(sessionId, event, { turn: { text, intent, emotion, language, choicesGuessed } });
    return this.#answered(sessionId, turnId);
  }

  /**
   * Changes how a turn was meant, and has it answered again with the same seed. Its author or a teacher may.
   * @throws UserError turn_gone, choices_not_yours, choices_too_late.
   */
  async reviseChoices(actor: Actor, turnId: string, changes: Partial<Choices>): Promise<TurnView> {
    const turn = this.#turn(actor, turnId);
    const member = this.#people.member(actor);
    if (turn.memberId !== member.id && !actor.isTeacher) throw new UserError('choices_not_yours');
    const choices = { ...choicesOf(turn), ...changes };
    this.#sittings.apply(turn.sessionId, { type: 'revise_choices', turnId }, { choices });
    return this.#answered(turn.sessionId, turnId);
  }

  /**
   * Another reply to the same words: another seed. It takes the place of the one before, which stays to be compared with.
   * @throws UserError turn_gone, still_answering, another_try_too_late.
   */
  async anotherTry(actor: Actor, turnId: string): Promise<TurnView> {
    const { sessionId } = this.#turn(actor, turnId);
    this.#people.member(actor);
    this.#sittings.apply(sessionId, { type: 'another_try', turnId, seed: this.#room.newSeed() });
    return this.#answered(sessionId, turnId);
  }

  /**
   * Says which of a turn's tries is better, by its number; saying so again replaces one's own choice.
   * @throws UserError turn_gone, try_gone, still_answering, prefer_try_too_late.
   */
  preferTry(actor: Actor, turnId: string, number: number): TurnView {
    const { sessionId } = this.#turn(actor, turnId);
    if (!this.view(turnId).comparison.some((one) => one.number === number)) throw new UserError('try_gone');
    const memberId = this.#people.member(actor).id;
    this.#sittings.apply(sessionId, { type: 'prefer_try', turnId, memberId, number });
    return this.view(turnId);
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
    const ready = await brain;
    let turn: TurnRow;
    let prompt: Prompt;
    let agreed: AgreedPrompts;
    const settingsNow = () => this.#sittings.get(sessionId).settings;
    do {
      prompt = await answeredPromptOf(store, ready, this.#rateable(actor, turnId), settingsNow());
      agreed = await agreedPromptsOf(this.#room, ready, this.#rateable(actor, turnId), settingsNow());
      turn = this.#rateable(actor, turnId);
      // Somebody may have been forgotten while they were laid out.
    } while (!stillStands(store, turn, prompt) || !agreedPromptsStand(this.#room, turn, settingsNow(), agreed));
    // From here to the end nothing waits, so nobody comes between what is read and what is written.
    const member = this.#people.member(actor);
    const { settings } = this.#sittings.get(sessionId);
    const probe = probeOf(store, ready, turn, prompt);
    const material = materialFor(this.#room, ready, turn, settings, { memberId: member.id, value }, agreed);
    const alreadyRated = store.ratings.ofTurn(turnId).some((rating) => rating.memberId === member.id);
    const blocked = blockOf(this.#room, classId, sessionId, material);
    const before = this.#sittings.get(sessionId).state;
    const decided = before.phase === 'rating' && before.turn.id === turnId;
    const event: SessionEvent = { type: 'rate', turnId, memberId: member.id, value, alreadyRated, blocked, at: now() };
    const after = this.#sittings.apply(sessionId, event, {
      ...{ probe, material: material ?? null },
      layers: ready.info().layers,
    });
    const leadTo = decided ? leadsTo(after) : null;
    return {
      turn: this.view(turnId),
      session: sessionView(this.#room, this.#sittings.get(sessionId).session),
      value,
      decided,
      leadTo,
      blocked: leadTo === 'training_blocked' ? blocked : null,
    };
  }

  /**
   * Keeps a better answer for a turn's reply; writing again replaces one's own. Classic measures it, the other recipes train on it.
   * @throws UserError correction_empty, correction_too_long, turn_gone, turn_unanswered.
   */
  correct(actor: Actor, turnId: string, raw: string): TurnView {
    const text = readCorrection(raw);
    const turn = this.#turn(actor, turnId);
    if (turn.reply === null) throw new UserError('turn_unanswered');
    this.#room.store.corrections.add({ turnId, memberId: this.#people.member(actor).id, text });
    return this.view(turnId);
  }

  /** How likely the brain found each token of its reply. @throws UserError turn_gone, turn_unanswered. */
  why(actor: Actor, turnId: string): WhyView {
    const view = whyView(this.#turn(actor, turnId));
    if (!view) throw new UserError('turn_unanswered');
    return view;
  }

  /** @throws UserError turn_gone. */
  view(turnId: string): TurnView {
    const row = this.#room.store.turns.get(turnId);
    if (!row) throw new UserError('turn_gone');
    return turnView(this.#room, row);
  }

  /** A turn of the actor's own class that has not failed. */
  #rateable(actor: Actor, turnId: string): TurnRow {
    const turn = this.#turn(actor, turnId);
    if (turn.reply === null && turn.state === 'failed') throw new UserError('turn_unanswered');
    return turn;
  }

  async #answered(sessionId: string, turnId: string): Promise<TurnView> {
    await this.#sittings.answered(sessionId, turnId);
    return this.view(turnId);
  }

  /** A turn of the actor's own class. */
  #turn(actor: Actor, turnId: string): TurnRow {
    const turn = this.#room.store.turns.get(turnId);
    if (turn?.classId !== actor.classId) throw new UserError('turn_gone');
    return turn;
  }
}

/** What a deciding rating led to, read off the phase it led to. */
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
