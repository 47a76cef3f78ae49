/**
 * GGUF files: a whole model in one file, as llama.cpp reads it. Given here as if it were a folder in Hugging Face's layout:
 * its names, its order of rows, its config and tokenizer. Quantised tensors are read as the numbers they stand for, or as
 * the blocks they are.
 */
import { basename } from 'node:path';
import { UserError } from '../errors.ts';
import {
  architectureOf,
  configOf,
  GgufSettings,
  generationConfigOf,
  interleavedHead,
  tensorName,
} from './gguf-architectures.ts';
import { type GgufHeader, readGgufHeader } from './gguf-header.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
import type { ModelSource } from './model-source.ts';
import { type StoredRows, storedTensor } from './stored-rows.ts';

/** Opens a file without reading its weights. @throws UserError for whatever is damaged, lies, or is not known here. */
export function openGguf(path: string): ModelSource {
  const file = basename(path);
  const header = readGgufHeader(path);
  const config = configOf(header, file);
  const tensors = locate(path, header, config.head_dim);
  const licence = new GgufSettings(header.metadata, file).text('general.license');
  const source: ModelSource = {
    path,
    config,
    stored: () => new Map([...tensors].map(([name, rows]) => [name, storedTensor(rows)])),
    weightFiles: [path],
    tokenizer: tokenizerReader(path),
    generationConfig: generationConfigOf(header.metadata, config, file),
  };
  return licence === undefined ? source : { ...source, licence };
}

/** Read anew when asked: the metadata of a large vocabulary would otherwise stay in memory as long as the model. */
function tokenizerReader(path: string): ModelSource['tokenizer'] {
  return () => ggufTokenizer(readGgufHeader(path).metadata, basename(path));
}

/** The tensors under Hugging Face's names. */
function locate(path: string, { metadata, places }: GgufHeader, headSize: number): Map<string, StoredRows> {
  const file = basename(path);
  const architecture = architectureOf(new GgufSettings(metadata, file));
  return new Map(
    places.map(({ name, type, shape, begin }): [string, StoredRows] => {
      const rows = { path, type, shape, begin };
      const head = interleavedHead(name, architecture, headSize);
      if (head === undefined) return [tensorName(name, architecture, file), rows];
      if (shape.length !== 2 || shape[0]! % head !== 0)
        throw new UserError('model_tensor_shape', { tensor: name, expected: `[n × ${head}, m]`, actual: `[${shape}]` });
      return [tensorName(name, architecture, file), { ...rows, interleavedHead: head }];
    }),
  );
}
