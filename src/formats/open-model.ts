/** Any model on disk, told apart by what it is rather than by what it is called. */

import { statSync } from 'node:fs';
import { extname } from 'node:path';
import { UserError } from '../errors.ts';
import { withFile } from './byte-source.ts';
import { openGguf } from './gguf.ts';
import { openLlama2c } from './llama2c.ts';
import { openModelFolder } from './model-folder.ts';
import type { ModelSource } from './model-source.ts';

const GGUF_MAGIC = Buffer.from('GGUF', 'latin1');
/** A zip, as torch.save writes; before 1.6 a pickle of protocol 2, whose first value is torch's magic number. */
const TORCH_MAGIC = [Buffer.from('PK\x03\x04', 'latin1'), Buffer.from('\x80\x02\x8a\x0a', 'latin1')];

/**
 * Opens a folder in Hugging Face layout, a GGUF file, or a model of llama2.c; weights are only read when asked for.
 * @throws UserError file_missing, model_file_torch, model_file_unknown, or what is wrong with the parts.
 */
export function openModelSource(path: string): ModelSource {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new UserError('file_missing', { path });
  if (found.isDirectory()) return openModelFolder(path);
  const start = firstBytes(path);
  if (start.equals(GGUF_MAGIC)) return openGguf(path);
  if (TORCH_MAGIC.some((magic) => start.equals(magic))) throw new UserError('model_file_torch', { path });
  // llama2.c's files begin with a width, not with a magic number: the name has to say it, the length then proves it.
  if (extname(path).toLowerCase() === '.bin') return openLlama2c(path);
  throw new UserError('model_file_unknown', { path });
}

function firstBytes(path: string): Buffer {
  return withFile(path, ({ size, fill }) => {
    const bytes = Buffer.alloc(Math.min(size, GGUF_MAGIC.length));
    fill(bytes, 0);
    return bytes;
  });
}
