/** Text that no brain here was trained on, and what it costs a version: how much of the rest a training takes away. */
import path from 'node:path';
import { readDocuments, type TrainingDocument } from '../../models/sprout-training/documents.ts';
import type { Brain, BrainVersion } from '../../src/brain/index.ts';
import { replyTokens } from '../recipes/job.ts';

const DATA = path.join(import.meta.dirname, '..', '..', '..', 'shared', 'data');

/** A row of ids, of which those from `from` on are counted. */
export interface HeldOutRow {
  ids: number[];
  from: number;
}

/** Of each source as many, spread evenly over it. */
const SPROUT_SOURCES = { 'own-pt': 24, 'own-en': 18, en: 18 } as const;
const CHIT_CHAT = 40;

/**
 * For sprout sixty whole documents that its own training holds out. For a model with a template the first replies of held-out
 * chit-chat, laid out by it.
 */
export async function heldOutRows(brain: Brain): Promise<HeldOutRow[]> {
  const { heldOut } = readDocuments(DATA);
  if (brain.tokenizer.chatTemplate === null)
    return Object.entries(SPROUT_SOURCES)
      .flatMap(([name, count]) => spread(heldOut[name]!, count))
      .map((document) => ({ ids: documentIds(brain, document), from: 1 }));
  const rows: HeldOutRow[] = [];
  for (const { turns } of spread(
    heldOut.en!.filter(({ turns }) => turns.length > 1),
    CHIT_CHAT,
  )) {
    const promptIds = await brain.promptIds([], turns[0]!);
    rows.push({ ids: [...promptIds, ...replyTokens(brain, turns[1]!)], from: promptIds.length });
  }
  return rows;
}

/** Mean −ln p of the counted tokens. */
export async function heldOutLoss(brain: Brain, rows: readonly HeldOutRow[], version: BrainVersion): Promise<number> {
  let [nll, tokens] = [0, 0];
  for (const { ids, from } of rows) {
    const counted = (await brain.logprobs(ids, version)).slice(from - 1);
    nll -= counted.reduce((sum, value) => sum + value, 0);
    tokens += counted.length;
  }
  return nll / tokens;
}

/** As sprout reads it: the language, then the utterances, each closed by the end token, labelled where its author did. */
function documentIds({ tokenizer, window }: Brain, { language, turns, labels }: TrainingDocument): number[] {
  const control = (name: string) => tokenizer.specialId(`<|${name}|>`) ?? [];
  const said = turns.flatMap((turn, at) => {
    const label = labels?.[at];
    const meant = label === undefined ? [] : [control(label.intent), control(label.emotion)].flat();
    return [...meant, ...tokenizer.encode(turn), tokenizer.eosId];
  });
  return [control(language), said].flat().slice(0, window);
}

function spread<T>(all: readonly T[], count: number): T[] {
  const few = Math.min(count, all.length);
  return Array.from({ length: few }, (_, at) => all[Math.floor((at * all.length) / few)]!);
}
