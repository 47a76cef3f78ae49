/**
 * Pairs of replies, a row a line, as TRL's DPOTrainer takes them: `prompt`, `chosen` and `rejected`, as texts (the replies
 * closed by the end token if they are not yet) or as ids, which are taken as they are.
 */
import type { Brain } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import { type Line, readJsonLines } from './jsonl.ts';
import { isIds } from './options.ts';
import { closed, encode } from './training-rows.ts';

export interface PreferenceRow {
  promptIds: number[];
  chosenIds: number[];
  rejectedIds: number[];
}

/** @throws UserError naming file, line and field of the first row that cannot be read; cli_data_empty. */
export async function readPreferenceRows(file: string, brain: Brain): Promise<PreferenceRow[]> {
  const rows: PreferenceRow[] = [];
  const last = brain.config.vocabSize - 1;
  for await (const line of readJsonLines(file)) {
    const row = isIds(line.fields.prompt) ? idsRow(line, line.fields.prompt) : textRow(line, brain);
    const unknown = Object.values(row)
      .flat()
      .find((id) => id > last);
    if (unknown !== undefined) throw new UserError('cli_line_token', { file, line: line.number, token: unknown, last });
    rows.push(row);
  }
  if (rows.length === 0) throw new UserError('cli_data_empty', { file });
  return rows;
}

function idsRow(line: Line, promptIds: number[]): PreferenceRow {
  const { chosen, rejected } = line.fields;
  if (promptIds.length === 0) throw line.wrong('prompt');
  if (!isIds(chosen) || chosen.length === 0) throw line.wrong('chosen');
  if (!isIds(rejected) || rejected.length === 0) throw line.wrong('rejected');
  return { promptIds, chosenIds: chosen, rejectedIds: rejected };
}

/** Tokenised together with the prompt, as the words would meet in the model; the ids of the prompt alone say where it ends. */
function textRow(line: Line, brain: Brain): PreferenceRow {
  for (const field of ['prompt', 'chosen', 'rejected'])
    if (!(field in line.fields)) throw new UserError('cli_line_pair', { file: line.file, line: line.number });
  const prompt = line.text('prompt');
  const promptIds = encode(prompt, brain);
  if (promptIds.length === 0) throw line.wrong('prompt');
  const reply = (field: string) => closed(encode(prompt + line.text(field), brain), brain).slice(promptIds.length);
  return { promptIds, chosenIds: reply('chosen'), rejectedIds: reply('rejected') };
}
