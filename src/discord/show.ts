/**
 * How each event of the outbox is shown. Events carry ids; what is shown is read when it is shown, so a late delivery
 * shows what is true by then. Sends carry a nonce made from the event, edits are the same whenever they are made: showing
 * an event twice shows it once.
 */
import { readFile } from 'node:fs/promises';
import { COUNTDOWN_LEADS_TO, type JobView, type SessionView } from '../classroom/index.ts';
import { UserError } from '../errors.ts';
import { t } from '../i18n/index.ts';
import type { OutboxKind, OutboxRow } from '../store/index.ts';
import { nonceOf, type ShownAt } from './delivery.ts';
import type { Desk } from './desk.ts';
import { notice } from './messages/notices.ts';
import {
  blockedMessage,
  consentNeededMessage,
  countdownMessage,
  endedMessage,
  iterationMessage,
  keepMessage,
  openingMessage,
  resumedMessage,
  turnOpenMessage,
} from './messages/session.ts';
import { jobFailedMessage, progressMessage, summaryMessage } from './messages/training.ts';
import { turnMessage } from './messages/turn.ts';
import type { Attachment, Payload } from './payload.ts';
import type { ProgressBoard } from './progress.ts';
import type { SourceMessages } from './sources.ts';
import { API_ERRORS, apiErrorCode, failureOf } from './transport.ts';

export interface Stage {
  readonly desk: Desk;
  readonly progress: ProgressBoard;
  /** The plain message a turn was said in, which its reply then answers. */
  readonly sources: SourceMessages;
}

type Show = (stage: Stage, event: OutboxRow, session: SessionView) => Promise<ShownAt | null>;

/** Shows an event of a sitting. @returns where, if it is a message of its own. */
export async function showEvent(stage: Stage, event: OutboxRow): Promise<ShownAt | null> {
  if (event.sessionId === null) return null;
  try {
    const session = stage.desk.classroom.session(event.sessionId);
    return await SHOWS[event.kind](stage, event, session);
  } catch (error) {
    if (apiErrorCode(error) === API_ERRORS.unknownChannel) return showElsewhere(stage, event, event.sessionId, error);
    // What it tells of was deleted by the one it belonged to: then there is nothing to show.
    if (error instanceof UserError && GONE.includes(error.identifier)) return null;
    throw error;
  }
}

/** Somebody deleted the thread: the event is shown in a new one. */
async function showElsewhere(
  stage: Stage,
  event: OutboxRow,
  sessionId: string,
  gone: unknown,
): Promise<ShownAt | null> {
  const { classroom, threads } = stage.desk;
  if ((await threads.renew(classroom.session(sessionId))) === null) throw gone;
  return SHOWS[event.kind](stage, event, classroom.session(sessionId));
}

const GONE: string[] = ['session_gone', 'turn_gone', 'job_gone'];

/** Says that an event could not be shown, where it should have been. */
export async function apologise({ desk }: Stage, event: OutboxRow, reference: string): Promise<void> {
  if (event.sessionId === null) return;
  const session = desk.classroom.session(event.sessionId);
  const message = notice(`🔧 ${t(session.locale, 'discord:event_lost', { reference })}`);
  await desk.transport.send(await desk.threads.of(session), message, { nonce: nonceOf(event, APOLOGY) });
}

/** Part number of an apology's nonce: never that of the event's own message. */
const APOLOGY = 9;

const SHOWS: Record<OutboxKind, Show> = {
  session_started: async (stage, event, session) => {
    if (event.payload.resumed === true) return post(stage, event, session, resumedMessage(session, session.locale));
    return post(stage, event, session, openingOf(stage.desk, session.id));
  },

  turn_open: async (stage, event, session) => {
    await endCountdown(stage, session);
    return post(stage, event, session, turnOpenMessage(session, session.locale));
  },

  consent_needed: (stage, event, session) => {
    const member = stage.desk.store.members.get(idIn(event, 'memberId'));
    return post(stage, event, session, consentNeededMessage(member?.name ?? '', session.locale));
  },

  turn_answering: showTurn,
  turn_answered: showTurn,
  turn_failed: showTurn,
  rated: showTurn,
  try_preferred: showTurn,

  training_blocked: (stage, event, session) => {
    const why = event.payload.why;
    const reason = why === 'declaration' || why === 'consent' ? why : 'nothing';
    return post(stage, event, session, blockedMessage(reason, session.locale));
  },

  job_queued: async (stage, event, session) => {
    const job = stage.desk.classroom.job(idIn(event, 'jobId'));
    await closeFailure(stage, session);
    const shown = await post(stage, event, session, progressMessage(job, session.locale));
    if (job.state === 'queued' || job.state === 'running')
      stage.progress.follow(job.id, shown.channelId, shown.messageId);
    return shown;
  },

  job_finished: async (stage, event, session) => {
    const job = endedJob(stage, event);
    await endProgress(stage, session, job);
    return post(stage, event, session, summaryMessage(job, session.locale, await chartOf(job, session)));
  },

  job_failed: async (stage, event, session) => {
    const job = endedJob(stage, event);
    await endProgress(stage, session, job);
    const { phase, jobId } = stage.desk.classroom.session(session.id);
    const open = phase === 'failed' && jobId === job.id;
    return post(stage, event, session, jobFailedMessage(job, session.id, session.locale, open));
  },

  job_cancelled: async (stage, event, session) => {
    await endProgress(stage, session, endedJob(stage, event));
    return null;
  },

  countdown_started: async (stage, event, session) => {
    await closeFailure(stage, session);
    const { deadline, leadsTo } = event.payload;
    const running = session.phase === 'countdown' && session.deadline === deadline;
    const goal = COUNTDOWN_LEADS_TO.find((each) => each === leadsTo) ?? 'turn';
    const countdown = { deadline: Number(deadline), leadsTo: goal, running };
    return post(stage, event, session, countdownMessage(session.id, countdown, session.locale));
  },

  countdown_stopped: async (stage, event, session) => {
    await endCountdown(stage, session);
    return post(stage, event, session, keepMessage(session, session.locale));
  },

  iteration_closed: (stage, event, session) =>
    post(stage, event, session, iterationMessage(session, Number(event.payload.iteration), session.locale)),

  session_ended: async (stage, event, session) => {
    await redraw(stage, session, 'countdown_stopped', () => keepMessage(session, session.locale));
    await endCountdown(stage, session);
    return post(stage, event, session, endedMessage(session, session.locale));
  },
};

/** The first message of a sitting, as it reads now. */
export function openingOf({ classroom, declarationRequired, plainMessages }: Desk, sessionId: string): Payload {
  const session = classroom.session(sessionId);
  const declarationMissing = declarationRequired && classroom.declaredAt(session.classId) === null;
  return openingMessage(session, session.locale, { plainMessages, declarationMissing });
}

/** Sends the event's own message. */
async function post({ desk }: Stage, event: OutboxRow, session: SessionView, message: Payload): Promise<ShownAt> {
  const channelId = await desk.threads.of(session);
  const messageId = await desk.transport.send(channelId, message, { nonce: nonceOf(event) });
  return { channelId, messageId };
}

/** The turn's one message: sent when it is first heard of, edited ever after. */
async function showTurn(stage: Stage, event: OutboxRow, session: SessionView): Promise<ShownAt | null> {
  const { desk, sources } = stage;
  const turn = desk.classroom.turn(idIn(event, 'turnId'));
  const source = sources.of(turn);
  const message = turnMessage(turn, session.locale, { wordsShown: source !== null });
  const channelId = await desk.threads.of(session);
  if (turn.messageId !== null) {
    try {
      await desk.transport.edit(channelId, turn.messageId, message);
      return { channelId, messageId: turn.messageId };
    } catch (error) {
      if (failureOf(error) !== 'message_gone') throw error;
    }
  }
  const messageId = await desk.transport.send(channelId, message, { nonce: nonceOf(event), replyTo: source });
  desk.store.turns.setMessage(turn.id, messageId);
  return { channelId, messageId };
}

/** Edits the newest message of a kind; when that is not there any more, there is nothing to tidy. */
async function redraw(
  { desk }: Stage,
  session: SessionView,
  kind: OutboxRow['kind'],
  build: () => Payload,
): Promise<void> {
  const last = desk.store.outbox.last(session.id, kind);
  if (!last?.channelId || !last.messageId) return;
  try {
    await desk.transport.edit(last.channelId, last.messageId, build());
  } catch (error) {
    // Gone with its place, perhaps: whether the place is gone, the event's own message will tell.
    if (failureOf(error) !== 'message_gone' && failureOf(error) !== 'place_gone') throw error;
  }
}

/**
 * The job an event of the trainer tells of. The trainer, a process of its own, wrote it, and it may be shown before anybody
 * (or, after a kill, without anybody) has told the classroom; where the sitting stands must follow from it all the same.
 */
function endedJob({ desk }: Stage, event: OutboxRow): JobView {
  const jobId = idIn(event, 'jobId');
  desk.classroom.jobChanged(jobId);
  return desk.classroom.job(jobId);
}

/** The progress message's last state; where a bot before this one had begun it, there is no pace to keep to. */
async function endProgress(stage: Stage, session: SessionView, job: JobView): Promise<void> {
  try {
    if (await stage.progress.finish(job.id)) return;
  } catch (error) {
    if (failureOf(error) !== 'place_gone') throw error;
    return;
  }
  if (stage.desk.store.outbox.last(session.id, 'job_queued')?.payload.jobId !== job.id) return;
  await redraw(stage, session, 'job_queued', () => progressMessage(job, session.locale));
}

/** Takes the Stop button off the last countdown. */
async function endCountdown(stage: Stage, session: SessionView): Promise<void> {
  const over = { deadline: 0, leadsTo: 'turn' as const, running: false };
  await redraw(stage, session, 'countdown_started', () => countdownMessage(session.id, over, session.locale));
}

/** Takes the buttons off the last failure: it was answered. */
async function closeFailure(stage: Stage, session: SessionView): Promise<void> {
  const last = stage.desk.store.outbox.last(session.id, 'job_failed');
  if (!last) return;
  const job = stage.desk.classroom.job(idIn(last, 'jobId'));
  await redraw(stage, session, 'job_failed', () => jobFailedMessage(job, session.id, session.locale, false));
}

/** The chart the trainer drew, if it did. */
async function chartOf(job: JobView, session: SessionView): Promise<Attachment | null> {
  if (job.chartFile === null) return null;
  try {
    const data = await readFile(job.chartFile);
    return { name: 'training.png', data, description: t(session.locale, 'discord:chart_alt') };
  } catch {
    // A picture that is gone is no reason to hold back the numbers.
    return null;
  }
}

function idIn(event: OutboxRow, name: string): string {
  const id = event.payload[name];
  if (typeof id !== 'string') throw new Error(`event ${event.id} (${event.kind}) has no ${name}`);
  return id;
}
