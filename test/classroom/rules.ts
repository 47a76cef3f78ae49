/** Rules and a few events for tests of the pure machine. */

import type { ClassroomEvent, Effect, SessionEvent } from '../../src/classroom/events.ts';
import { newSession, type SessionRules, type SessionState } from '../../src/classroom/state.ts';
import { step } from '../../src/classroom/step.ts';
import { UserError } from '../../src/errors.ts';

export const rules: SessionRules = { threshold: 0.6, turnsPerIteration: 2, iterations: 0, countdownMs: 5_000 };
export const NOW = 1_700_000_000_000;

export const say = (turnId = 't1', memberId = 'ana'): SessionEvent => ({
  ...{ type: 'say', turnId, memberId, seed: 7, at: NOW },
});
export const answered = (turnId = 't1', run = 1): SessionEvent => ({ type: 'answered', turnId, run });
export const rate = (value: number, more: Partial<Extract<SessionEvent, { type: 'rate' }>> = {}): SessionEvent => ({
  ...{ type: 'rate', turnId: 't1', memberId: 'ana', value, alreadyRated: false, blocked: null, at: NOW },
  ...more,
});
export const jobQueued: SessionEvent = { type: 'job_queued', jobId: 'j1' };
export const jobFinished: SessionEvent = { type: 'job_finished', jobId: 'j1', versionId: 'v1', at: NOW };
export const countdownOver: SessionEvent = { type: 'countdown_over', deadline: NOW + 5_000, at: NOW + 5_000 };

/** Every event in turn from `start`; the last step's effects beside the state it leads to. */
export function after(
  events: readonly SessionEvent[],
  start: SessionState = newSession(null),
  given: SessionRules = rules,
): { state: SessionState; effects: Effect[] } {
  return events.reduce<{ state: SessionState; effects: Effect[] }>(({ state }, event) => step(state, event, given), {
    state: start,
    effects: [],
  });
}

export function announced(effects: readonly Effect[]): ClassroomEvent['kind'][] {
  return effects.flatMap((effect) => (effect.type === 'announce' ? [effect.event.kind] : []));
}

/** The identifier of the UserError that `work` throws; another error, or none, fails the test. */
export function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof UserError) return error.identifier;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** The state of each phase, reached by events alone. */
export const IN_PHASE: Record<SessionState['phase'], SessionEvent[]> = {
  ready: [],
  answering: [say()],
  rating: [say(), answered()],
  training: [say(), answered(), rate(0.2), jobQueued],
  failed: [say(), answered(), rate(0.2), jobQueued, { type: 'job_failed', jobId: 'j1' }],
  countdown: [say(), answered(), rate(0.2), jobQueued, jobFinished],
  stopping: [{ type: 'stop' }],
  ended: [{ type: 'stop' }, { type: 'keep_progress', keep: true }],
};
