/**
 * What the recipes other than classic learn from, and whose it is. The rated turn is what a job is about: its reply, what
 * people gave it, and the better answer somebody wrote; other turns of the sitting come along so that what went well is not
 * forgotten. Classic's line is held: nothing of a person without their consent is trained on. A turn counts only with its
 * speaker's; a prompt holds the words of those alone who agreed (as if the others had not spoken); a rating or a correction
 * counts only with that of the person it comes from. What is left out is measured all the same: the probe is not training.
 */
import type { JobMaterial, JobRecipe } from '../store/index.ts';

/** An answered turn, its prompt already without the words of people who did not agree. */
export interface JudgedTurn {
  id: string;
  memberId: string;
  text: string;
  promptIds: readonly number[];
  /** Who speaks in the prompt. */
  promptMemberIds: readonly string[];
  replyIds: readonly number[];
  ratings: readonly { memberId: string; value: number }[];
  /** Oldest first; as tokens that end a reply. */
  corrections: readonly { memberId: string; text: string; ids: readonly number[] }[];
  /** All replies made to this prompt, the turn's own last, each with the people who prefer it. */
  tries: readonly { replyIds: readonly number[]; preferredBy: readonly string[] }[];
}

export interface MaterialRules {
  recipe: Exclude<JobRecipe, 'classic'>;
  /** What the class calls good enough: the line between learning a reply and unlearning it. */
  threshold: number;
  beta: number;
  rewardSource: 'rating' | 'table';
  maxScore: number;
  halfReward: number | null;
  maxNewTokens: number;
}

export interface Gathered {
  material: JobMaterial;
  /** Whose words or judgements it holds. */
  memberIds: string[];
  turnIds: string[];
}

/** Turns beside the rated one: enough to be reminded, few enough not to drown it. */
const OTHER_TURNS = 4;

/**
 * @param turns of one sitting, oldest first, with the speakers' consent; ratings and corrections with that of their makers.
 * @returns null where the rated turn is not among them, or a recipe needs a judgement of it and nobody's may be used.
 */
export function gatherMaterial(turns: readonly JudgedTurn[], ratedId: string, rules: MaterialRules): Gathered | null {
  const rated = turns.find(({ id }) => id === ratedId);
  if (rated === undefined || rated.replyIds.length === 0) return null;
  const others = turns.filter(({ id, replyIds }) => id !== ratedId && replyIds.length > 0);
  switch (rules.recipe) {
    case 'guided':
      return guidedMaterial(rated, others, rules);
    case 'preference':
      return preferenceMaterial(rated, others, rules);
    case 'reward':
      return rules.rewardSource === 'rating' ? ratedMaterial(rated, others, rules) : drawnMaterial(rated, rules);
  }
}

/**
 * The better answer is learnt in full, and what it replaces unlearnt in full: whoever corrects a reply says that it is
 * wrong. Without one the rating says how wrong: 0.2 unlearns by 0.8. A rating that may not be used starts the training, as
 * any low one does, and says no more than that: the reply is unlearnt as one at the threshold. Good turns are replayed by
 * their rating.
 */
function guidedMaterial(
  rated: JudgedTurn,
  others: readonly JudgedTurn[],
  { threshold, beta }: MaterialRules,
): Gathered {
  const correction = correctionOf(rated);
  const rating = ratingOf(rated) ?? threshold;
  const { promptIds, replyIds } = rated;
  const used = [...(correction ? [] : raters(rated))];
  const replies = [{ promptIds, replyIds, weight: correction ? -1 : -(1 - rating) }];
  if (correction) replies.unshift({ promptIds, replyIds: correction.ids, weight: 1 });

  const replayed = newest(others, (turn) => correctionOf(turn) !== null || (ratingOf(turn) ?? -1) >= threshold);
  for (const turn of replayed) {
    const better = correctionOf(turn);
    used.push(...(better ? [better.memberId] : raters(turn)));
    replies.push({
      promptIds: turn.promptIds,
      replyIds: better?.ids ?? turn.replyIds,
      weight: better ? 1 : (ratingOf(turn) ?? 0),
    });
  }
  // Only what somebody wrote is worth going far for, and needs the leash.
  const leash = correction ? { beta } : {};
  const material = { kind: 'replies' as const, replies: replies.map(copied), ...leash };
  return gathered(material, [rated, ...replayed], [...(correction ? [correction.memberId] : []), ...used]);
}

/**
 * The better answer over the reply; without one, the try that people preferred over the one they did not; without a choice, a
 * reply of the sitting to the very same prompt that was rated higher; without that, nothing is preferred, and the reply is
 * pushed away alone. Turns of before that somebody corrected, or chose between tries of, come along.
 */
function preferenceMaterial(
  rated: JudgedTurn,
  others: readonly JudgedTurn[],
  { beta }: MaterialRules,
): Gathered | null {
  const pair = pairOf(rated);
  const winner = pair === null ? betterTry(rated, others) : undefined;
  if (pair === null && ratingOf(rated) === null) return null;
  const before = newest(others, (turn) => pairOf(turn) !== null);
  const pairs = before.flatMap((turn) => pairOf(turn) ?? []);
  const first = pair ?? {
    promptIds: rated.promptIds,
    ...(winner === undefined ? {} : { chosenIds: winner.replyIds }),
    rejectedIds: rated.replyIds,
    judges: [...raters(rated), ...(winner === undefined ? [] : raters(winner))],
  };
  const preferences = [first, ...pairs].map(({ promptIds, chosenIds, rejectedIds }) => ({
    promptIds: [...promptIds],
    ...(chosenIds === undefined ? {} : { chosenIds: [...chosenIds] }),
    rejectedIds: [...rejectedIds],
  }));
  const turns = [rated, ...(winner ? [winner] : []), ...before];
  const judges = [first, ...pairs].flatMap((one) => one.judges);
  return gathered({ kind: 'preferences', preferences, beta }, turns, judges);
}

interface Pair {
  promptIds: readonly number[];
  chosenIds?: readonly number[];
  rejectedIds: readonly number[];
  /** Whose judgement it is. */
  judges: readonly string[];
}

/** What people said of a turn's replies to each other; null where they did not, or were of two minds. */
function pairOf(turn: JudgedTurn): Pair | null {
  const { promptIds, replyIds } = turn;
  const better = correctionOf(turn);
  if (better) return { promptIds, chosenIds: better.ids, rejectedIds: replyIds, judges: [better.memberId] };
  const tries = turn.tries
    .filter((one) => one.replyIds.length > 0)
    .toSorted((a, b) => b.preferredBy.length - a.preferredBy.length);
  const [most, next] = tries;
  if (!most || !next || most.preferredBy.length === next.preferredBy.length) return null;
  // The reply that was rated is the worse one; where it is what people prefer, it is the least preferred of the others.
  const isOwn = `${most.replyIds}` === `${replyIds}`;
  return {
    promptIds,
    chosenIds: most.replyIds,
    rejectedIds: isOwn ? tries.at(-1)!.replyIds : replyIds,
    judges: tries.flatMap(({ preferredBy }) => preferredBy),
  };
}

/** Replies of the sitting with what people gave them; the class's threshold is the baseline. */
function ratedMaterial(
  rated: JudgedTurn,
  others: readonly JudgedTurn[],
  { threshold, beta }: MaterialRules,
): Gathered | null {
  if (ratingOf(rated) === null) return null;
  const turns = [rated, ...newest(others, (turn) => ratingOf(turn) !== null)];
  const replies = turns.map((turn) => {
    return { promptIds: [...turn.promptIds], replyIds: [...turn.replyIds], reward: ratingOf(turn) ?? 0 };
  });
  const material = { kind: 'ratings' as const, replies, baseline: threshold, beta };
  return gathered(material, turns, turns.flatMap(raters));
}

/** New replies to the rated turn's prompt, compared with the better answer or, without one, with the person's own sentence. */
function drawnMaterial(rated: JudgedTurn, rules: MaterialRules): Gathered {
  const { beta, maxScore, halfReward, maxNewTokens } = rules;
  const correction = correctionOf(rated);
  const tasks = [{ promptIds: [...rated.promptIds], target: correction?.text ?? rated.text }];
  const material = { kind: 'drawn' as const, tasks, maxScore, halfReward, maxNewTokens, beta };
  return gathered(material, [rated], correction ? [correction.memberId] : []);
}

/** The newest better answer. */
function correctionOf({ corrections }: JudgedTurn): JudgedTurn['corrections'][number] | null {
  return corrections.at(-1) ?? null;
}

/** The mean of what people gave; null where nobody's counts. */
function ratingOf({ ratings }: JudgedTurn): number | null {
  return ratings.length === 0 ? null : ratings.reduce((sum, { value }) => sum + value, 0) / ratings.length;
}

const raters = ({ ratings }: JudgedTurn): string[] => ratings.map(({ memberId }) => memberId);

/** The best-rated other reply to the same prompt, if it is better than this one. */
function betterTry(rated: JudgedTurn, others: readonly JudgedTurn[]): JudgedTurn | undefined {
  const rating = ratingOf(rated);
  if (rating === null) return undefined;
  return others
    .filter((turn) => `${turn.promptIds}` === `${rated.promptIds}` && `${turn.replyIds}` !== `${rated.replyIds}`)
    .filter((turn) => (ratingOf(turn) ?? -1) > rating)
    .sort((a, b) => (ratingOf(b) ?? 0) - (ratingOf(a) ?? 0))[0];
}

function newest(turns: readonly JudgedTurn[], isWanted: (turn: JudgedTurn) => boolean): JudgedTurn[] {
  return turns.filter(isWanted).slice(-OTHER_TURNS);
}

function copied({
  promptIds,
  replyIds,
  weight,
}: {
  promptIds: readonly number[];
  replyIds: readonly number[];
  weight: number;
}) {
  return { promptIds: [...promptIds], replyIds: [...replyIds], weight };
}

function gathered(material: JobMaterial, turns: readonly JudgedTurn[], judges: readonly string[]): Gathered {
  const speakers = turns.flatMap(({ memberId, promptMemberIds }) => [memberId, ...promptMemberIds]);
  return { material, memberIds: [...new Set([...speakers, ...judges])], turnIds: turns.map(({ id }) => id) };
}
