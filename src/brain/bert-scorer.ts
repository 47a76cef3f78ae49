/**
 * Exact BERTScore for a class: the encoders bert_score itself would choose, opened when first needed and closed after some
 * idle minutes. Whoever asks never waits long: while an encoder is downloaded, or cannot be had, there is no answer, and
 * the asker takes the brain's own hidden states instead.
 */
import os from 'node:os';
import path from 'node:path';
import { UserError } from '../errors.ts';
import type { BertScores, EncoderModel } from './types.ts';

export interface EncoderChoice {
  /** The model's name on the hub. */
  readonly id: string;
  readonly layer: number;
}

/** What bert_score 0.3.13 takes for English and for other languages (utils.py: lang2model, model2layers). */
export const EXACT_ENCODERS = Object.freeze({
  en: { id: 'FacebookAI/roberta-large', layer: 17 },
  pt: { id: 'google-bert/bert-base-multilingual-cased', layer: 9 },
} as const satisfies Record<string, EncoderChoice>);

/** The layer bert_score would take of a model of this name, else the middle one. */
export function bertScoreLayer({ name, layers }: { name: string; layers: number }): number {
  const known = Object.values(EXACT_ENCODERS).find(({ id }) => path.posix.basename(id) === name);
  return known !== undefined && known.layer <= layers ? known.layer : Math.ceil(layers / 2);
}

export interface FoundModel {
  readonly folder: string;
  /** What its numbers are labelled with. */
  readonly name: string;
}

export interface BertScorerOptions {
  /** Finds a model's folder, downloading it first if need be. */
  resolveModel(id: string): Promise<FoundModel>;
  dataFolder: string;
  threads?: number;
  encoders?: Readonly<Record<'en' | 'pt', EncoderChoice>>;
  /** Told why an encoder cannot be had. */
  onTrouble?: (error: unknown, id: string) => void;
  /** Bytes of main memory; this computer's unless said. */
  memory?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Runs `work` after `ms`; returns how to call it off. */
  setTimer?: (ms: number, work: () => void) => () => void;
}

/** How long a reply waits for its score: opening takes a moment, a download minutes. */
const PATIENCE_MS = 5_000;
/** When nobody asked for so long, the memory is worth more than the moment of opening again. */
const IDLE_MS = 5 * 60_000;
/** After trouble (offline, say) the next try is not made at every turn. */
const RETRY_MS = 5 * 60_000;

/** One of the two encoders, open or not. */
interface Seat {
  readonly choice: EncoderChoice;
  opening: Promise<EncoderModel | null> | null;
  open: EncoderModel | null;
  /** When `opening` began. */
  since: number;
  retryAt: number;
  /** Questions under way. */
  asking: number;
  stopIdling: () => void;
}

export class BertScorer {
  readonly #options: Required<Pick<BertScorerOptions, 'memory' | 'now' | 'setTimer'>> & BertScorerOptions;
  readonly #seats: Readonly<Record<'en' | 'pt', Seat>>;
  #closed = false;

  constructor(options: BertScorerOptions) {
    this.#options = { memory: memoryOfThisComputer(), now: Date.now, setTimer: plainTimer, ...options };
    const { en, pt } = options.encoders ?? EXACT_ENCODERS;
    const seat = (choice: EncoderChoice): Seat => {
      return { choice, opening: null, open: null, since: 0, retryAt: 0, asking: 0, stopIdling: () => {} };
    };
    this.#seats = { en: seat(en), pt: seat(pt) };
  }

  /** What people call the encoder of a language. */
  nameFor(language: 'en' | 'pt'): string {
    return path.posix.basename(this.#seats[language].choice.id);
  }

  /** bert_score's answer, or null where there is none in time: the encoder is on its way, or cannot be had. */
  score(language: 'en' | 'pt', reference: string, hypothesis: string): Promise<BertScores | null> {
    const seat = this.#seats[language];
    // A download under way delays the reply that began it, not every one until it is done.
    const isSlow = seat.open === null && this.#options.now() - seat.since >= PATIENCE_MS;
    if (seat.opening !== null && isSlow) return Promise.resolve(null);
    return new Promise((resolve) => {
      const stopWaiting = this.#options.setTimer(PATIENCE_MS, () => resolve(null));
      void this.#ask(seat, reference, hypothesis)
        .catch((error: unknown) => this.#trouble(seat, error))
        .then((scores) => {
          stopWaiting();
          resolve(scores);
        });
    });
  }

  /** Closes what is open, when what was asked is answered; a download under way is not waited for. */
  async dispose(): Promise<void> {
    this.#closed = true;
    await Promise.all(Object.values(this.#seats).map((seat) => this.#close(seat)));
  }

  async #ask(seat: Seat, reference: string, hypothesis: string): Promise<BertScores | null> {
    seat.stopIdling();
    seat.asking += 1;
    try {
      const encoder = await this.#encoder(seat);
      if (encoder === null || this.#closed) return null;
      return await encoder.bertScore([reference], hypothesis, seat.choice.layer);
    } finally {
      seat.asking -= 1;
      if (seat.asking === 0) seat.stopIdling = this.#options.setTimer(IDLE_MS, () => void this.#close(seat));
    }
  }

  #encoder(seat: Seat): Promise<EncoderModel | null> {
    if (seat.opening !== null) return seat.opening;
    if (this.#closed || this.#options.now() < seat.retryAt) return Promise.resolve(null);
    const opening = this.#open(seat.choice).then(
      async (encoder) => {
        // Meanwhile nobody may want it any more.
        if (seat.opening === opening) seat.open = encoder;
        else await encoder.dispose();
        return encoder;
      },
      (error: unknown) => this.#trouble(seat, error),
    );
    seat.opening = opening;
    seat.since = this.#options.now();
    return opening;
  }

  async #open({ id, layer }: EncoderChoice): Promise<EncoderModel> {
    const { resolveModel, dataFolder, threads, memory } = this.#options;
    const { folder, name } = await resolveModel(id);
    const { loadEncoder } = await import('./encoder.ts');
    const encoder = await loadEncoder(folder, { dataFolder, name, ...(threads === undefined ? {} : { threads }) });
    const { serving } = encoder.info().memory;
    const needed = (serving * layer) / encoder.layers;
    if (needed > memory / 2) {
      await encoder.dispose();
      throw new UserError('encoder_too_large', { model: name, need: megabytes(needed), have: megabytes(memory) });
    }
    return encoder;
  }

  #trouble(seat: Seat, error: unknown): null {
    void this.#close(seat);
    seat.retryAt = this.#options.now() + RETRY_MS;
    this.#options.onTrouble?.(error, seat.choice.id);
    return null;
  }

  async #close(seat: Seat): Promise<void> {
    seat.stopIdling();
    const { open } = seat;
    seat.opening = null;
    seat.open = null;
    await open?.dispose();
  }
}

/** A container may be allowed less than the computer has. */
function memoryOfThisComputer(): number {
  return Math.min(os.totalmem(), process.constrainedMemory() || Number.POSITIVE_INFINITY);
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}

/** A score nobody waits for any more keeps no program running. */
function plainTimer(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms).unref();
  return () => clearTimeout(timer);
}
