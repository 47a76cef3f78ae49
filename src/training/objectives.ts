/** From what a job carries to what its training wants: the recipe's objective over the job's words. */
import type { Brain, BrainVersion } from '../brain/index.ts';
import type { LoraConfig, Trainable } from '../engine/index.ts';
import { tokenReport } from '../scoring/index.ts';
import type { JobMaterial, JobPayload } from '../store/index.ts';
import { anchorsFor } from './anchors.ts';
import { guided, trainedPart } from './guided.ts';
import type { Leash } from './leash.ts';
import { type Exchange, learntIn, type Objective, type Row, replyRow } from './objective.ts';
import { preference } from './preference.ts';
import { classicRows, DRAWS, leashBeta, leashSettings } from './recipes.ts';
import { rowLogprobs } from './reference.ts';
import { drawnRewards, loggedRewards, type RewardTask } from './reward.ts';
import { supervised } from './supervised.ts';

export interface ObjectiveContext {
  /** For its tokenizer, and to ask the reference and the weights in training. */
  brain: Pick<Brain, 'info' | 'window' | 'tokenizer' | 'promptIds' | 'trainingIds' | 'logprobs' | 'generate'>;
  /** The weights file that the trained adapter lies over; absent: the base's own. */
  weightsFile?: string;
  trainable: Trainable;
  /** The adapter's shape; null where all weights are trained. */
  lora: LoraConfig | null;
}

export interface PlannedObjective {
  objective: Objective;
  /** Tokens an epoch learns from; of drawn replies, those of their targets' prompts are read and not counted. */
  tokens: number;
  /** Tokens at the beginning of the text that did not fit the model's window. */
  cutTokens: number;
}

/** @throws UserError training_text_short, training_rows_empty where there is nothing to learn. */
export function objectiveOf(
  payload: Pick<JobPayload, 'recipe' | 'trainingText' | 'material' | 'args' | 'seed'>,
  context: ObjectiveContext,
): PlannedObjective {
  const { brain } = context;
  const maxLength = Math.min(brain.window, payload.args.maxLength ?? brain.window);
  const { material } = payload;
  if (material === undefined) {
    const { rows, tokens, cutTokens } = classicRows(brain.trainingIds(payload.trainingText), maxLength);
    return { objective: supervised(rows), tokens, cutTokens };
  }
  const objective = ofMaterial(material, maxLength, payload.seed, context);
  const learnt = exchangesIn(material).map((exchange) => learntIn(replyRow(exchange, maxLength)));
  return { objective, tokens: learnt.reduce((sum, tokens) => sum + tokens, 0), cutTokens: 0 };
}

function ofMaterial(material: JobMaterial, maxLength: number, seed: number, context: ObjectiveContext): Objective {
  switch (material.kind) {
    case 'replies':
      return guided(material.replies, maxLength, leashOf(material, context));
    case 'preferences':
      return preference(material.preferences, { beta: material.beta, maxLength });
    case 'ratings': {
      const { replies, baseline, beta } = material;
      return loggedRewards(replies, { baseline, beta, maxLength, reference: referenceOf(context) });
    }
    case 'drawn': {
      const tasks = material.tasks.map((task) => drawTask(material, task, context));
      const reference = referenceOf(context);
      return drawnRewards(tasks, { draws: DRAWS, seed, beta: material.beta, maxLength, reference });
    }
  }
}

/** Adapters only: what lies under them is the base for good. */
function leashOf(
  material: Extract<JobMaterial, { kind: 'replies' }>,
  { brain, lora }: ObjectiveContext,
): Leash | undefined {
  const beta = leashBeta(lora === null ? 'full' : 'lora', material);
  if (beta === undefined) return undefined;
  return { ...leashSettings(brain.info().layers, beta), anchors: () => anchorsFor(brain) };
}

/** The leash's other end: the weights under the adapter, which no training of adapters moves. */
function referenceOf({ brain, weightsFile }: ObjectiveContext): (row: Row) => Promise<readonly number[]> {
  const under: BrainVersion = weightsFile === undefined ? {} : { weightsFile };
  return (row) => rowLogprobs(brain, row, under);
}

/**
 * Draws from the model's own distribution (no temperature, no cuts): that is the one whose expected reward REINFORCE climbs.
 * The reward is the token table's total as a share of what a reply of as many words could earn at most, −1 to 1: the total
 * alone pays for saying one right word over and over.
 */
function drawTask(
  { maxScore, halfReward, maxNewTokens }: Extract<JobMaterial, { kind: 'drawn' }>,
  { promptIds, target }: { promptIds: number[]; target: string },
  { brain, weightsFile, trainable, lora }: ObjectiveContext,
): RewardTask {
  if (lora === null) throw new Error('replies can be drawn from an adapter in training, not from weights');
  const plain = { temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };
  const report = halfReward === null ? { maxScore } : { maxScore, halfReward };
  return {
    promptIds,
    async draw(seed) {
      const adapter = { lora, tensors: trainable.trainedTensors() };
      const live: BrainVersion = weightsFile === undefined ? { adapter } : { adapter, weightsFile };
      const { outputIds, text } = await brain.generate(promptIds, { ...plain, maxNewTokens, seed }, live);
      const { total, rows } = tokenReport(target, text, report);
      const wanted = rows.filter(({ expected }) => expected !== '').length;
      const share = (total / maxScore) * (wanted / Math.max(1, rows.length));
      return { replyIds: outputIds, reward: Math.min(1, Math.max(-1, share)) };
    },
  };
}

function exchangesIn(material: JobMaterial): Exchange[] {
  switch (material.kind) {
    case 'replies':
      return material.replies.map(trainedPart);
    case 'ratings':
      return material.replies;
    case 'preferences':
      return material.preferences.flatMap(({ promptIds, chosenIds, rejectedIds }) => [
        ...(chosenIds === undefined ? [] : [{ promptIds, replyIds: chosenIds }]),
        { promptIds, replyIds: rejectedIds },
      ]);
    case 'drawn':
      return [];
  }
}
