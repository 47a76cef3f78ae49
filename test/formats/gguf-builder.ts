/** GGUF files put together by hand, true or not. */

/** A metadata value as it lies in a file: its type's number, then its bytes. */
export type Value = readonly [type: number, bytes: Buffer];

export const uint32 = (value: number): Value => [4, number(4, (bytes) => bytes.writeUInt32LE(value))];
export const int32 = (value: number): Value => [5, number(4, (bytes) => bytes.writeInt32LE(value))];
export const float32 = (value: number): Value => [6, number(4, (bytes) => bytes.writeFloatLE(value))];
export const bool = (value: number): Value => [7, Buffer.from([value])];
export const text = (value: string): Value => [8, string(value)];
export const list = (values: readonly Value[], type = values[0]?.[0] ?? 4, count = BigInt(values.length)): Value => [
  9,
  Buffer.concat([number(4, (bytes) => bytes.writeUInt32LE(type)), uint64(count), ...values.map(([, bytes]) => bytes)]),
];

export function uint64(value: bigint): Buffer {
  return number(8, (bytes) => bytes.writeBigUInt64LE(value));
}

export function string(value: string | Buffer, length?: bigint): Buffer {
  const bytes = Buffer.from(value as string, 'utf8');
  return Buffer.concat([uint64(length ?? BigInt(bytes.length)), bytes]);
}

function number(length: number, write: (bytes: Buffer) => void): Buffer {
  const bytes = Buffer.alloc(length);
  write(bytes);
  return bytes;
}

export interface TensorEntry {
  readonly name: string;
  /** Fastest dimension first, as in the file. */
  readonly dims: readonly bigint[];
  readonly type: number;
  readonly data: Buffer;
  /** Right after the tensor before, unless said. */
  readonly offset?: bigint;
}

export interface GgufParts {
  magic?: string;
  version?: number;
  tensorCount?: bigint;
  keyCount?: bigint;
  metadata: [key: string, value: Value][];
  tensors: TensorEntry[];
  /** What the writer pads to, whatever the metadata say. */
  alignment?: number;
}

export function encodeGguf({ alignment = 32, ...parts }: GgufParts): Buffer {
  const { magic = 'GGUF', version = 3, metadata, tensors } = parts;
  let reached = 0;
  const entries = tensors.map(({ name, dims, type, data, offset }) => {
    const begin = offset ?? BigInt(reached);
    reached += padded(data.length, alignment);
    return Buffer.concat([string(name), uint32(dims.length)[1], ...dims.map(uint64), uint32(type)[1], uint64(begin)]);
  });
  const header = Buffer.concat([
    Buffer.from(magic, 'latin1'),
    uint32(version)[1],
    uint64(parts.tensorCount ?? BigInt(tensors.length)),
    uint64(parts.keyCount ?? BigInt(metadata.length)),
    ...metadata.flatMap(([key, [type, bytes]]) => [string(key), uint32(type)[1], bytes]),
    ...entries,
  ]);
  return Buffer.concat([
    pad(header, alignment),
    // The last tensor is not padded: a file may end with it.
    ...tensors.map(({ data }, i) => (i < tensors.length - 1 ? pad(data, alignment) : data)),
  ]);
}

function padded(length: number, alignment: number): number {
  return Math.ceil(length / alignment) * alignment;
}

function pad(bytes: Buffer, alignment: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(padded(bytes.length, alignment) - bytes.length)]);
}

export const F32 = 0;
export const F16 = 1;
export const Q4_0 = 2;
export const Q8_0 = 8;
export const BF16 = 30;

export function floats(values: readonly number[]): Buffer {
  return Buffer.from(new Float32Array(values).buffer);
}

/** Rows of 32 numbers of Q8_0; every number of row r is r. */
export function numberedRows(rows: number): Buffer {
  return Buffer.concat(
    Array.from({ length: rows }, (_, row) => Buffer.concat([Buffer.from([0x00, 0x3c]), Buffer.alloc(32, row)])),
  );
}

export function matrix(name: string, rows: number): TensorEntry {
  return { name, dims: [32n, BigInt(rows)], type: Q8_0, data: numberedRows(rows) };
}

/** A Llama of one layer: 32 wide, two heads of 16 over one of keys, eight tokens. */
export function tinyLlama(): GgufParts {
  const vector = (name: string): TensorEntry => ({
    name,
    dims: [32n],
    type: F32,
    data: floats(new Array<number>(32).fill(1)),
  });
  return {
    metadata: [
      ['general.architecture', text('llama')],
      ['general.license', text('mit')],
      ['llama.embedding_length', uint32(32)],
      ['llama.block_count', uint32(1)],
      ['llama.feed_forward_length', uint32(32)],
      ['llama.context_length', uint32(16)],
      ['llama.attention.head_count', uint32(2)],
      ['llama.attention.head_count_kv', uint32(1)],
      ['llama.attention.layer_norm_rms_epsilon', float32(0.5)],
      ['tokenizer.ggml.model', text('gpt2')],
      ['tokenizer.ggml.pre', text('gpt-2')],
      ['tokenizer.ggml.tokens', list(['<end>', 'a', 'b', 'c', 'ab', 'abc', 'Ġ', 'Ġa'].map(text))],
      ['tokenizer.ggml.token_type', list([3, 1, 1, 1, 1, 1, 1, 1].map(int32))],
      ['tokenizer.ggml.merges', list(['a b', 'ab c', 'Ġ a'].map(text))],
      ['tokenizer.ggml.eos_token_id', uint32(0)],
    ],
    tensors: [
      matrix('token_embd.weight', 8),
      vector('blk.0.attn_norm.weight'),
      matrix('blk.0.attn_q.weight', 32),
      matrix('blk.0.attn_k.weight', 16),
      matrix('blk.0.attn_v.weight', 16),
      matrix('blk.0.attn_output.weight', 32),
      vector('blk.0.ffn_norm.weight'),
      matrix('blk.0.ffn_gate.weight', 32),
      matrix('blk.0.ffn_up.weight', 32),
      matrix('blk.0.ffn_down.weight', 32),
      vector('output_norm.weight'),
    ],
  };
}

/** The tiny model with some metadata put in the place of its own, or left out. */
export function withMetadata(changes: Record<string, Value | null>): GgufParts {
  const parts = tinyLlama();
  const kept = parts.metadata.filter(([key]) => !(key in changes));
  const added = Object.entries(changes).filter((entry): entry is [string, Value] => entry[1] !== null);
  return { ...parts, metadata: [...kept, ...added] };
}

/** The tiny model with its first tensor changed. */
export function withFirstTensor(change: Partial<TensorEntry>): GgufParts {
  const parts = tinyLlama();
  const [first, ...others] = parts.tensors;
  return { ...parts, tensors: [{ ...first!, ...change }, ...others] };
}
