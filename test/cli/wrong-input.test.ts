import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { brain, jsonLines, scratch } from './brain.ts';

const notJson = join(scratch, 'not.jsonl');
writeFileSync(notJson, '{"reference": "a", "hypothesis": "b"}\nnonsense\n');
const sproutConfig = join(import.meta.dirname, '..', '..', 'models', 'sprout', 'config.json');
const lastToken = JSON.parse(readFileSync(sproutConfig, 'utf8')).vocab_size - 1;
const rows = jsonLines('rows.jsonl', [{ input_ids: [1, 2, 3] }]);
const train = ['train', 'sprout', '--data', rows, '--out', join(scratch, 'never')];

/** What was typed → a part of the one line that answers it. */
const WRONG: [name: string, args: string[], says: string][] = [
  [
    'an unknown command',
    ['dance'],
    'There are: score, tokens, generate, logprobs, hidden, train, info, download, import, export.',
  ],
  ['a name of JavaScript’s own', ['constructor'], 'There is no command constructor'],
  ['an unknown option', ['score', rows, '--fast'], 'score has no option --fast'],
  ['an option called as JavaScript’s own', ['score', rows, '--constructor', 'x'], 'no option --constructor'],
  ['an option without its value', ['generate', 'sprout', '--prompt'], '--prompt needs a value'],
  ['an option followed by another', ['generate', 'sprout', '--seed', '--greedy'], '--seed needs a value'],
  ['a value for a flag', ['generate', 'sprout', '--greedy=yes'], '--greedy takes no value'],
  ['no file', ['score'], 'FILE.jsonl is missing. Usage: brain score FILE.jsonl'],
  ['two files', ['tokens', rows, rows], 'one argument too many'],
  ['a file that is not there', ['score', 'nowhere.jsonl'], 'nowhere.jsonl is not there'],
  ['a folder for a file', ['score', scratch], 'is not there'],
  ['a line that is no JSON', ['score', notJson], 'not.jsonl, line 2'],
  ['a line without a field', ['score', rows], '"reference" is missing'],
  ['a field of the wrong type', ['tokens', jsonLines('t.jsonl', [{ expected: 1, generated: '' }])], '"expected"'],
  [
    'a number that is none',
    ['generate', 'sprout', '--prompt', 'a', '--top-k', 'many'],
    'a whole number from 0 to 1000000',
  ],
  ['a number out of bounds', ['generate', 'sprout', '--prompt', 'a', '--top-p', '1.5'], 'a number above 0, at most 1'],
  ['no prompt', ['generate', 'sprout'], 'Give exactly one of these: --prompt, --messages, --input-ids.'],
  ['two prompts', ['generate', 'sprout', '--prompt', 'a', '--input-ids', '[1]'], 'Give exactly one'],
  ['an empty prompt', ['generate', 'sprout', '--prompt', ''], 'the prompt holds no token'],
  ['greedy and drawing', ['generate', 'sprout', '--prompt', 'a', '--greedy', '--top-k', '3'], '--greedy and --top-k'],
  ['ids that are none', ['logprobs', 'sprout', '--input-ids', '[1, -2]'], 'token ids, for example [1, 2, 3]'],
  [
    'an id beyond the vocabulary',
    ['logprobs', 'sprout', '--input-ids', '[1, 99999]'],
    `the ids go from 0 to ${lastToken}`,
  ],
  ['messages that are none', ['generate', 'sprout', '--messages', '{"role": 1}'], '--messages takes a JSON list'],
  ['a model that is not there', ['info', './nowhere'], './nowhere is not there'],
  ['a file that is no model', ['info', notJson], 'is no model that can be read'],
  ['a name no model on the hub has', ['download', '../gpt2'], '../gpt2 is no name of a model on the hub'],
  ['a folder that is no model', ['info', scratch], 'holds no config.json'],
  ['training without a method', train, '--method is missing'],
  ['beta without dpo', [...train, '--method', 'lora', '--beta', '0.1'], '--beta has no effect without --method dpo'],
  ['a beta of nothing', [...train, '--method', 'dpo', '--beta', '0'], '--beta'],
  [
    'no pair for dpo',
    [
      ...['train', 'sprout', '--method', 'dpo', '--out', join(scratch, 'n')],
      ...['--data', jsonLines('p.jsonl', [{ prompt: 'Hi', chosen: 'Hello' }])],
    ],
    'no pair for --method dpo',
  ],
  [
    'a pair of ids and text',
    [
      ...['train', 'sprout', '--method', 'dpo', '--out', join(scratch, 'n')],
      ...['--data', jsonLines('q.jsonl', [{ prompt: [1, 2], chosen: 'Hello', rejected: [3] }])],
    ],
    '"chosen"',
  ],
  ['an unknown method', [...train, '--method', 'rlhf'], 'full, lora, dpo'],
  [
    'a rank without lora',
    [...train, '--method', 'full', '--lora-r', '4'],
    '--lora-r has no effect without --method lora',
  ],
  ['no data', ['train', 'sprout', '--method', 'lora', '--out', 'x'], '--data is missing'],
  [
    'empty data',
    ['train', 'sprout', '--method', 'lora', '--out', join(scratch, 'n'), '--data', jsonLines('e.jsonl', [])],
    'holds no rows',
  ],
  [
    'a row that is none',
    [
      'train',
      'sprout',
      '--method',
      'lora',
      '--out',
      join(scratch, 'n'),
      '--data',
      jsonLines('w.jsonl', [{ words: 1 }]),
    ],
    'w.jsonl, line 1: no row for training',
  ],
  [
    'a row with an unknown token',
    [
      'train',
      'sprout',
      '--method',
      'lora',
      '--out',
      join(scratch, 'n'),
      '--data',
      jsonLines('u.jsonl', [{ input_ids: [1, 9999] }]),
    ],
    'the token 9999',
  ],
  [
    'rows too short to learn from',
    [
      'train',
      'sprout',
      '--method',
      'lora',
      '--out',
      join(scratch, 'n'),
      '--data',
      jsonLines('s.jsonl', [{ input_ids: [1] }]),
    ],
    'There is nothing to train on',
  ],
  ['an import of nothing', ['import', './nowhere', join(scratch, 'n')], './nowhere is not there'],
  ['an import into nowhere', ['import', 'sprout'], 'DIR is missing. Usage: brain import SOURCE DIR'],
  ['a type of number we do not write', ['import', 'sprout', join(scratch, 'n'), '--dtype', 'int4'], 'float32, float16'],
  ['half precision in ONNX', ['export', 'sprout', 'n', '--onnx', '--dtype', 'float16'], '--onnx and --dtype'],
  ['an adapter that is not there', ['export', 'sprout', join(scratch, 'n'), '--adapter', './nowhere'], 'is not there'],
  ['layers without a model', ['score', rows, '--layers', '2'], '--layers has no effect without --bertscore'],
];

describe('wrong input ends with status 2 and one clear line', () => {
  test.each(WRONG)('%s', async (_name, args, says) => {
    const { status, stderr } = await brain(args);
    expect(stderr).toContain(says);
    expect(stderr.trimEnd()).not.toContain('\n');
    expect(status).toBe(2);
  });

  test('in the reader’s language', async () => {
    const { status, stderr } = await brain(['dance'], { LC_ALL: 'pt_BR.UTF-8' });
    expect([status, stderr]).toEqual([2, expect.stringContaining('Não existe o comando dance.')]);
    const said = await brain(['dance'], { LC_ALL: '', LC_MESSAGES: '', LANG: 'pt_PT.UTF-8' });
    expect(said.stderr).toContain('Não existe');
  });

  test('what came before a bad line has been written', async () => {
    const { stdout } = await brain(['score', notJson]);
    expect(stdout.trim().split('\n')).toHaveLength(1);
  });
});

const COMMANDS = ['score', 'tokens', 'generate', 'logprobs', 'hidden', 'train', 'info', 'download', 'import', 'export'];

describe('help', () => {
  test('lists every command, on stdout', async () => {
    const { status, stdout, stderr } = await brain(['--help']);
    expect([status, stderr]).toEqual([0, '']);
    for (const command of COMMANDS) expect(stdout).toContain(`\n  ${command}`);
  });

  test.each(COMMANDS)('of %s states every option it has', async (name) => {
    const { status, stdout } = await brain([name, '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^Usage: brain ${name} `));
    const { default: command } = await import(`../../src/cli/commands/${name}.ts`);
    const missing = Object.keys(command.options).filter((option) => !stdout.includes(`--${option}`));
    expect(missing).toEqual([]);
  });
});
