/** Opens a brain for training: all its weights, or an adapter beside them. */
import { dirname } from 'node:path';
import { type AdamWOptions, defaultAdamW } from './adamw.ts';
import { AdamWPool, allocate } from './adamw-pool.ts';
import type { ModelConfig } from './architectures/config.ts';
import { architectureOf } from './architectures/index.ts';
import { checkAdapter, defaultLora, initLora, type LoraConfig, loraShapes } from './lora.ts';
import { OnnxTrainable, type TrainedTensor } from './onnx-trainable.ts';
import { defaultThreads, openSession, type SessionOptions } from './session.ts';
import { elementCount, type TensorMap, toFloat32 } from './tensor.ts';
import { trainingGraph } from './training-graph.ts';
import { expectedWeights, normaliseWeights } from './weights.ts';
import { mapWeights, readWeights } from './weights-file.ts';

/** Rows of `length` tokens, padded on the right; labels of −100 are not learnt. All arrays are [batchSize · length]. */
export interface TrainingBatch {
  inputIds: Int32Array;
  labels: Int32Array;
  attentionMask: Int32Array;
  batchSize: number;
  length: number;
}

export interface Evaluation {
  nll: number;
  tokens: number;
  /** As laid out in the batch: −ln p of the token at its own place, 0 where it is not learnt. [batchSize · length]. */
  tokenNll: Float32Array;
}

export interface TrainableOptions {
  method: 'full' | 'lora';
  lora?: LoraConfig;
  /** Where LoRA starts; absent: a fresh adapter from `seed`. */
  adapter?: TensorMap;
  seed?: number;
  threads?: number;
  adamw?: Partial<AdamWOptions>;
}

export interface Trainable {
  /** Adds the gradients of Σ nll / normaliser to those gathered so far. Returns that loss. */
  forwardBackward(batch: TrainingBatch, normaliser: number): Promise<number>;
  /** The same with a weight of its own for each token (as laid out in the batch; used where the label is not −100): any loss whose slope is known. Returns Σ weight · nll. */
  forwardBackwardWeighted(batch: TrainingBatch, tokenWeights: Float32Array): Promise<number>;
  /** Σ −ln p over the labelled tokens, how many they are, and each one's −ln p; changes nothing. */
  evaluate(batch: TrainingBatch): Promise<Evaluation>;
  /** Scales the gathered gradients so that their norm is at most maxNorm. Returns the norm before. */
  clipGradNorm(maxNorm: number): Promise<number>;
  /** One step of AdamW (no decay for biases and norms, as the Trainer); zeroes the gradients. */
  optimizerStep(learningRate: number, weightDecay: number): Promise<void>;
  /** Full: all weights. LoRA: the adapter under peft's names. Live views: copy before keeping. */
  trainedTensors(): TensorMap;
  /** Everything a byte-equal resume needs: trained tensors, moments, step. Live views. */
  exportState(): TensorMap;
  importState(state: TensorMap): void;
  /** Gives the memory back: the live views are empty from then on. */
  dispose(): Promise<void>;
}

/** Weights in memory, or a float32 .safetensors file: then LoRA maps them where they lie and full training reads them once. */
export type WeightSource = TensorMap | { readonly file: string };

/**
 * @param weights the model's; they stay as they are (a copy is trained).
 * @throws UserError when weights or adapter do not fit the model.
 */
export async function openTrainable(
  config: ModelConfig,
  weights: WeightSource,
  options: TrainableOptions,
): Promise<Trainable> {
  const lora = options.method === 'lora' ? (options.lora ?? defaultLora(config)) : undefined;
  const file = weights instanceof Map ? undefined : weights.file;
  const mapped = lora && file !== undefined ? mapWeights(config, file) : undefined;
  const sessionOptions: SessionOptions = {
    threads: options.threads,
    weightsFolder: file === undefined ? undefined : dirname(file),
  };
  const openGraph = (lossOnly: boolean) =>
    openSession(trainingGraph(config, { lora, mapped, lossOnly }), sessionOptions);

  const shapes = lora ? loraShapes(config, lora) : expectedWeights(config);
  const total = [...shapes.values()].reduce((sum, shape) => sum + elementCount(shape), 0);
  const newArray = (count: number) => allocate(count, total);
  const base: TensorMap = mapped
    ? new Map()
    : weights instanceof Map
      ? normaliseWeights(config, weights)
      : readWeights(config, weights.file, newArray);
  const start = lora ? checkAdapter(config, lora, options.adapter ?? initLora(config, lora, options.seed ?? 42)) : base;
  const trained = [...start].map(([name, tensor]): TrainedTensor => {
    const { shape } = tensor;
    const size = elementCount(shape);
    let parameter = toFloat32(tensor);
    // What was read from the file is nobody else's; what a caller gave is copied.
    if (lora || file === undefined) {
      parameter = newArray(size);
      parameter.set(toFloat32(tensor));
    }
    const [gradient, expAvg, expAvgSq] = [newArray(size), newArray(size), newArray(size)];
    // Biases and norms are the vectors of a model; the Trainer lets only the rest decay.
    return { name, shape, parameter, gradient, expAvg, expAvgSq, decays: shape.length > 1 };
  });
  return new OnnxTrainable({
    trained,
    frozen: lora ? base : new Map(),
    session: await openGraph(false),
    openEvaluation: () => openGraph(true),
    pool: new AdamWPool(trained, options.threads ?? defaultThreads()),
    adamw: { ...defaultAdamW, ...options.adamw },
    window: architectureOf(config).window,
  });
}
