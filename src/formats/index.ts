/** Files in, named tensors out, and back: safetensors, torch checkpoints, Hugging Face model folders, peft adapters. */
export { decodeAdapter, encodeAdapter } from './adapter-blob.ts';
export { worded as wordDiskError, writeDurably } from './durable-file.ts';
export { isJsonObject, type JsonObject, readJsonObject } from './json-file.ts';
export { type ModelFolder, openModelFolder } from './model-folder.ts';
export type { ModelSource, TokenizerFiles } from './model-source.ts';
export { type NewModelFolder, writeModelFolder } from './new-model-folder.ts';
export { type PeftAdapter, type PeftConfig, readAdapterFolder, writeAdapterFolder } from './peft-adapter.ts';
export {
  encodeSafetensors,
  openSafetensors,
  parseSafetensors,
  readSafetensors,
  type Safetensors,
  type StoredTensor,
  type Writable,
  writeSafetensors,
  writeSafetensorsBySha256,
} from './safetensors.ts';
export { HEADER_LIMIT_BYTES, RANK_LIMIT, TENSOR_LIMIT } from './safetensors-header.ts';
export { openTorch } from './torch.ts';
