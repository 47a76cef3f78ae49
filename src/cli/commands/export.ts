/** `brain export`: a model, an adapter added into it, for transformers or, as ONNX, for transformers.js. */
import path from 'node:path';
import type { Command } from '../command.ts';
import { convert, DTYPES } from '../convert.ts';
import { adapterOf, openSource } from '../model.ts';
import { CONVERTED_FILES, refuseOverwriting } from '../out-folder.ts';

export default {
  arguments: ['MODEL', 'DIR'],
  options: { adapter: { type: 'string' }, dtype: { type: 'string' }, onnx: { type: 'boolean' } },
  async run(options, terminal) {
    const dtype = options.choice('dtype', DTYPES) ?? 'float32';
    options.alone('onnx', ['dtype']);
    const [model = '', out = ''] = options.arguments;
    const folder = path.resolve(out);
    refuseOverwriting(folder, CONVERTED_FILES);
    const adapter = adapterOf(options);
    convert(await openSource(model), folder, { adapter, as: options.has('onnx') ? 'onnx' : dtype });
    await terminal.json({ folder, dtype, onnx: options.has('onnx') });
  },
} satisfies Command;
