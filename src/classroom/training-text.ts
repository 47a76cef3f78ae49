/**
 * What a job trains on, and whether it may. The classic recipe is the original script's: everything said in the sitting so
 * far and every reply, joined by single spaces, never reset between iterations; the rated reply is part of it. A
 * correction is not: it is measured, not trained on. Words without their speaker's consent, and the replies to them, stay
 * out.
 */
import { classicText } from '../training/index.ts';
import type { TrainingBlock } from './state.ts';

export interface TrainingTurn {
  id: string;
  memberId: string;
  text: string;
  /** Null while unanswered. */
  reply: string | null;
}

export interface TrainingText {
  text: string;
  memberIds: string[];
  turnIds: string[];
}

/** @param turns the sitting's, in order. @param consents whether the member agreed to training with their words. */
export function gatherTrainingText(
  turns: readonly TrainingTurn[],
  consents: (memberId: string) => boolean,
): TrainingText {
  const included = turns.filter((turn) => turn.reply !== null && consents(turn.memberId));
  return {
    text: classicText(included.flatMap(({ text, reply }) => [text, reply ?? ''])),
    memberIds: [...new Set(included.map((turn) => turn.memberId))],
    turnIds: included.map((turn) => turn.id),
  };
}

/** Why nothing may be trained now, the operator's part first; null when it may. */
export function trainingBlock(facts: {
  declarationRequired: boolean;
  declared: boolean;
  /** Answered turns of the sitting, whoever spoke. */
  answeredTurns: number;
  /** Turns whose words may be used. */
  usableTurns: number;
  /** The recipe learns from judgements, and none that concerns the rated turn may be used. */
  judgementMissing: boolean;
}): TrainingBlock | null {
  if (facts.declarationRequired && !facts.declared) return 'declaration';
  if (facts.answeredTurns > 0 && facts.usableTurns === 0) return 'consent';
  if (facts.usableTurns === 0) return 'nothing';
  return facts.judgementMissing ? 'judgement' : null;
}
