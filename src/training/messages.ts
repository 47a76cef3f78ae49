/** What the bot and its worker say to each other. Only nudges: what counts stands in the database. */

/** The bot goes down (or nobody wants this worker any more): put the work in a safe place and leave. */
export const STOP = 'stop';

/** Something changed about a job: look at its row and its steps. */
export interface JobChanged {
  jobId: string;
}

export function isJobChanged(message: unknown): message is JobChanged {
  return typeof message === 'object' && message !== null && 'jobId' in message && typeof message.jobId === 'string';
}
