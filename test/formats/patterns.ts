/** Patterns by which tokenizers cut texts: those of published ones, and those that ask for more time than there is. */

const BYTES = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";
const newer = (words: string, digits: string, signs = '[\\r\\n]*') =>
  `${words}|\\p{N}${digits}| ?[^\\s\\p{L}\\p{N}]+${signs}|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const upper = '[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]';
const lower = '[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]';
const cased = (end: string) =>
  `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+${end}|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*${end}`;

/** As their tokenizer.json files spell them; those that have none (BERT, Gemma) use no regular expression. */
export const PUBLISHED: Readonly<Record<string, string>> = {
  'GPT-2, RoBERTa, SmolLM2, Falcon (ByteLevel)': BYTES,
  'SmolLM2, StarCoder (Digits)': '\\p{N}',
  'Llama 3': newer(`${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+`, '{1,3}'),
  Qwen2: newer(`${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+`, ''),
  'Falcon (digits)': '[0-9][0-9][0-9]',
  'XLM-R, T5 (spaces)': ' {2,}',
  'GPT-4o': newer(cased(`${contractions}?`), '{1,3}', '[\\r\\n/]*'),
  'Mistral NeMo': newer(cased(''), '', '[\\r\\n/]*'),
  'DeepSeek V3 (words)':
    '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
  'DeepSeek V3 (Chinese, Japanese)': '[一-龥぀-ゟ゠-ヿ]+',
  BLOOM: ' ?[^(\\s|[.,!?…。，、।۔،])]+',
  CLIP: "<\\|startoftext\\|>|<\\|endoftext\\|>|'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+",
  'digits from the right, in threes': '\\d{1,3}(?=(?:\\d{3})*\\b)',
  'white space at the end': '\\s+$',
  'words and signs': '\\w+|[^\\w\\s]+',
};

export const HOSTILE_PATTERNS: readonly string[] = [
  '(a+)+$',
  '(a|a)*$',
  '(.*a){20}',
  '([a-zA-Z]+)*$',
  '(\\s*)*\\S',
  '(a|aa)+$',
  '(x+x+)+y',
  '^(([a-z])+.)+[A-Z]([a-z])+$',
  '(?:a+){2,}b',
  '(?>a+)+b',
  // The library drops the + that would forbid to try again, and reads {2}+ as a repeat of a repeat.
  '(?:a{1,9}+)+b',
  '(?:a{2}|a)+b',
  'a{1,20}+b',
  '\\s*\\s*\\S',
  '.*.*=.*;',
  'a*a*a*a*b',
  '[ab]*[bc]*d',
  '(?i:a*)A*b',
  '\\w*\\d*!',
  'a*(?:b*a*)?c',
  '(?:a*a*b)?c',
  '(?=.*.*x)y',
  '(?<=a+)a+b',
  `${'a?'.repeat(30)}${'a'.repeat(30)}`,
  `${'(?:a|a)'.repeat(30)}b`,
  `${'a{0,9}'.repeat(12)}b`,
  '(a*)\\1b',
  // Two halves of one character.
  `${'\\ud83d\\ude00*'.repeat(12)}!`,
  'a*(?:b)\\G?a*c',
  `(?:${Array.from({ length: 63 }, (_, i) => String.fromCodePoint(0x100 + i)).join('|')})${'b'.repeat(3_000)}a*a*b`,
  '(?:(?:(?:a{999}){999}){999}){999}',
  'a{1000000}',
  `${'(?:'.repeat(5_000)}a${')'.repeat(5_000)}`,
  `(?:${'a|'.repeat(5_000)}a)b`,
  `${'['.repeat(5_000)}`,
  `${'\\p{L}*\\p{N}*\\p{P}*\\p{S}*\\p{Z}*\\p{M}*\\p{Cc}*[\\u0100-\\u0200]*'}!`,
];
