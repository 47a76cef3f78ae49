/**
 * Throws damaged files at a reader. A reader may answer in two ways: read something consistent, or refuse with a UserError;
 * anything else is an offence. The same seed makes the same files. `npm run drill -- formats` runs ten thousand a format,
 * the suite some hundred.
 */
import { type Random, seededRandom } from '../../src/engine/random.ts';
import { UserError } from '../../src/errors.ts';

export interface FuzzedFormat {
  readonly name: string;
  /** Whole files, which must be read without an error. */
  seeds(): readonly Uint8Array[];
  /** Writes what lies beside the damaged file into `folder`, once. */
  prepare?(folder: string): void;
  /** Reads everything there is in `bytes`; what it must lie beside is in `folder`, which is its own to write into. */
  read(bytes: Uint8Array, folder: string): void;
}

export interface FuzzResult {
  mutants: number;
  read: number;
  refused: number;
  /** By the refusal's identifier. */
  refusals: Record<string, number>;
  /** The longest that one file took of the processor. */
  worstCpuMs: number;
  /** Files that were neither read nor refused in time, as words that lead back to them. */
  offences: string[];
}

export const CPU_LIMIT_MS = 1_000;

export function fuzz(format: FuzzedFormat, folder: string, options: { mutants: number; seed: number }): FuzzResult {
  const { mutants, seed } = options;
  const result: FuzzResult = { mutants, read: 0, refused: 0, refusals: {}, worstCpuMs: 0, offences: [] };
  const seeds = format.seeds();
  for (const whole of seeds) format.read(whole, folder);
  const random = seededRandom(seed);
  for (let i = 0; i < mutants; i++) {
    const bytes = mutate(seeds[below(random, seeds.length)]!, random);
    const outcome = attempt(format, bytes, folder);
    result.worstCpuMs = Math.max(result.worstCpuMs, outcome.cpuMs);
    if (outcome.offence !== null) result.offences.push(`${format.name}, seed ${seed}, mutant ${i}: ${outcome.offence}`);
    else if (outcome.refusal === null) result.read += 1;
    else {
      result.refused += 1;
      result.refusals[outcome.refusal] = (result.refusals[outcome.refusal] ?? 0) + 1;
    }
  }
  return result;
}

export interface Attempt {
  /** The identifier of the UserError; null when the file was read. */
  refusal: string | null;
  /** What must not happen; null when it did not. */
  offence: string | null;
  cpuMs: number;
}

export function attempt(format: FuzzedFormat, bytes: Uint8Array, folder: string): Attempt {
  const before = process.threadCpuUsage();
  let refusal: string | null = null;
  let offence: string | null = null;
  try {
    format.read(bytes, folder);
  } catch (error) {
    if (error instanceof UserError) refusal = error.identifier;
    else offence = error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const { user, system } = process.threadCpuUsage(before);
  const cpuMs = (user + system) / 1000;
  if (cpuMs > CPU_LIMIT_MS) offence ??= `took ${Math.round(cpuMs)} ms`;
  return { refusal, offence, cpuMs };
}

type Mutation = (bytes: Buffer, random: Random) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  changeJson,
  changeJson,
  function cutOff(bytes, random) {
    return bytes.subarray(0, below(random, bytes.length + 1));
  },
  function flipBits(bytes, random) {
    const flipped = Buffer.from(bytes);
    for (let i = 1 + below(random, 8); i > 0; i--) flipped[somewhere(flipped, random)]! ^= 1 << below(random, 8);
    return flipped;
  },
  function lie(bytes, random) {
    const lying = Buffer.from(bytes);
    const width = pick([1, 2, 4, 8], random);
    const at = somewhere(lying, random);
    if (at + width <= lying.length) lying.set(numberOf(width, bytes.length, random), at);
    return lying;
  },
  function lieInDigits(bytes, random) {
    const at = somewhere(bytes, random);
    const [digits] = /\d+/.exec(bytes.toString('latin1', at, at + 200)) ?? [];
    if (digits === undefined) return bytes;
    const start = bytes.indexOf(digits, at, 'latin1');
    const lie = pick(['0', '-1', '1e999', '4294967296', '9007199254740993', '0.5', 'null', '""', '[]', '{}'], random);
    return Buffer.concat([bytes.subarray(0, start), Buffer.from(lie), bytes.subarray(start + digits.length)]);
  },
  function leaveOut(bytes, random) {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  function repeat(bytes, random) {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  function move(bytes, random) {
    const [from, to] = range(bytes, random);
    const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    const at = below(random, rest.length + 1);
    return Buffer.concat([rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at)]);
  },
  function addNoise(bytes, random) {
    const at = somewhere(bytes, random);
    const noise = Buffer.from(Array.from({ length: 1 + below(random, 32) }, () => below(random, 256)));
    return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
  },
];

/**
 * Damage that leaves JSON well-formed, so that it gets past the parser: one value anywhere is replaced, left out or put under
 * another name. JSON is the whole file, or stands behind eight bytes of length, as in safetensors.
 */
function changeJson(bytes: Buffer, random: Random): Buffer {
  const start = bytes[0] === 0x7b ? 0 : 8;
  if (bytes[start] !== 0x7b) return bytes;
  const end = start === 0 ? bytes.length : 8 + Number(bytes.readBigUInt64LE());
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8', start, end));
  } catch {
    return bytes;
  }
  changeOne(value, random);
  const text = Buffer.from(JSON.stringify(value));
  const length = Buffer.alloc(start);
  if (start > 0) length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, bytes.subarray(end)]);
}

const VALUES: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
  1e300,
  '',
  'x',
  '__proto__',
  'x'.repeat(10_000),
];

/** Goes down at random and changes what it comes to. */
function changeOne(value: unknown, random: Random): void {
  if (typeof value !== 'object' || value === null) return;
  const parent: Record<string, unknown> = Object(value);
  const keys = Object.keys(parent);
  const key = pick(keys.length === 0 ? ['x'] : keys, random);
  const inner = parent[key];
  if (typeof inner === 'object' && inner !== null && below(random, 4) > 0) {
    changeOne(inner, random);
    return;
  }
  const other = pick(keys.length === 0 ? ['x'] : keys, random);
  const changes = [
    () => {
      parent[key] = pick([...VALUES, [], {}, [inner], { x: inner }, [[[[]]]]], random);
    },
    () => {
      parent[key] = parent[other];
    },
    () => {
      if (Array.isArray(value)) value.splice(Number(key), 1);
      else delete parent[key];
    },
    () => {
      parent[`${key}x`] = inner;
    },
  ];
  pick(changes, random)();
}

/** One to three kinds of damage, one after another. */
function mutate(whole: Uint8Array, random: Random): Buffer {
  let bytes: Buffer = Buffer.from(whole);
  for (let i = pick([1, 1, 2, 3], random); i > 0 && bytes.length > 0; i--)
    bytes = pick(MUTATIONS, random)(bytes, random);
  return bytes;
}

/** Numbers at which lengths, counts and offsets break. */
function numberOf(width: number, size: number, random: Random): Uint8Array {
  const all = 2n ** BigInt(8 * width) - 1n;
  const edges = [
    0n,
    1n,
    all,
    all - 1n,
    (all >> 1n) + 1n,
    all >> 1n,
    0xffffffffn,
    2n ** 53n,
    BigInt(size),
    BigInt(size + 1),
  ];
  const value = BigInt.asUintN(8 * width, pick(edges, random));
  return Uint8Array.from({ length: width }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn));
}

/** Half of the damage goes where headers are, a quarter where a zip has its directory, the rest anywhere. */
function somewhere(bytes: Uint8Array, random: Random): number {
  const place = below(random, 4);
  if (place < 2) return below(random, Math.min(bytes.length, 2_048));
  if (place === 2) return bytes.length - 1 - below(random, Math.min(bytes.length, 1_024));
  return below(random, bytes.length);
}

function range(bytes: Uint8Array, random: Random): [number, number] {
  const from = somewhere(bytes, random);
  return [from, Math.min(bytes.length, from + 1 + below(random, pick([4, 64, 1_024], random)))];
}

function below(random: Random, limit: number): number {
  return Math.floor(random.uniform() * limit);
}

function pick<T>(choices: readonly T[], random: Random): T {
  return choices[below(random, choices.length)]!;
}
