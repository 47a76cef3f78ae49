/**
 * Sprout's own corpus, models/sprout/corpus: short dialogues in Brazilian Portuguese, half of them in English too, each utterance
 * with its intent and emotion as its author meant them. One dialogue a line (JSON Lines), a file a theme.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { EMOTIONS, INTENTS } from '../../src/brain/types.ts';

const utterance = z.strictObject({
  intent: z.enum(INTENTS),
  emotion: z.enum(EMOTIONS),
  pt: z.string().min(1),
  en: z.string().min(1).optional(),
});

const dialogue = z.strictObject({
  topic: z.string().regex(/^[a-z0-9-]+$/),
  register: z.enum(['informal', 'neutral', 'polite']),
  turns: z.array(utterance).min(2),
});

export type CorpusUtterance = z.infer<typeof utterance>;
export type CorpusDialogue = z.infer<typeof dialogue> & { theme: string };

export const CORPUS_FOLDER = path.join(import.meta.dirname, '..', 'sprout', 'corpus');

/** Every dialogue, in the order of the files' names and lines. @throws ZodError for a line of another form. */
export function readCorpus(folder = CORPUS_FOLDER): CorpusDialogue[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.jsonl'))
    .sort()
    .flatMap((file) => {
      const lines = readFileSync(path.join(folder, file), 'utf8').trimEnd().split('\n');
      return lines.map((line) => ({ theme: path.basename(file, '.jsonl'), ...dialogue.parse(JSON.parse(line)) }));
    });
}

/** Whether the dialogue was written in both languages. */
export function isBilingual({ turns }: CorpusDialogue): boolean {
  return turns.every(({ en }) => en !== undefined);
}
