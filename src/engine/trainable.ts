/** Opens a brain for training: all its weights, or an adapter beside them. */
import { dirname } from 'node:path';
import { type AdamWOptions, defaultAdamW } from './adamw.ts';
import { AdamWPool } from './adamw-pool.ts';
import { architectureOf, type ModelConfig } from './architectures/index.ts';
import { checkAdapter, defaultLora, initLora, type LoraConfig, loraShapes } from './lora.ts';
import { Muon } from './muon.ts';
import { OnnxTrainable, type TrainedTensor } from './onnx-trainable.ts';
import { allocateTensors } from './optimizer-memory.ts';
import { defaultThreads, openSession, type SessionOptions } from './session.ts';
import { elementCount, type TensorMap, toFloat32 } from './tensor.ts';
import { trainingGraph } from './training-graph.ts';
import { expectedWeights, normaliseWeights } from './weights.ts';
import { mapFrozenWeights, readWeights } from './weights-file.ts';

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
  /** Full training: steps the matrices inside the blocks with Muon, the rest with AdamW. */
  muon?: boolean;
}

export interface Trainable {
  /** See Architecture: whether a row's first label is counted by the Trainer. */
  readonly countsFirstLabel: boolean;
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

/**
 * Weights in memory, or a .safetensors file: full training reads it once, float32; LoRA maps it where it lies, half precision
 * and panels (packing.ts) as they are, made plain float32 matrices at each use.
 */
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
  const frozen = lora && file !== undefined ? mapFrozenWeights(config, file) : undefined;
  const sessionOptions: SessionOptions = {
    threads: options.threads,
    weightsFolder: file === undefined ? undefined : dirname(file),
  };
  const graph = trainingGraph(config, { lora, frozen });

  const shapes = lora ? loraShapes(config, lora) : expectedWeights(config);
  const inBlocks = new Set(architectureOf(config).linears.map(({ name }) => `${name}.weight`));
  const memory = allocateTensors(
    // Biases and norms are the vectors of a model; the Trainer lets only the rest decay.
    [...shapes].map(([name, shape]) => ({
      count: elementCount(shape),
      decays: shape.length > 1,
      optimizer: options.muon && inBlocks.has(name) ? 'muon' : 'adamw',
    })),
  );
  const trained = [...shapes].map(([name, shape], i): TrainedTensor => ({ ...memory.tensors[i]!, name, shape }));
  const base: TensorMap = weights instanceof Map ? normaliseWeights(config, weights) : new Map();
  const start = lora ? checkAdapter(config, lora, options.adapter ?? initLora(config, lora, options.seed ?? 42)) : base;
  if (file !== undefined && !lora) {
    const places = trained.map(({ name, parameter }) => [name, parameter] as const);
    readWeights(config, file, new Map(places));
  } else for (const { name, parameter } of trained) parameter.set(toFloat32(start.get(name)!));
  const matrices = trained.filter(({ optimizer }) => optimizer === 'muon');
  return new OnnxTrainable({
    trained,
    muon: matrices.length > 0 ? await Muon.open(matrices, memory.memories, sessionOptions) : undefined,
    frozen: lora ? base : new Map(),
    session: await openSession(graph.graph, { ...sessionOptions, silent: true, training: true }),
    outputs: graph,
    openEvaluation: () =>
      openSession(trainingGraph(config, { lora, frozen, lossOnly: true }).graph, {
        ...sessionOptions,
        training: true,
      }),
    pool: new AdamWPool(memory, options.threads ?? defaultThreads()),
    adamw: { ...defaultAdamW, ...options.adamw },
    window: architectureOf(config).window,
    countsFirstLabel: architectureOf(config).countsFirstLabel,
  });
}
