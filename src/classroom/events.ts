/**
 * What can happen to a sitting (`SessionEvent`), what a step asks to be written with it (`Effect`), and what the front
 * doors are told through the outbox (`ClassroomEvent`). Payloads are ids and numbers; words are read through the views.
 */
import type { ErrorContext } from '../errors.ts';
import type { ErrorIdentifier } from '../i18n/index.ts';
import type { CountdownLeadsTo, Phase, TrainingBlock } from './state.ts';

/** `at` is the time of the event by the host's clock, in milliseconds since 1970. */
export type SessionEvent =
  | { type: 'say'; turnId: string; memberId: string; seed: number; at: number }
  | { type: 'answered'; turnId: string; run: number }
  | { type: 'answer_failed'; turnId: string; run: number; identifier: ErrorIdentifier; context: ErrorContext }
  | { type: 'revise_choices'; turnId: string }
  | { type: 'another_try'; turnId: string; seed: number }
  /** Of several tries, this member finds the one with this number better. */
  | { type: 'prefer_try'; turnId: string; memberId: string; number: number }
  | {
      type: 'rate';
      turnId: string;
      memberId: string;
      value: number;
      /** This member rated this turn before. */
      alreadyRated: boolean;
      /** Null when a job may train; otherwise why it may not. */
      blocked: TrainingBlock | null;
      at: number;
    }
  | { type: 'job_queued'; jobId: string }
  | { type: 'job_finished'; jobId: string; versionId: string | null; at: number }
  | { type: 'job_failed'; jobId: string }
  | { type: 'job_cancelled'; jobId: string; at: number }
  | { type: 'retry_job' }
  | { type: 'skip_job'; at: number }
  | { type: 'countdown_over'; deadline: number; at: number }
  | { type: 'stop' }
  | { type: 'keep_progress'; keep: boolean }
  | { type: 'resume'; startVersionId: string | null }
  | { type: 'turn_forgotten'; turnId: string }
  | { type: 'restarted' };

/** What must be written in the same transaction as the new state, in this order. */
export type Effect =
  | { type: 'append_turn'; turnId: string; memberId: string }
  | { type: 'save_reply'; turnId: string }
  | { type: 'save_failure'; turnId: string; identifier: ErrorIdentifier; context: ErrorContext }
  /** The turn waits for another reply; the one before stays until it comes. */
  | { type: 'reopen_turn'; turnId: string }
  | { type: 'save_choices'; turnId: string }
  | { type: 'save_preference'; turnId: string; memberId: string; number: number }
  | { type: 'save_rating'; turnId: string; memberId: string; value: number }
  | { type: 'enqueue_job'; turnId: string }
  | { type: 'retry_job'; jobId: string }
  | { type: 'cancel_job'; jobId: string; keepProgress: boolean }
  | { type: 'use_version'; versionId: string | null }
  | { type: 'open_iteration'; number: number }
  | { type: 'close_iteration'; number: number }
  | { type: 'announce'; event: Announcement };

/** What a step itself announces; the host adds the session's id. The fields beside `kind` are the outbox row's payload. */
export type Announcement =
  | { kind: 'session_started'; resumed: boolean }
  | { kind: 'turn_answering'; turnId: string; run: number }
  | { kind: 'turn_answered'; turnId: string; run: number }
  /** Why is in the turn's view. */
  | { kind: 'turn_failed'; turnId: string; run: number }
  | { kind: 'try_preferred'; turnId: string }
  | { kind: 'rated'; turnId: string; memberId: string; value: number; decides: boolean; threshold: number }
  | { kind: 'training_blocked'; turnId: string; why: TrainingBlock }
  | { kind: 'countdown_started'; deadline: number; seconds: number; leadsTo: CountdownLeadsTo }
  /** Stopped, by the button or the command, in phase `from`: ask whether to keep the progress. */
  | { kind: 'countdown_stopped'; from: Phase; jobId: string | null }
  /** It is somebody's turn to speak. `turn` counts from 1 in its iteration. */
  | { kind: 'turn_open'; iteration: number; turn: number }
  | { kind: 'iteration_closed'; iteration: number }
  | { kind: 'session_ended'; reason: 'stopped' | 'completed'; kept: boolean };

/**
 * What an outbox row says: its kind and payload. The job's events come from the queue, in the transaction of the job's
 * change; `job_finished` may be read before the sitting itself has moved on (a `countdown_started` follows).
 */
export type ClassroomEvent =
  | Announcement
  | { kind: 'consent_needed'; memberId: string }
  | {
      kind: 'job_queued' | 'job_finished' | 'job_failed' | 'job_cancelled';
      jobId: string;
      turnId: string | null;
      versionId: string | null;
    };
export type ClassroomEventKind = ClassroomEvent['kind'];
