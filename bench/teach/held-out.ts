/** Text that no brain here was trained on, and what it costs a version: how much of the rest a training takes away. */
import path from 'node:path';
import { documentIds } from '../../models/sprout-eval/held-out.ts';
import { readDocuments } from '../../models/sprout-training/documents.ts';
import { type Brain, type BrainVersion, closedIds, control, controlIds } from '../../src/brain/index.ts';
import { spread } from '../recipes/job.ts';

const DATA = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/** A row of ids, of which those from `from` on are counted, but for control tokens. */
export interface HeldOutRow {
  ids: number[];
  from: number;
}

/** Of each source as many, spread evenly over it. */
const SPROUT_SOURCES = { 'own-pt': 24, 'own-en': 18, en: 18 } as const;
const CHIT_CHAT = 40;

/**
 * For sprout sixty whole documents that its own training holds out, labelled as their author did. For any other model the
 * first replies of held-out chit-chat, laid out as it reads them.
 */
export async function heldOutRows(brain: Brain): Promise<HeldOutRow[]> {
  const { heldOut } = readDocuments(DATA);
  if (control(brain.tokenizer, 'pt').length > 0)
    return Object.entries(SPROUT_SOURCES)
      .flatMap(([name, count]) => spread(heldOut[name]!, count))
      .map((document) => ({ ids: documentIds(brain, document, { labelled: true }).slice(0, brain.window), from: 1 }));
  const rows: HeldOutRow[] = [];
  for (const { turns } of spread(
    heldOut.en!.filter(({ turns }) => turns.length > 1),
    CHIT_CHAT,
  )) {
    const promptIds = await brain.promptIds([], turns[0]!);
    rows.push({ ids: [...promptIds, ...closedIds(brain.tokenizer, turns[1]!)], from: promptIds.length });
  }
  return rows;
}

/** Mean −ln p of the counted tokens. */
export async function heldOutLoss(brain: Brain, rows: readonly HeldOutRow[], version: BrainVersion): Promise<number> {
  let [nll, tokens] = [0, 0];
  const controls = controlIds(brain.tokenizer);
  for (const { ids, from } of rows) {
    const logprobs = await brain.logprobs(ids, version);
    const counted = logprobs.filter((_, at) => at + 1 >= from && !controls.has(ids[at + 1]!));
    nll -= counted.reduce((sum, value) => sum + value, 0);
    tokens += counted.length;
  }
  return nll / tokens;
}
