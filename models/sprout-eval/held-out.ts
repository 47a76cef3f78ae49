/** How well a brain predicts held-out documents, counted as training's own validation counts (sprout-training/evaluate.ts). */
import { type Brain, controlIds, talkIds, type Utterance } from '../../src/brain/index.ts';
import type { TrainingDocument } from '../sprout-training/documents.ts';
import { type Counted, type Validation, validationOf } from '../sprout-training/evaluate.ts';

type Measured = Omit<Counted, 'documents'>;

/** A document as sprout reads it, the first to speak a person; with labels where its author gave any and they are asked for. */
export function documentIds(
  { tokenizer }: Brain,
  { language, turns, labels }: TrainingDocument,
  { labelled = false }: { labelled?: boolean } = {},
): number[] {
  const utterances = turns.map((text, index): Utterance => {
    if (index % 2 === 1) return { role: 'assistant', text };
    return { role: 'user', text, ...(labelled ? labels?.[index] : {}) };
  });
  return talkIds(tokenizer, language, utterances);
}

/** One validation a set; sets without documents are left out. A document in several sets is read once. */
export async function measureHeldOut(
  brain: Brain,
  heldOut: Readonly<Record<string, readonly TrainingDocument[]>>,
): Promise<Record<string, Validation>> {
  const seen = new Map<TrainingDocument, Measured>();
  const result: Record<string, Validation> = {};
  for (const [name, documents] of Object.entries(heldOut)) {
    if (documents.length === 0) continue;
    const sum: Measured = { nll: 0, tokens: 0, length: 0, characters: 0 };
    for (const document of documents) {
      const measured = seen.get(document) ?? (await measure(brain, document));
      seen.set(document, measured);
      for (const key of ['nll', 'tokens', 'length', 'characters'] as const) sum[key] += measured[key];
    }
    result[name] = validationOf({ documents: documents.length, ...sum });
  }
  return result;
}

async function measure(brain: Brain, document: TrainingDocument): Promise<Measured> {
  const ids = documentIds(brain, document);
  const controls = controlIds(brain.tokenizer);
  const logprobs = await brain.logprobs(ids.slice(0, brain.window));
  const predicted = logprobs.filter((_, index) => !controls.has(ids[index + 1]!));
  return {
    nll: -predicted.reduce((sum, value) => sum + value, 0),
    tokens: predicted.length,
    length: ids.slice(1).filter((id) => !controls.has(id)).length,
    characters: document.turns.join('').length,
  };
}
