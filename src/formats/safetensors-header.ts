/**
 * The header of a safetensors file: read with suspicion, written in one order. The header is JSON, but of so narrow a
 * kind that a scanner of our own reads it: JSON.parse would silently keep the last of two tensors of one name, and would
 * build millions of objects before anything could be counted. Everything is checked before a byte of data is allocated:
 * limits, types, shapes, offsets in range, no overlaps, no holes. Format: https://huggingface.co/docs/safetensors.
 */
import type { DataType } from '../engine/index.ts';
import { UserError } from '../errors.ts';

/** Length of the header, as the safetensors library limits it. */
export const HEADER_LIMIT_BYTES = 100_000_000;
/** Far above any model's count (a 1 T mixture of experts has about 60,000), far below what would fill the memory. */
export const TENSOR_LIMIT = 200_000;
/** ONNX and torch go no further in practice; GGUF stops at 8 as well. */
export const RANK_LIMIT = 8;

/** Ordered as the safetensors library writes tensors: the widest first, so that every tensor lies aligned. */
export const DTYPES = [
  { name: 'I64', dtype: 'int64', bytes: 8 },
  { name: 'F32', dtype: 'float32', bytes: 4 },
  { name: 'I32', dtype: 'int32', bytes: 4 },
  { name: 'BF16', dtype: 'bfloat16', bytes: 2 },
  { name: 'F16', dtype: 'float16', bytes: 2 },
  { name: 'I8', dtype: 'int8', bytes: 1 },
  { name: 'U8', dtype: 'uint8', bytes: 1 },
  { name: 'BOOL', dtype: 'bool', bytes: 1 },
] as const satisfies readonly { name: string; dtype: DataType; bytes: number }[];

/** One tensor of a header; begin and end count bytes from the end of the header. */
export interface TensorPlace {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly metadata: Record<string, string>;
  /** In the order of their bytes in the file. */
  readonly places: readonly TensorPlace[];
}

/**
 * Reads and checks a header. @param text the JSON. @param dataBytes how many bytes follow the header.
 * @param file the name errors print. @throws UserError for anything a safetensors writer would not have written.
 */
export function parseHeader(text: string, dataBytes: number, file: string): SafetensorsHeader {
  const scan = new Scanner(text, file);
  const metadata = new Map<string, string>();
  const places = new Map<string, TensorPlace>();
  let sawMetadata = false;
  scan.object((name) => {
    if (name === '__metadata__') {
      if (sawMetadata) throw new UserError('safetensors_duplicate', { file, tensor: name });
      sawMetadata = true;
      scan.object((key) => metadata.set(key, scan.string()));
      return;
    }
    if (places.has(name)) throw new UserError('safetensors_duplicate', { file, tensor: name });
    if (places.size >= TENSOR_LIMIT) throw new UserError('safetensors_too_many', { file, limit: TENSOR_LIMIT });
    places.set(name, readPlace(scan, name, dataBytes, file));
  });
  scan.end();
  const ordered = [...places.values()].sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkContiguous(ordered, dataBytes, file);
  return { metadata: Object.fromEntries(metadata), places: ordered };
}

function readPlace(scan: Scanner, name: string, dataBytes: number, file: string): TensorPlace {
  let dtypeName: string | undefined;
  let shape: number[] | undefined;
  let offsets: number[] | undefined;
  scan.object((field, position) => {
    if (field === 'dtype' && dtypeName === undefined) dtypeName = scan.string();
    else if (field === 'shape' && shape === undefined) shape = scan.integers(RANK_LIMIT);
    else if (field === 'data_offsets' && offsets === undefined) offsets = scan.integers(2);
    else scan.fail(position);
  });
  if (dtypeName === undefined || shape === undefined || offsets?.length !== 2) return scan.fail();
  const [begin = 0, end = 0] = offsets;
  const kind = DTYPES.find((entry) => entry.name === dtypeName);
  if (kind === undefined) {
    const supported = DTYPES.map((entry) => entry.name).join(', ');
    throw new UserError('safetensors_dtype', { file, tensor: name, dtype: dtypeName.slice(0, 40), supported });
  }
  if (begin > end || end > dataBytes)
    throw new UserError('safetensors_range', { file, tensor: name, begin, end, size: dataBytes });
  // A product past 2^53 is no longer exact, but then it is larger than any file as well, and does not equal end - begin.
  const expected = shape.reduce((product, length) => product * length, kind.bytes);
  if (expected !== end - begin) {
    const actual = end - begin;
    throw new UserError('safetensors_size', {
      file,
      tensor: name,
      shape: `[${shape}]`,
      dtype: dtypeName,
      expected,
      actual,
    });
  }
  return { name, dtype: kind.dtype, shape, begin, end };
}

/** Bytes that belong to no tensor could carry anything, and bytes of two tensors would change together. */
function checkContiguous(places: readonly TensorPlace[], dataBytes: number, file: string): void {
  let reached = 0;
  for (const { name, begin, end } of places) {
    if (begin < reached) throw new UserError('safetensors_overlap', { file, tensor: name, begin, end: reached });
    if (begin > reached) throw new UserError('safetensors_hole', { file, begin: reached, end: begin });
    reached = end;
  }
  if (reached !== dataBytes) throw new UserError('safetensors_hole', { file, begin: reached, end: dataBytes });
}

const INTEGER = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
const SPACES = ' \t\n\r';

/** Reads JSON left to right: objects, strings and arrays of natural numbers, all that a header may hold. */
class Scanner {
  readonly #text: string;
  readonly #file: string;
  #at = 0;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    // The format asks for '{' as the very first byte; only the end may be padded.
    if (text[0] !== '{') this.fail();
  }

  /** Calls `entry` after each key and its colon; it must read the value. */
  object(entry: (key: string, position: number) => void): void {
    this.#list('{', '}', () => {
      const position = this.#at;
      const key = this.string();
      this.#take(':');
      entry(key, position);
    });
  }

  integers(limit: number): number[] {
    const numbers: number[] = [];
    this.#list('[', ']', () => {
      if (numbers.length === limit) this.fail();
      const number = Number(this.#match(INTEGER));
      if (!Number.isSafeInteger(number)) this.fail();
      numbers.push(number);
    });
    return numbers;
  }

  /** No regular expression: a name of a hundred megabytes would overflow its stack. */
  string(): string {
    this.#skip();
    const start = this.#at;
    if (this.#text[start] !== '"') this.fail();
    let close = this.#text.indexOf('"', start + 1);
    while (close !== -1 && this.#isEscaped(close)) close = this.#text.indexOf('"', close + 1);
    if (close === -1) this.fail();
    this.#at = close + 1;
    return this.#unquote(this.#text.slice(start, this.#at), start);
  }

  end(): void {
    this.#skip();
    if (this.#at !== this.#text.length) this.fail();
  }

  fail(position = this.#at): never {
    throw new UserError('safetensors_header_unreadable', { file: this.#file, position });
  }

  #isEscaped(quote: number): boolean {
    let backslashes = 0;
    while (this.#text[quote - 1 - backslashes] === '\\') backslashes += 1;
    return backslashes % 2 === 1;
  }

  #unquote(quoted: string, position: number): string {
    try {
      const value: unknown = JSON.parse(quoted);
      // A lone surrogate would not survive the way back to UTF-8.
      if (typeof value === 'string' && value.isWellFormed()) return value;
    } catch {
      // Said below, with the place: JSON.parse would count from the string's own start.
    }
    return this.fail(position);
  }

  #list(open: string, close: string, item: () => void): void {
    this.#take(open);
    if (this.#next(close)) return;
    do item();
    while (this.#next(','));
    this.#take(close);
  }

  #next(character: string): boolean {
    this.#skip();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #take(character: string): void {
    if (!this.#next(character)) this.fail();
  }

  #match(pattern: RegExp): string {
    this.#skip();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found === undefined) return this.fail();
    this.#at += found.length;
    return found;
  }

  #skip(): void {
    while (this.#at < this.#text.length && SPACES.includes(this.#text.charAt(this.#at))) this.#at += 1;
  }
}
