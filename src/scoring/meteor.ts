/**
 * METEOR. In English equal to NLTK's `meteor_score([reference.split()], hypothesis.split())` with WordNet 3.0. NLTK has no
 * Portuguese: there the same alignment and formula run with Snowball's Portuguese stems and without synonyms, and the
 * result says which stages it had, so that the two are never mistaken for one another.
 */
import { createRequire } from 'node:module';
import { porterStem } from './porter.ts';
import { splitOnSpace } from './python-text.ts';
import { synonyms } from './wordnet.ts';

export type MeteorLanguage = 'en' | 'pt';
export type MeteorStage = 'exact' | 'stem' | 'wordnet';

export interface Meteor {
  /** 0 to 1. */
  readonly score: number;
  /** The kinds of match that were tried, in order. */
  readonly stages: readonly MeteorStage[];
}

const STAGES: Record<MeteorLanguage, readonly MeteorStage[]> = {
  en: ['exact', 'stem', 'wordnet'],
  pt: ['exact', 'stem'],
};

/** Weight of precision against recall, steepness and size of the penalty for scattered matches (NLTK's defaults). */
const ALPHA = 0.9;
const BETA = 3;
const GAMMA = 0.5;

/** METEOR of one reply against one reference: how many words match, and in how few unbroken runs. */
export function meteor(reference: string, hypothesis: string, language: MeteorLanguage = 'en'): Meteor {
  const wanted = splitOnSpace(reference).map((word) => word.toLowerCase());
  const given = splitOnSpace(hypothesis).map((word) => word.toLowerCase());
  const matches = align(given, wanted, language);
  return { score: scoreOf(matches, given.length, wanted.length), stages: STAGES[language] };
}

interface Token {
  readonly place: number;
  readonly word: string;
}

interface Match {
  readonly given: number;
  readonly wanted: number;
}

/** Exact words first, then stems, then synonyms; what one stage has matched is out of the next. */
function align(given: readonly string[], wanted: readonly string[], language: MeteorLanguage): Match[] {
  const matches: Match[] = [];
  let left = { given: given.map(asToken), wanted: wanted.map(asToken) };
  for (const stage of STAGES[language]) {
    if (stage === 'stem') {
      // NLTK hands the stems on: the synonyms of the last stage are those of stems.
      const stem = language === 'en' ? porterStem : portugueseStem;
      const stemmed = ({ place, word }: Token) => ({ place, word: stem(word) });
      left = { given: left.given.map(stemmed), wanted: left.wanted.map(stemmed) };
    }
    left = matchStage(left, stage === 'wordnet' ? synonyms : (word) => [word], matches);
  }
  return matches.sort((a, b) => a.given - b.given);
}

function asToken(word: string, place: number): Token {
  return { place, word };
}

/** From the last word to the first, each takes the last free word of the reference that `equals` allows, as NLTK's loops do. */
function matchStage(
  left: { given: readonly Token[]; wanted: readonly Token[] },
  equals: (word: string) => Iterable<string>,
  matches: Match[],
): { given: Token[]; wanted: Token[] } {
  const free = new Map<string, number[]>();
  for (const { word, place } of left.wanted) {
    const places = free.get(word);
    if (places === undefined) free.set(word, [place]);
    else places.push(place);
  }
  const unmatched: Token[] = [];
  for (const token of left.given.toReversed()) {
    let best: number[] = [];
    for (const word of equals(token.word)) {
      const places = free.get(word) ?? [];
      if ((places.at(-1) ?? -1) > (best.at(-1) ?? -1)) best = places;
    }
    const place = best.pop();
    if (place === undefined) unmatched.push(token);
    else matches.push({ given: token.place, wanted: place });
  }
  const stillFree = new Set([...free.values()].flat());
  return { given: unmatched.reverse(), wanted: left.wanted.filter(({ place }) => stillFree.has(place)) };
}

function scoreOf(matches: readonly Match[], given: number, wanted: number): number {
  if (matches.length === 0) return 0;
  const precision = matches.length / given;
  const recall = matches.length / wanted;
  const mean = (precision * recall) / (ALPHA * precision + (1 - ALPHA) * recall);
  const penalty = GAMMA * (countRuns(matches) / matches.length) ** BETA;
  return (1 - penalty) * mean;
}

/** Runs of matches that are neighbours in both texts. */
function countRuns(matches: readonly Match[]): number {
  let runs = 1;
  for (const [index, match] of matches.entries()) {
    const next = matches[index + 1];
    if (next !== undefined && (next.given !== match.given + 1 || next.wanted !== match.wanted + 1)) runs += 1;
  }
  return runs;
}

interface Stemmer {
  stem(word: string): string;
}
let snowball: Stemmer | undefined;

/** The package holds two dozen languages (0.9 MB of code), so it is loaded when the first Portuguese word comes. */
function portugueseStem(word: string): string {
  snowball ??= createRequire(import.meta.url)('snowball-stemmers').newStemmer('portuguese') as Stemmer;
  return snowball.stem(word);
}
