/**
 * Making a reply unlikely without running away: negative preference optimisation (Zhang et al. 2024), the half of DPO's loss
 * that is about the rejected reply. With Δ = ln π(reply) − ln πstart(reply):
 *
 *   loss = −(2/β) ln σ(−β Δ)
 *
 * At the start its slope for ln π is that of the supervised loss turned round, 1; as the reply becomes unlikely the slope
 * goes to 0, so pushing away ends by itself, where the turned-round loss would run on towards −∞ and take the language with it.
 */
import { logSigmoidLoss, sigmoid } from './objective.ts';

/** @param change Δ. @returns the loss, and its slope for every token's −ln p (below 0: it is to grow). */
export function pushAway(change: number, beta: number): { loss: number; slope: number } {
  return { loss: (2 / beta) * logSigmoidLoss(-beta * change), slope: -2 * sigmoid(beta * change) };
}
