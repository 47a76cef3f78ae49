/**
 * What the model says is masked before pupils read it; stored it stays as it is, for the numbers. English words come from
 * obscenity's list, Portuguese ones from the short list below. Both languages are checked in every reply, since a brain
 * mixes them, so each list also knows the clean words of the other that it would hit. A list finds words, not meanings:
 * what is hurtful without a bad word is seen by people, who rate it.
 */
import { DataSet, englishDataset, englishRecommendedTransformers, parseRawPattern, RegExpMatcher } from 'obscenity';

export interface Shown {
  text: string;
  masked: boolean;
}

/**
 * Whole words (`|` is a word's edge) in obscenity's pattern language: `[x]` may be there or not. Doubled letters other
 * than b, e, o, l, s, g are read once, and accents are taken off, before a pattern is tried.
 */
const PORTUGUESE_PATTERNS = [
  '|caralho[s]|',
  '|pora[s]|',
  '|puta[s]|',
  '|puto[s]|',
  '|putaria[s]|',
  '|putinha[s]|',
  '|merda[s]|',
  '|merdinha[s]|',
  '|bosta[s]|',
  '|cuzao|',
  '|cuzoes|',
  '|cuzinho[s]|',
  '|no cu|',
  '|teu cu|',
  '|seu cu|',
  '|foda[s]|',
  '|fodase|',
  '|foder|',
  '|fodeu|',
  '|fodendo|',
  '|fodido[s]|',
  '|fodida[s]|',
  '|fuder|',
  '|fudeu|',
  '|fudendo|',
  '|fudido[s]|',
  '|fudida[s]|',
  '|buceta[s]|',
  '|boceta[s]|',
  '|xoxota[s]|',
  '|xereca[s]|',
  '|piroca[s]|',
  '|viado[s]|',
  '|viadinho[s]|',
  '|viadagem|',
  '|boiola[s]|',
  '|traveco[s]|',
  '|arombado[s]|',
  '|arombada[s]|',
  '|punheta[s]|',
  '|punheteiro[s]|',
  '|siririca[s]|',
  '|boquete[s]|',
  '|vadia[s]|',
  '|retardado[s]|',
  '|retardada[s]|',
  '|fdp|',
  '|vtnc|',
  '|pqp|',
] as const;

/**
 * Entries of the English list that hit everyday words ("analyse", "cumprir", "trafficked", "cockpit"; "negro" is simply
 * black in Portuguese), and what stands in their place.
 */
const REPLACED_ENTRIES: Readonly<Record<string, readonly string[]>> = {
  abo: [],
  negro: [],
  anal: ['|anal|'],
  anus: ['|anus|'],
  ass: ['|ass|', '|asses|', '|ass[s]hole[s]|', '|dumbass|', '|jackass|'],
  chink: ['|chink[s]|'],
  cum: ['|cum|', '|cuming|', '|cumshot[s]|'],
  dick: ['|dick[s]|', '|dickhead[s]|'],
  fag: ['|fag[s]|', '|fag[g]ot[s]|'],
  fuck: ['fuck', '|fck', '|fuk|', '|fuking|', '|fuker[s]|'],
  rape: ['|rape[s]|', '|raped|', '|raping|', '|rapist[s]|'],
  retard: ['|retard[s]|', '|retarded|'],
  turd: ['|turd[s]|'],
};

/** Clean words that what is left of the two lists would still hit. */
const CLEAN_WORDS = [
  ...['cockpit', 'moby dick', 'pussycat', 'pussyfoot', 'shiit', 'wankel', 'fodder', 'rapping', 'rapped', 'agapornis'],
  ...['sement', 'arsên', 'arsén', 'artesanal', 'planalto'],
] as const;

const words = new DataSet<{ originalWord: string }>()
  .addAll(englishDataset)
  .removePhrasesIf(({ metadata }) => Object.hasOwn(REPLACED_ENTRIES, metadata?.originalWord ?? ''));
words.addPhrase((phrase) => {
  for (const pattern of [...Object.values(REPLACED_ENTRIES).flat(), ...PORTUGUESE_PATTERNS])
    phrase.addPattern(parseRawPattern(pattern));
  for (const clean of CLEAN_WORDS) phrase.addWhitelistedTerm(clean);
  return phrase.setMetadata({ originalWord: 'ours' });
});

const matcher = new RegExpMatcher({ ...words.build(), ...englishRecommendedTransformers });

/** The model's `reply` as people may read it: whole words that hit are replaced by dots of the same number, 8 at most. */
export function shownReply(reply: string): Shown {
  const ranges = maskedRanges(reply);
  let text = '';
  let end = 0;
  for (const [from, to] of ranges) {
    text += reply.slice(end, from) + dots(to - from);
    end = to;
  }
  return { text: text + reply.slice(end), masked: ranges.length > 0 };
}

/** The pieces (tokens) of one reply for showing: a piece that touches a masked word becomes dots. */
export function shownPieces(pieces: readonly string[]): string[] {
  const ranges = maskedRanges(pieces.join(''));
  let start = 0;
  return pieces.map((piece) => {
    const end = start + piece.length;
    const touched = ranges.some(([from, to]) => from < end && to > start);
    start = end;
    return touched ? dots(piece.length) : piece;
  });
}

/** Where the words to mask stand, [from, to), in order and apart from each other. */
function maskedRanges(text: string): [number, number][] {
  const ranges: [number, number][] = [];
  for (const hit of matcher.getAllMatches(withoutFalseLeet(text), true)) {
    const [from, to] = wholeWord(text, hit.startIndex, hit.endIndex + 1);
    const before = ranges.at(-1);
    if (before && from <= before[1]) before[1] = Math.max(before[1], to);
    else ranges.push([from, to]);
  }
  return ranges;
}

/**
 * obscenity reads "!" as i, "(" as c and "|" as i, so "(um" would hit and "merda!!!" would not: where they are only
 * punctuation, a space stands for them. Same length, so that positions stay true.
 */
function withoutFalseLeet(text: string): string {
  return text.replace(/!(?!\p{L})|(?<!\p{L})\(|\|/gu, ' ');
}

const WORD_CHARACTER = /[\p{L}\p{M}\p{N}]/u;

/** Grows [from, to) to the edges of the words it touches, so that no half of a bad word stays readable. */
function wholeWord(text: string, from: number, to: number): [number, number] {
  let [start, stop] = [from, to];
  while (start > 0 && WORD_CHARACTER.test(text[start - 1]!)) start--;
  while (stop < text.length && WORD_CHARACTER.test(text[stop]!)) stop++;
  return [start, stop];
}

function dots(length: number): string {
  return '•'.repeat(Math.min(8, length));
}
