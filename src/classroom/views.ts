/**
 * What the front doors show, as plain objects: read from the store when asked, never kept. Text from people is given as it
 * was written; text from the model is masked (`shownReply`). Times are milliseconds since 1970, `seconds` are seconds.
 */
import type { Choices, Generation } from '../brain/index.ts';
import type { ErrorContext } from '../errors.ts';
import type { ErrorIdentifier, Locale } from '../i18n/index.ts';
import type { ReplyScores, TokenReport } from '../scoring/index.ts';
import type { Recipe } from '../training/index.ts';
import type { PushVerdict } from './push.ts';
import type { CountdownLeadsTo, Phase, TrainingBlock } from './state.ts';

export interface MemberView {
  id: string;
  userId: string;
  name: string;
  role: 'student' | 'teacher';
  consent: 'granted' | 'refused' | 'unknown';
}

/** Somebody's name beside what they did. */
export interface PersonView {
  memberId: string;
  userId: string;
  name: string;
}

export interface SessionView {
  id: string;
  classId: string;
  channelId: string;
  threadId: string | null;
  /** The class's language, for messages that everybody reads. */
  locale: Locale;
  phase: Phase;
  /** Null when the person has asked to be forgotten. */
  startedBy: PersonView | null;
  iteration: number;
  /** Number, from 1, of the turn of this iteration that is awaited, under way or (from its rating on) just over. */
  turn: number;
  turnsPerIteration: number;
  /** 0: until stopped. */
  iterations: number;
  threshold: number;
  /** The brain: its name, and the number of the class's version in use (0 = the base). */
  model: string;
  versionNumber: number;
  /** The version the sitting began with: where "do not keep" goes back to. */
  startVersionNumber: number;
  /** The turn under way (answering, rating), else null. */
  turnId: string | null;
  /** The job training, failed, or waited for, else null. */
  jobId: string | null;
  /** Phase countdown: when it goes on. */
  deadline: number | null;
  /** Phase countdown: what follows it. */
  leadsTo: CountdownLeadsTo | null;
  /** Phase stopping: somebody said keep, and the job is handing over its work. */
  savingProgress: boolean;
  /** Phase ended. */
  outcome: { reason: 'stopped' | 'completed'; kept: boolean } | null;
  iterationsSoFar: IterationView[];
  /** Over every answered turn of the sitting so far. */
  averages: Averages;
  createdAt: number;
  endedAt: number | null;
}

/** Means over turns; null where there is nothing to average. */
export interface Averages {
  /** Turns answered. */
  turns: number;
  /** Turns rated. */
  rated: number;
  rating: number | null;
  rougeL: number | null;
  bleu: number | null;
  meteor: number | null;
  bertScore: number | null;
  tokenTotal: number | null;
}

export interface IterationView {
  number: number;
  closed: boolean;
  /** The class's version when it closed, or now. */
  versionNumber: number;
  averages: Averages;
}

/** The numbers under a reply. */
export interface TurnScores extends ReplyScores {
  bertScore: {
    precision: number;
    recall: number;
    f1: number;
    /** Whose hidden states: numbers are comparable only within one model and layer. */
    model: string;
    layer?: number | undefined;
    layers?: number | undefined;
    /** The encoder the class wanted, where it was not ready. */
    insteadOf?: string | undefined;
  } | null;
}

export interface RatingView {
  person: PersonView;
  value: number;
}

/** One of a turn's tries. */
export interface TryView {
  number: number;
  /** Masked for showing. */
  reply: string;
  /** How many people find it the better one. */
  preferredBy: number;
}

export interface TurnView {
  id: string;
  sessionId: string;
  classId: string;
  locale: Locale;
  /** From 1: in the sitting, and in its iteration. */
  number: number;
  iteration: number;
  author: PersonView;
  text: string;
  choices: Choices;
  /** The choices are the bot's guess. */
  choicesGuessed: boolean;
  state: 'answering' | 'answered' | 'failed';
  /** Masked for showing; null until answered. An empty string: the brain ended at once. */
  reply: string | null;
  /** Something in the reply was masked. */
  masked: boolean;
  /** How many tokens the reply had when it was stopped at their limit; null where it ended by itself. */
  stoppedAt: number | null;
  /** How many replies were made for it. */
  tries: number;
  /** The replies to compare, the shown one last; empty where there is but one. */
  comparison: TryView[];
  report: TokenReport | null;
  scores: TurnScores | null;
  model: string;
  versionNumber: number;
  seconds: number | null;
  tokensPerSecond: number | null;
  ratings: RatingView[];
  averageRating: number | null;
  /** Its first rating is awaited, and will decide. */
  awaitsRating: boolean;
  threshold: number;
  corrections: { person: PersonView; text: string }[];
  error: { identifier: ErrorIdentifier; context: ErrorContext } | null;
  messageId: string | null;
  createdAt: number;
}

export interface StepView {
  step: number;
  totalSteps: number;
  loss: number;
  gradNorm: number;
  learningRate: number;
  epoch: number;
  /** What else the recipe measured, under TRL's names. */
  metrics: Readonly<Record<string, number>>;
}

/** What a job learns from, counted, and its recipe's own numbers. */
export interface LearningView {
  recipe: Recipe;
  /** Guided: replies to learn, and replies to unlearn that a better one replaces. */
  learnt: number;
  avoided: number;
  /** Preference: pairs of a better and a worse reply. */
  compared: number;
  /** Guided and preference: replies to unlearn with nothing better in their place. */
  alone: number;
  /** Reward: rated replies of the sitting; or whether replies are drawn anew at every step. */
  rated: number;
  drawn: boolean;
  /** rewards/margins at the first and the last step; null where nothing was compared. */
  margin: { first: number; last: number } | null;
  /** Mean reward at the beginning and the end. */
  reward: { first: number; last: number } | null;
  /** At the end: how far the brain has gone from its base, in nats a reply. */
  kl: number | null;
}

export interface JobView {
  id: string;
  classId: string;
  sessionId: string | null;
  turnId: string | null;
  locale: Locale;
  state: 'queued' | 'running' | 'finished' | 'failed' | 'cancelled';
  /** Where it stands among the waiting jobs of all classes: 1 is next. 0 when it runs or has ended. */
  position: number;
  method: 'full' | 'lora';
  learning: LearningView;
  /** Characters (of the classic recipe) and people in what it trains on. */
  trainingCharacters: number;
  people: number;
  steps: StepView[];
  /** Seconds left, from the steps so far; null before the second step. */
  etaSeconds: number | null;
  summary: JobSummary | null;
  /** Path of the loss curve as PNG; null until there is one. */
  chartFile: string | null;
  /** What the training did to the rated reply; null until measured. */
  verdict: PushVerdict | null;
  /** The prompt's reply by the version before and after, same seed, masked for showing. */
  before: string | null;
  after: string | null;
  fromVersionNumber: number;
  versionNumber: number | null;
  error: { identifier: ErrorIdentifier; context: ErrorContext } | null;
}

/** The Trainer's summary, in its own units. */
export interface JobSummary {
  trainRuntime: number;
  trainSamplesPerSecond: number;
  trainStepsPerSecond: number;
  trainLoss: number;
  epoch: number;
  peakMemoryMb: number;
  steps: number;
  /** Tokens trained on, and those at the beginning that did not fit the model's window. */
  tokens: number;
  cutTokens: number;
  /** Stopped before its end, keeping what it had learned. */
  stoppedEarly: boolean;
  /** As stored; see `chartFile`. */
  chart: string | null;
}

export interface VersionView {
  /** Null for the base. */
  id: string | null;
  number: number;
  current: boolean;
  base: string;
  method: 'full' | 'lora' | null;
  note: string;
  parentNumber: number | null;
  createdAt: number | null;
  /** People whose words it learned from and who asked to be forgotten since. */
  forgottenMembers: number;
}

/** Waiting and running jobs of every class, in the order they will run. */
export interface QueueView {
  entries: { jobId: string; classId: string; state: 'queued' | 'running'; position: number; createdAt: number }[];
}

/** What happened to a rating. */
export interface RatingOutcome {
  turn: TurnView;
  session: SessionView;
  value: number;
  /** It was the first, and decided what follows; a later one is kept beside it. */
  decided: boolean;
  /** What it led to; null when it did not decide. */
  leadTo: 'turn' | 'training' | 'training_blocked' | 'iteration' | 'end' | null;
  blocked: TrainingBlock | null;
}

/** Each token of a reply with how likely the brain found it there. */
export interface WhyView {
  turnId: string;
  tokens: { text: string; probability: number }[];
}

export interface ComparisonView {
  prompt: string;
  seed: number;
  answers: { versionNumber: number; reply: string; masked: boolean; seconds: number }[];
}

/** An answer outside a sitting: `text` is as the model wrote it, `reply` is for showing. */
export interface ChatView extends Generation {
  reply: string;
  masked: boolean;
  versionNumber: number;
  model: string;
}
