/**
 * The rules of a sitting, pure: a state and an event give the next state and what must be written with it. No clock, no
 * database, no Discord. An event that is not allowed now throws a UserError and changes nothing; one that comes too late
 * (an answer nobody waits for any more, a timer of an old countdown) leaves the state as it is, without effects.
 * The flow is the original script's: say, answer, rate; a low rating trains; a countdown; the next turn.
 */
import { type ErrorContext, UserError } from '../errors.ts';
import type { ErrorIdentifier } from '../i18n/index.ts';
import type { Announcement, Effect, SessionEvent } from './events.ts';
import {
  type CurrentTurn,
  countdownLeadsTo,
  type Phase,
  type SessionRules,
  type SessionState,
  type StateIn,
} from './state.ts';

export interface Step {
  state: SessionState;
  effects: Effect[];
}

/** A run that so many restarts found unfinished is given up: it may be what ends the process. */
const MOST_RESTARTS = 3;

const SPEAK_LATER: Record<Exclude<Phase, 'ready'>, ErrorIdentifier> = {
  answering: 'still_answering',
  rating: 'rate_first',
  training: 'training_running',
  failed: 'job_choice_first',
  countdown: 'countdown_running',
  stopping: 'stop_choice_first',
  ended: 'session_over',
};

type EventOf<T extends SessionEvent['type']> = Extract<SessionEvent, { type: T }>;
type Rule<T extends SessionEvent['type']> = (state: SessionState, event: EventOf<T>, rules: SessionRules) => Step;

const onSay: Rule<'say'> = (state, { turnId, memberId, seed, at }) => {
  if (state.phase !== 'ready') throw new UserError(SPEAK_LATER[state.phase], { seconds: secondsLeft(state, at) });
  const turn: CurrentTurn = { id: turnId, memberId, seed, run: 1, pending: true, replied: false, restarts: 0 };
  return to({ phase: 'answering', ...common(state), turn }, [
    { type: 'append_turn', turnId, memberId },
    announce({ kind: 'turn_answering', turnId, run: turn.run }),
  ]);
};

const onAnswered: Rule<'answered'> = (state, { turnId, run }) => {
  const turn = owed(state, turnId, run);
  if (!turn) return same(state);
  const answered = { ...turn, pending: false, replied: true, restarts: 0 };
  const effects: Effect[] = [{ type: 'save_reply', turnId }, announce({ kind: 'turn_answered', turnId, run })];
  if (state.phase === 'answering') return to({ phase: 'rating', ...common(state), turn: answered }, effects);
  if (state.phase === 'stopping' || state.phase === 'ended') return to({ ...state, turn: null }, effects);
  return same(state);
};

const onAnswerFailed: Rule<'answer_failed'> = (state, { turnId, run, identifier, context }) => {
  const turn = owed(state, turnId, run);
  return turn ? giveUpAnswer(state, turn, identifier, context) : same(state);
};

const onRestarted: Rule<'restarted'> = (state) => {
  if (!('turn' in state) || !state.turn?.pending) return same(state);
  const turn = { ...state.turn, restarts: state.turn.restarts + 1 };
  if (turn.restarts > MOST_RESTARTS) return giveUpAnswer(state, turn, 'answer_interrupted', {});
  return to({ ...state, turn }, []);
};

const onReviseChoices: Rule<'revise_choices'> = (state, { turnId }) => {
  if ((state.phase !== 'answering' && state.phase !== 'rating') || state.turn.id !== turnId)
    throw new UserError('choices_too_late');
  return answerAgain(state, state.turn.seed, [
    { type: 'save_choices', turnId },
    { type: 'reopen_turn', turnId },
  ]);
};

const onAnotherTry: Rule<'another_try'> = (state, { turnId, seed }) => {
  if (state.phase === 'answering' && state.turn.id === turnId) throw new UserError('still_answering');
  if (state.phase !== 'rating' || state.turn.id !== turnId) throw new UserError('another_try_too_late');
  return answerAgain(state, seed, [{ type: 'reopen_turn', turnId }]);
};

/** Until the turn is decided, everybody may change their mind. */
const onPreferTry: Rule<'prefer_try'> = (state, { turnId, memberId, number }) => {
  if (state.phase === 'answering' && state.turn.id === turnId) throw new UserError('still_answering');
  if (state.phase !== 'rating' || state.turn.id !== turnId) throw new UserError('prefer_try_too_late');
  return to(state, [
    { type: 'save_preference', turnId, memberId, number },
    announce({ kind: 'try_preferred', turnId }),
  ]);
};

const onRate: Rule<'rate'> = (state, event, rules) => {
  const { turnId, memberId, value } = event;
  // In a stopped sitting, too: what is on its way takes the place of what can be read.
  if ('turn' in state && state.turn?.pending && state.turn.id === turnId) throw new UserError('rate_after_answer');
  if (event.alreadyRated) throw new UserError('already_rated');
  const decides = state.phase === 'rating' && state.turn.id === turnId;
  const kept: Effect[] = [
    { type: 'save_rating', turnId, memberId, value },
    announce({ kind: 'rated', turnId, memberId, value, decides, threshold: rules.threshold }),
  ];
  if (!decides) return to(state, kept);
  const counted = { ...common(state), turnsDone: state.turnsDone + 1 };
  if (value >= rules.threshold) return nextTurn(counted, kept, event.at, rules);
  if (event.blocked) {
    kept.push(announce({ kind: 'training_blocked', turnId, why: event.blocked }));
    return countdown(counted, kept, event.at, rules, false);
  }
  return to({ phase: 'training', ...counted, jobId: null }, [...kept, { type: 'enqueue_job', turnId }]);
};

const onJobQueued: Rule<'job_queued'> = (state, { jobId }) =>
  state.phase === 'training' && state.jobId === null ? to({ ...state, jobId }, []) : same(state);

const onJobFinished: Rule<'job_finished'> = (state, { jobId, versionId, at }, rules) => {
  if (!waitsFor(state, jobId)) return same(state);
  const effects: Effect[] = versionId === null ? [] : [{ type: 'use_version', versionId }];
  if (state.phase === 'stopping') return jobLeft(state, effects);
  return countdown(common(state), effects, at, rules, false);
};

const onJobFailed: Rule<'job_failed'> = (state, { jobId }) => {
  if (!waitsFor(state, jobId)) return same(state);
  if (state.phase === 'stopping') return jobLeft(state, []);
  return to({ phase: 'failed', ...common(state), jobId }, []);
};

const onJobCancelled: Rule<'job_cancelled'> = (state, { jobId, at }, rules) => {
  if (!waitsFor(state, jobId)) return same(state);
  if (state.phase === 'stopping') return jobLeft(state, []);
  return countdown(common(state), [], at, rules, false);
};

const onRetryJob: Rule<'retry_job'> = (state) => {
  if (state.phase !== 'failed') throw new UserError('no_failed_job');
  const { jobId } = state;
  return to({ phase: 'training', ...common(state), jobId }, [{ type: 'retry_job', jobId }]);
};

const onSkipJob: Rule<'skip_job'> = (state, { at }, rules) => {
  if (state.phase !== 'failed') throw new UserError('no_failed_job');
  return countdown(common(state), [], at, rules, false);
};

const onCountdownOver: Rule<'countdown_over'> = (state, { deadline, at }, rules) => {
  if (state.phase !== 'countdown' || state.deadline !== deadline) return same(state);
  if (!state.closed) return nextTurn(common(state), [], at, rules);
  const next = { ...common(state), iteration: state.iteration + 1, turnsDone: 0 };
  return ready(next, [{ type: 'open_iteration', number: next.iteration }]);
};

const onStop: Rule<'stop'> = (state) => {
  if (state.phase === 'ended') throw new UserError('session_over');
  const jobId = state.phase === 'training' || state.phase === 'stopping' ? state.jobId : null;
  const effects = [announce({ kind: 'countdown_stopped', from: state.phase, jobId })];
  if (state.phase === 'stopping') return to(state, effects);
  const turn = state.phase === 'answering' ? state.turn : null;
  const closed = state.phase === 'countdown' && state.closed;
  return to({ phase: 'stopping', ...common(state), turn, jobId, keep: null, closed }, effects);
};

const onKeepProgress: Rule<'keep_progress'> = (state, { keep }) => {
  if (state.phase === 'ended') throw new UserError('session_over');
  if (state.phase !== 'stopping') throw new UserError('stop_first');
  const { jobId } = state;
  if (keep && jobId !== null) {
    const cancel: Effect[] = state.keep ? [] : [{ type: 'cancel_job', jobId, keepProgress: true }];
    return to({ ...state, keep: true }, cancel);
  }
  if (keep) return end(state, [], 'stopped', true, state.closed);
  const effects: Effect[] = jobId === null ? [] : [{ type: 'cancel_job', jobId, keepProgress: false }];
  effects.push({ type: 'use_version', versionId: state.startVersionId });
  return end(state, effects, 'stopped', false, state.closed);
};

const onResume: Rule<'resume'> = (state, { startVersionId }) => {
  if (state.phase !== 'ended') throw new UserError('session_running');
  const iteration = state.iteration + 1;
  return to({ phase: 'ready', ...common(state), iteration, turnsDone: 0, startVersionId }, [
    { type: 'open_iteration', number: iteration },
    announce({ kind: 'session_started', resumed: true }),
  ]);
};

const onTurnForgotten: Rule<'turn_forgotten'> = (state, { turnId }) => {
  if (!('turn' in state) || state.turn?.id !== turnId) return same(state);
  if (state.phase === 'stopping' || state.phase === 'ended') return to({ ...state, turn: null }, []);
  return ready(common(state), []);
};

/** One rule an event: an event without one does not compile. */
const RULES: { [T in SessionEvent['type']]: Rule<T> } = {
  say: onSay,
  answered: onAnswered,
  answer_failed: onAnswerFailed,
  revise_choices: onReviseChoices,
  another_try: onAnotherTry,
  prefer_try: onPreferTry,
  rate: onRate,
  job_queued: onJobQueued,
  job_finished: onJobFinished,
  job_failed: onJobFailed,
  job_cancelled: onJobCancelled,
  retry_job: onRetryJob,
  skip_job: onSkipJob,
  countdown_over: onCountdownOver,
  stop: onStop,
  keep_progress: onKeepProgress,
  resume: onResume,
  turn_forgotten: onTurnForgotten,
  restarted: onRestarted,
};

/**
 * The next state of a sitting and what must be written with it.
 * @throws UserError when `event` is not allowed in this phase: still_answering, rate_first, training_running,
 *   job_choice_first, countdown_running, stop_choice_first, session_over, already_rated, rate_after_answer,
 *   choices_too_late, another_try_too_late, prefer_try_too_late, no_failed_job, stop_first, session_running.
 */
export function step<T extends SessionEvent['type']>(
  state: SessionState,
  event: EventOf<T>,
  rules: SessionRules,
): Step {
  const type: T = event.type;
  return RULES[type](state, event, rules);
}

type Common = Pick<SessionState, 'iteration' | 'turnsDone' | 'startVersionId' | 'overrides'>;

function common({ iteration, turnsDone, startVersionId, overrides }: Common): Common {
  return { iteration, turnsDone, startVersionId, overrides };
}

function to(state: SessionState, effects: Effect[]): Step {
  return { state, effects };
}

function same(state: SessionState): Step {
  return { state, effects: [] };
}

function announce(event: Announcement): Effect {
  return { type: 'announce', event };
}

function ready(next: Common, effects: Effect[]): Step {
  const { iteration, turnsDone } = next;
  return to({ phase: 'ready', ...next }, [...effects, announce({ kind: 'turn_open', iteration, turn: turnsDone + 1 })]);
}

/** After a turn: the next one, or the iteration's end and its own countdown, or the end of the last iteration. */
function nextTurn(next: Common, effects: Effect[], at: number, rules: SessionRules): Step {
  if (next.turnsDone < rules.turnsPerIteration) return ready(next, effects);
  if (rules.iterations > 0 && next.iteration >= rules.iterations) return end(next, effects, 'completed', true, false);
  return countdown(next, [...effects, ...closeIteration(next)], at, rules, true);
}

function countdown(next: Common, effects: Effect[], at: number, rules: SessionRules, closed: boolean): Step {
  const deadline = at + rules.countdownMs;
  const leadsTo = countdownLeadsTo({ ...next, closed }, rules);
  const started = announce({
    kind: 'countdown_started',
    deadline,
    seconds: Math.round(rules.countdownMs / 1000),
    leadsTo,
  });
  return to({ phase: 'countdown', ...common(next), deadline, closed }, [...effects, started]);
}

function closeIteration({ iteration, turnsDone }: Common): Effect[] {
  const close: Effect = { type: 'close_iteration', number: iteration };
  // An iteration that nobody rated anything in has no averages to show.
  return turnsDone > 0 ? [close, announce({ kind: 'iteration_closed', iteration })] : [close];
}

function end(
  state: Common & { turn?: CurrentTurn | null },
  effects: Effect[],
  reason: StateIn<'ended'>['reason'],
  kept: boolean,
  closed: boolean,
): Step {
  const turn = state.turn?.pending ? state.turn : null;
  return to({ phase: 'ended', ...common(state), turn, reason, kept }, [
    ...effects,
    ...(closed ? [] : closeIteration(state)),
    announce({ kind: 'session_ended', reason, kept }),
  ]);
}

/** The turn whose answer of exactly this run is owed, if it is this one. */
function owed(state: SessionState, turnId: string, run: number): CurrentTurn | undefined {
  if (!('turn' in state) || !state.turn?.pending) return undefined;
  return state.turn.id === turnId && state.turn.run === run ? state.turn : undefined;
}

/** The words stay; the reply of an earlier run, if there is one, stays the one to rate. */
function giveUpAnswer(
  state: SessionState,
  turn: CurrentTurn,
  identifier: ErrorIdentifier,
  context: ErrorContext,
): Step {
  const effects: Effect[] = [
    { type: 'save_failure', turnId: turn.id, identifier, context },
    announce({ kind: 'turn_failed', turnId: turn.id, run: turn.run }),
  ];
  if (state.phase === 'stopping' || state.phase === 'ended') return to({ ...state, turn: null }, effects);
  if (!turn.replied) return ready(common(state), effects);
  return to({ phase: 'rating', ...common(state), turn: { ...turn, pending: false, restarts: 0 } }, effects);
}

function answerAgain(state: StateIn<'answering' | 'rating'>, seed: number, effects: Effect[]): Step {
  const turn = { ...state.turn, seed, run: state.turn.run + 1, pending: true, restarts: 0 };
  return to({ phase: 'answering', ...common(state), turn }, [
    ...effects,
    announce({ kind: 'turn_answering', turnId: turn.id, run: turn.run }),
  ]);
}

function waitsFor(state: SessionState, jobId: string): state is StateIn<'training' | 'failed' | 'stopping'> {
  return (
    (state.phase === 'training' || state.phase === 'failed' || state.phase === 'stopping') && state.jobId === jobId
  );
}

/** The job of a stopped sitting is over: the sitting ends if "keep" was waiting for it, or goes on asking. */
function jobLeft(state: StateIn<'stopping'>, effects: Effect[]): Step {
  if (state.keep) return end(state, effects, 'stopped', true, state.closed);
  return to({ ...state, jobId: null }, effects);
}

function secondsLeft(state: SessionState, at: number): number {
  return state.phase === 'countdown' ? Math.max(1, Math.ceil((state.deadline - at) / 1000)) : 0;
}
