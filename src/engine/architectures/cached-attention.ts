/** What every architecture's attention does when its cache is written in place. */
import type { Graph, Value } from '../graph.ts';
import type { CachedKeys, ModelInputs } from './types.ts';

/** Queries [B, T, H·D], keys and values [B, T, G·D], turned already → what they saw [B, T, H·D], and the layer's cache after it. */
export function attendToCache(
  g: Graph,
  { past, cacheLength }: ModelInputs,
  layer: number,
  [query, key, value]: readonly [Value, Value, Value],
  sizes: { heads: number; keyValueHeads: number; headSize: number; scale: number },
): [Value, CachedKeys] {
  const cache = past![layer]!;
  const { last, total } = cacheLength!;
  const inputs = [query, key, value, cache.key, cache.value, last, total];
  const [looked, newKey, newValue] = g.applyAll('GroupQueryAttention', inputs, sizes) as [Value, Value, Value];
  return [looked, { key: newKey, value: newValue }];
}
