/** Training jobs of a sitting: whether one may be queued, what it carries, and what its state means for the sitting. */
import { type Brain, type ContextTurn, closedIds } from '../brain/index.ts';
import type { JobPayload, JobRow, Store, TurnRow } from '../store/index.ts';
import { recipeArguments } from '../training/index.ts';
import type { SessionEvent } from './events.ts';
import { type Gathered, gatherMaterial, type JudgedTurn } from './material.ts';
import { choicesOf, earlierTurns, generationSettings, type Prompt, said, spells, withOwnTokens } from './replies.ts';
import type { Room } from './room.ts';
import type { ClassSettings } from './settings.ts';
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

/** A rating that is being given and not yet written down. */
export interface GivenRating {
  memberId: string;
  value: number;
}

/**
 * Prompts of the sitting's turns without the words of people who did not agree, by the turn's id. Laying them out takes time:
 * it is done before a rating is written, which must not wait.
 */
export type AgreedPrompts = ReadonlyMap<string, Prompt>;

/** Empty for the classic recipe, which needs none. */
export async function agreedPromptsOf(
  { store }: Room,
  brain: Brain,
  rated: TurnRow,
  settings: ClassSettings,
): Promise<AgreedPrompts> {
  const prompts = new Map<string, Prompt>();
  if (settings.recipe === 'classic') return prompts;
  for (const { turn, context, read } of agreedTurns(store, rated)) {
    const kept = withOwnTokens(brain, turn).promptIds === null ? null : read;
    const promptIds = kept ?? (await brain.promptIds(context, turn.text, choicesOf(turn), settings.maxNewTokens));
    prompts.set(turn.id, { context, promptIds });
  }
  return prompts;
}

/** False when somebody was forgotten, changed their mind or spoke since the prompts were laid out. */
export function agreedPromptsStand(
  { store }: Room,
  rated: TurnRow,
  settings: ClassSettings,
  prompts: AgreedPrompts,
): boolean {
  if (settings.recipe === 'classic') return true;
  return agreedTurns(store, rated).every(({ turn, context }) => {
    return JSON.stringify(prompts.get(turn.id)?.context) === JSON.stringify(context);
  });
}

/**
 * What a job for the rated turn would learn from; null for the classic recipe, undefined where nothing may be used.
 * @param prompts as `agreedPromptsOf` gives them, still standing.
 */
export function materialFor(
  { store }: Room,
  brain: Brain,
  turn: TurnRow,
  settings: ClassSettings,
  given: GivenRating,
  prompts: AgreedPrompts,
): Gathered | null | undefined {
  const { recipe, threshold, beta, rewardSource, maxScore, halfReward, maxNewTokens } = settings;
  if (recipe === 'classic') return null;
  const rules = { recipe, threshold, beta, rewardSource, maxScore, halfReward, maxNewTokens };
  return gatherMaterial(judgedTurns(store, brain, turn, given, prompts), turn.id, rules) ?? undefined;
}

interface AgreedTurn {
  turn: TurnRow;
  /** What was said before by people who agreed. */
  context: ContextTurn[];
  speakers: string[];
  /** The prompt that was read, where nobody's words have to be left out of it. */
  read: number[] | null;
}

/** The sitting's answered turns whose speakers agreed to training, the newest of them and the rated one. */
function agreedTurns(store: Store, rated: TurnRow): AgreedTurn[] {
  const wordsMay = (memberId: string) => store.consents.current(memberId) === 'granted';
  const answered = store.turns
    .bySession(rated.sessionId)
    .filter(({ memberId, reply }) => reply !== null && wordsMay(memberId));
  const near = answered.slice(-MOST_TURNS);
  const wanted = near.some(({ id }) => id === rated.id)
    ? near
    : [...answered.filter(({ id }) => id === rated.id), ...near];
  return wanted.map((turn) => {
    const earlier = earlierTurns(store, turn);
    const mayStay = earlier.filter(({ memberId }) => wordsMay(memberId));
    return {
      turn,
      context: said(mayStay),
      speakers: mayStay.map(({ memberId }) => memberId),
      read: mayStay.length === earlier.length ? turn.promptIds : null,
    };
  });
}

/** The same turns with what people gave them, as far as they agreed to training with their judgements too. */
function judgedTurns(
  store: Store,
  brain: Brain,
  rated: TurnRow,
  given: GivenRating,
  prompts: AgreedPrompts,
): JudgedTurn[] {
  const agreedTo = (memberId: string) => Number(store.consents.agreedTo(memberId) ?? 0);
  const judgementMay = (memberId: string) => agreedTo(memberId) >= JUDGEMENT_CONSENT;
  const choiceMay = (memberId: string) => agreedTo(memberId) >= CHOICE_CONSENT;
  return agreedTurns(store, rated).map(({ turn: kept, speakers }) => {
    const turn = withOwnTokens(brain, kept);
    const ratings = [...store.ratings.ofTurn(turn.id), ...(turn.id === rated.id ? [given] : [])];
    const prompt = prompts.get(turn.id);
    if (prompt === undefined) throw new Error(`no prompt was laid out for turn ${turn.id}`);
    return {
      id: turn.id,
      memberId: turn.memberId,
      text: turn.text,
      promptIds: prompt.promptIds,
      promptMemberIds: speakers,
      replyIds: turn.outputIds ?? [],
      ratings: ratings
        .filter(({ memberId }) => judgementMay(memberId))
        .map(({ memberId, value }) => ({ memberId, value })),
      corrections: store.corrections
        .ofTurn(turn.id)
        .filter(({ memberId }) => judgementMay(memberId))
        .map(({ memberId, text }) => ({ memberId, text, ids: closedIds(brain.tokenizer, text) })),
      tries: judgedTries(store, brain, turn, choiceMay),
    };
  });
}

/**
 * All replies a turn (with this brain's tokens) has had, its own last, with those who prefer it and whose choice may be used; former ones only where this
 * brain made them, in answer to the same prompt.
 */
function judgedTries(
  store: Store,
  brain: Brain,
  turn: TurnRow,
  choiceMay: (memberId: string) => boolean,
): JudgedTurn['tries'] {
  const preferences = store.tries.preferencesOf(turn.id).filter(({ memberId }) => choiceMay(memberId));
  const former = store.tries.ofTurn(turn.id).filter(({ outputIds, reply }) => spells(brain, outputIds, reply));
  const own = { number: turn.tries, outputIds: turn.outputIds ?? [] };
  return [...former, own].map(({ number, outputIds }) => ({
    replyIds: outputIds,
    preferredBy: preferences.filter((one) => one.number === number).map(({ memberId }) => memberId),
  }));
}

/** Before the second wording, people agreed to training with their turns alone. */
const JUDGEMENT_CONSENT = 2;

/** Before the third, choices between tries were not spoken of. */
const CHOICE_CONSENT = 3;

/** Of a long sitting, the turns that are looked through. */
const MOST_TURNS = 40;

/**
 * Why a low rating in this sitting cannot train now; null when it can.
 * @param material as `materialFor` gives it.
 */
export function blockOf(
  { store, declarationRequired }: Room,
  classId: string,
  sessionId: string,
  material: Gathered | null | undefined,
): TrainingBlock | null {
  const text = trainingTextOf(store, sessionId);
  return trainingBlock({
    judgementMissing: material === undefined,
    declarationRequired,
    declared: (store.classes.get(classId)?.declaredAt ?? null) !== null,
    answeredTurns: store.turns.bySession(sessionId).filter((turn) => turn.reply !== null).length,
    usableTurns: text.text === '' ? 0 : text.turnIds.length,
  });
}

/** The tokens of the rated reply, of what it answered, and of the newest better answer somebody wrote, if any. */
export function probeOf(store: Store, brain: Brain, turn: TurnRow, { promptIds }: Prompt): Probe {
  const replyIds = withOwnTokens(brain, turn).outputIds ?? [];
  const correction = store.corrections.ofTurn(turn.id).at(-1);
  if (!correction) return { promptIds, replyIds };
  return { promptIds, replyIds, correctionIds: closedIds(brain.tokenizer, correction.text) };
}

/** Queues a job for a turn; to be called inside the rating's transaction. Returns its id. */
export function queueJob(
  room: Room,
  turn: TurnRow,
  settings: ClassSettings,
  { probe, material, layers }: { probe: Probe; material: Gathered | null; layers: number },
): string {
  const { store, model } = room;
  const { recipe, loraR, loraAlpha, learningRate, epochs } = settings;
  // Drawing needs weights that can be served while they train, and the leash what lies under them: an adapter has both.
  const method = recipe === 'reward' ? 'lora' : settings.method;
  const defaults = recipeArguments(recipe, method, { layers }, material?.material);
  const payload: JobPayload = {
    base: model,
    ...{ recipe, method },
    lora: { r: loraR, alpha: loraAlpha },
    args: {
      ...defaults,
      learningRate: learningRate ?? defaults.learningRate,
      numTrainEpochs: epochs ?? defaults.numTrainEpochs,
    },
    seed: room.newSeed(),
    ...learnt(store, turn, material),
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

/** What a job learns from, and whose it is. */
function learnt(
  store: Store,
  turn: TurnRow,
  gathered: Gathered | null,
): Pick<JobPayload, 'trainingText' | 'material' | 'memberIds' | 'turnIds'> {
  if (gathered !== null) return { trainingText: '', ...gathered };
  const { text, memberIds, turnIds } = trainingTextOf(store, turn.sessionId);
  return { trainingText: text, memberIds, turnIds };
}

/** What a job's end means for its sitting; null while it has not ended. A job that is gone counts as cancelled. */
export function jobEvent(jobId: string, job: JobRow | undefined, at: number): SessionEvent | null {
  if (!job) return { type: 'job_cancelled', jobId, at };
  if (job.state === 'finished') return { type: 'job_finished', jobId, versionId: job.versionId, at };
  if (job.state === 'failed') return { type: 'job_failed', jobId };
  if (job.state === 'cancelled') return { type: 'job_cancelled', jobId, at };
  return null;
}
