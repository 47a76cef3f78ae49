/**
 * Whether a regular expression out of a tokenizer.json can be run. JavaScript's engine tries one way to match after another:
 * on (a+)+$ it tries more ways than there are atoms, and nothing can stop it. So a pattern is read first, and taken only if
 *
 * 1. what is repeated is of one length: a character, or so many of them; not (a+)+, (a|a)* or (.*a){20};
 * 2. no two open-ended repeats can share the same characters while something after them may fail; not \s*\s*x;
 * 3. apart from those repeats, few ways lead through it; not a?a?a?…
 *
 * A try at one place of a text then takes time in proportion to the text, so a whole text at most to its square.
 * The patterns of the published tokenizers we know all pass. Whatever is not understood (a reference back, a flag) does not.
 * Spelling is Oniguruma's, as in Hugging Face's tokenizers, which the library translates.
 */

/** Several times what any we know has. */
const MOST_CHARACTERS = 4_000;
/** GPT-4o's has 40. */
const MOST_WAYS = 64;
const MOST_DEPTH = 20;
const MOST_REPEATS = 1_000;
/** A repeat of that little choice counts as so many ways; with more it is open-ended. */
const FEW = 16;
/** Of two sets of characters, in all patterns of a tokenizer: each takes some 50 ms at worst, and none we know needs one. */
const MOST_COMPARISONS = 5;

/** Some characters of a way through the pattern: between `min` and `max` out of `set`. */
interface Part {
  /** A character class as JavaScript writes it; null for one that may hold anything. */
  readonly set: string | null;
  readonly min: number;
  readonly max: number;
  /** Looks without taking: a lookaround's, or an anchor (0 characters). */
  readonly looks: boolean;
  /** In a group that may be left out: where it does not fit, what came before it is not tried another way. */
  readonly optional: boolean;
}

type Way = readonly Part[];

class Refused extends Error {}

const isOpen = ({ min, max }: Part): boolean => max - min >= FEW;
const canFail = ({ min, looks, optional }: Part): boolean => !optional && (min > 0 || looks);
const mustFollow = ({ min, looks, optional }: Part): boolean => min > 0 && !looks && !optional;

function countWays(ways: readonly Way[]): number {
  const choices = (part: Part) => (isOpen(part) ? 1 : part.max - part.min + 1);
  return ways.reduce((sum, way) => sum + way.reduce((product, part) => product * choices(part), 1), 0);
}

/** Rule 2. A repeat ends for certain where something must follow that it could not hold itself. */
function hasSharedRepeats(way: Way, overlap: (one: string | null, other: string | null) => boolean): boolean {
  const lastToFail = way.findLastIndex(canFail);
  const isRival = (part: Part, j: number) => isOpen(part) && (part.min > FEW || j < lastToFail);
  const lastRival = way.findLastIndex(isRival);
  return way.some((first, i) => {
    if (!isOpen(first)) return false;
    for (let j = i + 1; j <= lastRival; j += 1) {
      const part = way[j]!;
      if (!isRival(part, j) && !mustFollow(part)) continue;
      const shares = overlap(first.set, part.set);
      if (shares && isRival(part, j)) return true;
      if (!shares && mustFollow(part)) return false;
    }
    return false;
  });
}

/** Compares sets over every character there is. */
class SetComparer {
  readonly #known = new Map<string, boolean>();
  #characters = '';

  /** @param flags of the regular expressions that ask: one yes is a yes. */
  overlap(one: string | null, other: string | null, flags: readonly string[]): boolean {
    if (one === null || other === null || one === other) return true;
    const both = `(?=${one})${other}`;
    return flags.some((flag) => {
      const name = `${flag} ${both}`;
      const known = this.#known.get(name);
      if (known !== undefined) return known;
      if (this.#known.size >= MOST_COMPARISONS) throw new Refused();
      this.#characters ||= everyCharacter();
      const found = compile(both, flag)?.test(this.#characters) ?? true;
      this.#known.set(name, found);
      return found;
    });
  }
}

/** Judges the patterns of one tokenizer. */
export class PatternJudge {
  readonly #sets = new SetComparer();

  /** Whether `pattern` ends in time on every text, as said above. */
  isSafe(pattern: string): boolean {
    if (pattern.length > MOST_CHARACTERS) return false;
    try {
      const { ways, optional } = new PatternReader(pattern).read();
      if (countWays(ways) > MOST_WAYS) return false;
      const flags = pattern.includes('(?i') ? ['u', 'iu'] : ['u'];
      const overlap = (one: string | null, other: string | null) => this.#sets.overlap(one, other, flags);
      return [...ways, ...optional].every((way) => !hasSharedRepeats(way, overlap));
    } catch (error) {
      if (error instanceof Refused) return false;
      throw error;
    }
  }
}

function compile(source: string, flags: string): RegExp | null {
  try {
    return new RegExp(source, flags);
  } catch {
    return null;
  }
}

function everyCharacter(): string {
  const LAST = 0x10ffff;
  const CHUNK = 0x1000;
  let all = '';
  for (let start = 0; start <= LAST; start += CHUNK) {
    all += String.fromCodePoint(...Array.from({ length: CHUNK }, (_, i) => start + i));
  }
  return all;
}

/** JavaScript's \s is not quite Unicode's white space. */
const SHORTHANDS: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  D: '\\P{Nd}',
  s: '\\p{White_Space}',
  S: '\\P{White_Space}',
};
/** What else stands for one character: its exact set does not matter so much that it would be worked out. */
const ANY = new Set('wWhHae');
const ANCHORS = new Set('AzZbB');
/** Not half a character: two of those would be one. */
const ONE_CHARACTER =
  /\\(?:[pP]\{[\w=^ -]+\}|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,6}\}|x[0-9A-Fa-f]{2}|[tnrfv]|[^A-Za-z0-9])/uy;
const QUANTIFIER = /(?:([*+?])|\{(\d*)(,?)(\d*)\})/y;
const GROUP = /\((?:\?(?:<[A-Za-z_]\w*>|i?:|>))?(?!\?)/y;
const LOOKAROUND = /\(\?<?[=!]/y;

/** Reads a pattern into all the ways through it. */
class PatternReader {
  readonly #text: string;
  /** The ways through groups that may be left out, each by itself. */
  readonly #optional: Way[] = [];
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): { ways: readonly Way[]; optional: readonly Way[] } {
    const ways = this.#alternatives(0);
    if (this.#at < this.#text.length) throw new Refused();
    return { ways, optional: this.#optional };
  }

  #alternatives(depth: number): readonly Way[] {
    if (depth > MOST_DEPTH) throw new Refused();
    const ways = [...this.#sequence(depth)];
    while (this.#take('|')) {
      ways.push(...this.#sequence(depth));
      if (ways.length > MOST_WAYS) throw new Refused();
    }
    return ways;
  }

  #sequence(depth: number): readonly Way[] {
    let ways: Part[][] = [[]];
    while (this.#at < this.#text.length && !'|)'.includes(this.#text[this.#at]!)) {
      const next = this.#repeated(this.#one(depth));
      const [only] = next;
      if (next.length === 1) for (const way of ways) way.push(...only!);
      else ways = ways.flatMap((way) => next.map((more) => [...way, ...more]));
      if (ways.length > MOST_WAYS) throw new Refused();
    }
    return ways;
  }

  /** A character, a class, an anchor or a group. */
  #one(depth: number): readonly Way[] {
    if (this.#match(LOOKAROUND)) {
      const ways = this.#group(depth);
      return ways.map((way) => [...way.map((part) => ({ ...part, min: 0, looks: true })), ANCHOR]);
    }
    if (this.#match(GROUP)) return this.#group(depth);
    const start = this.#text[this.#at]!;
    if (start === '(' || start === '*' || start === '+' || start === '?') throw new Refused();
    if (start === '[') return character(this.#class());
    if (start === '\\') return this.#escape();
    if (start === '^' || start === '$') {
      this.#at += 1;
      return [[ANCHOR]];
    }
    const point = String.fromCodePoint(this.#text.codePointAt(this.#at)!);
    this.#at += point.length;
    return character(point === '.' ? null : escaped(point));
  }

  #group(depth: number): readonly Way[] {
    const ways = this.#alternatives(depth + 1);
    if (!this.#take(')')) throw new Refused();
    return ways;
  }

  #escape(): readonly Way[] {
    const letter = this.#text[this.#at + 1] ?? '';
    const known = this.#match(ONE_CHARACTER);
    if (known) return character(known[0]);
    this.#at += 2;
    if (ANCHORS.has(letter)) return [[ANCHOR]];
    if (ANY.has(letter)) return character(null);
    const set = SHORTHANDS[letter];
    if (set === undefined) throw new Refused();
    return character(set);
  }

  /** To its closing bracket. Null for one that is made of others. */
  #class(): string | null {
    const start = this.#at;
    const first = start + (this.#text[start + 1] === '^' ? 2 : 1);
    let depth = 0;
    let isPlain = true;
    while (this.#at < this.#text.length) {
      const sign = this.#text[this.#at]!;
      const isFirst = this.#at === first;
      if (sign === '\\') {
        if (ANY.has(this.#text[this.#at + 1] ?? '')) isPlain = false;
        this.#at += 2;
        continue;
      }
      this.#at += 1;
      if (sign === '[') depth += 1;
      if (sign === '&' || depth > 1 || (sign === ']' && isFirst)) isPlain = false;
      if (sign === ']' && !isFirst) depth -= 1;
      if (depth === 0) break;
    }
    if (depth > 0) throw new Refused();
    const source = this.#text.slice(start, this.#at);
    return isPlain ? source.replace(/\\([dDsS])|\\[\s\S]/g, (text, letter) => SHORTHANDS[letter] ?? text) : null;
  }

  /** With the quantifier after it, if there is one. */
  #repeated(ways: readonly Way[]): readonly Way[] {
    const found = this.#match(QUANTIFIER);
    if (!found) return ways;
    const [, sign, from = '', comma, to = ''] = found;
    if (sign === undefined && from === '' && to === '') throw new Refused();
    const min = sign === '+' ? 1 : Number(from);
    const max = sign === '?' ? 1 : sign || (comma && to === '') ? Number.POSITIVE_INFINITY : Number(to || from);
    // Oniguruma takes a{2}+ for a repeat of a repeat.
    if (!sign && /[+*]/.test(this.#text[this.#at] ?? '')) throw new Refused();
    while (this.#take('?') || this.#take('+'));
    if (min > MOST_REPEATS || (max > MOST_REPEATS && max !== Number.POSITIVE_INFINITY)) throw new Refused();
    if (max > 1) return [repeat(ways, min, max)];
    if (min === 1) return ways;
    this.#optional.push(...ways);
    if (max === 0) return [[]];
    return [...ways.map((way) => way.map((part) => ({ ...part, optional: true }))), []];
  }

  #take(sign: string): boolean {
    if (this.#text[this.#at] !== sign) return false;
    this.#at += 1;
    return true;
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }
}

const ANCHOR: Part = { set: null, min: 0, max: 0, looks: true, optional: false };

const character = (set: string | null): readonly Way[] => [[{ set, min: 1, max: 1, looks: false, optional: false }]];

const escaped = (point: string): string => (/[\^$\\.*+?()[\]{}|/]/.test(point) ? `\\${point}` : point);

/** Rule 1. */
function repeat([way = [], ...others]: readonly Way[], min: number, max: number): Way {
  const isFixed = others.length === 0 && way.every((part) => part.min === part.max && !part.looks);
  if (!isFixed || way.length === 0) throw new Refused();
  const length = way.reduce((sum, part) => sum + part.max, 0);
  if (length * (max === Number.POSITIVE_INFINITY ? min : max) > MOST_REPEATS) throw new Refused();
  const [first] = way;
  const set = way.every((part) => part.set === first!.set) ? first!.set : null;
  return [{ set, min: min * length, max: max * length, looks: false, optional: false }];
}
