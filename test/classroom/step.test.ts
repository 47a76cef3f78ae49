import { describe, expect, test } from 'vitest';
import type { SessionEvent } from '../../src/classroom/events.ts';
import { newSession, PHASES, type Phase, type SessionRules, sessionStateSchema } from '../../src/classroom/state.ts';
import { step } from '../../src/classroom/step.ts';
import {
  after,
  announced,
  answered,
  countdownOver,
  IN_PHASE,
  jobFinished,
  jobQueued,
  NOW,
  rate,
  refusalOf,
  rules,
  say,
} from './rules.ts';

const stop: SessionEvent = { type: 'stop' };
const keep = (yes: boolean): SessionEvent => ({ type: 'keep_progress', keep: yes });

describe('the original flow', () => {
  test('a turn is said, answered, rated well, and the next one is open', () => {
    const { state, effects } = after([say(), answered(), rate(0.6)]);
    expect(state).toMatchObject({ phase: 'ready', iteration: 1, turnsDone: 1 });
    expect(announced(effects)).toEqual(['rated', 'turn_open']);
  });

  test('a rating below the threshold trains; the new version is used; a countdown of five seconds leads on', () => {
    const trained = after([say(), answered(), rate(0.59)]);
    expect(trained.state.phase).toBe('training');
    expect(trained.effects).toContainEqual({ type: 'enqueue_job', turnId: 't1' });
    const finished = after([jobQueued, jobFinished], trained.state);
    expect(finished.state).toMatchObject({ phase: 'countdown', deadline: NOW + 5_000, closed: false });
    expect(finished.effects[0]).toEqual({ type: 'use_version', versionId: 'v1' });
    expect(after([countdownOver], finished.state).state).toMatchObject({ phase: 'ready', turnsDone: 1 });
  });

  test('the last turn of an iteration closes it, and its countdown opens the next one', () => {
    const closed = after([say(), answered(), rate(1), say('t2'), answered('t2'), rate(1, { turnId: 't2' })]);
    expect(closed.state).toMatchObject({ phase: 'countdown', closed: true, turnsDone: 2 });
    expect(closed.effects).toContainEqual({ type: 'close_iteration', number: 1 });
    expect(announced(closed.effects)).toEqual(['rated', 'iteration_closed', 'countdown_started']);
    const next = after([countdownOver], closed.state);
    expect(next.state).toMatchObject({ phase: 'ready', iteration: 2, turnsDone: 0 });
    expect(next.effects[0]).toEqual({ type: 'open_iteration', number: 2 });
  });

  test('an iteration whose last turn trains counts down twice: after the training, then to the next iteration', () => {
    const one = { ...rules, turnsPerIteration: 1 };
    const trained = after([say(), answered(), rate(0), jobQueued, jobFinished], newSession(null), one);
    expect(trained.state).toMatchObject({ phase: 'countdown', closed: false });
    const closed = after([countdownOver], trained.state, one);
    expect(closed.state).toMatchObject({ phase: 'countdown', closed: true, deadline: NOW + 10_000 });
    expect(announced(closed.effects)).toEqual(['iteration_closed', 'countdown_started']);
  });

  test('the last iteration ends the sitting, its progress kept', () => {
    const once = { ...rules, turnsPerIteration: 1, iterations: 1 };
    const { state, effects } = after([say(), answered(), rate(1)], newSession(null), once);
    expect(state).toMatchObject({ phase: 'ended', reason: 'completed', kept: true });
    expect(announced(effects)).toEqual(['rated', 'iteration_closed', 'session_ended']);
  });

  test('a countdown says what follows it: a turn, an iteration, or, after the last turn of all, the end', () => {
    const leadsTo = (limits: Partial<SessionRules>) => {
      const played = { ...rules, ...limits };
      const { state, effects } = after([say(), answered(), rate(0), jobQueued, jobFinished], newSession(null), played);
      const started = effects.flatMap((each) => (each.type === 'announce' ? [each.event] : []));
      return [started.find(({ kind }) => kind === 'countdown_started'), after([countdownOver], state, played).state];
    };
    expect(leadsTo({})).toMatchObject([{ leadsTo: 'turn' }, { phase: 'ready', turnsDone: 1 }]);
    expect(leadsTo({ turnsPerIteration: 1 })).toMatchObject([{ leadsTo: 'iteration' }, { phase: 'countdown' }]);
    expect(leadsTo({ turnsPerIteration: 1, iterations: 2 })).toMatchObject([{ leadsTo: 'iteration' }, {}]);
    expect(leadsTo({ turnsPerIteration: 1, iterations: 1 })).toMatchObject([{ leadsTo: 'end' }, { phase: 'ended' }]);
  });

  test.each(['declaration', 'consent', 'nothing'] as const)(
    'a training blocked for %s says so and goes on',
    (blocked) => {
      const { state, effects } = after([say(), answered(), rate(0, { blocked })]);
      expect(state).toMatchObject({ phase: 'countdown', closed: false, turnsDone: 1 });
      expect(effects.map((effect) => effect.type)).not.toContain('enqueue_job');
      expect(announced(effects)).toEqual(['rated', 'training_blocked', 'countdown_started']);
    },
  );

  test('a block is no matter to a good rating', () => {
    expect(announced(after([say(), answered(), rate(1, { blocked: 'consent' })]).effects)).toEqual([
      'rated',
      'turn_open',
    ]);
  });

  test('a failed training asks: retried, it trains again; skipped, the old version stays and the countdown runs', () => {
    const failed = after(IN_PHASE.failed).state;
    const retried = after([{ type: 'retry_job' }], failed);
    expect(retried.state).toMatchObject({ phase: 'training', jobId: 'j1' });
    expect(retried.effects).toEqual([{ type: 'retry_job', jobId: 'j1' }]);
    const skipped = after([{ type: 'skip_job', at: NOW }], failed);
    expect(skipped.state.phase).toBe('countdown');
    expect(skipped.effects.map((effect) => effect.type)).toEqual(['announce']);
  });
});

describe('stopping', () => {
  test.each(PHASES.filter((phase) => phase !== 'ended'))('from %s asks whether to keep the progress', (phase) => {
    const { state, effects } = after([...IN_PHASE[phase], stop]);
    expect(state.phase).toBe('stopping');
    expect(announced(effects)).toEqual(['countdown_stopped']);
  });

  test('kept: the version in use stays, and the iteration closes with what there is', () => {
    const { state, effects } = after([say(), answered(), rate(1), stop, keep(true)]);
    expect(state).toMatchObject({ phase: 'ended', reason: 'stopped', kept: true });
    expect(effects.map((effect) => effect.type)).toEqual(['close_iteration', 'announce', 'announce']);
  });

  test('not kept: the class goes back to the version the sitting began with', () => {
    const { state, effects } = after([...IN_PHASE.countdown, stop, keep(false)], newSession('v0'));
    expect(state).toMatchObject({ phase: 'ended', kept: false });
    expect(effects[0]).toEqual({ type: 'use_version', versionId: 'v0' });
  });

  test('in the middle of a training, "keep" waits for the job to hand over what it has', () => {
    const waiting = after([...IN_PHASE.training, stop, keep(true)]);
    expect(waiting.state).toMatchObject({ phase: 'stopping', keep: true });
    expect(waiting.effects).toEqual([{ type: 'cancel_job', jobId: 'j1', keepProgress: true }]);
    expect(after([keep(true)], waiting.state).effects).toEqual([]);
    const ended = after([jobFinished], waiting.state);
    expect(ended.state).toMatchObject({ phase: 'ended', kept: true });
    expect(ended.effects[0]).toEqual({ type: 'use_version', versionId: 'v1' });
  });

  test('in the middle of a training, "do not keep" cancels it and ends at once', () => {
    const { state, effects } = after([...IN_PHASE.training, stop, keep(false)], newSession('v0'));
    expect(state.phase).toBe('ended');
    expect(effects.slice(0, 2)).toEqual([
      { type: 'cancel_job', jobId: 'j1', keepProgress: false },
      { type: 'use_version', versionId: 'v0' },
    ]);
  });

  test('a job that ends while the question stands is taken note of', () => {
    const { state, effects } = after([...IN_PHASE.training, stop, jobFinished]);
    expect(state).toMatchObject({ phase: 'stopping', jobId: null, keep: null });
    expect(effects).toEqual([{ type: 'use_version', versionId: 'v1' }]);
  });

  test('after "keep", a job that never hands over can be left: "do not keep" ends the sitting', () => {
    const { state } = after([...IN_PHASE.training, stop, keep(true), keep(false)]);
    expect(state).toMatchObject({ phase: 'ended', kept: false });
  });

  test('an answer under way is kept when it comes, before and after the end', () => {
    for (const events of [[stop], [stop, keep(true)], [stop, keep(false)]]) {
      const { state, effects } = after([say(), ...events, answered()]);
      expect(effects[0]).toEqual({ type: 'save_reply', turnId: 't1' });
      expect(state).toMatchObject({ turn: null });
    }
  });

  test('an iteration closed already is not closed twice', () => {
    const closed = after([say(), answered(), rate(1), say('t2'), answered('t2'), rate(1, { turnId: 't2' })]).state;
    const { effects } = after([stop, keep(true)], closed);
    expect(effects.map((effect) => effect.type)).toEqual(['announce']);
  });

  test('a sitting is taken up again with a new iteration, from the version in use', () => {
    const { state, effects } = after([...IN_PHASE.ended, { type: 'resume', startVersionId: 'v9' }]);
    expect(state).toMatchObject({ phase: 'ready', iteration: 2, turnsDone: 0, startVersionId: 'v9' });
    expect(effects[0]).toEqual({ type: 'open_iteration', number: 2 });
  });
});

describe('ratings', () => {
  test('the first decides; one by somebody else, or for an earlier turn, is kept and decides nothing', () => {
    const next = after([say(), answered(), rate(1)]).state;
    const { state, effects } = after([rate(0, { memberId: 'bia' })], next);
    expect(state).toEqual(next);
    expect(effects[0]).toEqual({ type: 'save_rating', turnId: 't1', memberId: 'bia', value: 0 });
    expect(effects[1]).toMatchObject({ event: { kind: 'rated', decides: false } });
  });

  test('twice by the same member is refused, in whatever phase', () => {
    for (const phase of PHASES) {
      const { state } = after(IN_PHASE[phase]);
      if (phase === 'answering') continue;
      expect(refusalOf(() => step(state, rate(0.5, { alreadyRated: true }), rules))).toBe('already_rated');
    }
  });
});

describe('answers', () => {
  test('another try has a new seed and a new run; the answer of the old run is stale', () => {
    const again = after([say(), answered(), { type: 'another_try', turnId: 't1', seed: 8 }]);
    expect(again.state).toMatchObject({ phase: 'answering', turn: { seed: 8, run: 2, replied: true } });
    expect(after([answered('t1', 1)], again.state)).toEqual({ state: again.state, effects: [] });
    expect(after([answered('t1', 2)], again.state).state.phase).toBe('rating');
  });

  test('a choice between tries is written down and shown, and moves nothing', () => {
    const { state } = after(IN_PHASE.rating);
    const choice = { turnId: 't1', memberId: 'bia', number: 1 };
    expect(step(state, { type: 'prefer_try', ...choice }, rules)).toEqual({
      state,
      effects: [
        { type: 'save_preference', ...choice },
        { type: 'announce', event: { kind: 'try_preferred', turnId: 't1' } },
      ],
    });
  });

  test('changed choices answer again with the same seed, even while the first answer is on its way', () => {
    const { state, effects } = after([say(), { type: 'revise_choices', turnId: 't1' }]);
    expect(state).toMatchObject({ phase: 'answering', turn: { seed: 7, run: 2 } });
    expect(effects.map((effect) => effect.type)).toEqual(['save_choices', 'reopen_turn', 'announce']);
  });

  test('a failed answer keeps the words and opens the turn; a failed second try leaves the first reply to rate', () => {
    const failure = { identifier: 'brain_stumbled', context: {} } as const;
    const first = after([say(), { type: 'answer_failed', turnId: 't1', run: 1, ...failure }]);
    expect(first.state).toMatchObject({ phase: 'ready', turnsDone: 0 });
    expect(first.effects[0]).toEqual({ type: 'save_failure', turnId: 't1', ...failure });
    const again: SessionEvent = { type: 'another_try', turnId: 't1', seed: 8 };
    const second = after([say(), answered(), again, { type: 'answer_failed', turnId: 't1', run: 2, ...failure }]);
    expect(second.state).toMatchObject({ phase: 'rating', turn: { pending: false } });
  });

  test('an answer that three restarts found unfinished is given up at the fourth', () => {
    const restarted: SessionEvent = { type: 'restarted' };
    const thrice = after([say(), restarted, restarted, restarted]).state;
    expect(thrice).toMatchObject({ phase: 'answering', turn: { restarts: 3 } });
    const { state, effects } = after([restarted], thrice);
    expect(state.phase).toBe('ready');
    expect(effects[0]).toMatchObject({ type: 'save_failure', identifier: 'answer_interrupted' });
  });

  test('a turn whose words were deleted is let go', () => {
    for (const events of [[say()], [say(), answered()]])
      expect(after([...events, { type: 'turn_forgotten', turnId: 't1' }]).state.phase).toBe('ready');
  });
});

describe('what is not allowed says why, and changes nothing', () => {
  const speaking: Record<Phase, string | null> = {
    ready: null,
    answering: 'still_answering',
    rating: 'rate_first',
    training: 'training_running',
    failed: 'job_choice_first',
    countdown: 'countdown_running',
    stopping: 'stop_choice_first',
    ended: 'session_over',
  };
  test.each(PHASES.filter((phase) => speaking[phase]))('speaking in %s', (phase) => {
    const { state } = after(IN_PHASE[phase]);
    expect(refusalOf(() => step(state, say('t2'), rules))).toBe(speaking[phase]);
  });

  const cases: [string, Phase, SessionEvent, string][] = [
    ['rating before the answer', 'answering', rate(1), 'rate_after_answer'],
    ['another try before the answer', 'answering', { type: 'another_try', turnId: 't1', seed: 1 }, 'still_answering'],
    [
      'another try after the rating',
      'countdown',
      { type: 'another_try', turnId: 't1', seed: 1 },
      'another_try_too_late',
    ],
    [
      'preferring a try before the answer',
      'answering',
      { type: 'prefer_try', turnId: 't1', memberId: 'ana', number: 1 },
      'still_answering',
    ],
    [
      'preferring a try after the rating',
      'training',
      { type: 'prefer_try', turnId: 't1', memberId: 'ana', number: 1 },
      'prefer_try_too_late',
    ],
    ['choices after the rating', 'countdown', { type: 'revise_choices', turnId: 't1' }, 'choices_too_late'],
    ['choices of another turn', 'rating', { type: 'revise_choices', turnId: 't0' }, 'choices_too_late'],
    ['retrying where nothing failed', 'ready', { type: 'retry_job' }, 'no_failed_job'],
    ['skipping where nothing failed', 'training', { type: 'skip_job', at: NOW }, 'no_failed_job'],
    ['"keep" before Stop', 'rating', keep(true), 'stop_first'],
    ['"keep" after the end', 'ended', keep(true), 'session_over'],
    ['Stop after the end', 'ended', stop, 'session_over'],
    ['resuming what runs', 'ready', { type: 'resume', startVersionId: null }, 'session_running'],
  ];
  test.each(cases)('%s', (_, phase, event, identifier) => {
    const { state } = after(IN_PHASE[phase]);
    expect(refusalOf(() => step(state, event, rules))).toBe(identifier);
  });

  test('rating, in a stopped sitting, an answer that is still on its way', () => {
    for (const events of [[say()], [say(), answered(), { type: 'another_try', turnId: 't1', seed: 8 } as const]]) {
      const { state } = after([...events, stop]);
      expect(refusalOf(() => step(state, rate(1), rules))).toBe('rate_after_answer');
      const ended = after([keep(true)], state).state;
      expect(refusalOf(() => step(ended, rate(1), rules))).toBe('rate_after_answer');
    }
  });

  test('the countdown tells how long it still runs, at least a second', () => {
    const { state } = after(IN_PHASE.countdown);
    const refused = (at: number) => {
      try {
        step(state, { type: 'say', turnId: 't2', memberId: 'ana', seed: 1, at }, rules);
      } catch (error) {
        return error;
      }
    };
    expect(refused(NOW + 1_500)).toMatchObject({ context: { seconds: 4 } });
    expect(refused(NOW + 6_000)).toMatchObject({ context: { seconds: 1 } });
  });

  test('a timer of another countdown, and news of another job, change nothing', () => {
    const { state } = after(IN_PHASE.countdown);
    expect(step(state, { type: 'countdown_over', deadline: NOW, at: NOW }, rules)).toEqual({ state, effects: [] });
    const training = after(IN_PHASE.training).state;
    expect(step(training, { ...jobFinished, jobId: 'other' } as SessionEvent, rules)).toEqual({
      state: training,
      effects: [],
    });
  });
});

test('every phase is reached here, and survives being written down', () => {
  for (const phase of PHASES) {
    const { state } = after(IN_PHASE[phase]);
    expect(state.phase).toBe(phase);
    expect(sessionStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state);
  }
});
