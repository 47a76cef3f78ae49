/** The engine: models as graphs of tensor operations, trained and served by onnxruntime. Knows no text and no database. */
export { type AdamWOptions, defaultAdamW } from './adamw.ts';
export type { EncoderConfig } from './architectures/bert.ts';
export type { Gpt2Config } from './architectures/gpt2.ts';
export {
  type AnyModelConfig,
  architectureOf,
  encoderOf,
  isEncoderConfig,
  type ModelConfig,
  parseAnyConfig,
  parseEncoderConfig,
  parseModelConfig,
  SUPPORTED_ARCHITECTURES,
  SUPPORTED_ENCODERS,
} from './architectures/index.ts';
export type { LlamaConfig } from './architectures/llama.ts';
export type { Architecture, EncoderArchitecture } from './architectures/types.ts';
export { type Encoder, type EncoderOptions, openEncoder } from './encoder.ts';
export { type OnnxModel, onnxModel } from './export-graph.ts';
export {
  type AdapterWeights,
  checkAdapter,
  defaultLora,
  initLora,
  type LoraConfig,
  loraTargets,
  mergedWeights,
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
  trainsFromPanels,
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
