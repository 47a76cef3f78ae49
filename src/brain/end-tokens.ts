/** Which tokens end a reply. */
import { isJsonObject, type ModelSource } from '../formats/index.ts';
import type { BrainTokenizer } from './types.ts';

/**
 * Ids that end a reply, at least one: those of generation_config.json (`eos_token_id`, a number or a list), or else of
 * config.json, as transformers takes them; and always the tokenizer's own end token, for files that were edited apart.
 */
export function endTokens({ generationConfig, config }: ModelSource, { eosId }: BrainTokenizer): number[] {
  const named = idsIn(generationConfig);
  return [...new Set([...(named.length > 0 ? named : idsIn(config)), eosId])];
}

function idsIn(config: unknown): number[] {
  if (!isJsonObject(config)) return [];
  const ids: unknown[] = [config.eos_token_id].flat();
  return ids.filter((id) => typeof id === 'number').filter((id) => Number.isInteger(id) && id >= 0);
}
