/** Which texts say nearly the same: those that share most of their runs of three words. */

/** Pairs of places in `texts` whose smaller set of word trigrams lies to more than `share` in the other's; shorter texts have none. */
export function nearDuplicates(texts: readonly string[], share: number): [number, number][] {
  const sets = texts.map(trigrams);
  const holders = new Map<string, number[]>();
  const pairs: [number, number][] = [];
  for (const [index, set] of sets.entries()) {
    const shared = new Map<number, number>();
    for (const trigram of set) {
      const holding = holders.get(trigram);
      for (const other of holding ?? []) shared.set(other, (shared.get(other) ?? 0) + 1);
      if (holding) holding.push(index);
      else holders.set(trigram, [index]);
    }
    for (const [other, count] of shared)
      if (count > share * Math.min(set.size, sets[other]!.size)) pairs.push([other, index]);
  }
  return pairs;
}

function trigrams(text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(words.slice(2).map((word, index) => `${words[index]} ${words[index + 1]} ${word}`));
}
