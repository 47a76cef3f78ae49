/** `brain import`: a model in any layout that can be read, written as a folder that transformers loads. */
import path from 'node:path';
import type { Command } from '../command.ts';
import { convert, DTYPES } from '../convert.ts';
import { openSource } from '../model.ts';
import { CONVERTED_FILES, refuseOverwriting } from '../out-folder.ts';

export default {
  arguments: ['SOURCE', 'DIR'],
  options: { dtype: { type: 'string' } },
  async run(options, terminal) {
    const dtype = options.choice('dtype', DTYPES) ?? 'float32';
    const [source = '', out = ''] = options.arguments;
    const folder = path.resolve(out);
    refuseOverwriting(folder, CONVERTED_FILES);
    convert(await openSource(source), folder, { as: dtype });
    await terminal.json({ folder, dtype });
  },
} satisfies Command;
