/** Whether replies differ from each other and from themselves. Words are compared in lower case, without punctuation. */
import { wordsOf } from './words.ts';

export interface Diversity {
  replies: number;
  /** Li et al. 2016: different n-grams over all n-grams, of all replies together. The more replies, the smaller. */
  distinct: { 1: number; 2: number; 3: number };
  /** Of the runs of four words, the share that the same reply has said before. */
  repeated: number;
  /** The share of replies that are, word for word, another reply too. */
  equal: number;
}

export function diversityOf(replies: readonly string[]): Diversity {
  const spoken = replies.map((reply) => wordsOf(reply.toLowerCase()));
  const distinct = (length: number) => {
    const all = spoken.flatMap((words) => ngrams(words, length));
    return share(new Set(all).size, all.length);
  };
  const runs = spoken.map((words) => ngrams(words, 4));
  const total = runs.reduce((sum, run) => sum + run.length, 0);
  const different = runs.reduce((sum, run) => sum + new Set(run).size, 0);
  const count = new Map<string, number>();
  for (const words of spoken) count.set(words.join(' '), (count.get(words.join(' ')) ?? 0) + 1);
  const equal = spoken.filter((words) => count.get(words.join(' '))! > 1);
  return {
    replies: replies.length,
    distinct: { 1: distinct(1), 2: distinct(2), 3: distinct(3) },
    repeated: share(total - different, total),
    equal: share(equal.length, replies.length),
  };
}

/** Means of sets of as many replies each, so that several samplings compare with one. */
export function meanDiversity(sets: readonly Diversity[]): Diversity {
  const mean = (of: (set: Diversity) => number) => sets.reduce((sum, set) => sum + of(set), 0) / sets.length;
  return {
    replies: mean((set) => set.replies),
    distinct: {
      1: mean((set) => set.distinct[1]),
      2: mean((set) => set.distinct[2]),
      3: mean((set) => set.distinct[3]),
    },
    repeated: mean((set) => set.repeated),
    equal: mean((set) => set.equal),
  };
}

function ngrams(words: readonly string[], length: number): string[] {
  return words.slice(length - 1).map((_, start) => words.slice(start, start + length).join(' '));
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}
