/** Files of llama2.c, assembled by the byte: true ones, or ones that lie. */

/** dim, hidden_dim, n_layers, n_heads, n_kv_heads, vocab_size, seq_len: two heads of four over one of keys. */
export const TINY = [8, 12, 2, 2, 1, 6, 5];

/** A model whose every number is its place among the weights. */
export function encode(header = TINY, numbers = count(header)): Buffer {
  const weights = Float32Array.from({ length: numbers }, (_, i) => i);
  return Buffer.concat([Buffer.from(new Int32Array(header).buffer), Buffer.from(weights.buffer)]);
}

export function count([
  dim = 0,
  hidden = 0,
  layers = 0,
  heads = 0,
  kv = 0,
  vocabulary = 0,
  length = 0,
]: number[]): number {
  const head = dim / heads;
  const attention = 2 * dim * dim + 2 * kv * head * dim;
  const table = Math.abs(vocabulary) * dim;
  const perLayer = 2 * dim + attention + 3 * dim * hidden;
  return table + layers * perLayer + dim + length * head + (vocabulary < 0 ? table : 0);
}

/** longest piece, then score, length and bytes of each. */
export function encodeTokenizer(pieces: readonly (string | Buffer)[], longest = 20): Buffer {
  const entries = pieces.map((piece, i) => {
    const bytes = Buffer.from(piece as string, 'utf8');
    const head = Buffer.alloc(8);
    head.writeFloatLE(-i);
    head.writeInt32LE(bytes.length, 4);
    return Buffer.concat([head, bytes]);
  });
  return Buffer.concat([Buffer.from(new Uint32Array([longest]).buffer), ...entries]);
}

export const PIECES = ['<unk>', '\n<s>\n', '\n</s>\n', ' ', 'a', ' a'];
