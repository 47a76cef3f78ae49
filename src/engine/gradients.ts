/** Reverse-mode differentiation: walks a graph from a loss back to its parameters and appends the gradient operations. */
import type { Graph, Node, Value } from './graph.ts';
import { operations } from './operations/table.ts';
import type { Contribution, GradientRule, OperationName, SparseRows } from './operations/types.ts';

/** A parameter's gradient: `dense`, if there is any, plus the `sparse` rows. */
export interface GradientParts {
  readonly dense: Value | undefined;
  readonly sparse: readonly SparseRows[];
}

/**
 * The gradient of Σ seed · loss for every value of `parameters`, as new values of the same graph.
 * Only what a parameter depends on is computed: frozen weights cost nothing.
 * @param seed the gradient of the loss itself, of the loss's shape.
 */
export function gradients(g: Graph, loss: Value, seed: Value, parameters: readonly Value[]): Value[] {
  return contributionsTo(g, loss, seed, parameters, CASTS).map((parts) => sumUp(g, parts)!);
}

/**
 * What is made again on the way back, instead of being kept since the way forward: casts of frozen weights, always; for a
 * training that has to be small also whatever costs little beside the matrix products. Operation → which of its outputs.
 */
export type Remade = Partial<Record<OperationName, readonly number[]>>;

const CASTS: Remade = { Cast: [0] };

/** Keeps per token and layer half of what is otherwise kept, for a few hundredths more time. */
export const CHEAP: Remade = {
  ...CASTS,
  LayerNormalization: [0],
  SimplifiedLayerNormalization: [0],
  FastGelu: [0],
  Silu: [0],
  Mul: [0],
  Transpose: [0],
  Reshape: [0],
  // The weights, of a size that grows with the square of the length.
  Attention: [1],
};

/** The same, with rows that are added to tables apart: no array of a table's size is made for a few of its rows. */
export function gradientParts(
  g: Graph,
  loss: Value,
  seed: Value,
  parameters: readonly Value[],
  remade: Remade = CASTS,
): GradientParts[] {
  return contributionsTo(g, loss, seed, parameters, remade).map((parts) => ({
    dense: sumUp(
      g,
      parts.filter((part) => sparseOf(part) === undefined),
    ),
    sparse: parts.flatMap((part) => sparseOf(part) ?? []),
  }));
}

function contributionsTo(
  g: Graph,
  loss: Value,
  seed: Value,
  parameters: readonly Value[],
  remade: Remade,
): (readonly Contribution[])[] {
  const again = remaker(g, remade);
  const needed = reachableFrom(g, parameters);
  const contributions = new Map<number, Contribution[]>([[loss.id, [seed]]]);
  const total = (value: Value): Value | undefined => sumUp(g, contributions.get(value.id) ?? []);
  // Nodes are in the order they were added, inputs first: backwards, every gradient is complete when it is used.
  for (const node of [...g.nodes].reverse()) {
    if (!node.outputs.some((output) => contributions.has(output.id))) continue;
    const { inputs } = node;
    if (!inputs.some((input) => needed.has(input.id))) continue;
    const seen = { ...node, inputs: inputs.map(again), outputs: node.outputs.map(again) };
    const thunks = ruleOf(node)(g, seen, node.outputs.map(total));
    for (const [i, input] of inputs.entries()) {
      const thunk = thunks[i];
      if (!thunk || !needed.has(input.id)) continue;
      contributions.set(input.id, [...(contributions.get(input.id) ?? []), ...[thunk()].flat()]);
    }
  }
  return parameters.map((parameter) => {
    const parts = contributions.get(parameter.id);
    if (!parts) throw new Error(`the loss does not depend on parameter ${parameter.id} of shape [${parameter.shape}]`);
    return parts;
  });
}

/** Gives for a value of the way forward what a gradient rule should read: itself, or what is made of it again. */
function remaker(g: Graph, remade: Remade): (value: Value) => Value {
  const known = new Map<number, Value>();
  const again = (value: Value): Value => {
    const { node } = value;
    const output = node?.outputs.indexOf(value) ?? 0;
    if (!node || !remade[node.operation]?.includes(output)) return value;
    const found = known.get(value.id) ?? g.again({ ...node, inputs: node.inputs.map(again) })[output]!;
    known.set(value.id, found);
    return found;
  };
  return again;
}

function ruleOf<Name extends OperationName>(node: Node<Name>): GradientRule<Name> {
  const rule = operations[node.operation].gradient;
  if (typeof rule === 'string') throw new Error(`${node.operation} has no gradient, yet a parameter runs through it`);
  return rule;
}

/** The ids of `parameters` and of everything computed from them. */
function reachableFrom(g: Graph, parameters: readonly Value[]): Set<number> {
  const reached = new Set(parameters.map((parameter) => parameter.id));
  for (const { inputs, outputs } of g.nodes) {
    if (inputs.some((input) => reached.has(input.id))) for (const output of outputs) reached.add(output.id);
  }
  return reached;
}

function sparseOf(part: Contribution): SparseRows | undefined {
  return 'addTo' in part ? part.sparse : undefined;
}

function sumUp(g: Graph, contributions: readonly Contribution[]): Value | undefined {
  let sum: Value | undefined;
  for (const part of contributions) if ('id' in part && !isProduct(part)) sum = sum ? g.add(sum, part) : part;
  // A product adds itself to what is there. The layer's own comes before its adapter's: it was met first on the way forward.
  for (const part of contributions.toReversed())
    if ('id' in part && isProduct(part)) sum = sum ? plus(g, part, sum) : part;
  // Scattered parts last: they write into the sum instead of making arrays of their own.
  for (const part of contributions) if ('addTo' in part) sum = part.addTo(sum);
  return sum;
}

/** Whether a gradient is the product of two matrices, which nothing else has been added to. */
function isProduct({ node }: Value): boolean {
  return node?.operation === 'Gemm' && node.inputs.length === 2;
}

/** product + sum, as one operation. */
function plus(g: Graph, product: Value, sum: Value): Value {
  const { inputs, attributes } = product.node as Node<'Gemm'>;
  return g.gemm(inputs[0]!, inputs[1]!, { ...attributes, plus: sum });
}
