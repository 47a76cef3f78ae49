/** The folder a command writes a model or an adapter to. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../errors.ts';

/** What a model folder is recognised by, whichever way its weights are kept. */
export const MODEL_FILES: readonly string[] = [
  'config.json',
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'tokenizer.json',
  path.join('onnx', 'model.onnx'),
];

/** What `convert` writes may also replace the model's card. */
export const CONVERTED_FILES: readonly string[] = [...MODEL_FILES, 'README.md'];

export const ADAPTER_FILES: readonly string[] = ['adapter_config.json', 'adapter_model.safetensors'];

/** Nothing is lost to a folder name used twice. @throws UserError cli_out_taken. */
export function refuseOverwriting(folder: string, files: readonly string[]): void {
  const file = files.find((name) => existsSync(path.join(folder, name)));
  if (file !== undefined) throw new UserError('cli_out_taken', { folder, file });
}
