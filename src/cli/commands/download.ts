/** `brain download`: a model from the hub into the cache. */
import type { Command } from '../command.ts';
import { fetchModel } from '../hub.ts';

export default {
  arguments: ['MODEL'],
  options: {},
  async run(options, terminal) {
    const { folder, path, revision, licence = null } = await fetchModel(options.arguments[0]!);
    await terminal.json({ folder, path, revision, licence });
  },
} satisfies Command;
