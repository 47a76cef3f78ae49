import type { Command } from '../command.ts';
import { idsOf, openModel, versionOf } from '../model.ts';

export default {
  arguments: ['MODEL'],
  options: { adapter: { type: 'string' }, text: { type: 'string' }, 'input-ids': { type: 'string' } },
  async run(options, terminal) {
    const version = versionOf(options);
    const brain = await openModel(options.arguments[0]!, { repack: false });
    try {
      const ids = idsOf(options, brain);
      await terminal.json({ input_ids: ids, token_logprobs: await brain.logprobs(ids, version) });
    } finally {
      await brain.dispose();
    }
  },
} satisfies Command;
