/** Whatever happens in whatever order, the rules hold. Random events are played as a host plays them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect, SessionEvent } from '../../src/classroom/events.ts';
import {
  newSession,
  type SessionRules,
  type SessionState,
  sessionStateSchema,
  type TrainingBlock,
} from '../../src/classroom/state.ts';
import { step } from '../../src/classroom/step.ts';
import { UserError } from '../../src/errors.ts';
import { NOW } from './rules.ts';

const RUNS = 1_000;
/** The same runs every time. */
const SEED = 20_261_123;
/** Ids are few, so that events meet the turn, job or countdown that is under way about as often as another one. */
const turnId = fc.constantFrom('t1', 't2', 't3');
const jobId = fc.constantFrom('j1', 'j2');
const memberId = fc.constantFrom('ana', 'bia');
const at = fc.integer({ min: NOW, max: NOW + 20_000 });
const failure = { identifier: 'brain_stumbled', context: {} } as const;

/**
 * One thing that happens. `wild`: the event as it is. `aimed`: the same, pointed at the turn, job, run or deadline under way.
 * `likely`: instead, one of the things that usually happen in this phase (the one numbered `pick`); without those, random
 * events hardly ever get past the first answer.
 */
interface Move {
  how: 'wild' | 'aimed' | 'likely';
  event: SessionEvent;
  pick: number;
  value: number;
  blocked: TrainingBlock | null;
}

const event: fc.Arbitrary<SessionEvent> = fc.oneof(
  fc.record({ type: fc.constant('say' as const), turnId, memberId, seed: fc.nat(99), at }),
  fc.record({ type: fc.constant('answered' as const), turnId, run: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    ...{ type: fc.constant('answer_failed' as const), turnId, run: fc.integer({ min: 1, max: 4 }) },
    ...{ identifier: fc.constant(failure.identifier), context: fc.constant(failure.context) },
  }),
  fc.record({ type: fc.constant('revise_choices' as const), turnId }),
  fc.record({ type: fc.constant('another_try' as const), turnId, seed: fc.nat(99) }),
  fc.record({ type: fc.constant('prefer_try' as const), turnId, memberId, number: fc.integer({ min: 1, max: 3 }) }),
  fc.record({
    ...{ type: fc.constant('rate' as const), turnId, memberId, at },
    ...{ value: fc.double({ min: 0, max: 1, noNaN: true }), alreadyRated: fc.boolean() },
    blocked: fc.constantFrom(null, 'declaration' as const, 'consent' as const, 'nothing' as const),
  }),
  fc.record({ type: fc.constant('job_finished' as const), jobId, versionId: fc.constantFrom('v1', null), at }),
  fc.record({ type: fc.constant('job_failed' as const), jobId }),
  fc.record({ type: fc.constant('job_cancelled' as const), jobId, at }),
  fc.constant<SessionEvent>({ type: 'retry_job' }),
  fc.record({ type: fc.constant('skip_job' as const), at }),
  fc.record({ type: fc.constant('countdown_over' as const), deadline: at, at }),
  fc.constant<SessionEvent>({ type: 'stop' }),
  fc.record({ type: fc.constant('keep_progress' as const), keep: fc.boolean() }),
  fc.record({ type: fc.constant('resume' as const), startVersionId: fc.constantFrom('v1', null) }),
  fc.record({ type: fc.constant('turn_forgotten' as const), turnId }),
  fc.constant<SessionEvent>({ type: 'restarted' }),
);
const blocked = fc.constantFrom(null, null, 'declaration' as const, 'consent' as const, 'nothing' as const);
const moves: fc.Arbitrary<Move[]> = fc.array(
  fc.record({
    how: fc.constantFrom('wild' as const, 'aimed' as const, 'likely' as const, 'likely' as const),
    ...{ event, pick: fc.nat(5), value: fc.constantFrom(0, 0.5, 0.6, 1), blocked },
  }),
  { maxLength: 60 },
);
const someRules: fc.Arbitrary<SessionRules> = fc.record({
  threshold: fc.constantFrom(0, 0.6, 1),
  turnsPerIteration: fc.integer({ min: 1, max: 3 }),
  iterations: fc.integer({ min: 0, max: 2 }),
  countdownMs: fc.constantFrom(0, 5_000),
});

/** The event a move comes to in this state. */
function eventOf(move: Move, state: SessionState): SessionEvent {
  if (move.how === 'wild') return move.event;
  if (move.how === 'likely') {
    const likely = likelyEvents(state, move);
    return likely[move.pick % likely.length]!;
  }
  const { event } = move;
  const turn = 'turn' in state ? state.turn : null;
  return {
    ...event,
    ...(turn && 'turnId' in event && event.type !== 'say' && { turnId: turn.id }),
    ...(turn && 'run' in event && { run: turn.run }),
    ...('jobId' in event && 'jobId' in state && state.jobId !== null && { jobId: state.jobId }),
    ...(event.type === 'countdown_over' && state.phase === 'countdown' && { deadline: state.deadline }),
  };
}

/** What people, the brain, the trainer and the clock usually do next. */
function likelyEvents(state: SessionState, { value, blocked }: Pick<Move, 'value' | 'blocked'>): SessionEvent[] {
  switch (state.phase) {
    case 'ready':
      return [{ type: 'say', turnId: 't', memberId: 'ana', seed: 1, at: NOW }];
    case 'answering':
      return [{ type: 'answered', turnId: state.turn.id, run: state.turn.run }, { type: 'restarted' }];
    case 'rating': {
      const { id } = state.turn;
      return [
        { ...{ type: 'rate', turnId: id, memberId: 'ana', value, at: NOW }, ...{ alreadyRated: false, blocked } },
        { ...{ type: 'rate', turnId: id, memberId: 'ana', value, at: NOW }, ...{ alreadyRated: false, blocked } },
        { type: 'another_try', turnId: id, seed: 2 },
      ];
    }
    case 'training': {
      const jobId = state.jobId!;
      return [
        { type: 'job_finished', jobId, versionId: 'v1', at: NOW },
        { type: 'job_failed', jobId },
        { type: 'job_cancelled', jobId, at: NOW },
        { type: 'stop' },
      ];
    }
    case 'failed':
      return [{ type: 'retry_job' }, { type: 'skip_job', at: NOW }];
    case 'countdown':
      return [{ type: 'countdown_over', deadline: state.deadline, at: state.deadline }];
    case 'stopping':
      return [
        { type: 'keep_progress', keep: true },
        { type: 'keep_progress', keep: false },
        ...(state.jobId === null
          ? []
          : [{ type: 'job_finished' as const, jobId: state.jobId, versionId: 'v1', at: NOW }]),
      ];
    case 'ended':
      return [{ type: 'resume', startVersionId: 'v1' }];
  }
}

interface Played {
  before: SessionState;
  event: SessionEvent;
  state: SessionState;
  effects: Effect[];
}

/** Plays moves as the host does: turns and jobs have ids of their own, a queued job is reported in the same transaction. */
function play(list: readonly Move[], rules: SessionRules): Played[] {
  const played: Played[] = [];
  let state: SessionState = newSession('v0');
  let [turns, jobs] = [0, 0];
  for (const move of list) {
    let event = eventOf(move, state);
    if (event.type === 'say') event = { ...event, turnId: `t${++turns}` };
    const before = deepFrozen(state);
    let stepped: { state: SessionState; effects: Effect[] };
    try {
      stepped = step(before, event, rules);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      continue;
    }
    const effects = [...stepped.effects];
    if (effects.some((effect) => effect.type === 'enqueue_job'))
      stepped = step(stepped.state, { type: 'job_queued', jobId: `j${++jobs}` }, rules);
    state = stepped.state;
    played.push({ before, event, state, effects });
  }
  return played;
}

function deepFrozen(state: SessionState): SessionState {
  for (const value of Object.values(state)) if (typeof value === 'object') Object.freeze(value);
  return Object.freeze(state);
}

function holds(check: (played: Played[], rules: SessionRules) => void): void {
  fc.assert(
    fc.property(moves, someRules, (list, rules) => check(play(list, rules), rules)),
    { numRuns: RUNS, seed: SEED },
  );
}

test('nothing but a UserError is ever thrown, no state is changed in place, and each can be written down and read back', () => {
  holds((played) => {
    for (const { state } of played) expect(sessionStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  });
});

test('a state read back from its row goes on exactly as the one in memory', () => {
  holds((played, rules) => {
    for (const { before, event, effects } of played) {
      const reread = sessionStateSchema.parse(JSON.parse(JSON.stringify(before)));
      expect(step(reread, event, rules).effects).toEqual(effects);
    }
  });
});

test('no turn is lost: each accepted one is written once, its answers belong to it, and only words deleted leave', () => {
  holds((played) => {
    const written: string[] = [];
    for (const { before, event, state, effects } of played) {
      for (const effect of effects) if (effect.type === 'append_turn') written.push(effect.turnId);
      if (event.type === 'say') expect(written.at(-1)).toBe(event.turnId);
      for (const effect of effects)
        if (effect.type === 'save_reply' || effect.type === 'save_failure') expect(written).toContain(effect.turnId);
      const owed = 'turn' in before && before.turn?.pending ? before.turn.id : null;
      const stillOwed = 'turn' in state && state.turn?.pending ? state.turn.id : null;
      if (owed === null || owed === stillOwed) continue;
      const settled = effects.some((effect) => effect.type === 'save_reply' || effect.type === 'save_failure');
      // A sitting taken up again lets go of an answer nobody waits for; the words stay in their row.
      expect(settled || event.type === 'turn_forgotten' || event.type === 'resume').toBe(true);
    }
    expect(new Set(written).size).toBe(written.length);
  });
});

test('nothing trains but after a low, deciding rating with no gate in its way', () => {
  holds((played, rules) => {
    for (const { before, event, effects } of played) {
      const trains = effects.some((effect) => effect.type === 'enqueue_job');
      const wanted =
        event.type === 'rate' &&
        event.value < rules.threshold &&
        before.phase === 'rating' &&
        before.turn.id === event.turnId;
      expect(trains).toBe(wanted && event.blocked === null);
    }
  });
});

test('tries are compared only while their turn waits for its rating, and a choice never moves a sitting', () => {
  let chosen = 0;
  holds((played) => {
    for (const { before, event, state, effects } of played) {
      const saves = effects.some((effect) => effect.type === 'save_preference');
      expect(saves).toBe(event.type === 'prefer_try');
      if (event.type !== 'prefer_try') continue;
      chosen += 1;
      expect(before).toMatchObject({ phase: 'rating', turn: { id: event.turnId } });
      expect(state).toEqual(before);
    }
  });
  expect(chosen).toBeGreaterThan(0);
});

test('the first rating of a turn decides, and only the first', () => {
  holds((played) => {
    const decided: string[] = [];
    for (const { effects } of played)
      for (const effect of effects)
        if (effect.type === 'announce' && effect.event.kind === 'rated' && effect.event.decides)
          decided.push(effect.event.turnId);
    expect(new Set(decided).size).toBe(decided.length);
  });
});

test('the version in use changes only with a finished job, or back to the start when progress is not kept', () => {
  holds((played) => {
    for (const { before, event, effects } of played)
      for (const effect of effects) {
        if (effect.type !== 'use_version') continue;
        if (event.type === 'job_finished') expect(effect.versionId).toBe(event.versionId);
        else expect([event, effect.versionId]).toEqual([{ type: 'keep_progress', keep: false }, before.startVersionId]);
      }
  });
});

test('iterations open one after the other, close once, and hold no more turns than they should', () => {
  holds((played, rules) => {
    let [open, closed] = [1, 0];
    for (const { state, effects } of played) {
      for (const effect of effects) {
        if (effect.type === 'close_iteration') expect(effect.number).toBe(++closed);
        if (effect.type === 'open_iteration') expect(effect.number).toBe(++open);
      }
      expect(open - closed).toBe(state.phase === 'ended' || ('closed' in state && state.closed) ? 0 : 1);
      expect(state.iteration).toBe(open);
      expect(state.turnsDone).toBeLessThanOrEqual(rules.turnsPerIteration);
    }
  });
});

/** What people, the trainer and the clock would do next, in each phase. */
function wayOn(state: SessionState): SessionEvent {
  switch (state.phase) {
    case 'ready':
      return { type: 'stop' };
    case 'answering':
      return { type: 'answered', turnId: state.turn.id, run: state.turn.run };
    case 'rating':
      return {
        ...{ type: 'rate', turnId: state.turn.id, memberId: 'zoe', value: 0 },
        ...{ alreadyRated: false, blocked: 'nothing', at: NOW },
      };
    case 'training':
      return { type: 'job_failed', jobId: state.jobId! };
    case 'failed':
      return { type: 'skip_job', at: NOW };
    case 'countdown':
      return { type: 'countdown_over', deadline: state.deadline, at: state.deadline };
    case 'stopping':
      return { type: 'keep_progress', keep: state.keep !== true };
    case 'ended':
      return { type: 'resume', startVersionId: null };
  }
}

test('from wherever a sitting has got to, it can be brought to its end within ten steps, and taken up again', () => {
  holds((played, rules) => {
    let state = played.at(-1)?.state ?? newSession(null);
    let steps = 0;
    while (state.phase !== 'ended') {
      expect(++steps).toBeLessThanOrEqual(10);
      state = step(state, wayOn(state), rules).state;
    }
    expect(step(state, wayOn(state), rules).state.phase).toBe('ready');
  });
});

test('the random events do reach every phase', () => {
  const reached = new Set<string>();
  holds((played) => {
    for (const { state } of played) reached.add(state.phase);
  });
  expect([...reached].sort()).toEqual([
    ...['answering', 'countdown', 'ended', 'failed', 'rating', 'ready', 'stopping', 'training'],
  ]);
});
