import type { Command } from '../command.ts';
import { openModelOrEncoder } from '../model.ts';

export default {
  arguments: ['MODEL'],
  options: {},
  async run(options, terminal) {
    const { model } = await openModelOrEncoder(options.arguments[0]!);
    try {
      const { hasTokenizer, memory, ...info } = model.info();
      // Bytes, as the name of the key says: whoever reads this is a program, or can divide.
      await terminal.json({
        ...info,
        has_tokenizer: hasTokenizer,
        memory_bytes: Object.fromEntries(Object.entries(memory).map(([use, bytes]) => [use, Math.round(bytes)])),
      });
    } finally {
      await model.dispose();
    }
  },
} satisfies Command;
