/**
 * Documents become token ids, are shuffled, laid end to end and cut into rows of equal length: an endless stream that
 * depends on the seed alone, so that a training resumed after n rows reads row n + 1 as if it had never stopped.
 *
 * A document is `<|language|>` and its utterances, each opened by who speaks and closed by the end token. Of two people who
 * talk, either may be the brain. The other sometimes carries intent and emotion in front of the utterance (as its author meant
 * them, else guessed by rules), sometimes not: the brain works with and without. Where the same words are said in several tones
 * they always do.
 */
import { ROLES } from '../../src/brain/prompt.ts';
import { guessEmotion, guessIntent } from '../../src/brain/rules.ts';
import { seededRandom } from '../../src/engine/index.ts';
import type { Source, TrainingDocument } from './documents.ts';
import { shuffle } from './shuffle.ts';
import { END, specialTokens } from './tokenizer.ts';

/** Share of a person's utterances that may carry labels, and of those the share that carries each of the two. */
export const LABELLED = 0.4;
export const LABEL_KEPT = 0.7;

const idOf = new Map(specialTokens.map((token, id) => [token, id]));
const endId = idOf.get(END)!;
const special = (name: string) => idOf.get(`<|${name}|>`)!;
const roles = ROLES.map(special);

interface EncodedTurn {
  ids: number[];
  intent: number;
  emotion: number;
}

interface EncodedDocument {
  language: number;
  alwaysLabelled: boolean;
  turns: EncodedTurn[];
}

export type Encoder = (text: string) => number[];

function encodeDocument(document: TrainingDocument, encode: Encoder): EncodedDocument {
  return {
    language: special(document.language),
    alwaysLabelled: document.alwaysLabelled ?? false,
    turns: document.turns.map((text, index) => ({
      ids: encode(text),
      intent: special(document.labels?.[index]?.intent ?? guessIntent(text)),
      emotion: special(document.labels?.[index]?.emotion ?? guessEmotion(text)),
    })),
  };
}

/** The document's ids without labels, the first to speak a person: what validation measures. */
export function plainIds(document: TrainingDocument, encode: Encoder): number[] {
  const { language, turns } = encodeDocument(document, encode);
  return [language, ...turns.flatMap((turn, index) => [roles[index % 2]!, ...turn.ids, endId])];
}

/** Targets that nobody should learn to predict: what a person chose is told to the model, not guessed by it. */
export function labelsOf(ids: Int32Array): Int32Array {
  return ids.map((id) => (id !== endId && id < specialTokens.length ? -100 : id));
}

/** Rows without end, those of one seed always the same. */
export class RowStream {
  readonly #documents: { document: EncodedDocument; weight: number }[];
  readonly #random: () => number;
  readonly #length: number;
  #order: EncodedDocument[] = [];
  #next = 0;
  #pending: number[] = [];

  constructor(sources: readonly Source[], encode: Encoder, length: number, seed: number) {
    this.#documents = sources.flatMap(({ documents, weight }) =>
      documents.map((document) => ({ document: encodeDocument(document, encode), weight })),
    );
    this.#random = seededRandom(seed).uniform;
    this.#length = length;
  }

  /** The next `length` token ids. */
  next(): Int32Array {
    while (this.#pending.length < this.#length) {
      if (this.#next === this.#order.length) this.#startPass();
      this.#append(this.#order[this.#next++]!);
    }
    return Int32Array.from(this.#pending.splice(0, this.#length));
  }

  /** The next `rows` rows, end to end. */
  take(rows: number): Int32Array {
    const ids = new Int32Array(rows * this.#length);
    for (let row = 0; row < rows; row++) ids.set(this.next(), row * this.#length);
    return ids;
  }

  skip(rows: number): void {
    for (let row = 0; row < rows; row++) this.next();
  }

  #startPass(): void {
    this.#order = this.#documents.flatMap(({ document, weight }) =>
      Array<EncodedDocument>(this.#copies(weight)).fill(document),
    );
    shuffle(this.#order, this.#random);
    this.#next = 0;
  }

  #copies(weight: number): number {
    const rest = weight % 1;
    return Math.floor(weight) + (rest > 0 && this.#random() < rest ? 1 : 0);
  }

  #append({ language, alwaysLabelled, turns }: EncodedDocument): void {
    const person = turns.length > 2 && this.#random() < 0.5 ? 1 : 0;
    this.#pending.push(language);
    for (const [index, turn] of turns.entries()) {
      const isPerson = index % 2 === person;
      this.#pending.push(roles[isPerson ? 0 : 1]!);
      if (isPerson && (alwaysLabelled || this.#random() < LABELLED)) {
        if (alwaysLabelled || this.#random() < LABEL_KEPT) this.#pending.push(turn.intent);
        if (alwaysLabelled || this.#random() < LABEL_KEPT) this.#pending.push(turn.emotion);
      }
      for (const id of turn.ids) this.#pending.push(id);
      this.#pending.push(endId);
    }
  }
}
