/** The brain in use against transformers: logits, greedy continuations, log-probabilities, hidden states, adapters. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GPT2LMHeadModel, Tensor as HubTensor, LlamaForCausalLM, PretrainedConfig } from '@huggingface/transformers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { architectureOf, mergeLora, openServing, type ServingModel } from '../../src/engine/index.ts';
import { int64Tensor } from '../../src/engine/session.ts';
import { writeSafetensors } from '../../src/formats/index.ts';
import './allclose.ts';
import { type GoldenForward, goldenAbsent, goldenModels } from './golden.ts';
import { emptyCache, openForTransformers } from './transformers-session.ts';

describe.skipIf(goldenAbsent).each(goldenModels)('serving $name', (golden) => {
  let model: ServingModel;
  let folder: string;
  let forward: GoldenForward;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'serving-'));
    model = await openServing(golden.config(), { weightsFile: join(golden.folder, 'model.safetensors') });
    forward = golden.forward();
  });
  afterAll(async () => {
    await model.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('logits are those of transformers', async () => {
    expect(await model.logits(forward.logits_ids)).toBeAllclose(forward.logits.flat(), { relTol: 0, absTol: 1e-4 });
  });

  test('log-probabilities are the log-softmax of the logits', async () => {
    const expected = forward.logits.slice(0, -1).map((row, t) => {
      const logSum = Math.log(row.reduce((sum, logit) => sum + Math.exp(logit), 0));
      return row[forward.logits_ids[t + 1]!]! - logSum;
    });
    expect(await model.logprobs(forward.logits_ids)).toBeAllclose(expected, { relTol: 0, absTol: 1e-4 });
  });

  test('hidden states: one a layer and the embedding; the head over the last gives the logits', async () => {
    const { layers, hiddenSize, vocabSize, headTable } = architectureOf(golden.config());
    const hidden = await model.hiddenStates(forward.logits_ids);
    expect(hidden.map(({ length }) => length)).toEqual(Array(layers + 1).fill(forward.logits_ids.length * hiddenSize));
    const table = golden.tensors('model.safetensors').get(headTable)!.data as Float32Array;
    const last = hidden.at(-1)!.subarray(-hiddenSize);
    const logits = Array.from({ length: vocabSize }, (_, token) =>
      last.reduce((sum, value, i) => sum + value * table[token * hiddenSize + i]!, 0),
    );
    expect(logits).toBeAllclose(forward.logits.at(-1)!, { relTol: 0, absTol: 1e-4 });
  });

  test.each([
    ['greedy', 1],
    ['greedy_repetition_penalty_1.2', 1.2],
  ] as const)('%s continuation through the cache, token for token', async (name, penalty) => {
    const { prompt, output } = forward[name];
    expect(await greedy(model, prompt, output.length, penalty)).toEqual(output);
  });

  test('a text read in pieces of any size gives the scores of the whole', async () => {
    const ids = forward.logits_ids;
    for (const sizes of [
      [3, 1, 2],
      [1, 1, 1],
      [2, 3],
    ]) {
      const decoder = model.startDecoding(ids.length);
      for (let at = 0, piece = 0; at < ids.length; piece++) {
        const next = ids.slice(at, at + (sizes[piece] ?? 1));
        at += next.length;
        expect(await decoder.read(next)).toBeAllclose(forward.logits[at - 1]!, { relTol: 0, absTol: 1e-4 });
      }
    }
  });

  test('a text that another call ended is not read on, nor past its room or the window', async () => {
    const ids = forward.logits_ids;
    const ended = model.startDecoding(8);
    await ended.read(ids.slice(0, 2));
    await model.logits(ids);
    await expect(ended.read([1])).rejects.toThrow('another call has ended this text');
    const { window } = architectureOf(golden.config());
    expect(() => model.startDecoding(window + 1)).toThrow(/sequence_too_long/);
    const full = model.startDecoding(window);
    await full.read(Array(window).fill(1));
    await expect(full.read([1])).rejects.toThrow(/sequence_too_long/);
  });

  test("transformers.js's generate() runs over the graph that is exported", async () => {
    const { prompt, output } = forward['greedy_repetition_penalty_1.2'];
    const Model = golden.name === 'gpt2' ? GPT2LMHeadModel : LlamaForCausalLM;
    const session = await openForTransformers(golden.config(), join(golden.folder, 'model.safetensors'));
    const hub = new Model(new PretrainedConfig(golden.config().raw), { model: session }, {});
    const generated = (await hub.generate({
      inputs: new HubTensor('int64', BigInt64Array.from(prompt, BigInt), [1, prompt.length]),
      max_new_tokens: output.length - prompt.length,
      do_sample: false,
      repetition_penalty: 1.2,
    })) as HubTensor;
    expect(Array.from(generated.data as BigInt64Array, Number)).toEqual(output);
    await session.release();
  });

  test('rows padded on the left do not see their padding', async () => {
    const [short, long] = [forward.logits_ids.slice(0, 4), forward.logits_ids.slice(0, 6)];
    const session = await openForTransformers(golden.config(), join(golden.folder, 'model.safetensors'));
    const { logits } = await session.run({
      input_ids: int64Tensor([0, 0, ...short, ...long], [2, 6]),
      attention_mask: int64Tensor([0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1], [2, 6]),
      position_ids: int64Tensor([1, 1, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5], [2, 6]),
      ...emptyCache(golden.config(), 2),
    });
    const expected = [...forward.logits[3]!, ...forward.logits[5]!];
    expect(logits!.data as Float32Array).toBeAllclose(expected, { relTol: 0, absTol: 1e-4 });
    await session.release();
  });

  test('an adapter swapped in gives what its merged weights give, swapped out the base again, to the byte', async () => {
    const base = await model.logits(forward.logits_ids);
    const lora = golden.lora();
    const tensors = golden.tensors('lora-sft/adapter_model.safetensors');
    const weightsFile = join(folder, 'merged.safetensors');
    writeSafetensors(weightsFile, mergeLora(golden.config(), golden.tensors('model.safetensors'), lora, tensors));
    const merged = await openServing(golden.config(), { weightsFile });

    model.setAdapter({ lora, tensors });
    const adapted = await model.logits(forward.logits_ids);
    expect(adapted).toBeAllclose(await merged.logits(forward.logits_ids), { relTol: 0, absTol: 1e-4 });
    expect(adapted).not.toEqual(base);
    model.setAdapter(null);
    expect(await model.logits(forward.logits_ids)).toEqual(base);
    await merged.dispose();
  });

  test('an adapter of another model is refused and the one in use stays', async () => {
    const tensors = new Map([...golden.tensors('lora-sft/adapter_model.safetensors')].slice(1));
    expect(() => model.setAdapter({ lora: golden.lora(), tensors })).toThrow(/adapter_tensor_missing/);
    expect(await model.logits(forward.logits_ids)).toBeAllclose(forward.logits.flat(), { relTol: 0, absTol: 1e-4 });
  });

  test('more tokens than the window are refused', async () => {
    const { window } = architectureOf(golden.config());
    await expect(model.logits(Array(window + 1).fill(1))).rejects.toThrow(/sequence_too_long/);
    await expect(model.hiddenStates(Array(window + 1).fill(1))).rejects.toThrow(/sequence_too_long/);
  });

  test('weights that begin at an odd byte of their file are served all the same', async () => {
    const bytes = readFileSync(join(golden.folder, 'model.safetensors'));
    const headerEnd = 8 + Number(bytes.readBigUInt64LE());
    const prefix = Buffer.alloc(8);
    prefix.writeBigUInt64LE(BigInt(headerEnd - 8 + 1));
    const weightsFile = join(folder, 'odd.safetensors');
    writeFileSync(
      weightsFile,
      Buffer.concat([prefix, bytes.subarray(8, headerEnd), Buffer.from(' '), bytes.subarray(headerEnd)]),
    );
    const odd = await openServing(golden.config(), { weightsFile });
    expect(await odd.logits(forward.logits_ids)).toEqual(await model.logits(forward.logits_ids));
    await odd.dispose();
  });

  test('a damaged, short or half-precision file of weights is refused by name', async () => {
    const open = (file: string) => openServing(golden.config(), { weightsFile: join(folder, file) });
    await expect(open('absent.safetensors')).rejects.toThrow(/file_missing/);
    writeFileSync(join(folder, 'noise.safetensors'), Buffer.alloc(64, 7));
    await expect(open('noise.safetensors')).rejects.toThrow(/weights_file_damaged/);
    const weights = golden.tensors('model.safetensors');
    writeSafetensors(join(folder, 'short.safetensors'), new Map([...weights].slice(1)));
    await expect(open('short.safetensors')).rejects.toThrow(/model_tensor_missing/);
    const half = [...weights].map(
      ([name, { shape, data }]) => [name, { dtype: 'float16', shape, data: new Uint16Array(data.length) }] as const,
    );
    writeSafetensors(join(folder, 'half.safetensors'), new Map(half));
    await expect(open('half.safetensors')).rejects.toThrow(/weights_file_not_float32.*F16/);
  });
});

/** A plain decoding loop: the likeliest token, after dividing (positive) or multiplying (negative) the logits of tokens seen. */
async function greedy(model: ServingModel, prompt: number[], length: number, penalty: number): Promise<number[]> {
  const ids = [...prompt];
  const decoder = model.startDecoding(length);
  let fresh = prompt;
  while (ids.length < length) {
    const scores = [...(await decoder.read(fresh))];
    for (const id of new Set(ids)) scores[id]! *= scores[id]! > 0 ? 1 / penalty : penalty;
    fresh = [scores.indexOf(Math.max(...scores))];
    ids.push(fresh[0]!);
  }
  return ids;
}
