/** Training jobs of a sitting: whether one may be queued, what it carries, and what its state means for the sitting. */
import type { Brain } from '../brain/index.ts';
import type { JobPayload, JobRow, Store, TurnRow } from '../store/index.ts';
import type { SessionEvent } from './events.ts';
import { generationSettings, type Prompt } from './replies.ts';
import type { Room } from './room.ts';
import { type ClassSettings, METHOD_LEARNING_RATES } from './settings.ts';
import type { TrainingBlock } from './state.ts';
import { gatherTrainingText, type TrainingText, trainingBlock } from './training-text.ts';

/** What of the rated turn is measured before and after. */
export type Probe = Pick<JobPayload['probe'], 'promptIds' | 'replyIds' | 'correctionIds'>;

function trainingTextOf(store: Store, sessionId: string): TrainingText {
  return gatherTrainingText(
    store.turns.bySession(sessionId),
    (memberId) => store.consents.current(memberId) === 'granted',
  );
}

/** Why a low rating in this sitting cannot train now; null when it can. */
export function blockOf(
  { store, declarationRequired }: Room,
  classId: string,
  sessionId: string,
): TrainingBlock | null {
  const text = trainingTextOf(store, sessionId);
  return trainingBlock({
    declarationRequired,
    declared: (store.classes.get(classId)?.declaredAt ?? null) !== null,
    answeredTurns: store.turns.bySession(sessionId).filter((turn) => turn.reply !== null).length,
    usableTurns: text.text === '' ? 0 : text.turnIds.length,
  });
}

/** The tokens of the rated reply, of what it answered, and of the newest better answer somebody wrote, if any. */
export function probeOf(store: Store, brain: Brain, turn: TurnRow, { promptIds }: Prompt): Probe {
  const replyIds = turn.outputIds ?? [];
  const correction = store.corrections.ofTurn(turn.id).at(-1);
  if (!correction) return { promptIds, replyIds };
  const { tokenizer } = brain;
  return { promptIds, replyIds, correctionIds: [...tokenizer.encode(correction.text), tokenizer.eosId] };
}

/** Queues the classic recipe's job for a turn; to be called inside the rating's transaction. Returns its id. */
export function queueJob(room: Room, turn: TurnRow, settings: ClassSettings, probe: Probe): string {
  const { store, model } = room;
  const { text, memberIds, turnIds } = trainingTextOf(store, turn.sessionId);
  const payload: JobPayload = {
    base: model,
    recipe: settings.recipe,
    method: settings.method,
    lora: { r: settings.loraR, alpha: settings.loraAlpha },
    args: {
      learningRate: settings.learningRate ?? METHOD_LEARNING_RATES[settings.method],
      numTrainEpochs: settings.epochs,
    },
    seed: room.newSeed(),
    trainingText: text,
    memberIds,
    turnIds,
    probe: { ...probe, generation: generationSettings(settings, turn.seed ?? 0) },
  };
  return store.jobs.enqueue({
    classId: turn.classId,
    sessionId: turn.sessionId,
    turnId: turn.id,
    payload,
    fromVersionId: store.classes.get(turn.classId)?.currentVersionId ?? null,
  });
}

/** What a job's end means for its sitting; null while it has not ended. A job that is gone counts as cancelled. */
export function jobEvent(jobId: string, job: JobRow | undefined, at: number): SessionEvent | null {
  if (!job) return { type: 'job_cancelled', jobId, at };
  if (job.state === 'finished') return { type: 'job_finished', jobId, versionId: job.versionId, at };
  if (job.state === 'failed') return { type: 'job_failed', jobId };
  if (job.state === 'cancelled') return { type: 'job_cancelled', jobId, at };
  return null;
}
