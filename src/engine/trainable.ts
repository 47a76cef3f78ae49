/**
 * A model being trained: runs the training graph, gathers gradients over micro-batches, clips and steps. The tensors live
 * here in plain arrays; onnxruntime reads and writes them in place.
 */

import { type AdamWOptions, adamwUpdate, defaultAdamW, sumOfSquares } from './adamw.ts';
import type { ModelConfig } from './architectures/config.ts';
import { architectureOf } from './architectures/index.ts';
import { checkAdapter, defaultLora, initLora, type LoraConfig } from './lora.ts';
import { floatsOf, type InferenceSession, int64Tensor, openSession, Tensor } from './session.ts';
import { elementCount, float32Tensor, type HostTensor, type TensorMap, toFloat32 } from './tensor.ts';
import { gradientName, trainingGraph } from './training-graph.ts';
import { normaliseWeights } from './weights.ts';

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

interface TrainedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly expAvg: Float32Array;
  readonly expAvgSq: Float32Array;
  readonly decays: boolean;
}

const STEP = 'optimizer.step';

export async function openTrainable(
  config: ModelConfig,
  weights: TensorMap,
  options: TrainableOptions,
): Promise<Trainable> {
  const base = normaliseWeights(config, weights);
  const lora = options.method === 'lora' ? (options.lora ?? defaultLora(config)) : undefined;
  const start = lora ? checkAdapter(config, lora, options.adapter ?? initLora(config, lora, options.seed ?? 42)) : base;
  const trained = [...start].map(([name, tensor]): TrainedTensor => {
    const size = elementCount(tensor.shape);
    return {
      name,
      shape: tensor.shape,
      // A copy: the caller's tensors stay as they were.
      parameter: toFloat32(tensor).slice(),
      gradient: new Float32Array(size),
      expAvg: new Float32Array(size),
      expAvgSq: new Float32Array(size),
      // Biases and norms are the vectors of a model; the Trainer lets only the rest decay.
      decays: tensor.shape.length > 1,
    };
  });
  const frozen = lora ? base : new Map<string, HostTensor>();
  const session = await openSession(trainingGraph(config, { lora }), options);
  return new OnnxTrainable(config, options, lora, trained, frozen, session);
}

class OnnxTrainable implements Trainable {
  readonly #config: ModelConfig;
  readonly #options: TrainableOptions;
  readonly #lora: LoraConfig | undefined;
  readonly #adamw: AdamWOptions;
  readonly #trained: readonly TrainedTensor[];
  readonly #tensors: Record<string, Tensor> = {};
  readonly #gradients: Record<string, Tensor> = {};
  readonly #session: InferenceSession;
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
    lora: LoraConfig | undefined,
    trained: readonly TrainedTensor[],
    frozen: TensorMap,
    session: InferenceSession,
  ) {
    this.#config = config;
    this.#options = options;
    this.#lora = lora;
    this.#adamw = { ...defaultAdamW, ...options.adamw };
    this.#trained = trained;
    this.#session = session;
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
    this.#evaluation ??= await openSession(
      trainingGraph(this.#config, { lora: this.#lora, lossOnly: true }),
      this.#options,
    );
    const results = await this.#evaluation.run(this.#feeds(batch, places));
    let nll = 0;
    for (const value of floatsOf(results.nll)) nll += value;
    return { nll, tokens: places.rows.length };
  }

  async clipGradNorm(maxNorm: number): Promise<number> {
    if (!this.#gathered) return 0;
    let squares = 0;
    for (const { gradient } of this.#trained) squares += sumOfSquares(gradient);
    const norm = Math.sqrt(squares) * this.#gradientScale;
    // torch.nn.utils.clip_grad_norm_; applied when the step reads the gradients.
    this.#gradientScale *= Math.min(1, maxNorm / (norm + 1e-6));
    return norm;
  }

  async optimizerStep(learningRate: number, weightDecay: number): Promise<void> {
    if (!this.#gathered) for (const { gradient } of this.#trained) gradient.fill(0);
    this.#step++;
    const step = { ...this.#adamw, learningRate, step: this.#step, gradientScale: this.#gradientScale };
    for (const { parameter, gradient, expAvg, expAvgSq, decays } of this.#trained) {
      adamwUpdate(parameter, gradient, expAvg, expAvgSq, { ...step, weightDecay: decays ? weightDecay : 0 });
    }
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
