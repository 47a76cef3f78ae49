/**
 * How a turn is answered: the prompt from what was said in this iteration, the brain's reply under the class's settings and
 * version, and the comparison with the speaker's own sentence. All of it is a function of stored rows and the turn's seed,
 * so a restart in the middle gives the same reply again; its BERTScore may come from another model then, and says which.
 */
import { z } from 'zod';
import {
  type Brain,
  type BrainVersion,
  type Choices,
  type ContextTurn,
  closedIds,
  EMOTIONS,
  type GenerationSettings,
  INTENTS,
  LANGUAGES,
} from '../brain/index.ts';
import { scoreReply, tokenReport } from '../scoring/index.ts';
import type { Reply, Store, TurnRow } from '../store/index.ts';
import type { Room } from './room.ts';
import type { ClassSettings } from './settings.ts';

const score = z.number();
const place = z.number().int();

/** What `turns.scores` holds. */
const storedScoresSchema = z.object({
  report: z.object({
    total: z.number(),
    rows: z.array(
      z.object({
        expected: z.string(),
        generated: z.string(),
        status: z.discriminatedUnion('code', [
          z.object({ code: z.literal('correct'), position: place }),
          z.object({ code: z.literal('misplaced'), position: place, shouldBe: place }),
          z.object({ code: z.literal('absent') }),
        ]),
        reward: z.number(),
      }),
    ),
  }),
  maxScore: z.number(),
  rouge1: score,
  rouge2: score,
  rougeL: score,
  bleu: score,
  meteor: score,
  meteorStages: z.array(z.enum(['exact', 'stem', 'wordnet'])),
  bertScore: z
    .object({
      precision: score,
      recall: score,
      f1: score,
      // Before encoders came, the layer stood in the model's name.
      model: z.string(),
      layer: place.optional(),
      layers: place.optional(),
      /** The encoder that was wanted and was not ready. */
      insteadOf: z.string().optional(),
    })
    .nullable(),
  /** Each token of the reply as text. */
  pieces: z.array(z.string()),
  /** The reply was stopped at the limit of tokens. Replies of before it was noted do not say. */
  reachedLimit: z.boolean().optional(),
});
export type StoredScores = z.infer<typeof storedScoresSchema>;

const choicesSchema = z.object({
  intent: z.enum(INTENTS),
  emotion: z.enum(EMOTIONS),
  language: z.enum(LANGUAGES),
});

export function choicesOf(turn: Pick<TurnRow, 'intent' | 'emotion' | 'language'>): Choices {
  return choicesSchema.parse(turn);
}

/** The scores of an answered turn; null when there are none. */
export function scoresOf(turn: Pick<TurnRow, 'scores'>): StoredScores | null {
  return turn.scores === null ? null : storedScoresSchema.parse(turn.scores);
}

/** The language the metrics compare in: that of the speaker's sentence, which is the reference. */
function spokenLanguage(language: Choices['language']): 'en' | 'pt' {
  return language === 'pt' || language === 'pt-en' ? 'pt' : 'en';
}

/** The settings under which replies of `seed` are made. A temperature of 0 means the likeliest token, always. */
export function generationSettings(settings: ClassSettings, seed: number): Required<GenerationSettings> {
  const { maxNewTokens, topK, topP, repetitionPenalty } = settings;
  const greedy = settings.temperature === 0;
  return { maxNewTokens, temperature: greedy ? 1 : settings.temperature, topK, topP, repetitionPenalty, seed, greedy };
}

/** What the model reads before it replies to a turn. */
export interface Prompt {
  /** What was said and replied before in the turn's iteration. */
  context: ContextTurn[];
  promptIds: number[];
}

/** Turns answered before `turn` in its iteration: what the model is reminded of. */
export function earlierTurns(store: Store, turn: TurnRow): TurnRow[] {
  return store.turns
    .byIteration(turn.iterationId)
    .filter(({ number, reply }) => number < turn.number && reply !== null);
}

/** Answered turns as the model reads them. */
export function said(turns: readonly TurnRow[]): ContextTurn[] {
  return turns.map(({ text, reply }) => ({ text, reply: reply ?? '' }));
}

const contextOf = (store: Store, turn: TurnRow): ContextTurn[] => said(earlierTurns(store, turn));

export async function promptOf(store: Store, brain: Brain, turn: TurnRow, settings: ClassSettings): Promise<Prompt> {
  const context = contextOf(store, turn);
  return { context, promptIds: await brain.promptIds(context, turn.text, choicesOf(turn), settings.maxNewTokens) };
}

/**
 * A turn with its tokens as this brain knows them. A brain that speaks otherwise made the reply (BRAIN was changed, or the
 * embedded one came with another vocabulary) where they no longer spell what people read: then the reply's text counts, and the
 * prompt is as good as not kept.
 */
export function withOwnTokens(brain: Brain, turn: TurnRow): TurnRow {
  const { reply, outputIds } = turn;
  if (reply === null || outputIds === null || spells(brain, outputIds, reply)) return turn;
  return { ...turn, promptIds: null, outputIds: closedIds(brain.tokenizer, reply) };
}

/** Whether a reply's tokens are its text. */
export function spells({ tokenizer }: Brain, outputIds: readonly number[], reply: string): boolean {
  return tokenizer.decode(outputIds).trim() === reply;
}

/** The prompt that `turn` was answered to; laid out anew where it was not kept, as a forgotten member's words were in it. */
export async function answeredPromptOf(
  store: Store,
  brain: Brain,
  turn: TurnRow,
  settings: ClassSettings,
): Promise<Prompt> {
  const { promptIds } = withOwnTokens(brain, turn);
  return promptIds === null ? promptOf(store, brain, turn, settings) : { context: contextOf(store, turn), promptIds };
}

/** False when somebody whose words `prompt` holds was forgotten while it was laid out or answered. */
export function stillStands(store: Store, turn: TurnRow, { context }: Pick<Prompt, 'context'>): boolean {
  return JSON.stringify(contextOf(store, turn)) === JSON.stringify(context);
}

/**
 * Answers `turn` with `version`, scored; `context` is what it was answered from.
 * @param version the class's version in use, `id` its id.
 */
export async function makeReply(
  room: Pick<Room, 'store' | 'log' | 'bertScorer'>,
  brain: Brain,
  turn: TurnRow,
  settings: ClassSettings,
  seed: number,
  version: { id: string | null; loaded: BrainVersion },
): Promise<{ reply: Reply; context: ContextTurn[] }> {
  const { context, promptIds } = await promptOf(room.store, brain, turn, settings);
  const generation = await brain.generate(promptIds, generationSettings(settings, seed), version.loaded);
  const { text } = generation;
  const language = spokenLanguage(choicesOf(turn).language);
  const said = { text: turn.text, reply: text, language };
  const bertScore = await nearness(room, brain, said, settings, version.loaded).catch((error: unknown) => {
    // One measure less is no reason to lose the reply.
    room.log.warn({ err: error, turnId: turn.id }, 'no BERTScore for this reply');
    return null;
  });
  const { maxScore, halfReward } = settings;
  const report = tokenReport(turn.text, text, halfReward === null ? { maxScore } : { maxScore, halfReward });
  const measured = scoreReply(turn.text, text, language);
  const scores: StoredScores = {
    report: { total: report.total, rows: report.rows.map((row) => ({ ...row, status: { ...row.status } })) },
    maxScore,
    ...measured,
    meteorStages: [...measured.meteorStages],
    bertScore,
    pieces: generation.outputIds.map((id) => brain.tokenizer.piece(id)),
    reachedLimit: generation.reachedLimit,
  };
  const { outputIds, tokenLogprobs, seconds, tokensPerSecond } = generation;
  const made = { outputIds, tokenLogprobs, seconds, tokensPerSecond };
  return { reply: { reply: text, versionId: version.id, seed, promptIds, ...made, scores }, context };
}

/** BERTScore of a reply: bert_score's own where the class wants it and the encoder is ready, else the brain's. */
async function nearness(
  { bertScorer }: Pick<Room, 'bertScorer'>,
  brain: Brain,
  { text, reply, language }: { text: string; reply: string; language: 'en' | 'pt' },
  settings: ClassSettings,
  version: BrainVersion,
): Promise<StoredScores['bertScore']> {
  if (settings.bertscore !== 'exact' || bertScorer === null) return brain.bertScore(text, reply, version);
  const exact = await bertScorer.score(language, text, reply);
  return exact ?? { ...(await brain.bertScore(text, reply, version)), insteadOf: bertScorer.nameFor(language) };
}
