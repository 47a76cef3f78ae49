/**
 * Muon (Jordan et al. 2024; Liu et al. 2025), as torch.optim.Muon takes it but in float32 throughout: the momentum of a weight
 * matrix is made orthogonal before it is applied, so that rare directions are learnt as fast as common ones. For the matrices
 * inside the blocks alone; embeddings, norms and biases stay AdamW's.
 */
import { type AdamWKernels, openKernels } from './adamw-kernels.ts';
import { Graph, type Value } from './graph.ts';
import { type OptimizedTensor, paddedBytes } from './optimizer-memory.ts';
import { type InferenceSession, openSession, runInto, type SessionOptions, Tensor } from './session.ts';

/** A matrix with its arrays: the momentum is `expAvg`; `scratch` and `gradient` are overwritten by a step. */
export interface MuonTensor extends OptimizedTensor {
  readonly name: string;
  /** Rows and columns. */
  readonly shape: readonly number[];
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
  readonly #kernels: readonly AdamWKernels[];
  readonly #session: InferenceSession;

  private constructor(
    tensors: readonly MuonTensor[],
    memories: readonly WebAssembly.Memory[],
    session: InferenceSession,
  ) {
    this.#tensors = tensors;
    this.#kernels = memories.map(openKernels);
    this.#session = session;
  }

  /** @param memories those that the tensors' arrays lie in. */
  static async open(
    tensors: readonly MuonTensor[],
    memories: readonly WebAssembly.Memory[],
    options: SessionOptions,
  ): Promise<Muon> {
    const graph = new Graph();
    for (const { name, shape } of tensors) {
      const matrix = graph.mul(graph.input(name, shape), graph.input(shrinkName(name), []));
      graph.output(orthogonalName(name), orthogonalised(graph, matrix, shape));
    }
    return new Muon(tensors, memories, await openSession(graph, { ...options, silent: true, training: true }));
  }

  /**
   * m ← μ m + (1 − μ) g; u = (1 − μ) g + μ m (Nesterov); p ← p (1 − lr λ) − lr · 0.2 √max(rows, columns) · orthogonal(u).
   * The factor gives updates the size of AdamW's, so that both take the same rate (`match_rms_adamw`; Liu et al. 2025).
   */
  async step({ learningRate, weightDecay, gradientScale }: MuonStep): Promise<void> {
    const feeds: Record<string, Tensor> = {};
    const results: Record<string, Tensor> = {};
    for (const { name, shape, gradient, scratch, expAvg, memory } of this.#tensors) {
      const [g, m, u] = [gradient.byteOffset, expAvg.byteOffset, scratch.byteOffset];
      const end = g + paddedBytes(gradient.length);
      const squares = this.#kernels[memory]!.momentum(g, m, u, end, MOMENTUM, (1 - MOMENTUM) * gradientScale);
      feeds[name] = new Tensor('float32', scratch, shape);
      feeds[shrinkName(name)] = new Tensor('float32', [1 / Math.max(Math.sqrt(squares), EPSILON)], []);
      results[orthogonalName(name)] = new Tensor('float32', gradient, shape);
    }
    await runInto(this.#session, feeds, results);
    for (const { shape, parameter, gradient, memory } of this.#tensors) {
      const rate = learningRate * 0.2 * Math.sqrt(Math.max(...shape));
      const p = parameter.byteOffset;
      const end = p + paddedBytes(parameter.length);
      this.#kernels[memory]!.move(p, gradient.byteOffset, end, 1 - learningRate * weightDecay, rate);
    }
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}

const shrinkName = (matrix: string): string => `shrink.${matrix}`;
const orthogonalName = (matrix: string): string => `orthogonal.${matrix}`;

/**
 * Newton–Schulz: X ← P X with P = a I + b G + c G², G = X Xᵀ, on the wide side so that G is the smaller product. Where the sides
 * differ much, only the small G goes through the iterations (P G Pᵀ is the next one, and P its own transpose), and X is
 * multiplied once, by the product of all P: the same numbers but for their last digits, in less than three quarters of the products.
 */
function orthogonalised(g: Graph, matrix: Value, shape: readonly number[]): Value {
  const [short, long] = shape.toSorted((a, b) => a - b) as [number, number];
  const isTall = shape[0]! > short;
  const gramOf = (x: Value): Value => g.gemm(x, x, isTall ? { transA: true } : { transB: true });
  const applied = (polynomial: Value, x: Value): Value => (isTall ? g.gemm(x, polynomial) : g.gemm(polynomial, x));
  const linear = scaledIdentity(g, LINEAR, short);
  const polynomialOf = (gram: Value): Value =>
    g.add(g.gemm(gram, gram, { alpha: QUINTIC, plus: gram, beta: CUBIC }), linear);

  // Of s²l and s³ multiplications the iterations need 10 and 5 on X, 2 and 17 on G.
  if (8 * long <= 12 * short) {
    let x = matrix;
    for (let i = 0; i < ITERATIONS; i++) x = applied(polynomialOf(gramOf(x)), x);
    return x;
  }
  let gram = gramOf(matrix);
  let product = polynomialOf(gram);
  let polynomial = product;
  for (let i = 1; i < ITERATIONS; i++) {
    gram = g.gemm(g.gemm(polynomial, gram), polynomial);
    polynomial = polynomialOf(gram);
    product = g.gemm(polynomial, product);
  }
  return applied(product, matrix);
}

function scaledIdentity(g: Graph, scale: number, size: number): Value {
  const numbers = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? scale : 0));
  return g.constant(numbers, [size, size]);
}
