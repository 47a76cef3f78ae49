/**
 * A model being trained: runs the training graph, gathers gradients over micro-batches, clips and steps. The tensors live
 * here in plain arrays; onnxruntime reads and writes them in place.
 */
import { UserError } from '../errors.ts';
import type { AdamWOptions } from './adamw.ts';
import type { AdamWPool } from './adamw-pool.ts';
import { sizeOf } from './dimensions.ts';
import type { Muon } from './muon.ts';
import type { OptimizedTensor } from './optimizer-memory.ts';
import { floatsOf, type InferenceSession, int64Tensor, runInto, Tensor } from './session.ts';
import { float32Tensor, type TensorMap, toFloat32 } from './tensor.ts';
import type { Evaluation, Trainable, TrainingBatch } from './trainable.ts';
import { gradientName, type SparseOutput, type TrainingGraph } from './training-graph.ts';

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
  /** What the session's graph gives. */
  readonly outputs: Pick<TrainingGraph, 'dense' | 'sparse'>;
  readonly openEvaluation: () => Promise<InferenceSession>;
  readonly pool: AdamWPool;
  readonly adamw: AdamWOptions;
  /** Steps the tensors that AdamW does not. */
  readonly muon: Muon | undefined;
  /** Longest row. */
  readonly window: number;
  readonly countsFirstLabel: boolean;
}

const STEP = 'optimizer.step';

export class OnnxTrainable implements Trainable {
  readonly countsFirstLabel: boolean;
  readonly #parts: TrainableParts;
  #trained: readonly TrainedTensor[];
  #tensors: Record<string, Tensor> = {};
  #evaluation: InferenceSession | undefined;
  #gathered = false;
  #gradientScale = 1;
  #step = 0;

  constructor(parts: TrainableParts) {
    const { trained, frozen } = parts;
    this.#parts = parts;
    this.countsFirstLabel = parts.countsFirstLabel;
    this.#trained = trained;
    for (const [name, tensor] of frozen) this.#tensors[name] = new Tensor('float32', toFloat32(tensor), tensor.shape);
    for (const { name, shape, parameter } of trained) this.#tensors[name] = new Tensor('float32', parameter, shape);
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
    const losses = new Float32Array(weights.length);
    // The gradients of a second and later micro-batch are added to the first's.
    const part = this.#gathered ? 'scratch' : 'gradient';
    const sparse = this.#sparsePlaces({ B: batch.batchSize, T: batch.length, M: weights.length });
    await runInto(this.#parts.session, feeds, {
      nll: new Tensor('float32', losses, [losses.length]),
      ...this.#densePlaces(part),
      ...Object.assign({}, ...sparse.map(({ tensors }) => tensors)),
    });
    for (const rows of sparse) this.#addRows(rows, part);
    if (this.#gathered) this.#parts.pool.accumulate();
    this.#gathered = true;
    let loss = 0;
    for (const [i, nll] of losses.entries()) loss += nll * weights[i]!;
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
    await this.#parts.muon?.step({ learningRate, weightDecay, gradientScale });
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
    await this.#parts.muon?.dispose();
    await this.#evaluation?.release();
    await this.#parts.pool.dispose();
    // Memory that threads share is given back by the collector alone; asked for where the process lets us.
    this.#trained = [];
    this.#tensors = {};
    globalThis.gc?.();
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

  #densePlaces(part: GradientArray): Record<string, Tensor> {
    const { dense } = this.#parts.outputs;
    const places: Record<string, Tensor> = {};
    for (const { name, shape, [part]: values } of this.#trained) {
      if (dense.includes(name)) places[gradientName(name)] = new Tensor('float32', values, shape);
      else values.fill(0);
    }
    return places;
  }

  #sparsePlaces(sizes: Record<string, number>): SparseRun[] {
    return this.#parts.outputs.sparse.map((output) => {
      const count = sizeOf(output.count, sizes);
      const rows = new Float32Array(count * output.width);
      const indices = new BigInt64Array(count);
      const tensors = {
        [output.rows]: new Tensor('float32', rows, [count, output.width]),
        [output.indices]: new Tensor('int64', indices, [count]),
      };
      return { ...output, values: rows, places: indices, tensors };
    });
  }

  #addRows({ parameter, width, values, places }: SparseRun, part: GradientArray): void {
    const target = this.#trained.find(({ name }) => name === parameter)![part];
    for (const [k, place] of places.entries()) {
      const start = Number(place) * width;
      for (let c = 0; c < width; c++) target[start + c]! += values[k * width + c]!;
    }
  }
}

/** Where a run's gradients go. */
type GradientArray = 'gradient' | 'scratch';

interface SparseRun extends SparseOutput {
  readonly values: Float32Array;
  readonly places: BigInt64Array;
  readonly tensors: Record<string, Tensor>;
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
