/**
 * A model being trained: runs the training graph, gathers gradients over micro-batches, clips and steps. The tensors live
 * here in plain arrays; onnxruntime reads and writes them in place.
 */
import { UserError } from '../errors.ts';
import type { AdamWOptions } from './adamw.ts';
import { type AdamWPool, free, type OptimizedTensor } from './adamw-pool.ts';
import { floatsOf, type InferenceSession, int64Tensor, Tensor } from './session.ts';
import { elementCount, float32Tensor, type TensorMap, toFloat32 } from './tensor.ts';
import type { Evaluation, Trainable, TrainingBatch } from './trainable.ts';
import { gradientName } from './training-graph.ts';

export interface TrainedTensor extends OptimizedTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/** What a training is put together from; see openTrainable. */
export interface TrainableParts {
  readonly trained: readonly TrainedTensor[];
  /** Weights that are read but not trained, unless the graph maps them from their file. */
  readonly frozen: TensorMap;
  readonly session: InferenceSession;
  readonly openEvaluation: () => Promise<InferenceSession>;
  readonly pool: AdamWPool;
  readonly adamw: AdamWOptions;
  /** Longest row. */
  readonly window: number;
}

const STEP = 'optimizer.step';

export class OnnxTrainable implements Trainable {
  readonly #parts: TrainableParts;
  readonly #trained: readonly TrainedTensor[];
  readonly #tensors: Record<string, Tensor> = {};
  readonly #gradients: Record<string, Tensor> = {};
  #evaluation: InferenceSession | undefined;
  /** For the second and later micro-batches of a step: their gradients are added to the first's. */
  #scratch: Record<string, Tensor> | undefined;
  #gathered = false;
  #gradientScale = 1;
  #step = 0;

  constructor(parts: TrainableParts) {
    const { trained, frozen } = parts;
    this.#parts = parts;
    this.#trained = trained;
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
    const { nll: losses, ...copies } = await this.#parts.session.run(feeds, { nll: null, ...into });
    // Beside writing where it was told to, onnxruntime hands out a copy of every gradient: as large as the model.
    for (const copy of Object.values(copies)) free(floatsOf(copy));
    if (this.#gathered) this.#addScratch(into);
    this.#gathered = true;
    let loss = 0;
    for (const [i, nll] of floatsOf(losses).entries()) loss += nll * weights[i]!;
    return loss;
  }

  async evaluate(batch: TrainingBatch): Promise<Evaluation> {
    const places = labelledPlaces(batch);
    const tokenNll = new Float32Array(batch.labels.length);
    if (places.rows.length === 0) return { nll: 0, tokens: 0, tokenNll };
    this.#evaluation ??= await this.#parts.openEvaluation();
    const results = await this.#evaluation.run(this.#feeds(batch, places));
    let nll = 0;
    for (const [i, value] of floatsOf(results.nll).entries()) {
      nll += value;
      tokenNll[places.rows[i]! + 1] = value;
    }
    return { nll, tokens: places.rows.length, tokenNll };
  }

  async clipGradNorm(maxNorm: number): Promise<number> {
    if (!this.#gathered) return 0;
    const norm = Math.sqrt(this.#parts.pool.squares()) * this.#gradientScale;
    // torch.nn.utils.clip_grad_norm_; applied when the step reads the gradients.
    this.#gradientScale *= Math.min(1, maxNorm / (norm + 1e-6));
    return norm;
  }

  async optimizerStep(learningRate: number, weightDecay: number): Promise<void> {
    if (!this.#gathered) for (const { gradient } of this.#trained) gradient.fill(0);
    this.#step++;
    const gradientScale = this.#gradientScale;
    this.#parts.pool.step({ ...this.#parts.adamw, learningRate, weightDecay, step: this.#step, gradientScale });
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
    await this.#parts.session.release();
    await this.#evaluation?.release();
    await this.#parts.pool.dispose();
    for (const { parameter, gradient, expAvg, expAvgSq } of this.#trained) {
      for (const array of [parameter, gradient, expAvg, expAvgSq]) free(array);
    }
  }

  #feeds(batch: TrainingBatch, places: LabelledPlaces): Record<string, Tensor> {
    const { batchSize, length } = batch;
    const { window } = this.#parts;
    if (length > window) throw new UserError('sequence_too_long', { length, window });
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
