import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openBrain } from '../../src/brain/index.ts';
import {
  defaultLora,
  expectedWeights,
  initLora,
  openTrainable,
  parseModelConfig,
  randomWeights,
} from '../../src/engine/index.ts';
import { encodeSafetensors, readSafetensors, writeSafetensors } from '../../src/formats/index.ts';
import { train } from '../../src/training/index.ts';
import { golden, noGolden, opened, refusal, temporaryFolder, tinyConfig, tinyFolder } from './helpers.ts';

const config = parseModelConfig(tinyConfig);
const greedy = { greedy: true, repetitionPenalty: 1, seed: 0 };

/** A LoRA adapter that changes something: a fresh one has B zero. */
function adapter(seed: number) {
  const lora = defaultLora(config, 4, 8);
  const tensors = initLora(config, lora, seed);
  for (const [name, { data }] of tensors) {
    if (name.includes('lora_B')) for (let i = 0; i < data.length; i++) data[i] = Math.sin(i + seed);
  }
  return { lora, tensors };
}

function weightsFile(seed: number): string {
  const file = path.join(temporaryFolder(), 'weights.safetensors');
  writeSafetensors(file, randomWeights(config, seed));
  return file;
}

describe.skipIf(noGolden)('the reference GPT-2', () => {
  const forward = JSON.parse(noGolden ? '{}' : readFileSync(path.join(golden, 'gpt2', 'forward.json'), 'utf8'));

  test('is continued greedily with the same ids, with and without repetition penalty', async () => {
    const brain = await opened(path.join(golden, 'gpt2'));
    for (const [name, repetitionPenalty] of [
      ['greedy', 1],
      ['greedy_repetition_penalty_1.2', 1.2],
    ] as const) {
      const { prompt, output } = forward[name];
      const settings = { greedy: true, repetitionPenalty, maxNewTokens: output.length - prompt.length, seed: 1 };
      const { outputIds, tokenLogprobs } = await brain.generate(prompt, settings);
      expect([...prompt, ...outputIds]).toEqual(output);
      const whole = await brain.logprobs(output);
      for (const [index, logprob] of tokenLogprobs.entries())
        expect(logprob).toBeCloseTo(whole[prompt.length - 1 + index]!, 4);
    }
  });

  test('takes and gives ids where the folder has no tokenizer, and says so for text', async () => {
    const brain = await opened(path.join(golden, 'gpt2'));
    expect(brain.info()).toMatchObject({ hasTokenizer: false, vocabulary: 128, window: 96, architecture: 'gpt2' });
    expect((await brain.generate([1, 2, 3], { maxNewTokens: 2, seed: 1 })).text).toBe('');
    const error = await refusal(() => brain.promptIds([], 'hello'));
    expect(error.identifier).toBe('tokenizer_missing');
  });
});

describe('generating', () => {
  test('gives the same reply for the same seed, another for another', async () => {
    const brain = await opened();
    const prompt = await brain.promptIds([], 'the cat sat', {}, 20);
    const settings = { maxNewTokens: 20, temperature: 1.5, topK: 0, topP: 1 };
    const first = await brain.generate(prompt, { ...settings, seed: 1 });
    const again = await brain.generate(prompt, { ...settings, seed: 1 });
    const other = await brain.generate(prompt, { ...settings, seed: 2 });
    expect(again.outputIds).toEqual(first.outputIds);
    expect(again.tokenLogprobs).toEqual(first.tokenLogprobs);
    expect(other.outputIds).not.toEqual(first.outputIds);
  });

  test('reports for each token what logprobs() says of the whole', async () => {
    const brain = await opened();
    const prompt = await brain.promptIds([], 'what do you think?', { language: 'en' }, 20);
    const { inputIds, outputIds, tokenLogprobs } = await brain.generate(prompt, { maxNewTokens: 20, seed: 3 });
    const whole = await brain.logprobs([...inputIds, ...outputIds]);
    expect(tokenLogprobs).toHaveLength(outputIds.length);
    for (const [index, logprob] of tokenLogprobs.entries())
      expect(logprob).toBeCloseTo(whole[inputIds.length - 1 + index]!, 4);
  });

  test('stops at the end token and keeps it, or at the limit and says so', async () => {
    const brain = await opened();
    for (let seed = 1; ; seed++) {
      const { outputIds, reachedLimit } = await brain.generate([20, 30], {
        maxNewTokens: 60,
        temperature: 3,
        topK: 0,
        topP: 1,
        seed,
      });
      const end = outputIds.indexOf(brain.tokenizer.eosId);
      expect(reachedLimit).toBe(end < 0);
      if (end < 0 && seed < 200) continue;
      expect(end).toBe(outputIds.length - 1);
      return;
    }
  });

  test('hands each token on as it comes', async () => {
    const brain = await opened();
    const seen: number[] = [];
    let text = '';
    const result = await brain.generate([20, 30], { maxNewTokens: 10, seed: 1 }, {}, (id, soFar) => {
      seen.push(id);
      text = soFar;
    });
    expect(seen).toEqual(result.outputIds);
    expect(text).toBe(result.text);
  });

  test('never overruns the window, however long the prompt', async () => {
    const brain = await opened();
    for (const length of [1, 63, 64, 65, 500]) {
      const prompt = Array.from({ length }, (_, i) => 17 + (i % 200));
      const { inputIds, outputIds } = await brain.generate(prompt, { ...greedy, maxNewTokens: 100 });
      expect(inputIds.length + outputIds.length).toBeLessThanOrEqual(brain.window);
      expect(outputIds.length).toBeGreaterThan(0);
      expect(inputIds.at(-1)).toBe(prompt.at(-1));
    }
  });

  test('keeps the leading control token of a prompt it must shorten', async () => {
    const brain = await opened();
    const language = brain.tokenizer.specialId('<|pt|>')!;
    const prompt = [language, ...Array.from({ length: 100 }, () => 50)];
    const { inputIds } = await brain.generate(prompt, { ...greedy, maxNewTokens: 10 });
    expect(inputIds[0]).toBe(language);
  });

  test('refuses nothing, and ids that are no tokens, and changes nothing', async () => {
    const brain = await opened();
    const before = await brain.generate([20, 30], { ...greedy, maxNewTokens: 5 });
    expect((await refusal(() => brain.generate([], { seed: 1 }))).identifier).toBe('prompt_empty');
    for (const wrong of [-1, 1.5, tinyConfig.vocab_size, Number.NaN])
      expect((await refusal(() => brain.generate([wrong], { seed: 1 }))).identifier).toBe('prompt_token_unknown');
    expect((await refusal(() => brain.logprobs(Array(65).fill(20)))).identifier).toBe('sequence_too_long');
    expect((await brain.generate([20, 30], { ...greedy, maxNewTokens: 5 })).outputIds).toEqual(before.outputIds);
  });
});

describe('versions', () => {
  test('swap by adapter between calls, even when the calls were made at once', async () => {
    const brain = await opened();
    const one = { adapter: adapter(1) };
    const two = { adapter: adapter(2) };
    const ids = [20, 30, 40, 50];
    const alone = [await brain.logprobs(ids), await brain.logprobs(ids, one), await brain.logprobs(ids, two)];
    expect(alone[1]).not.toEqual(alone[0]);
    expect(alone[2]).not.toEqual(alone[1]);
    const together = await Promise.all([{}, one, two, one, {}].map((version) => brain.logprobs(ids, version)));
    expect(together).toEqual([alone[0], alone[1], alone[2], alone[1], alone[0]]);
  });

  test('with weights of their own come and go, two at a time', async () => {
    const brain = await opened();
    const ids = [20, 30, 40, 50];
    const files = [1, 2, 3].map(weightsFile);
    const base = await brain.logprobs(ids);
    const first = await Promise.all(files.map((file) => brain.logprobs(ids, { weightsFile: file })));
    expect(new Set([base, ...first].map(String)).size).toBe(4);
    for (const [index, file] of files.entries())
      expect(await brain.logprobs(ids, { weightsFile: file })).toEqual(first[index]);
    expect(await brain.logprobs(ids)).toEqual(base);
  });

  test('answer after a call that failed', async () => {
    const brain = await opened();
    const [bad, good] = await Promise.allSettled([
      brain.logprobs([20, 30], { weightsFile: path.join(temporaryFolder(), 'absent.safetensors') }),
      brain.logprobs([20, 30]),
    ]);
    expect(bad.status).toBe('rejected');
    expect(good.status).toBe('fulfilled');
  });

  test('an adapter made for another model is refused', async () => {
    const brain = await opened();
    const other = parseModelConfig({ ...tinyConfig, n_embd: 16 });
    const lora = defaultLora(other);
    const error = await refusal(() =>
      brain.logprobs([20, 30], { adapter: { lora, tensors: initLora(other, lora, 1) } }),
    );
    expect(error.identifier).toBe('adapter_tensor_shape');
  });
});

describe('looking inside', () => {
  test('hidden states have one array a layer and one more', async () => {
    const brain = await opened();
    const states = await brain.hiddenStates([20, 30, 40]);
    expect(states.map((state) => state.length)).toEqual([96, 96, 96]);
  });

  test('a text is as close to itself as can be, and the score names its model', async () => {
    const brain = await opened();
    const same = await brain.bertScore('the cat sat', 'the cat sat');
    const other = await brain.bertScore('the cat sat', 'não sei');
    expect(same.f1).toBeCloseTo(1, 5);
    expect(other.f1).toBeLessThan(same.f1);
    expect(same).toMatchObject({ model: brain.name, layer: 1, layers: 2 });
    expect(await brain.bertScore('', 'the cat')).toMatchObject({ precision: 0, recall: 0, f1: 0 });
  });

  test('info counts every weight', async () => {
    const brain = await opened();
    const counted = [...expectedWeights(config).values()].map((shape) => shape.reduce((a, b) => a * b, 1));
    const { parameters, memory } = brain.info();
    expect(parameters).toBe(counted.reduce((a, b) => a + b, 0));
    expect(memory.serving).toBeLessThan(memory.lora);
    expect(memory.lora).toBeLessThan(memory.full);
  });
});

describe('opening', () => {
  test('expands float16 weights once and finds them again', async () => {
    const dataFolder = temporaryFolder();
    const folder = tinyFolder({ dtype: 'float16' });
    const first = await opened(folder, dataFolder);
    const { weightsFile } = first;
    const files = () => readdirSync(path.join(dataFolder, 'cache'));
    expect(files()).toEqual([path.basename(weightsFile)]);
    expect(path.basename(weightsFile)).toMatch(/^[0-9a-f]{64}\.safetensors$/);
    const { mtimeMs } = statSync(weightsFile);
    const again = await opened(folder, dataFolder);
    expect(again.weightsFile).toBe(weightsFile);
    expect(statSync(weightsFile).mtimeMs).toBe(mtimeMs);
  });

  test('packs the weights it serves once and finds them again', async () => {
    const dataFolder = temporaryFolder();
    const folder = tinyFolder({ dtype: 'float16' });
    const ids = [20, 30, 40];
    const first = await opened(folder, dataFolder);
    const expected = await first.logprobs(ids);
    const files = readdirSync(path.join(dataFolder, 'cache'));
    expect(files).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.float32-1\.safetensors$/)]);
    const again = await opened(folder, dataFolder);
    expect(await again.logprobs(ids)).toEqual(expected);
    expect(readdirSync(path.join(dataFolder, 'cache'))).toEqual(files);
  });

  test('served as it is trained from, it copies nothing and answers the same', async () => {
    const [folder, dataFolder] = [tinyFolder(), temporaryFolder()];
    const packed = await opened(folder);
    const plain = await openBrain(folder, { dataFolder, threads: 1, repack: false });
    const expected = await packed.logprobs([20, 30, 40]);
    for (const [i, value] of (await plain.logprobs([20, 30, 40])).entries()) expect(value).toBeCloseTo(expected[i]!, 4);
    expect(existsSync(path.join(dataFolder, 'cache'))).toBe(false);
    await plain.dispose();
  });

  test('mends a cached file that was cut short', async () => {
    const dataFolder = temporaryFolder();
    const folder = tinyFolder({ dtype: 'float16' });
    const first = await opened(folder, dataFolder);
    const expected = await first.logprobs([20, 30]);
    const weights = readFileSync(first.weightsFile);
    await first.dispose();
    const cache = path.join(dataFolder, 'cache');
    for (const file of readdirSync(cache).map((name) => path.join(cache, name)))
      writeFileSync(file, readFileSync(file).subarray(0, 5000));
    const again = await opened(folder, dataFolder);
    expect(await again.logprobs([20, 30])).toEqual(expected);
    expect(readFileSync(again.weightsFile).equals(weights)).toBe(true);
  });

  test('float16 weights are trained over as they are stored: the same bytes as over their float32 copy', async () => {
    const folder = tinyFolder({ dtype: 'float16' });
    const { config: model, frozenFile, weightsFile } = await opened(folder);
    expect(frozenFile).toBe(path.join(folder, 'model.safetensors'));
    expect(weightsFile).not.toBe(frozenFile);
    const trained = async (file: string) => {
      const trainable = await openTrainable(model, { file }, { method: 'lora' });
      await train(trainable, [{ inputIds: [20, 30, 40, 50] }], { learningRate: 1e-2 });
      return trainable.exportState();
    };
    expect(await trained(frozenFile)).toEqual(await trained(weightsFile));
  });

  test('uses a float32 file where it lies', async () => {
    const folder = tinyFolder();
    expect((await opened(folder)).weightsFile).toBe(path.join(folder, 'model.safetensors'));
  });

  test.each(['float32', 'float16'] as const)(
    'says which tensor is missing or misshapen in a %s file',
    async (dtype) => {
      const folder = tinyFolder({ dtype });
      const file = path.join(folder, 'model.safetensors');
      const { tensors } = readSafetensors(file);
      const norm = tensors.get('transformer.ln_f.weight')!;

      tensors.delete('transformer.ln_f.weight');
      writeFileSync(file, encodeSafetensors(tensors));
      const missing = await refusal(() => opened(folder));
      expect(missing).toMatchObject({
        identifier: 'model_tensor_missing',
        context: { tensor: 'transformer.ln_f.weight' },
      });

      tensors.set('transformer.ln_f.weight', { ...norm, shape: [2, 16] });
      writeFileSync(file, encodeSafetensors(tensors));
      const misshapen = await refusal(() => opened(folder));
      expect(misshapen).toMatchObject({
        identifier: 'model_tensor_shape',
        context: { expected: '[32]', actual: '[2,16]' },
      });
    },
  );

  test.each(['float32', 'float16'] as const)('refuses a %s file cut anywhere, with a sentence', async (dtype) => {
    const folder = tinyFolder({ dtype });
    const file = path.join(folder, 'model.safetensors');
    const whole = readFileSync(file);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: whole.length - 1 }), async (length) => {
        writeFileSync(file, whole.subarray(0, length));
        const { identifier } = await refusal(() => opened(folder));
        expect(identifier).toMatch(/^(safetensors|weights_file)_|^file_cut_off$/);
      }),
      { numRuns: 25 },
    );
  });

  test('says what is wrong with a folder, a configuration, a tokenizer', async () => {
    expect((await refusal(() => opened(path.join(temporaryFolder(), 'absent')))).identifier).toBe('file_missing');
    expect((await refusal(() => opened(temporaryFolder()))).identifier).toBe('model_config_missing');

    const llama = tinyFolder();
    writeFileSync(path.join(llama, 'config.json'), JSON.stringify({ ...tinyConfig, model_type: 'llama9' }));
    expect((await refusal(() => opened(llama))).identifier).toBe('unsupported_architecture');

    const broken = tinyFolder();
    writeFileSync(path.join(broken, 'tokenizer.json'), '{"model": {"type": "Strange"}}');
    expect((await refusal(() => opened(broken))).identifier).toBe('tokenizer_unreadable');
    writeFileSync(path.join(broken, 'tokenizer.json'), '{"model"');
    expect((await refusal(() => opened(broken))).identifier).toBe('json_unreadable');
  });
});
