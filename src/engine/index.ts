/** The engine: models as graphs of tensor operations, trained and served by onnxruntime. Knows no text and no database. */
export { type AdamWOptions, defaultAdamW } from './adamw.ts';
export type { Gpt2Config } from './architectures/gpt2.ts';
export { architectureOf, type ModelConfig, parseModelConfig, SUPPORTED_ARCHITECTURES } from './architectures/index.ts';
export type { LlamaConfig } from './architectures/llama.ts';
export type { Architecture } from './architectures/types.ts';
export {
  type AdapterWeights,
  defaultLora,
  initLora,
  type LoraConfig,
  loraTargets,
  mergeLora,
} from './lora.ts';
export { BLOCK_SIZE, type Matrix, type QuantisedMatrix, quantise } from './packing.ts';
export { type Random, seededRandom } from './random.ts';
export { type Decoder, openServing, type ServingModel, type ServingOptions } from './serving.ts';
export {
  apart,
  type BlockForm,
  blockTensors,
  type LazyTensor,
  type Packable,
  packableMatrices,
  panelTensors,
} from './serving-weights.ts';
export {
  copyTensors,
  type DataType,
  elementCount,
  float16ToFloat32,
  float32Tensor,
  float32ToFloat16,
  type HostTensor,
  type TensorMap,
  toFloat32,
} from './tensor.ts';
export {
  openTrainable,
  type Trainable,
  type TrainableOptions,
  type TrainingBatch,
  type WeightSource,
} from './trainable.ts';
export { expectedWeights, matchWeights, normaliseWeights, randomWeights } from './weights.ts';
export { mapWeights } from './weights-file.ts';
