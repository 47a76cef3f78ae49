/**
 * Whether a brain follows intent and emotion. Four looks:
 *
 * - the label in front of the reply, sampled: how often the written rules (src/brain/rules.ts) give a reply that label, when it
 *   was asked for, when another of its kind was, and when none was. The rules call "suggest" and "neutral" whatever they see
 *   nothing in, so these two shares are high to begin with. Labels belong to what people say: here the brain speaks first, and
 *   the reply is the person's;
 * - the same by likelihood: how much likelier replies of sprout's own held-out dialogues are under the label their author
 *   gave them than under the others of its kind;
 * - the label in front of what the person says, as in a class, by likelihood: how much likelier the answer is that somebody
 *   wrote to the sentence so meant and felt; of all dialogues, and of those that say the same words in several tones;
 * - the same for two labels: how far apart they push the first token of the reply.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Brain,
  closedIds,
  control,
  EMOTIONS,
  type Emotion,
  guessEmotion,
  guessIntent,
  INTENTS,
  type Intent,
  type Language,
  talkIds,
  type Utterance,
} from '../../src/brain/index.ts';
import { architectureOf, mapWeights } from '../../src/engine/index.ts';
import type { TrainingDocument } from '../sprout-training/documents.ts';
import type { Prompt } from './prompts.ts';
import { seedOf } from './replies.ts';

/** The rules tell by how a reply begins and by single words. */
const MAX_NEW_TOKENS = 40;

type Kind = 'intent' | 'emotion';
type Label = Intent | Emotion;

const labelsOfKind: Record<Kind, readonly Label[]> = { intent: INTENTS, emotion: EMOTIONS };
const guessOfKind: Record<Kind, (text: string) => Label> = { intent: guessIntent, emotion: guessEmotion };
const kinds: readonly Kind[] = ['intent', 'emotion'];

export interface LabelShare {
  kind: Kind;
  label: Label;
  replies: number;
  /** Shares of replies that the rules give this label: without any in front, with another of its kind, with this one. */
  without: number;
  other: number;
  with: number;
}

/** Samples a reply to each prompt with each seed, under each label and under none, at the product's settings. */
export async function measureLabelShares(
  brain: Brain,
  prompts: readonly Prompt[],
  seeds: readonly number[],
): Promise<LabelShare[]> {
  const sample = async (label?: Label) => {
    const replies: string[] = [];
    for (const [index, { language, text }] of prompts.entries()) {
      const ids = labelledReply(brain, language, [text], label);
      for (const seed of seeds)
        replies.push((await brain.generate(ids, { seed: seedOf(seed, index), maxNewTokens: MAX_NEW_TOKENS })).text);
    }
    return replies;
  };
  const unlabelled = await sample();
  const result: LabelShare[] = [];
  for (const kind of kinds) {
    const replies = new Map<Label, string[]>();
    for (const label of labelsOfKind[kind]) replies.set(label, await sample(label));
    for (const label of labelsOfKind[kind]) {
      const share = (texts: readonly string[]) =>
        texts.filter((text) => guessOfKind[kind](text) === label).length / texts.length;
      const others = [...replies].filter(([name]) => name !== label).flatMap(([, texts]) => texts);
      result.push({
        kind,
        label,
        replies: unlabelled.length,
        without: share(unlabelled),
        other: share(others),
        with: share(replies.get(label)!),
      });
    }
  }
  return result;
}

/** In front of the reply itself, or of the sentence it answers: in all dialogues, or where the tone alone tells replies apart. */
export type LabelPlace = 'reply' | 'sentence' | 'tone';

export interface LabelLikelihood {
  place: LabelPlace;
  kind: Kind;
  language: 'pt' | 'en';
  replies: number;
  /** Mean of (log-probability of a reply under its own label − mean of those under the others), in nats a reply. */
  gain: number;
  /** How often its own label makes a reply likelier than every other does; by chance 1/4 of intents, 1/7 of emotions. */
  best: number;
}

/** @param documents labelled ones; each utterance but the first is a reply to those before it. */
export async function measureLabelLikelihood(
  brain: Brain,
  documents: readonly TrainingDocument[],
  place: LabelPlace,
  mostReplies: number,
): Promise<LabelLikelihood[]> {
  const result: LabelLikelihood[] = [];
  for (const language of ['pt', 'en'] as const) {
    // Second utterances first, then third ones …: the replies kept are of as many dialogues as there are.
    const replies = documents
      .filter((document) => document.language === language && document.labels !== undefined)
      .filter(({ alwaysLabelled }) => place !== 'tone' || alwaysLabelled)
      .flatMap((document) => document.turns.slice(1).map((_, index) => ({ document, at: index + 1 })))
      .sort((a, b) => a.at - b.at)
      .slice(0, mostReplies);
    if (replies.length === 0) continue;
    for (const kind of kinds) {
      let gain = 0;
      let best = 0;
      for (const { document, at } of replies) {
        const own = document.labels![place === 'reply' ? at : at - 1]![kind];
        let [mine, others, highest] = [0, 0, Number.NEGATIVE_INFINITY];
        for (const label of labelsOfKind[kind]) {
          const logprob = await replyLogprob(brain, document, at, place, label);
          if (label === own) mine = logprob;
          else {
            others += logprob / (labelsOfKind[kind].length - 1);
            highest = Math.max(highest, logprob);
          }
        }
        gain += mine - others;
        if (mine > highest) best++;
      }
      result.push({
        place,
        kind,
        language,
        replies: replies.length,
        gain: gain / replies.length,
        best: best / replies.length,
      });
    }
  }
  return result;
}

async function replyLogprob(
  brain: Brain,
  document: TrainingDocument,
  at: number,
  place: LabelPlace,
  label: Label,
): Promise<number> {
  const layOut = place === 'reply' ? labelledReply : labelledSentence;
  const before = layOut(brain, document.language, document.turns.slice(0, at), label);
  const reply = closedIds(brain.tokenizer, document.turns[at]!);
  const ids = [...before, ...reply].slice(-brain.window);
  const logprobs = await brain.logprobs(ids);
  return logprobs.slice(-reply.length).reduce((sum, value) => sum + value, 0);
}

export interface FirstTokenShift {
  labels: readonly [Label, Label];
  prompts: number;
  /** Mean Jensen–Shannon distance of the two distributions, 0 (the same) to 1 (nothing in common). */
  distance: number;
}

const contrasts: readonly (readonly [Label, Label])[] = [
  ['sad', 'happy'],
  ['ask', 'agree'],
];

/** Each prompt said with one label and with the other: the model's own distributions of the reply's first token. */
export async function measureFirstTokenShifts(brain: Brain, prompts: readonly Prompt[]): Promise<FirstTokenShift[]> {
  const head = readHead(brain);
  const result: FirstTokenShift[] = [];
  for (const labels of contrasts) {
    let sum = 0;
    for (const { language, text } of prompts) {
      const [one, other] = await Promise.all(
        labels.map(async (label) => {
          return nextTokenProbabilities(brain, head, await brain.promptIds([], text, { language, ...asChoice(label) }));
        }),
      );
      sum += jensenShannonDistance(one!, other!);
    }
    result.push({ labels, prompts: prompts.length, distance: sum / prompts.length });
  }
  return result;
}

/** Square root of the Jensen–Shannon divergence in bits (Endres and Schindelin 2003): 0 to 1, a metric. */
export function jensenShannonDistance(one: Float64Array, other: Float64Array): number {
  let divergence = 0;
  const part = (probability: number, middle: number) =>
    probability === 0 ? 0 : (probability * Math.log2(probability / middle)) / 2;
  for (let index = 0; index < one.length; index++) {
    const middle = (one[index]! + other[index]!) / 2;
    divergence += part(one[index]!, middle) + part(other[index]!, middle);
  }
  return Math.sqrt(Math.max(0, divergence));
}

/** The rows [V × C] that score the tokens. */
export function readHead({ config, weightsFile }: Brain): Float32Array {
  const { location, offset, length } = mapWeights(config, weightsFile).get(architectureOf(config).headTable)!;
  const bytes = readFileSync(path.join(path.dirname(weightsFile), location)).subarray(offset, offset + length);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}

/** What the model expects after `ids`, before any penalty or cut. */
export async function nextTokenProbabilities(
  brain: Brain,
  head: Float32Array,
  ids: readonly number[],
): Promise<Float64Array> {
  const { hiddenSize, vocabSize } = architectureOf(brain.config);
  const last = (await brain.hiddenStates(ids)).at(-1)!.subarray(-hiddenSize);
  const logits = Float64Array.from({ length: vocabSize }, (_, id) =>
    last.reduce((sum, value, channel) => sum + value * head[id * hiddenSize + channel]!, 0),
  );
  const highest = logits.reduce((most, logit) => Math.max(most, logit));
  const weights = logits.map((logit) => Math.exp(logit - highest));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** What was said, and the beginning of a person's reply that is meant so. */
function labelledReply(
  { tokenizer }: Brain,
  language: Language,
  before: readonly string[],
  label: Label | undefined,
): number[] {
  const utterances = before.map((text, index): Utterance => {
    return { role: (before.length - index) % 2 === 1 ? 'assistant' : 'user', text };
  });
  const said = talkIds(tokenizer, language, utterances);
  return [...said, ...control(tokenizer, 'user'), ...control(tokenizer, label)];
}

/** What was said, its last sentence a person's and labelled, and the brain's turn. */
function labelledSentence({ tokenizer }: Brain, language: Language, before: readonly string[], label: Label): number[] {
  const said = before.map((text, index): Utterance => {
    if (index === before.length - 1) return { role: 'user', text, ...asChoice(label) };
    return { role: (before.length - index) % 2 === 1 ? 'user' : 'assistant', text };
  });
  return [...talkIds(tokenizer, language, said), ...control(tokenizer, 'assistant')];
}

function asChoice(label: Label): { intent: Intent } | { emotion: Emotion } {
  return isIntent(label) ? { intent: label } : { emotion: label };
}

function isIntent(label: Label): label is Intent {
  return INTENTS.some((intent) => intent === label);
}
