/**
 * Where a sitting stands, as plain JSON: what is kept in the session's row after every step, and all that is needed to
 * carry on after a restart. Words, ratings and numbers live in their own rows; here are only ids, counts and one time.
 */
import { z } from 'zod';

const count = z.number().int().min(0);

/** The turn under way. */
const turnSchema = z.strictObject({
  id: z.string().min(1),
  memberId: z.string().min(1),
  /** Seed of the reply: the same seed and the same words give the same reply again. */
  seed: count,
  /** Counts the answers asked for (first, another try, changed choices), so that a late one is known to be stale. */
  run: count,
  /** The brain still owes the answer of this run. */
  pending: z.boolean(),
  /** An answer of an earlier run is there. */
  replied: z.boolean(),
  /** How often a restart found this run unfinished. */
  restarts: count,
});

const common = {
  /** 1, 2, …: number of the iteration under way (or just closed). */
  iteration: z.number().int().min(1),
  /** Turns rated in this iteration. */
  turnsDone: count,
  /** The class's version when the sitting began: where "do not keep the progress" leads back to. Null: the base. */
  startVersionId: z.string().nullable(),
  /** Settings given at the start for this sitting alone; they stand over the class's. */
  overrides: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
};

export const sessionStateSchema = z.discriminatedUnion('phase', [
  /** Waits for somebody to speak. */
  z.strictObject({ phase: z.literal('ready'), ...common }),
  /** The brain is answering `turn`. */
  z.strictObject({ phase: z.literal('answering'), ...common, turn: turnSchema }),
  /** The reply is shown; its first rating decides what follows. */
  z.strictObject({ phase: z.literal('rating'), ...common, turn: turnSchema }),
  /** A job trains. Its id is null only between the two halves of one transaction. */
  z.strictObject({ phase: z.literal('training'), ...common, jobId: z.string().nullable() }),
  /** The job failed: retry it or go on without. */
  z.strictObject({ phase: z.literal('failed'), ...common, jobId: z.string() }),
  /** Goes on by itself at `deadline` (milliseconds since 1970). `closed`: the iteration is closed, the next one follows. */
  z.strictObject({ phase: z.literal('countdown'), ...common, deadline: z.number(), closed: z.boolean() }),
  /** Stopped; asks whether to keep the progress. `keep: true`: answered yes, waiting for the job to hand over its work. */
  z.strictObject({
    phase: z.literal('stopping'),
    ...common,
    turn: turnSchema.nullable(),
    jobId: z.string().nullable(),
    keep: z.literal(true).nullable(),
    closed: z.boolean(),
  }),
  /** Over. `turn` is one whose answer was still on its way. */
  z.strictObject({
    phase: z.literal('ended'),
    ...common,
    turn: turnSchema.nullable(),
    reason: z.enum(['stopped', 'completed']),
    /** Whether the progress was kept; a completed sitting keeps it. */
    kept: z.boolean(),
  }),
]);

export type SessionState = z.infer<typeof sessionStateSchema>;
export type Phase = SessionState['phase'];
export type CurrentTurn = z.infer<typeof turnSchema>;
export type StateIn<P extends Phase> = Extract<SessionState, { phase: P }>;

export const PHASES = [
  'ready',
  'answering',
  'rating',
  'training',
  'failed',
  'countdown',
  'stopping',
  'ended',
] as const satisfies readonly Phase[];

/** What a class's settings say about the flow. */
export interface SessionRules {
  /** A rating below it trains. */
  threshold: number;
  turnsPerIteration: number;
  /** 0: until somebody stops. */
  iterations: number;
  countdownMs: number;
}

/** Why nothing is trained although the rating was low. */
export const BLOCKS = ['declaration', 'consent', 'nothing', 'judgement'] as const;
export type TrainingBlock = (typeof BLOCKS)[number];

/** What follows a countdown; 'end' after the last turn of the last iteration. */
export const COUNTDOWN_LEADS_TO = ['turn', 'iteration', 'end'] as const;
export type CountdownLeadsTo = (typeof COUNTDOWN_LEADS_TO)[number];

export function countdownLeadsTo(
  { closed, turnsDone, iteration }: Pick<StateIn<'countdown'>, 'closed' | 'turnsDone' | 'iteration'>,
  { turnsPerIteration, iterations }: Pick<SessionRules, 'turnsPerIteration' | 'iterations'>,
): CountdownLeadsTo {
  if (closed) return 'iteration';
  if (turnsDone < turnsPerIteration) return 'turn';
  return iterations > 0 && iteration >= iterations ? 'end' : 'iteration';
}

/** @param startVersionId the class's version in use, null for the base. @param overrides settings of this sitting alone. */
export function newSession(startVersionId: string | null, overrides: SessionState['overrides'] = {}): SessionState {
  return { phase: 'ready', iteration: 1, turnsDone: 0, startVersionId, overrides };
}
