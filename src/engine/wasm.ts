/**
 * A WebAssembly module written instruction by instruction: just what the optimiser's loops need (numbers of 32 bits,
 * vectors of four, one loop a function). Names are those of the WebAssembly specification; so is the encoding.
 */

/** A piece of code: the bytes of its instructions, in order. */
export type Code = readonly number[];

export type ValueType = 'i32' | 'f32' | 'f64' | 'v128';

const valueTypes: Record<ValueType, number> = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b };

export interface WasmFunction {
  readonly name: string;
  /** Numbered from 0 in the code; locals follow. */
  readonly parameters: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly result?: ValueType;
  readonly code: Code;
}

/** An unsigned number in LEB128, as lengths, indices and opcodes are written. */
function unsigned(value: number): number[] {
  const low = value & 0x7f;
  const rest = Math.floor(value / 128);
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)];
}

const simd = (opcode: number, ...rest: number[]): Code => [0xfd, ...unsigned(opcode), ...rest];
/** Alignment 2⁴ bytes, offset 0. */
const ALIGNED = [4, 0];
/** Lanes 2 and 3 of the first vector as lanes 0 and 1. */
const HIGH_HALF = [8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7];

export const get = (local: number): Code => [0x20, ...unsigned(local)];
export const set = (local: number, value: Code): Code => [...value, 0x21, ...unsigned(local)];
/** A small constant, 0 … 63. */
export const i32 = (value: number): Code => [0x41, value];
export const addI32 = (a: Code, b: Code): Code => [...a, ...b, 0x6a];
export const load = (address: Code): Code => [...address, ...simd(0, ...ALIGNED)];
export const store = (address: Code, value: Code): Code => [...address, ...value, ...simd(11, ...ALIGNED)];
export const splat = (value: Code): Code => [...value, ...simd(19)];
export const sqrt = (a: Code): Code => [...a, ...simd(227)];
export const add = (a: Code, b: Code): Code => [...a, ...b, ...simd(228)];
export const sub = (a: Code, b: Code): Code => [...a, ...b, ...simd(229)];
export const mul = (a: Code, b: Code): Code => [...a, ...b, ...simd(230)];
export const div = (a: Code, b: Code): Code => [...a, ...b, ...simd(231)];
/** Lanes 0 and 1 in double precision. */
export const promoteLow = (a: Code): Code => [...a, ...simd(95)];
/** Lanes 2 and 3 in double precision. */
export const promoteHigh = (a: Code): Code => promoteLow([...a, ...a, ...simd(13, ...HIGH_HALF)]);
export const addF64 = (a: Code, b: Code): Code => [...a, ...b, ...simd(240)];
export const mulF64 = (a: Code, b: Code): Code => [...a, ...b, ...simd(242)];
export const laneF64 = (a: Code, lane: number): Code => [...a, ...simd(33, lane)];
export const addScalarF64 = (a: Code, b: Code): Code => [...a, ...b, 0xa0];

/** Runs `body` while local `counter` is below local `end`; the body has to move the counter on. At least once. */
export const loopWhileBelow = (counter: number, end: number, body: Code): Code => [
  ...[0x03, 0x40], // loop
  ...body,
  ...[...get(counter), ...get(end), 0x49], // i32.lt_u
  ...[0x0d, 0], // br_if: once more
  0x0b, // end
];

const section = (id: number, entries: readonly Code[]): Code => {
  const body = [...unsigned(entries.length), ...entries.flat()];
  return [id, ...unsigned(body.length), ...body];
};
const text = (value: string): Code => [...unsigned(value.length), ...Buffer.from(value, 'latin1')];

/** The largest memory whose end has an address of 32 bits, in pages of 64 KiB. */
export const MOST_PAGES = 65_535;

/** The module's bytes. It imports the shared memory `env.memory` and exports every function under its name. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...unsigned(parameters.length),
    ...parameters.map((type) => valueTypes[type]),
    ...(result ? [1, valueTypes[result]] : [0]),
  ]);
  const memory = [...text('env'), ...text('memory'), 0x02, 0x03, ...unsigned(1), ...unsigned(MOST_PAGES)];
  const bodies = functions.map(({ locals, code }) => {
    const declared = [...unsigned(locals.length), ...locals.flatMap((type) => [1, valueTypes[type]])];
    return [...unsigned(declared.length + code.length + 1), ...declared, ...code, 0x0b];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, types),
    ...section(2, [memory]),
    ...section(
      3,
      functions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]),
    ),
    ...section(10, bodies),
  ]);
}
