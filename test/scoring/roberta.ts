/**
 * A RoBERTa encoder in plain numbers, for tests alone: the reference answers for BERTScore were made with one, and only its
 * hidden states can show that our arithmetic is that of bert_score. Letters: T tokens, C channels, H heads.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PreTrainedTokenizer } from '@huggingface/transformers';
import { parseSafetensors } from '../../src/formats/index.ts';
import type { TokenVectors } from '../../src/scoring/index.ts';

type Vector = Float64Array;

interface Shape {
  num_hidden_layers: number;
  num_attention_heads: number;
  max_position_embeddings: number;
  layer_norm_eps: number;
  pad_token_id: number;
  bos_token_id: number;
  eos_token_id: number;
}

export function openRoberta(folder: string) {
  const json = (name: string) => JSON.parse(readFileSync(join(folder, name), 'utf8'));
  const shape: Shape = json('config.json');
  const { tensors } = parseSafetensors(readFileSync(join(folder, 'model.safetensors')));
  const tokenizer = new PreTrainedTokenizer(json('tokenizer.json'), json('tokenizer_config.json'));

  const weights = (name: string) => {
    const tensor = tensors.get(name);
    if (!(tensor?.data instanceof Float32Array)) throw new Error(`no ${name}`);
    return { data: tensor.data, width: tensor.shape.at(-1)! };
  };
  const row = (name: string, index: number): Vector => {
    const { data, width } = weights(name);
    return Float64Array.from(data.subarray(index * width, (index + 1) * width));
  };
  const linear = (name: string, x: readonly Vector[]): Vector[] => {
    const { data, width } = weights(`${name}.weight`);
    return x.map((vector) =>
      Float64Array.from(
        weights(`${name}.bias`).data,
        (bias, out) => bias + dot(vector, data.subarray(out * width, (out + 1) * width)),
      ),
    );
  };
  const norm = (name: string, x: readonly Vector[]): Vector[] =>
    x.map((vector) => {
      const mean = sum(vector) / vector.length;
      const variance = sum(vector.map((value) => (value - mean) ** 2)) / vector.length;
      const scale = 1 / Math.sqrt(variance + shape.layer_norm_eps);
      const [gain, bias] = [weights(`${name}.weight`).data, weights(`${name}.bias`).data];
      return vector.map((value, channel) => (value - mean) * scale * gain[channel]! + bias[channel]!);
    });

  const attention = (layer: string, x: readonly Vector[]): Vector[] => {
    const [q, k, v] = ['query', 'key', 'value'].map((part) => linear(`${layer}.attention.self.${part}`, x));
    const heads = shape.num_attention_heads;
    const width = x[0]!.length / heads;
    return q!.map((query) => {
      const mixed = new Float64Array(query.length);
      for (let head = 0; head < heads; head += 1) {
        const [from, to] = [head * width, (head + 1) * width];
        const chances = softmax(
          k!.map((key) => dot(query.subarray(from, to), key.subarray(from, to)) / Math.sqrt(width)),
        );
        for (const [token, chance] of chances.entries())
          for (let channel = from; channel < to; channel += 1) mixed[channel]! += chance * v![token]![channel]!;
      }
      return mixed;
    });
  };

  /** All hidden states of the ids: layers + 1 times [T][C]. */
  const hiddenStates = (ids: readonly number[]): Vector[][] => {
    // Positions begin after the padding's own.
    const embedded = ids.map((id, place) =>
      add(
        add(row('embeddings.word_embeddings.weight', id), row('embeddings.token_type_embeddings.weight', 0)),
        row('embeddings.position_embeddings.weight', place + shape.pad_token_id + 1),
      ),
    );
    const states = [norm('embeddings.LayerNorm', embedded)];
    for (let index = 0; index < shape.num_hidden_layers; index += 1) {
      const layer = `encoder.layer.${index}`;
      const x = states.at(-1)!;
      const attended = linear(`${layer}.attention.output.dense`, attention(layer, x));
      const middle = norm(
        `${layer}.attention.output.LayerNorm`,
        attended.map((vector, token) => add(vector, x[token]!)),
      );
      const inner = linear(`${layer}.intermediate.dense`, middle).map((vector) => vector.map(gelu));
      const out = linear(`${layer}.output.dense`, inner);
      states.push(
        norm(
          `${layer}.output.LayerNorm`,
          out.map((vector, token) => add(vector, middle[token]!)),
        ),
      );
    }
    return states;
  };

  /** What bert_score compares: the text with a space before it, between <s> and </s>, at one layer. */
  const vectors = (text: string, layer: number): TokenVectors => {
    const trimmed = text.trim();
    const inside = trimmed === '' ? [] : tokenizer.encode(` ${trimmed}`, { add_special_tokens: false });
    const room = shape.max_position_embeddings - shape.pad_token_id - 1 - 2;
    const ids = [shape.bos_token_id, ...inside.slice(0, room), shape.eos_token_id];
    return {
      vectors: hiddenStates(ids)[layer]!.map((vector) => Float32Array.from(vector)),
      special: ids.map((_, place) => place === 0 || place === ids.length - 1),
    };
  };
  return { hiddenStates, vectors };
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < a.length; index += 1) total += a[index]! * b[index]!;
  return total;
}

function add(a: Vector, b: Vector): Vector {
  return a.map((value, index) => value + b[index]!);
}

function sum(values: Vector): number {
  return values.reduce((total, value) => total + value, 0);
}

function softmax(scores: readonly number[]): number[] {
  const highest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - highest));
  const total = powers.reduce((all, power) => all + power, 0);
  return powers.map((power) => power / total);
}

function gelu(x: number): number {
  return (x * (1 + erf(x / Math.SQRT2))) / 2;
}

/** The Maclaurin series; from 4 on the function differs from 1 by less than 2e-8. */
function erf(x: number): number {
  if (Math.abs(x) >= 4) return Math.sign(x);
  let [term, total] = [x, x];
  for (let n = 1; Math.abs(term) > 1e-17; n += 1) {
    term *= -(x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}
