/**
 * A model being trained: runs the training graph, gathers gradients over micro-batches, clips and steps. The tensors live
 * here in plain arrays; onnxruntime reads and writes them in place.
 */

import { dirname } from 'node:path';
import { type AdamWOptions, defaultAdamW } from './adamw.ts';
import { AdamWPool, allocate, type OptimizedTensor } from './adamw-pool.ts';
import type { ModelConfig } from './architectures/config.ts';
import { architectureOf } from './architectures/index.ts';
import { checkAdapter, defaultLora, initLora, type LoraConfig, loraShapes } from './lora.ts';
import {
  defaultThreads,
  floatsOf,
  type InferenceSession,
  int64Tensor,
  openSession,
  type SessionOptions,
  Tensor,
} from './session.ts';
import { elementCount, float32Tensor, type TensorMap, toFloat32 } from './tensor.ts';
import { gradientName, type TrainingGraphOptions, trainingGraph } from './training-graph.ts';
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
  /** Σ −ln p over the labelled tokens, and how many they are; changes nothing. */
  evaluate(batch: TrainingBatch): Promise<{ nll: number; tokens: number }>;
  /** Scales the gathered gradients so that their norm is at most maxNorm. Returns the norm before. */
  clipGradNorm(maxNorm: number): Promise<number>;
  /** One step of AdamW (no decay for biases and norms, as the Trainer); zeroes the gradients. */
  optimizerStep(learningRate: number, weightDecay: number): Promise<void>;
  /** Full: all weights. LoRA: the adapter under peft's names. Live views: copy before keeping. */
  trainedTensors(): TensorMap;
  /** Everything a byte-equal resume needs: trained tensors, moments, step. Live views. */
  exportState(): TensorMap;
  importState(state: TensorMap): void;
  dispose(): Promise<void>;
}

interface TrainedTensor extends OptimizedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

const STEP = 'optimizer.step';

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
  const graphOptions: TrainingGraphOptions = { lora, mapped };
  const sessionOptions: SessionOptions = {
    threads: options.threads,
    weightsFolder: file === undefined ? undefined : dirname(file),
  };
  const openGraph = (lossOnly: boolean) =>
    openSession(trainingGraph(config, { ...graphOptions, lossOnly }), sessionOptions);

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
  const frozen: TensorMap = lora ? base : new Map();
  return new OnnxTrainable(config, options, trained, frozen, await openGraph(false), () => openGraph(true));
}

class OnnxTrainable implements Trainable {
  readonly #adamw: AdamWOptions;
  readonly #pool: AdamWPool;
  readonly #trained: readonly TrainedTensor[];
  readonly #tensors: Record<string, Tensor> = {};
  readonly #gradients: Record<string, Tensor> = {};
  readonly #session: InferenceSession;
  readonly #openEvaluation: () => Promise<InferenceSession>;
  readonly #window: number;
  #evaluation: InferenceSession | undefined;
  /** For the second and later micro-batches of a step: their gradients are added to the first's. */
  #scratch: Record<string, Tensor> | undefined;
  #gathered = false;
  #gradientScale = 1;
  #step = 0;

  constructor(
    config: ModelConfig,
    options: TrainableOptions,
    trained: readonly TrainedTensor[],
    frozen: TensorMap,
    session: InferenceSession,
    openEvaluation: () => Promise<InferenceSession>,
  ) {
    this.#adamw = { ...defaultAdamW, ...options.adamw };
    this.#pool = new AdamWPool(trained, options.threads ?? defaultThreads());
    this.#trained = trained;
    this.#session = session;
    this.#openEvaluation = openEvaluation;
    this.#window = architectureOf(config).window;
    for (const [name, tensor] of frozen) this.#tensors[name] = new Tensor('float32', toFloat32(tensor), tensor.shape);
    for (const { name, shape, parameter, gradient } of trained) {
      this.#tensors[name] = new Tensor('float32', parameter, shape);
      this.#gradients[gradientName(name)] = new Tensor('float32', gradient, shape);
    }
  }

  async forwardBackward(batch: TrainingBatch, normaliser: number): Promise<number> {
    return this.forwardBackwardWeighted(batch, new Float32Array(batch.labels.length).fill(1 / normaliser));
  }

  async forwardBackwardWeighted(batch: TrainingBatch, tokenWeights: Float32Array): Promise<number> {
    const places = labelledPlaces(batch);
    if (places.rows.length === 0) return 0;
    // The weight of a token belongs to its label, one place to the right of the row that predicts it.
    const weights = Float32Array.from(places.rows, (row) => tokenWeights[row + 1]!);
    const feeds = { ...this.#feeds(batch, places), token_weights: new Tensor('float32', weights, [weights.length]) };
    const into = this.#gathered ? this.#scratchTensors() : this.#gradients;
    const results = await this.#session.run(feeds, { nll: null, ...into });
    if (this.#gathered) this.#addScratch(into);
    this.#gathered = true;
    let loss = 0;
    for (const [i, nll] of floatsOf(results.nll).entries()) loss += nll * weights[i]!;
    return loss;
  }

  async evaluate(batch: TrainingBatch): Promise<{ nll: number; tokens: number }> {
    const places = labelledPlaces(batch);
    if (places.rows.length === 0) return { nll: 0, tokens: 0 };
    this.#evaluation ??= await this.#openEvaluation();
    const results = await this.#evaluation.run(this.#feeds(batch, places));
    let nll = 0;
    for (const value of floatsOf(results.nll)) nll += value;
    return { nll, tokens: places.rows.length };
  }

  async clipGradNorm(maxNorm: number): Promise<number> {
    if (!this.#gathered) return 0;
    const norm = Math.sqrt(this.#pool.squares()) * this.#gradientScale;
    // torch.nn.utils.clip_grad_norm_; applied when the step reads the gradients.
    this.#gradientScale *= Math.min(1, maxNorm / (norm + 1e-6));
    return norm;
  }

  async optimizerStep(learningRate: number, weightDecay: number): Promise<void> {
    if (!this.#gathered) for (const { gradient } of this.#trained) gradient.fill(0);
    this.#step++;
    const gradientScale = this.#gradientScale;
    this.#pool.step({ ...this.#adamw, learningRate, weightDecay, step: this.#step, gradientScale });
    this.#gathered = false;
    this.#gradientScale = 1;
  }

  trainedTensors(): TensorMap {
    return new Map(this.#trained.map(({ name, shape, parameter }) => [name, float32Tensor(shape, parameter)]));
  }

  exportState(): TensorMap {
    const state = this.trainedTensors();
    for (const { name, shape, expAvg, expAvgSq } of this.#trained) {
      state.set(`exp_avg.${name}`, float32Tensor(shape, expAvg));
      state.set(`exp_avg_sq.${name}`, float32Tensor(shape, expAvgSq));
    }
    state.set(STEP, { dtype: 'int32', shape: [1], data: Int32Array.of(this.#step) });
    return state;
  }

  importState(state: TensorMap): void {
    const read = (name: string, shape: readonly number[]): Float32Array => {
      const tensor = state.get(name);
      if (!tensor || `${tensor.shape}` !== `${shape}`) {
        throw new Error(`the training state lacks ${name} of shape [${shape}]; it has [${tensor?.shape ?? ''}]`);
      }
      return toFloat32(tensor);
    };
    const step = state.get(STEP)?.data[0];
    if (step === undefined) throw new Error(`the training state lacks ${STEP}`);
    // Everything is read before anything is written: a wrong state changes nothing.
    const loaded = this.#trained.map((tensor) => ({
      tensor,
      parameter: read(tensor.name, tensor.shape),
      expAvg: read(`exp_avg.${tensor.name}`, tensor.shape),
      expAvgSq: read(`exp_avg_sq.${tensor.name}`, tensor.shape),
    }));
    for (const { tensor, parameter, expAvg, expAvgSq } of loaded) {
      tensor.parameter.set(parameter);
      tensor.expAvg.set(expAvg);
      tensor.expAvgSq.set(expAvgSq);
    }
    this.#step = Number(step);
    this.#gathered = false;
    this.#gradientScale = 1;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
    await this.#evaluation?.release();
    await this.#pool.dispose();
  }

  #feeds(batch: TrainingBatch, places: LabelledPlaces): Record<string, Tensor> {
    const { batchSize, length } = batch;
    if (length > this.#window)
      throw new RangeError(`rows of ${length} tokens do not fit the window of ${this.#window}`);
    return {
      ...this.#tensors,
      input_ids: int64Tensor(batch.inputIds, [batchSize, length]),
      position_ids: int64Tensor(
        Array.from({ length }, (_, position) => position),
        [length],
      ),
      rows: int64Tensor(places.rows, [places.rows.length]),
      targets: int64Tensor(places.targets, [places.targets.length]),
    };
  }

  #scratchTensors(): Record<string, Tensor> {
    this.#scratch ??= Object.fromEntries(
      this.#trained.map(({ name, shape }) => [
        gradientName(name),
        new Tensor('float32', new Float32Array(elementCount(shape)), shape),
      ]),
    );
    return this.#scratch;
  }

  #addScratch(scratch: Record<string, Tensor>): void {
    for (const { name, gradient } of this.#trained) {
      const more = floatsOf(scratch[gradientName(name)]);
      for (let i = 0; i < gradient.length; i++) gradient[i]! += more[i]!;
    }
  }
}

interface LabelledPlaces {
  rows: number[];
  targets: number[];
}

/** Which of the B·T places predict a labelled token (the label of place t+1 is predicted at t), and those tokens. */
function labelledPlaces({ labels, batchSize, length }: TrainingBatch): LabelledPlaces {
  const places: LabelledPlaces = { rows: [], targets: [] };
  for (let row = 0; row < batchSize; row++) {
    for (let t = row * length; t < (row + 1) * length - 1; t++) {
      const target = labels[t + 1]!;
      if (target === -100) continue;
      places.rows.push(t);
      places.targets.push(target);
    }
  }
  return places;
}
