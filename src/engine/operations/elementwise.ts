/** Operations on each number by itself. Two inputs broadcast by NumPy's rule; gradients are summed back over what was stretched. */
import { broadcast, type Shape, sameShape } from '../dimensions.ts';
import type { Graph, Value } from '../graph.ts';
import type { Operation, OperationName } from './types.ts';

/** Sums a gradient over the axes along which a smaller input of `shape` was stretched. */
export function sumToShape(g: Graph, gradient: Value, shape: Shape): Value {
  if (sameShape(gradient.shape, shape)) return gradient;
  const added = gradient.shape.length - shape.length;
  const axes = gradient.shape.flatMap((size, axis) =>
    axis < added || (shape[axis - added] === 1 && size !== 1) ? [axis] : [],
  );
  return g.reshape(g.sum(gradient, axes), shape);
}

type Binary = 'Add' | 'Sub' | 'Mul' | 'Div';
type Unary = 'Exp' | 'Log' | 'Sigmoid' | 'Tanh';

function binary<Name extends Binary>(
  name: Name,
  gradient: (g: Graph, a: Value, b: Value, dy: Value) => readonly [() => Value, () => Value],
): Operation<Name> {
  return {
    types: ([a, b]) => [{ shape: broadcast(name, a!.shape, b!.shape), dtype: a!.dtype }],
    emit: (onnx, inputs, outputs) => onnx.node(name, inputs, outputs),
    gradient: (g, { inputs }, [dy]) => {
      const [a, b] = [inputs[0]!, inputs[1]!];
      const [da, db] = gradient(g, a, b, dy!);
      return [() => sumToShape(g, da(), a.shape), () => sumToShape(g, db(), b.shape)];
    },
  };
}

function unary<Name extends Unary>(
  name: Name,
  gradient: (g: Graph, x: Value, y: Value, dy: Value) => Value,
): Operation<Name> {
  return {
    types: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
    emit: (onnx, inputs, outputs) => onnx.node(name, inputs, outputs),
    gradient: (g, { inputs, outputs }, [dy]) => [() => gradient(g, inputs[0]!, outputs[0]!, dy!)],
  };
}

/** A weight kept in half precision, as float32; exact. It stands for a number in a file, so it has no gradient. */
export const Cast: Operation<'Cast'> = {
  types: ([x]) => [{ shape: x!.shape, dtype: 'float32' }],
  emit: (onnx, inputs, outputs) => onnx.node('Cast', inputs, outputs, { to: { int: 1 } }),
  gradient: 'constant',
};

// y = a + b: da = db = dy
export const Add = binary('Add', (_g, _a, _b, dy) => [() => dy, () => dy]);

// y = a − b: da = dy, db = −dy
export const Sub = binary('Sub', (g, _a, _b, dy) => [() => dy, () => g.mul(dy, -1)]);

// y = a b: da = dy b, db = dy a
export const Mul = binary('Mul', (g, a, b, dy) => [() => g.mul(dy, b), () => g.mul(dy, a)]);

// y = a / b: da = dy / b, db = −dy a / b²
export const Div = binary('Div', (g, a, b, dy) => [
  () => g.div(dy, b),
  () => g.mul(g.div(g.mul(dy, a), g.mul(b, b)), -1),
]);

// y = eˣ: dx = dy y
export const Exp = unary('Exp', (g, _x, y, dy) => g.mul(dy, y));

// y = ln x: dx = dy / x
export const Log = unary('Log', (g, x, _y, dy) => g.div(dy, x));

// y = σ(x): dx = dy y (1 − y)
export const Sigmoid = unary('Sigmoid', (g, _x, y, dy) => g.mul(dy, g.mul(y, g.sub(1, y))));

// y = tanh x: dx = dy (1 − y²)
export const Tanh = unary('Tanh', (g, _x, y, dy) => g.mul(dy, g.sub(1, g.mul(y, y))));

/**
 * GPT-2's gelu ("gelu_new"): y = ½ x (1 + tanh u), u = √(2/π) (x + 0.044715 x³). As ½ (1 + tanh u) = σ(2u), y = x σ(z)
 * with z = x (a + b x²), a = 2√(2/π), b = 0.044715 a; so dx = dy (s + y (1 − s) (a + 3 b x²)), s = σ(z).
 */
export const FastGelu: Operation<'FastGelu'> = {
  types: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  emit: (onnx, inputs, outputs) => onnx.node('FastGelu', inputs, outputs, {}, 'com.microsoft'),
  gradient: (g, { inputs, outputs }, [dy]) => [
    () => {
      const x = inputs[0]!;
      const y = outputs[0]!;
      const a = 2 * Math.sqrt(2 / Math.PI);
      const b = 0.044715 * a;
      const square = g.mul(x, x);
      const s = g.apply('Sigmoid', [g.mul(x, g.add(g.mul(square, b), a))], {});
      const slope = g.add(g.mul(square, 3 * b), a);
      return g.mul(dy!, g.add(s, g.mul(g.mul(y, g.sub(1, s)), slope)));
    },
  ],
};

/**
 * BERT's gelu: y = x Φ(x), Φ the normal distribution: dx = dy (Φ + x φ), where Φ = y / x is taken as ½ (1 + erf(x/√2)) and
 * φ = e^(−x²/2) / √(2π).
 */
export const Gelu: Operation<'Gelu'> = {
  types: ([x]) => [
    { shape: x!.shape, dtype: x!.dtype },
    { shape: x!.shape, dtype: x!.dtype },
  ],
  emit: (onnx, [x], [y, phi]) => {
    const erf = onnx.node1('Erf', [onnx.node1('Mul', [x!, onnx.scalarFloat(Math.SQRT1_2)])]);
    const half = onnx.scalarFloat(0.5);
    onnx.node('Add', [onnx.node1('Mul', [erf, half]), half], [phi!]);
    onnx.node('Mul', [x!, phi!], [y!]);
  },
  gradient: (g, { inputs, outputs }, [dy]) => [
    () => {
      const x = inputs[0]!;
      const density = g.mul(g.apply('Exp', [g.mul(g.mul(x, x), -0.5)], {}), 1 / Math.sqrt(2 * Math.PI));
      return g.mul(dy!, g.add(outputs[1]!, g.mul(x, density)));
    },
  ],
};

/** Llama's activation: y = x s, s = σ(x): dx = dy (s + y (1 − s)). */
export const Silu: Operation<'Silu'> = {
  types: ([x]) => [{ shape: x!.shape, dtype: x!.dtype }],
  emit: (onnx, inputs, outputs) => onnx.node('QuickGelu', inputs, outputs, { alpha: { float: 1 } }, 'com.microsoft'),
  gradient: (g, { inputs, outputs }, [dy]) => [
    () => {
      const s = g.apply('Sigmoid', [inputs[0]!], {});
      return g.mul(dy!, g.add(s, g.mul(outputs[0]!, g.sub(1, s))));
    },
  ],
};

export type ElementwiseName = Extract<OperationName, Binary | Unary | 'FastGelu' | 'Gelu' | 'Silu'>;
