/**
 * How a turn is answered: the prompt from what was said in this iteration, the brain's reply under the class's settings and
 * version, and the comparison with the speaker's own sentence. All of it is a function of stored rows and the turn's seed,
 * so a restart in the middle gives the same reply again.
 */
import { z } from 'zod';
import {
  type Brain,
  type BrainVersion,
  type Choices,
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
  bertScore: z.object({ precision: score, recall: score, f1: score, model: z.string() }).nullable(),
  /** Each token of the reply as text. */
  pieces: z.array(z.string()),
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

/** Turns answered before `turn` in its iteration: what the model is reminded of. */
export function contextOf(store: Store, turn: TurnRow): TurnRow[] {
  return store.turns
    .byIteration(turn.iterationId)
    .filter(({ number, reply }) => number < turn.number && reply !== null);
}

/** Token ids the model reads before replying to `turn`: what was said and replied in its iteration, then the turn. */
export function promptOf(
  store: Store,
  brain: Brain,
  turn: TurnRow,
  settings: ClassSettings,
  context: readonly TurnRow[] = contextOf(store, turn),
): number[] {
  const said = context.map(({ text, reply }) => ({ text, reply: reply ?? '' }));
  return brain.promptIds(said, turn.text, choicesOf(turn), settings.maxNewTokens);
}

/** A person's sentence as the tokens of a reply that ends there. */
export function replyIdsOf({ tokenizer }: Brain, text: string): number[] {
  return [...tokenizer.encode(text), tokenizer.eosId];
}

/** Answers `turn` with `version`, scored. @param version the class's version in use, `versionId` its id. */
export async function makeReply(
  { store, log }: Pick<Room, 'store' | 'log'>,
  brain: Brain,
  turn: TurnRow,
  settings: ClassSettings,
  seed: number,
  version: { id: string | null; loaded: BrainVersion },
): Promise<Reply> {
  const promptIds = promptOf(store, brain, turn, settings);
  const generation = await brain.generate(promptIds, generationSettings(settings, seed), version.loaded);
  const reply = generation.text;
  const bertScore = await brain.bertScore(turn.text, reply, version.loaded).catch((error: unknown) => {
    // One measure less is no reason to lose the reply.
    log.warn({ err: error, turnId: turn.id }, 'no BERTScore for this reply');
    return null;
  });
  const { maxScore, halfReward } = settings;
  const report = tokenReport(turn.text, reply, halfReward === null ? { maxScore } : { maxScore, halfReward });
  const measured = scoreReply(turn.text, reply, spokenLanguage(choicesOf(turn).language));
  const scores: StoredScores = {
    report: { total: report.total, rows: report.rows.map((row) => ({ ...row, status: { ...row.status } })) },
    maxScore,
    ...measured,
    meteorStages: [...measured.meteorStages],
    bertScore,
    pieces: generation.outputIds.map((id) => brain.tokenizer.piece(id)),
  };
  return {
    reply,
    versionId: version.id,
    seed,
    promptIds,
    outputIds: generation.outputIds,
    tokenLogprobs: generation.tokenLogprobs,
    seconds: generation.seconds,
    tokensPerSecond: generation.tokensPerSecond,
    scores,
  };
}
