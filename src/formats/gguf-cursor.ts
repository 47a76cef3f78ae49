/** Reads a GGUF file's beginning value by value, each under a limit; the file itself is read a window at a time. */
import { UserError } from '../errors.ts';
import type { ByteSource } from './byte-source.ts';

/** As huggingface.js limits it: longer than any chat template or token. */
export const STRING_LIMIT_BYTES = 10_000_000;
/** All that lies before the tensors. The largest vocabularies (260,000 tokens with their merges) take some 20 MB. */
export const HEADER_LIMIT_BYTES = 64 * 1024 * 1024;

const WINDOW_BYTES = 1024 * 1024;

export class GgufCursor {
  readonly file: string;
  readonly size: number;
  position = 0;
  readonly #bytes: ByteSource;
  #window = Buffer.alloc(0);
  #windowStart = 0;

  /** @param file the name errors print. */
  constructor(bytes: ByteSource, file: string) {
    this.#bytes = bytes;
    this.file = file;
    this.size = bytes.size;
  }

  get remaining(): number {
    return this.size - this.position;
  }

  uint8(): number {
    return this.#take(1).readUInt8();
  }

  int8(): number {
    return this.#take(1).readInt8();
  }

  uint16(): number {
    return this.#take(2).readUInt16LE();
  }

  int16(): number {
    return this.#take(2).readInt16LE();
  }

  uint32(): number {
    return this.#take(4).readUInt32LE();
  }

  int32(): number {
    return this.#take(4).readInt32LE();
  }

  float32(): number {
    return this.#take(4).readFloatLE();
  }

  float64(): number {
    return this.#take(8).readDoubleLE();
  }

  uint64(): bigint {
    return this.#take(8).readBigUInt64LE();
  }

  int64(): bigint {
    return this.#take(8).readBigInt64LE();
  }

  /** A 64-bit count, length or offset. @param part what it counts, as errors name it. */
  count(part: string, limit: number): number {
    const value = this.uint64();
    if (value > BigInt(limit)) this.#tooMuch(part, value, limit);
    return Number(value);
  }

  string(part: string, limit = STRING_LIMIT_BYTES): string {
    const length = this.count(`${part}.length`, limit);
    const start = this.position;
    const bytes = this.#take(length);
    const text = bytes.toString('utf8');
    // What is not UTF-8 was replaced by U+FFFD, which a text may also hold of its own.
    if (text.includes('\uFFFD') && !Buffer.from(text, 'utf8').equals(bytes))
      throw new UserError('gguf_text_damaged', { file: this.file, position: start });
    return text;
  }

  /** That `length` bytes follow: asked before anything is allocated for them. */
  need(length: number): void {
    if (length > this.remaining)
      throw new UserError('gguf_truncated', {
        file: this.file,
        position: this.position,
        needed: length,
        size: this.size,
      });
  }

  #take(length: number): Buffer {
    this.need(length);
    if (this.position + length > HEADER_LIMIT_BYTES)
      this.#tooMuch('header.length', this.position + length, HEADER_LIMIT_BYTES);
    if (this.position + length > this.#windowStart + this.#window.length) this.#slide(length);
    const at = this.position - this.#windowStart;
    this.position += length;
    return this.#window.subarray(at, at + length);
  }

  #slide(length: number): void {
    const window = Buffer.alloc(Math.min(Math.max(length, WINDOW_BYTES), this.remaining));
    this.#bytes.fill(window, this.position);
    this.#window = window;
    this.#windowStart = this.position;
  }

  #tooMuch(part: string, value: number | bigint, limit: number): never {
    throw new UserError('gguf_limit', { file: this.file, part, value: String(value), limit });
  }
}
