/**
 * The optimisers' arithmetic, four numbers at a time: AdamW (Loshchilov & Hutter 2019) as torch.optim.AdamW takes it in
 * float32, what Muon does beside its products (muon.ts), sums of squares in float64, and the sum of two gradients. A plain JavaScript loop
 * takes twice as long; onnxruntime has no operation that changes its inputs.
 */
import type { AdamWNumbers } from './adamw.ts';
import {
  add,
  addF64,
  addI32,
  addScalarF64,
  type Code,
  div,
  get,
  i32,
  laneF64,
  load,
  loopWhileBelow,
  mul,
  mulF64,
  promoteHigh,
  promoteLow,
  set,
  splat,
  sqrt,
  store,
  sub,
  type WasmFunction,
  wasmModule,
} from './wasm.ts';

/** Numbers a vector holds: arrays the kernels work on are padded with zeros to a multiple of it. */
export const LANES = 4;
const VECTOR_BYTES = 16;

const advance = (address: number): Code => set(address, addI32(get(address), i32(VECTOR_BYTES)));

/** p, g, m, v: addresses; end of p; then the numbers of AdamWNumbers. */
const step: WasmFunction = (() => {
  const [p, g, m, v, end] = [0, 1, 2, 3, 4];
  const [beta1, fresh1, beta2, fresh2, keep, stepSize, correction, epsilon, scale] = [5, 6, 7, 8, 9, 10, 11, 12, 13];
  const [gradient, mean, square] = [14, 15, 16];
  const by = (local: number): Code => splat(get(local));
  return {
    name: 'step',
    parameters: ['i32', 'i32', 'i32', 'i32', 'i32', ...Array<'f32'>(9).fill('f32')],
    locals: ['v128', 'v128', 'v128'],
    code: loopWhileBelow(p, end, [
      ...set(gradient, mul(load(get(g)), by(scale))),
      ...set(mean, add(mul(load(get(m)), by(beta1)), mul(get(gradient), by(fresh1)))),
      ...set(square, add(mul(load(get(v)), by(beta2)), mul(mul(get(gradient), get(gradient)), by(fresh2)))),
      ...store(get(m), get(mean)),
      ...store(get(v), get(square)),
      ...store(
        get(p),
        sub(
          mul(load(get(p)), by(keep)),
          div(mul(get(mean), by(stepSize)), add(mul(sqrt(get(square)), by(correction)), by(epsilon))),
        ),
      ),
      ...[p, g, m, v].flatMap(advance),
    ]),
  };
})();

const squares: WasmFunction = (() => {
  const [address, end, low, high, values] = [0, 1, 2, 3, 4];
  const squared = (half: Code): Code => mulF64(half, half);
  const sum = addF64(get(low), get(high));
  return {
    name: 'squares',
    parameters: ['i32', 'i32'],
    locals: ['v128', 'v128', 'v128'],
    result: 'f64',
    code: [
      ...loopWhileBelow(address, end, [
        ...set(values, load(get(address))),
        ...set(low, addF64(get(low), squared(promoteLow(get(values))))),
        ...set(high, addF64(get(high), squared(promoteHigh(get(values))))),
        ...advance(address),
      ]),
      ...addScalarF64(laneF64(sum, 0), laneF64(sum, 1)),
    ],
  };
})();

const accumulate: WasmFunction = (() => {
  const [sum, more, end] = [0, 1, 2];
  return {
    name: 'accumulate',
    parameters: ['i32', 'i32', 'i32'],
    locals: [],
    code: loopWhileBelow(sum, end, [
      ...store(get(sum), add(load(get(sum)), load(get(more)))),
      ...[sum, more].flatMap(advance),
    ]),
  };
})();

/** g, m, u: addresses; end of g; then μ and the factor on g. Gives Σ u². */
const momentum: WasmFunction = (() => {
  const [g, m, u, end, kept, fresh] = [0, 1, 2, 3, 4, 5];
  const [low, high, part, mean, ahead] = [6, 7, 8, 9, 10];
  const squared = (half: Code): Code => mulF64(half, half);
  const sum = addF64(get(low), get(high));
  return {
    name: 'momentum',
    parameters: ['i32', 'i32', 'i32', 'i32', 'f32', 'f32'],
    locals: ['v128', 'v128', 'v128', 'v128', 'v128'],
    result: 'f64',
    code: [
      ...loopWhileBelow(g, end, [
        ...set(part, mul(load(get(g)), splat(get(fresh)))),
        ...set(mean, add(mul(load(get(m)), splat(get(kept))), get(part))),
        ...set(ahead, add(mul(get(mean), splat(get(kept))), get(part))),
        ...store(get(m), get(mean)),
        ...store(get(u), get(ahead)),
        ...set(low, addF64(get(low), squared(promoteLow(get(ahead))))),
        ...set(high, addF64(get(high), squared(promoteHigh(get(ahead))))),
        ...[g, m, u].flatMap(advance),
      ]),
      ...addScalarF64(laneF64(sum, 0), laneF64(sum, 1)),
    ],
  };
})();

/** p, u: addresses; end of p; then the factor on p and the rate. */
const move: WasmFunction = (() => {
  const [p, u, end, keep, rate] = [0, 1, 2, 3, 4];
  return {
    name: 'move',
    parameters: ['i32', 'i32', 'i32', 'f32', 'f32'],
    locals: [],
    code: loopWhileBelow(p, end, [
      ...store(get(p), sub(mul(load(get(p)), splat(get(keep))), mul(load(get(u)), splat(get(rate))))),
      ...[p, u].flatMap(advance),
    ]),
  };
})();

/** All addresses and ends in bytes, multiples of 16; a range holds at least one vector. */
export interface AdamWKernels {
  step(
    parameter: number,
    gradient: number,
    expAvg: number,
    expAvgSq: number,
    end: number,
    ...numbers: AdamWNumbers
  ): void;
  squares(address: number, end: number): number;
  accumulate(sum: number, more: number, end: number): void;
  /** m ← kept m + fresh g; u ← kept m + fresh g. Returns Σ u². */
  momentum(gradient: number, mean: number, ahead: number, end: number, kept: number, fresh: number): number;
  /** p ← keep p − rate u. */
  move(parameter: number, update: number, end: number, keep: number, rate: number): void;
}

let compiled: WebAssembly.Module | undefined;

/** The kernels over one memory; each thread opens its own. */
export function openKernels(memory: WebAssembly.Memory): AdamWKernels {
  compiled ??= new WebAssembly.Module(wasmModule([step, squares, accumulate, momentum, move]));
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as AdamWKernels;
}
