import type { Command } from '../command.ts';
import { openModel } from '../model.ts';

export default {
  arguments: ['MODEL'],
  options: {},
  async run(options, terminal) {
    const brain = await openModel(options.arguments[0]!);
    try {
      const { hasTokenizer, memory, ...info } = brain.info();
      // Bytes, as the name of the key says: whoever reads this is a program, or can divide.
      const { serving, lora, full } = memory;
      await terminal.json({
        ...info,
        has_tokenizer: hasTokenizer,
        memory_bytes: { serving: Math.round(serving), lora: Math.round(lora), full: Math.round(full) },
      });
    } finally {
      await brain.dispose();
    }
  },
} satisfies Command;
