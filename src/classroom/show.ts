/** Builds the views (views.ts) from rows. */
import path from 'node:path';
import { z } from 'zod';
import type { IterationRow, JobRow, MemberRow, SessionRow, Store, TurnRow } from '../store/index.ts';
import { averagesOf, type MeasuredTurn, mean } from './averages.ts';
import { learningView } from './learning.ts';
import { shownPieces, shownReply } from './moderation.ts';
import { readPush } from './push.ts';
import { choicesOf, scoresOf } from './replies.ts';
import { type Room, settingsOf } from './room.ts';
import { completeSettings } from './settings.ts';
import { countdownLeadsTo, sessionStateSchema } from './state.ts';
import { versionNumber } from './versions.ts';
import type {
  Averages,
  IterationView,
  JobSummary,
  JobView,
  MemberView,
  PersonView,
  QueueView,
  SessionView,
  TryView,
  TurnView,
  WhyView,
} from './views.ts';

type Shop = Pick<Room, 'store' | 'model' | 'drawing'>;

/** The answered turns among `turns` as numbers. */
export function measuredTurns(store: Store, turns: readonly TurnRow[]): MeasuredTurn[] {
  return turns.flatMap((turn) => {
    const scores = scoresOf(turn);
    if (!scores) return [];
    return {
      ratings: store.ratings.ofTurn(turn.id).map((rating) => rating.value),
      rougeL: scores.rougeL,
      bleu: scores.bleu,
      meteor: scores.meteor,
      bertScore: scores.bertScore?.f1 ?? null,
      tokenTotal: scores.report.total,
    };
  });
}

export function sessionView(room: Shop, session: SessionRow): SessionView {
  const { store, model } = room;
  const { id, classId, channelId, threadId, createdAt, endedAt } = session;
  const state = sessionStateSchema.parse(session.state);
  const classSettings = settingsOf(room, classId);
  const { threshold, turnsPerIteration, iterations } = completeSettings(state.overrides, classSettings);
  const current = store.classes.get(classId)?.currentVersionId ?? null;
  const underWay = state.phase === 'ready' || state.phase === 'answering' || state.phase === 'rating';
  return {
    ...{ id, classId, channelId, threadId, createdAt, endedAt },
    locale: classSettings.locale,
    phase: state.phase,
    startedBy: session.startedBy === null ? null : person(store.members.get(session.startedBy)),
    iteration: state.iteration,
    turn: underWay ? state.turnsDone + 1 : Math.max(1, state.turnsDone),
    ...{ turnsPerIteration, iterations, threshold, model },
    versionNumber: versionNumber(store, current),
    startVersionNumber: versionNumber(store, state.startVersionId),
    turnId: 'turn' in state ? (state.turn?.id ?? null) : null,
    jobId: 'jobId' in state ? state.jobId : null,
    deadline: state.phase === 'countdown' ? state.deadline : null,
    leadsTo: state.phase === 'countdown' ? countdownLeadsTo(state, { turnsPerIteration, iterations }) : null,
    savingProgress: state.phase === 'stopping' && state.keep === true,
    outcome: state.phase === 'ended' ? { reason: state.reason, kept: state.kept } : null,
    iterationsSoFar: store.iterations.bySession(id).map((row) => iterationView(store, row, current)),
    averages: averagesOf(measuredTurns(store, store.turns.bySession(id))),
  };
}

const averagesSchema: z.ZodType<Averages> = z.object({
  turns: z.number(),
  rated: z.number(),
  rating: z.number().nullable(),
  rougeL: z.number().nullable(),
  bleu: z.number().nullable(),
  meteor: z.number().nullable(),
  bertScore: z.number().nullable(),
  tokenTotal: z.number().nullable(),
});

function iterationView(store: Store, row: IterationRow, currentVersionId: string | null): IterationView {
  const closed = row.closedAt !== null;
  return {
    number: row.number,
    closed,
    versionNumber: versionNumber(store, closed ? row.versionId : currentVersionId),
    averages: closed
      ? averagesSchema.parse(row.averages)
      : averagesOf(measuredTurns(store, store.turns.byIteration(row.id))),
  };
}

export function turnView(room: Shop, turn: TurnRow): TurnView {
  const { store, model } = room;
  const session = store.sessions.get(turn.sessionId);
  const state = session ? sessionStateSchema.parse(session.state) : null;
  const classSettings = settingsOf(room, turn.classId);
  const settings = state ? completeSettings(state.overrides, classSettings) : classSettings;
  const stored = scoresOf(turn);
  const shown = turn.reply === null ? null : shownReply(turn.reply);
  const ratings = store.ratings.ofTurn(turn.id).flatMap(({ memberId, value }) => {
    const rater = person(store.members.get(memberId));
    return rater ? [{ person: rater, value }] : [];
  });
  const versionId =
    turn.state === 'answered' ? turn.versionId : (store.classes.get(turn.classId)?.currentVersionId ?? null);
  return {
    id: turn.id,
    sessionId: turn.sessionId,
    classId: turn.classId,
    locale: classSettings.locale,
    number: turn.number,
    iteration: store.iterations.get(turn.iterationId)?.number ?? 1,
    author: person(store.members.get(turn.memberId)) ?? { memberId: turn.memberId, userId: '', name: '' },
    text: turn.text,
    choices: choicesOf(turn),
    choicesGuessed: turn.choicesGuessed,
    // Another try that failed leaves the reply before it.
    state: turn.state === 'failed' && turn.reply !== null ? 'answered' : turn.state,
    reply: shown?.text ?? null,
    masked: shown?.masked ?? false,
    stoppedAt: stored?.reachedLimit ? stored.pieces.length : null,
    tries: turn.tries,
    comparison: comparisonOf(store, turn),
    report: stored?.report ?? null,
    scores: stored && scoresAlone(stored),
    model,
    versionNumber: versionNumber(store, versionId),
    seconds: turn.seconds,
    tokensPerSecond: turn.tokensPerSecond,
    ratings,
    averageRating: mean(ratings.map(({ value }) => value)),
    awaitsRating: state?.phase === 'rating' && state.turn.id === turn.id,
    threshold: settings.threshold,
    corrections: store.corrections.ofTurn(turn.id).flatMap(({ memberId, text }) => {
      const writer = person(store.members.get(memberId));
      return writer ? [{ person: writer, text }] : [];
    }),
    error: errorOf(turn.error),
    messageId: turn.messageId,
    createdAt: turn.createdAt,
  };
}

function comparisonOf(store: Store, { id, tries, reply }: TurnRow): TryView[] {
  const former = store.tries.ofTurn(id);
  if (former.length === 0 || reply === null) return [];
  const preferences = store.tries.preferencesOf(id);
  return [...former, { number: tries, reply }].map((one) => ({
    number: one.number,
    reply: shownReply(one.reply).text,
    preferredBy: preferences.filter(({ number }) => number === one.number).length,
  }));
}

function scoresAlone(stored: NonNullable<ReturnType<typeof scoresOf>>): TurnView['scores'] {
  const { rouge1, rouge2, rougeL, bleu, meteor, meteorStages, bertScore } = stored;
  return { rouge1, rouge2, rougeL, bleu, meteor, meteorStages, bertScore };
}

/** How likely the brain found each token of its reply; null before there is one. */
export function whyView(turn: TurnRow): WhyView | null {
  const stored = scoresOf(turn);
  if (!stored || turn.tokenLogprobs === null) return null;
  const probabilities = turn.tokenLogprobs.map(Math.exp);
  const tokens = shownPieces(stored.pieces).map((text, index) => ({ text, probability: probabilities[index] ?? 0 }));
  return { turnId: turn.id, tokens };
}

const summarySchema: z.ZodType<JobSummary> = z.object({
  trainRuntime: z.number(),
  trainSamplesPerSecond: z.number(),
  trainStepsPerSecond: z.number(),
  trainLoss: z.number(),
  epoch: z.number(),
  peakMemoryMb: z.number(),
  steps: z.number(),
  tokens: z.number().default(0),
  cutTokens: z.number().default(0),
  stoppedEarly: z.boolean().default(false),
  chart: z.string().nullable().default(null),
});

export function jobView(room: Shop, job: JobRow): JobView {
  const { store } = room;
  const { id, classId, sessionId, turnId, state, payload } = job;
  const summary = summarySchema.safeParse(job.summary).data ?? null;
  const push = readPush(job.push, prefersRated(payload));
  const rows = store.jobSteps.of(id);
  return {
    ...{ id, classId, sessionId, turnId, state },
    locale: settingsOf(room, classId).locale,
    position: store.jobs.position(id),
    method: payload.method,
    learning: learningView(payload, rows),
    trainingCharacters: payload.trainingText.length,
    people: payload.memberIds.length,
    steps: rows.map(({ step, totalSteps, loss, gradNorm, learningRate, epoch, metrics }) => {
      return { step, totalSteps, loss, gradNorm, learningRate, epoch, metrics: metrics ?? {} };
    }),
    etaSeconds: state === 'running' ? secondsLeft(rows) : null,
    summary,
    chartFile: summary?.chart ? path.join(store.folder, ...summary.chart.split('/')) : null,
    verdict: push?.verdict ?? null,
    before: push?.replyBefore == null ? null : shownReply(push.replyBefore).text,
    after: push?.replyAfter == null ? null : shownReply(push.replyAfter).text,
    fromVersionNumber: versionNumber(store, job.fromVersionId),
    versionNumber: job.versionId === null ? null : versionNumber(store, job.versionId),
    error: job.error,
  };
}

/** The rated reply is the better one of the pair that is about it. */
function prefersRated({ material, probe }: JobRow['payload']): boolean {
  if (material?.kind !== 'preferences') return false;
  return `${material.preferences[0]?.chosenIds}` === `${probe.replyIds}`;
}

/** From the pace of the steps so far. */
function secondsLeft(rows: readonly { step: number; totalSteps: number; createdAt: number }[]): number | null {
  const [first, last] = [rows.at(0), rows.at(-1)];
  if (!first || !last || last.step === first.step) return null;
  const msPerStep = (last.createdAt - first.createdAt) / (last.step - first.step);
  return ((last.totalSteps - last.step) * msPerStep) / 1000;
}

export function queueView({ store }: Pick<Room, 'store'>): QueueView {
  const entries = store.jobs.list().map(({ id, classId, state, createdAt }) => ({
    jobId: id,
    classId,
    state: state === 'running' ? ('running' as const) : ('queued' as const),
    position: store.jobs.position(id),
    createdAt,
  }));
  return { entries: entries.sort((a, b) => a.position - b.position) };
}

export function memberView(store: Store, member: MemberRow): MemberView {
  const { id, userId, name, role } = member;
  return { id, userId, name, role, consent: store.consents.current(id) };
}

function person(member: MemberRow | undefined): PersonView | null {
  return member ? { memberId: member.id, userId: member.userId, name: member.name } : null;
}

const errorSchema = z.object({
  identifier: z.custom<NonNullable<TurnView['error']>['identifier']>((value) => typeof value === 'string'),
  context: z.record(z.string(), z.union([z.string(), z.number()])),
});

function errorOf(stored: unknown): TurnView['error'] {
  return errorSchema.safeParse(stored).data ?? null;
}
