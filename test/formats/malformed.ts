/** All files that lie, by the format whose reader must refuse them (see fuzzed-formats.ts). */
import { MALFORMED_SAFETENSORS } from './malformed-safetensors.ts';
import { HOSTILE, MALFORMED_LEGACY, MALFORMED_PICKLES, MALFORMED_STATES, MALFORMED_ZIPS } from './malformed-torch.ts';
import { HOSTILE_PATTERNS } from './patterns.ts';

interface Malformed {
  readonly bytes: Uint8Array;
  /** Of the UserError. */
  readonly identifier: string;
}

const text = (value: string, identifier: string): Malformed => ({ bytes: Buffer.from(value), identifier });

const tooLarge = (bytes: number): Record<string, Malformed> => ({
  'more bytes than are read': { bytes: Buffer.alloc(bytes + 1, ' '), identifier: 'text_too_large' },
});

/** What any file of JSON may be made into. */
const malformedJson = (largest: number): Record<string, Malformed> => ({
  'nothing at all': text('', 'json_unreadable'),
  'a list': text('[]', 'json_unreadable'),
  'brackets that nest without an end': text(`{"a":${'['.repeat(1_000_000)}`, 'json_unreadable'),
  'objects that nest without an end': text('{"a":'.repeat(1_000_000), 'json_unreadable'),
  'empty lists without an end': text(`{"a":[${'[],'.repeat(4_000_001)}0]}`, 'json_unreadable'),
  'brackets behind a quoted quote': text(`{"\\"":${'['.repeat(1_000_000)}`, 'json_unreadable'),
  'a text that never ends': text(`{"a":"${'x'.repeat(1_000_000)}`, 'json_unreadable'),
  ...tooLarge(largest),
});

const MB = 1024 * 1024;

/** A tokenizer.json that cuts texts by patterns without end, or makes them grow without end. */
function malformedSteps(): Record<string, Malformed> {
  const steps = (step: object, identifier: string) =>
    text(JSON.stringify({ model: { vocab: { a: 0 } }, ...step }), identifier);
  const double = { type: 'Replace', pattern: { String: 'a' }, content: 'aa' };
  const nested = HOSTILE_PATTERNS.map((Regex, i) => {
    const part = { type: 'Sequence', pretokenizers: [{ type: 'Split', pattern: { Regex }, behavior: 'Isolated' }] };
    return [
      `pattern ${i}: ${Regex.slice(0, 60)}`,
      steps({ pre_tokenizer: part }, 'tokenizer_pattern_refused'),
    ] as const;
  });
  const replace = { type: 'Replace', pattern: { Regex: '(a+)+$' }, content: '' };
  return {
    ...Object.fromEntries(nested),
    'a pattern without end before': steps({ normalizer: replace }, 'tokenizer_pattern_refused'),
    'a pattern without end after': steps({ decoder: replace }, 'tokenizer_pattern_refused'),
    'a pattern that is none': steps({ normalizer: { ...replace, pattern: { Regex: 7 } } }, 'tokenizer_unreadable'),
    'a text that doubles without end': steps(
      { normalizer: { type: 'Sequence', normalizers: Array(40).fill(double) } },
      'tokenizer_unreadable',
    ),
  };
}

/** Made when asked for: some are as large as a file may be. */
export const MALFORMED: Readonly<Record<string, () => Record<string, Malformed>>> = {
  safetensors: () => MALFORMED_SAFETENSORS,
  'torch-zip': () => ({ ...HOSTILE, ...MALFORMED_PICKLES, ...MALFORMED_STATES, ...MALFORMED_ZIPS }),
  'torch-legacy': () => MALFORMED_LEGACY,
  'adapter-blob': () =>
    Object.fromEntries(
      Object.entries(MALFORMED_SAFETENSORS).map(([name, { bytes }]) => [
        name,
        { bytes, identifier: 'adapter_damaged' },
      ]),
    ),
  'adapter-config': () => malformedJson(16 * MB),
  config: () => malformedJson(16 * MB),
  index: () => malformedJson(16 * MB),
  tokenizer: () => ({ ...malformedJson(64 * MB), ...malformedSteps() }),
  'tokenizer-config': () => malformedJson(16 * MB),
  vocabulary: () => malformedJson(64 * MB),
  merges: () => ({
    ...tooLarge(16 * MB),
    'a merge of one': text('#version: 0.2\nthe\n', 'tokenizer_unreadable'),
    'a line without an end': text(' '.repeat(15 * MB), 'tokenizer_unreadable'),
    'empty lines without an end': text(`${'\n'.repeat(15 * MB)}the`, 'tokenizer_unreadable'),
    'one merge without an end': text('t h\n'.repeat(600_001), 'tokenizer_unreadable'),
  }),
  words: () => ({
    ...tooLarge(16 * MB),
    'pieces without an end': text(Array.from({ length: 500_001 }, (_, i) => `${i}\n`).join(''), 'tokenizer_unreadable'),
    'no piece for what is unknown': text('[CLS]\n[SEP]\nthe\n', 'tokenizer_unreadable'),
  }),
};
