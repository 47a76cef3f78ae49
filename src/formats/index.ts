/** Files in, named tensors out, and back: safetensors, torch checkpoints, GGUF, llama2.c, Hugging Face folders, peft adapters. */
export { decodeAdapter, encodeAdapter } from './adapter-blob.ts';
export { worded as wordDiskError, writeDurably } from './durable-file.ts';
export { openGguf } from './gguf.ts';
export { type SplitBlocks, splitBlocks } from './gguf-types.ts';
export { isJsonObject, type JsonObject, readJsonObject } from './json-file.ts';
export { openLlama2c } from './llama2c.ts';
export { type ModelFolder, openModelFolder } from './model-folder.ts';
export type { ModelSource, TokenizerFiles } from './model-source.ts';
export { type NewModelFolder, writeModelFolder } from './new-model-folder.ts';
export { writeOnnxFolder } from './onnx-folder.ts';
export { openModelSource } from './open-model.ts';
export { type PeftAdapter, type PeftConfig, readAdapterFolder, writeAdapterFolder } from './peft-adapter.ts';
export {
  encodeSafetensors,
  openSafetensors,
  parseSafetensors,
  type QuantisedBlocks,
  readSafetensors,
  type Safetensors,
  type StoredTensor,
  type Writable,
  writeSafetensors,
  writeSafetensorsBySha256,
} from './safetensors.ts';
export { HEADER_LIMIT_BYTES, RANK_LIMIT, TENSOR_LIMIT } from './safetensors-header.ts';
export { openTorch } from './torch.ts';
