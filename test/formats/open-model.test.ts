import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseModelConfig, randomWeights } from '../../src/engine/index.ts';
import { openModelSource, writeModelFolder } from '../../src/formats/index.ts';
import { encodeGguf, tinyLlama } from './gguf-builder.ts';
import { refusal, temporaryFolder } from './helpers.ts';

function file(name: string, bytes: Buffer | string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

test('a folder is opened as a folder', () => {
  const folder = temporaryFolder();
  const config = { model_type: 'gpt2', vocab_size: 11, n_positions: 8, n_embd: 4, n_layer: 1, n_head: 2 };
  writeModelFolder(folder, { config, tensors: randomWeights(parseModelConfig(config), 1) });
  expect(openModelSource(folder)).toMatchObject({ path: folder, config });
});

test('a GGUF file is told by how it begins, whatever it is called', () => {
  expect(openModelSource(file('model.bin', encodeGguf(tinyLlama()))).config).toMatchObject({ model_type: 'llama' });
});

test('what is no model is refused in words that name what is', () => {
  const cases: [name: string, bytes: Buffer | string, identifier: string][] = [
    ['notes.txt', 'hello', 'model_file_unknown'],
    ['empty.gguf', '', 'model_file_unknown'],
    ['broken.gguf', 'GGU', 'model_file_unknown'],
    ['pytorch_model.bin', 'PK\x03\x04 and more', 'model_file_torch'],
    ['legacy.bin', Buffer.from('\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.', 'latin1'), 'model_file_torch'],
    ['short.bin', 'hello', 'llama2c_size'],
  ];
  for (const [name, bytes, identifier] of cases)
    expect(refusal(() => openModelSource(file(name, bytes))).identifier, name).toBe(identifier);
  expect(refusal(() => openModelSource(join(temporaryFolder(), 'gone'))).identifier).toBe('file_missing');
});
