/**
 * Porter's stemmer as NLTK extends it (`PorterStemmer()`, mode NLTK_EXTENSIONS), which ROUGE and METEOR both use. It
 * differs from Martin Porter's published rules on about one English word in a hundred, so no npm stemmer serves.
 *
 * A step is a list of rules [suffix, replacement, condition on the stem]. The first rule whose suffix fits decides, even
 * when its condition fails. Letters are code points, as in Python; anything but a, e, i, o, u and some y is a consonant.
 */
type Condition = (stem: string) => boolean;
type Rule = readonly [suffix: string, replacement: string, condition?: Condition];

const IRREGULAR = new Map(
  Object.entries({
    sky: ['sky', 'skies'],
    die: ['dying'],
    lie: ['lying'],
    tie: ['tying'],
    news: ['news'],
    inning: ['innings', 'inning'],
    outing: ['outings', 'outing'],
    canning: ['cannings', 'canning'],
    howe: ['howe'],
    proceed: ['proceed'],
    exceed: ['exceed'],
    succeed: ['succeed'],
  }).flatMap(([stem, words]) => words.map((word) => [word, stem] as const)),
);

/** The stem of one word, in lower case. Words of one or two letters are their own stems. */
export function porterStem(word: string): string {
  const irregular = IRREGULAR.get(word);
  if (irregular !== undefined) return irregular;
  const lower = word.toLowerCase();
  const letters = [...word].length;
  if (letters <= 2) return lower;
  if (letters === word.length) return stemUnits(lower);
  const { shortened, restore } = oneUnitPerLetter(lower);
  return restore(stemUnits(shortened));
}

function stemUnits(word: string): string {
  let stem = step1a(word);
  stem = step1b(stem);
  stem = step1c(stem);
  stem = step2(stem);
  stem = firstRule(stem, STEP_3);
  stem = firstRule(stem, STEP_4);
  stem = step5a(stem);
  return firstRule(stem, [['ll', 'l', (kept) => measure(`${kept}l`) > 1]]);
}

function step1a(word: string): string {
  // NLTK: "dies" and "lies" keep their e.
  if (word.endsWith('ies') && word.length === 4) return word.slice(0, -1);
  return firstRule(word, [
    ['sses', 'ss'],
    ['ies', 'i'],
    ['ss', 'ss'],
    ['s', ''],
  ]);
}

function step1b(word: string): string {
  // NLTK: "died" and "tied" too, and "spied" goes to "spi" beside "spies".
  if (word.endsWith('ied')) return word.slice(0, word.length === 4 ? -1 : -2);
  if (word.endsWith('eed')) return measure(word.slice(0, -3)) > 0 ? word.slice(0, -1) : word;
  const stem = ['ed', 'ing']
    .map((suffix) => withoutSuffix(word, suffix))
    .find((kept) => kept !== null && hasVowel(kept));
  if (stem === undefined || stem === null) return word;
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`;
  if (endsInDoubleConsonant(stem)) return /[lsz]$/.test(stem) ? stem : stem.slice(0, -1);
  return measure(stem) === 1 && endsInShortSyllable(stem) ? `${stem}e` : stem;
}

/** NLTK: y turns into i after a consonant that is not the first letter ("enjoy" and "by" stay, "spy" goes). */
function step1c(word: string): string {
  return firstRule(word, [['y', 'i', (stem) => stem.length > 1 && isConsonant(stem, stem.length - 1)]]);
}

function step2(word: string): string {
  // NLTK: "-alli" becomes "-al" and the step runs again on what is left.
  const beforeAlli = withoutSuffix(word, 'alli');
  if (beforeAlli !== null && hasMeasure(beforeAlli)) return step2(`${beforeAlli}al`);
  const beforeOgi = withoutSuffix(word, 'ogi');
  // NLTK: the measure of "-logi" counts the l.
  if (beforeOgi?.endsWith('l')) return measure(beforeOgi) > 0 ? `${beforeOgi}og` : word;
  return firstRule(word, STEP_2);
}

/** A last e goes if enough is left; both of the rules are tried. */
function step5a(word: string): string {
  const stem = withoutSuffix(word, 'e');
  if (stem === null) return word;
  const size = measure(stem);
  return size > 1 || (size === 1 && !endsInShortSyllable(stem)) ? stem : word;
}

const STEP_2: readonly Rule[] = rulesFor(
  'ational:ate tional:tion enci:ence anci:ance izer:ize bli:ble alli:al entli:ent eli:e ousli:ous ' +
    'ization:ize ation:ate ator:ate alism:al iveness:ive fulness:ful ousness:ous aliti:al iviti:ive biliti:ble fulli:ful',
  hasMeasure,
);

const STEP_3: readonly Rule[] = rulesFor('icate:ic ative: alize:al iciti:ic ical:ic ful: ness:', hasMeasure);

const STEP_4: readonly Rule[] = [
  ...rulesFor('al: ance: ence: er: ic: able: ible: ant: ement: ment: ent:', hasLongMeasure),
  ['ion', '', (stem) => hasLongMeasure(stem) && /[st]$/.test(stem)],
  ...rulesFor('ou: ism: ate: iti: ous: ive: ize:', hasLongMeasure),
];

function rulesFor(list: string, condition: Condition): Rule[] {
  return list.split(' ').map((rule) => {
    const [suffix = '', replacement = ''] = rule.split(':');
    return [suffix, replacement, condition] as const;
  });
}

function firstRule(word: string, rules: readonly Rule[]): string {
  for (const [suffix, replacement, condition] of rules) {
    const stem = withoutSuffix(word, suffix);
    if (stem !== null) return condition === undefined || condition(stem) ? stem + replacement : word;
  }
  return word;
}

function withoutSuffix(word: string, suffix: string): string | null {
  return word.endsWith(suffix) ? word.slice(0, word.length - suffix.length) : null;
}

/** A y is a consonant at the start and after a vowel; in a run of y they take turns, so we look back to where it began. */
function isConsonant(word: string, index: number): boolean {
  if ('aeiou'.includes(word[index]!)) return false;
  if (word[index] !== 'y') return true;
  let start = index;
  while (start > 0 && word[start - 1] === 'y') start -= 1;
  const firstIsConsonant = start === 0 || 'aeiou'.includes(word[start - 1]!);
  return (index - start) % 2 === 0 ? firstIsConsonant : !firstIsConsonant;
}

/** Porter's m: how many times a run of vowels is followed by a run of consonants. */
function measure(stem: string): number {
  let count = 0;
  let afterVowel = false;
  let consonant = false;
  for (let index = 0; index < stem.length; index += 1) {
    const letter = stem[index]!;
    consonant = 'aeiou'.includes(letter) ? false : letter === 'y' ? index === 0 || !consonant : true;
    if (consonant && afterVowel) count += 1;
    afterVowel = !consonant;
  }
  return count;
}

function hasMeasure(stem: string): boolean {
  return measure(stem) > 0;
}

function hasLongMeasure(stem: string): boolean {
  return measure(stem) > 1;
}

function hasVowel(stem: string): boolean {
  return /[aeiou]/.test(stem) || [...stem].some((_, index) => stem[index] === 'y' && !isConsonant(stem, index));
}

function endsInDoubleConsonant(stem: string): boolean {
  const last = stem.length - 1;
  return last >= 1 && stem[last] === stem[last - 1] && isConsonant(stem, last);
}

/** Consonant, vowel, consonant other than w, x, y at the end; NLTK: vowel and consonant alone will do for a whole stem. */
function endsInShortSyllable(stem: string): boolean {
  const last = stem.length - 1;
  if (last >= 2) {
    return (
      isConsonant(stem, last - 2) && !isConsonant(stem, last - 1) && isConsonant(stem, last) && !/[wxy]$/.test(stem)
    );
  }
  return last === 1 && !isConsonant(stem, 0) && isConsonant(stem, 1);
}

/**
 * Characters beyond U+FFFF take two UTF-16 units, which would make every length above wrong. Each distinct one is lent a
 * private-use character that the word does not hold, and gets its own back from the stem.
 */
function oneUnitPerLetter(word: string): { shortened: string; restore: (stem: string) => string } {
  const lent = new Map<string, string>();
  const owner = new Map<string, string>();
  let code = 0xe000;
  const shortened = word.replace(/[\u{10000}-\u{10ffff}]/gu, (letter) => {
    let unit = lent.get(letter);
    if (unit === undefined) {
      do {
        unit = String.fromCharCode(code);
        code += 1;
      } while (word.includes(unit));
      lent.set(letter, unit);
      owner.set(unit, letter);
    }
    return unit;
  });
  return { shortened, restore: (stem) => [...stem].map((unit) => owner.get(unit) ?? unit).join('') };
}
