/**
 * Muon (Jordan et al. 2024; Liu et al. 2025), as torch.optim.Muon takes it but in float32 throughout: the momentum of a weight
 * matrix is made orthogonal before it is applied, so that rare directions are learnt as fast as common ones. For the matrices
 * inside the blocks alone; embeddings, norms and biases stay AdamW's.
 */
import { Graph, type Value } from './graph.ts';
import { type InferenceSession, openSession, runInto, type SessionOptions, Tensor } from './session.ts';

/** A matrix with its arrays; `scratch` and `gradient` are overwritten by a step. */
export interface MuonTensor {
  readonly name: string;
  /** Rows and columns. */
  readonly shape: readonly number[];
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  readonly scratch: Float32Array;
  /** The momentum. */
  readonly expAvg: Float32Array;
}

export interface MuonStep {
  readonly learningRate: number;
  readonly weightDecay: number;
  /** Factor on every gradient (from clipping). */
  readonly gradientScale: number;
}

const MOMENTUM = 0.95;
const ITERATIONS = 5;
/** Coefficients of Jordan's quintic: singular values in (0, 1] come near 1 in five iterations. */
const [LINEAR, CUBIC, QUINTIC] = [3.4445, -4.775, 2.0315];
const EPSILON = 1e-7;

export class Muon {
  readonly #tensors: readonly MuonTensor[];
  readonly #session: InferenceSession;

  private constructor(tensors: readonly MuonTensor[], session: InferenceSession) {
    this.#tensors = tensors;
    this.#session = session;
  }

  static async open(tensors: readonly MuonTensor[], options: SessionOptions): Promise<Muon> {
    const graph = new Graph();
    for (const { name, shape } of tensors)
      graph.output(`orthogonal.${name}`, orthogonalised(graph, graph.input(name, shape), shape));
    return new Muon(tensors, await openSession(graph, { ...options, silent: true, training: true }));
  }

  /**
   * m ← μ m + (1 − μ) g; u = (1 − μ) g + μ m (Nesterov); p ← p (1 − lr λ) − lr · 0.2 √max(rows, columns) · orthogonal(u).
   * The factor gives updates the size of AdamW's, so that both take the same rate (`match_rms_adamw`; Liu et al. 2025).
   */
  async step({ learningRate, weightDecay, gradientScale }: MuonStep): Promise<void> {
    for (const { gradient, scratch, expAvg } of this.#tensors) {
      let squares = 0;
      for (let i = 0; i < gradient.length; i++) {
        const slope = gradientScale * gradient[i]!;
        const momentum = MOMENTUM * expAvg[i]! + (1 - MOMENTUM) * slope;
        expAvg[i] = momentum;
        const ahead = MOMENTUM * momentum + (1 - MOMENTUM) * slope;
        scratch[i] = ahead;
        squares += ahead * ahead;
      }
      const shrink = 1 / Math.max(Math.sqrt(squares), EPSILON);
      for (let i = 0; i < scratch.length; i++) scratch[i]! *= shrink;
    }
    const placed = (array: 'scratch' | 'gradient', prefix: string) =>
      Object.fromEntries(
        this.#tensors.map(({ name, shape, [array]: values }) => [
          `${prefix}${name}`,
          new Tensor('float32', values, shape),
        ]),
      );
    await runInto(this.#session, placed('scratch', ''), placed('gradient', 'orthogonal.'));
    for (const { shape, parameter, gradient } of this.#tensors) {
      const rate = learningRate * 0.2 * Math.sqrt(Math.max(...shape));
      const keep = 1 - learningRate * weightDecay;
      for (let i = 0; i < parameter.length; i++) parameter[i] = keep * parameter[i]! - rate * gradient[i]!;
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

/** Newton–Schulz: X ← a X + (b X Xᵀ + c (X Xᵀ)²) X, on the wide side so that X Xᵀ is the smaller product. */
function orthogonalised(g: Graph, matrix: Value, shape: readonly number[]): Value {
  const isTall = shape[0]! > shape[1]!;
  let x = matrix;
  for (let i = 0; i < ITERATIONS; i++) {
    const gram = g.gemm(x, x, isTall ? { transA: true } : { transB: true });
    const polynomial = g.gemm(gram, gram, { alpha: QUINTIC, plus: g.mul(gram, CUBIC) });
    const kept = g.mul(x, LINEAR);
    x = isTall ? g.gemm(x, polynomial, { plus: kept }) : g.gemm(polynomial, x, { plus: kept });
  }
  return x;
}
