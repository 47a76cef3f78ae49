import type { Brain, GenerationSettings } from '../../brain/index.ts';
import { UserError } from '../../errors.ts';
import type { Command } from '../command.ts';
import { readMessages } from '../conversation.ts';
import { openModel, versionOf } from '../model.ts';
import { type Options, parseJson } from '../options.ts';

const SEED = 42;
const DRAWING = ['temperature', 'top-k', 'top-p'] as const;

export default {
  arguments: ['MODEL'],
  options: {
    adapter: { type: 'string' },
    prompt: { type: 'string' },
    messages: { type: 'string' },
    'input-ids': { type: 'string' },
    'max-new-tokens': { type: 'string' },
    greedy: { type: 'boolean' },
    temperature: { type: 'string' },
    'top-k': { type: 'string' },
    'top-p': { type: 'string' },
    'repetition-penalty': { type: 'string' },
    seed: { type: 'string' },
    quantised: { type: 'boolean' },
  },
  async run(options, terminal) {
    const settings = settingsOf(options);
    options.oneOf(['prompt', 'messages', 'input-ids']);
    const version = versionOf(options);
    const brain = await openModel(options.arguments[0]!, options.has('quantised') ? { precision: 'quantised' } : {});
    try {
      const { inputIds, outputIds, text, tokensPerSecond } = await brain.generate(
        await promptOf(options, brain),
        settings,
        version,
      );
      await terminal.json({ input_ids: inputIds, output_ids: outputIds, text, tokens_per_second: tokensPerSecond });
    } finally {
      await brain.dispose();
    }
  },
} satisfies Command;

/** Greedy changes no score unless asked to; drawing keeps the classroom's repetition penalty. */
function settingsOf(options: Options): GenerationSettings {
  for (const drawing of DRAWING) options.alone('greedy', [drawing]);
  const greedy = options.has('greedy');
  const given = {
    maxNewTokens: options.number('max-new-tokens', { whole: true, from: 1, to: 100_000 }),
    temperature: options.number('temperature', { from: 0.01, to: 100 }),
    topK: options.number('top-k', { whole: true, from: 0, to: 1_000_000 }),
    topP: options.number('top-p', { above: 0, to: 1 }),
    repetitionPenalty: options.number('repetition-penalty', { from: 0.01, to: 100 }) ?? (greedy ? 1 : undefined),
  };
  const chosen = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  return { ...chosen, greedy, seed: options.number('seed', { whole: true, from: 0 }) ?? SEED };
}

async function promptOf(options: Options, brain: Brain): Promise<number[]> {
  if (options.has('input-ids')) return options.ids('input-ids');
  if (options.has('prompt')) return brain.tokenizer.encode(options.required('prompt'), { parseSpecial: true });
  const messages = readMessages(parseJson(options.required('messages')));
  if (messages === null) throw new UserError('cli_messages_wrong', { option: '--messages' });
  return brain.conversationIds(messages, { addGenerationPrompt: true });
}
