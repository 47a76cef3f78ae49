/**
 * Training data, a row a line, in the forms that TRL's SFTTrainer takes, read as it reads them: `text` and `completion` are
 * closed by the end token if they are not yet; of `prompt` + `completion` only the completion is learnt; of `messages`
 * all of it, laid out by the model's chat template; `input_ids` are taken as they are, with `labels` where there are some.
 */
import type { Brain } from '../brain/index.ts';
import { UserError } from '../errors.ts';
import type { TrainingRow } from '../training/index.ts';
import { readMessages } from './conversation.ts';
import { type Line, readJsonLines } from './jsonl.ts';
import { isIds } from './options.ts';

/** The label of a token that is read and not learnt. */
const IGNORED = -100;

/** @throws UserError naming file, line and field of the first row that cannot be read; cli_data_empty. */
export async function readTrainingRows(file: string, brain: Brain): Promise<TrainingRow[]> {
  const rows: TrainingRow[] = [];
  const last = brain.config.vocabSize - 1;
  for await (const line of readJsonLines(file)) {
    const row = await toRow(line, brain);
    const unknown = [...row.inputIds, ...(row.labels ?? [])].find((id) => id > last);
    if (unknown !== undefined) throw new UserError('cli_line_token', { file, line: line.number, token: unknown, last });
    rows.push(row);
  }
  if (rows.length === 0) throw new UserError('cli_data_empty', { file });
  return rows;
}

async function toRow(line: Line, brain: Brain): Promise<TrainingRow> {
  const { fields } = line;
  if ('input_ids' in fields) return idsRow(line);
  if ('messages' in fields) {
    const messages = readMessages(fields.messages);
    if (messages === null) throw line.wrong('messages');
    return { inputIds: await brain.conversationIds(messages, { addGenerationPrompt: false }) };
  }
  if ('prompt' in fields && 'completion' in fields) return completionRow(line, brain);
  if ('text' in fields) return { inputIds: closed(encode(line.text('text'), brain), brain) };
  throw new UserError('cli_line_row', { file: line.file, line: line.number });
}

function idsRow(line: Line): TrainingRow {
  const { input_ids: inputIds, labels } = line.fields;
  if (!isIds(inputIds)) throw line.wrong('input_ids');
  if (labels === undefined || labels === null) return { inputIds };
  if (!isLabels(labels) || labels.length !== inputIds.length) throw line.wrong('labels');
  return { inputIds, labels };
}

function isLabels(value: unknown): value is number[] {
  return Array.isArray(value) && isIds(value.filter((label) => label !== IGNORED));
}

/** Tokenised together, as the words would meet in the model; the ids of the prompt alone say where it ends. */
function completionRow(line: Line, brain: Brain): TrainingRow {
  const prompt = line.text('prompt');
  const inputIds = closed(encode(prompt + line.text('completion'), brain), brain);
  const known = encode(prompt, brain).length;
  return { inputIds, labels: inputIds.map((id, at) => (at < known ? IGNORED : id)) };
}

export function encode(text: string, brain: Brain): number[] {
  return brain.tokenizer.encode(text, { parseSpecial: true });
}

export function closed(ids: number[], { tokenizer }: Brain): number[] {
  return ids.at(-1) === tokenizer.eosId ? ids : [...ids, tokenizer.eosId];
}
