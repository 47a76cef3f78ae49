/** What the classroom stands on, handed to each of its parts. */
import type { BertScorer, Brain, DrawingSettings } from '../brain/index.ts';
import type { Store } from '../store/index.ts';
import type { ClassSettings } from './settings.ts';
import { completeSettings } from './settings.ts';

/** pino's shape: the object first, then the sentence. */
export interface Log {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface ClassroomOptions {
  store: Store;
  /** A loaded brain, or one on its way; turns wait for it. */
  brain: Brain | Promise<Brain>;
  /** What the brain was opened from, pinned where it can be. Versions and jobs name it as their base. */
  model?: string;
  /** How the brain's own settings have it drawn from: a class's defaults. */
  drawing?: DrawingSettings;
  /** Called when a job waits: the supervisor's `wake`. */
  wakeTraining(): void;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** 0 ≤ x < 1: where seeds come from. */
  random?: () => number;
  /** Runs `work` after `ms`; returns how to call it off. */
  setTimer?: (ms: number, work: () => void) => () => void;
  /** Whether texts may train only after the operator's declaration: true on Discord. */
  declarationRequired: boolean;
  /** Exact BERTScore, for classes that turned it on; without it they get the brain's own, labelled so. */
  bertScorer?: Pick<BertScorer, 'score' | 'nameFor'>;
  log?: Log;
  countdownMs?: number;
}

/** The options, completed. */
export interface Room {
  store: Store;
  brain: Promise<Brain>;
  model: string;
  drawing: DrawingSettings;
  wakeTraining(): void;
  now(): number;
  newSeed(): number;
  setTimer(ms: number, work: () => void): () => void;
  declarationRequired: boolean;
  bertScorer: Pick<BertScorer, 'score' | 'nameFor'> | null;
  log: Log;
  countdownMs: number;
  /** To be called after a commit that wrote to the outbox. */
  announced(): void;
}

/** A person, as a front door knows them. */
export interface Actor {
  classId: string;
  className: string;
  /** On Discord or in the local classroom. */
  userId: string;
  name: string;
  isTeacher: boolean;
  locale: 'en' | 'pt-BR';
}

/** The class's settings over the brain's and the program's defaults; its language is the one it was made with until somebody sets another. */
export function settingsOf({ store, drawing }: Pick<Room, 'store' | 'drawing'>, classId: string): ClassSettings {
  const locale = store.classes.get(classId)?.locale === 'pt-BR' ? 'pt-BR' : 'en';
  return completeSettings(store.settings.get(classId), { ...drawing, locale });
}

export function plainTimer(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}
