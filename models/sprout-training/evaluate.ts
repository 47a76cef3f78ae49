/** How well a model predicts held-out documents: nats a token (with the end tokens), bits a character (without labels). */
import type { Trainable, TrainingBatch } from '../../src/engine/index.ts';
import type { TrainingDocument } from './documents.ts';
import { type Encoder, labelsOf, plainIds } from './packing.ts';

const BATCH = 16;

export interface Validation {
  documents: number;
  nats_per_token: number;
  bits_per_character: number;
}

/** What was counted of held-out documents. */
export interface Counted {
  documents: number;
  nll: number;
  /** Tokens predicted within the window: not the first, nor control tokens, which people choose. */
  tokens: number;
  /** All of these there are, beyond the window too. */
  length: number;
  characters: number;
}

/** A document cut at the window has fewer tokens predicted than it has characters; scaled up, as the PyTorch script does. */
export function validationOf({ documents, nll, tokens, length, characters }: Counted): Validation {
  const perToken = nll / tokens;
  return { documents, nats_per_token: perToken, bits_per_character: (perToken * length) / characters / Math.LN2 };
}

export async function evaluate(
  trainable: Trainable,
  documents: readonly TrainingDocument[],
  encode: Encoder,
  window: number,
): Promise<Validation> {
  const whole = documents.map((document) => plainIds(document, encode));
  const rows = whole.map((ids) => ids.slice(0, window)).sort((a, b) => a.length - b.length);
  let nll = 0;
  let tokens = 0;
  for (let first = 0; first < rows.length; first += BATCH) {
    const result = await trainable.evaluate(padded(rows.slice(first, first + BATCH)));
    nll += result.nll;
    tokens += result.tokens;
  }
  const length = whole.reduce((sum, ids) => sum + predictedTokens(ids), 0);
  const characters = documents.reduce((sum, { turns }) => sum + turns.join('').length, 0);
  return validationOf({ documents: documents.length, nll, tokens, length, characters });
}

function predictedTokens(ids: number[]): number {
  return labelsOf(Int32Array.from(ids)).filter((label, index) => index > 0 && label !== -100).length;
}

function padded(rows: readonly number[][]): TrainingBatch {
  const length = Math.max(...rows.map((row) => row.length));
  const inputIds = new Int32Array(rows.length * length);
  const labels = new Int32Array(inputIds.length).fill(-100);
  const attentionMask = new Int32Array(inputIds.length);
  for (const [index, row] of rows.entries()) {
    inputIds.set(row, index * length);
    labels.set(labelsOf(Int32Array.from(row)), index * length);
    attentionMask.fill(1, index * length, index * length + row.length);
  }
  return { inputIds, labels, attentionMask, batchSize: rows.length, length };
}
