/** An encoder as the house uses it: bert_score's numbers on 123 pairs, its rules for texts, its ways to lie on a disk. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openAnyModel, openEncoderModel } from '../../src/brain/index.ts';
import { float32ToFloat16, toFloat32 } from '../../src/engine/index.ts';
import { readSafetensors, writeSafetensors } from '../../src/formats/index.ts';
import { golden, noGolden, opened, refusal, temporaryFolder, tinyFolder } from './helpers.ts';

const roberta = path.join(golden, 'roberta');

async function encoderAt(folder = roberta, dataFolder = temporaryFolder()) {
  const encoder = await openEncoderModel(folder, { dataFolder, threads: 1 });
  onTestFinished(() => encoder.dispose());
  return encoder;
}

/** A copy of the golden folder to change. */
function copied(): string {
  const folder = path.join(temporaryFolder(), 'copy');
  cpSync(roberta, folder, { recursive: true });
  return folder;
}

function changeJson(file: string, change: (json: Record<string, unknown>) => void): void {
  const json = JSON.parse(readFileSync(file, 'utf8'));
  change(json);
  writeFileSync(file, JSON.stringify(json));
}

describe.skipIf(noGolden)('with a RoBERTa', () => {
  type Case = { reference: string; hypothesis: string } & Record<'precision' | 'recall' | 'f1', number>;
  const { num_layers, cases }: { num_layers: number; cases: Case[] } = noGolden
    ? { num_layers: 0, cases: [] }
    : JSON.parse(readFileSync(path.join(roberta, 'bertscore.json'), 'utf8'));

  test('BERTScore equals bert_score on all 123 pairs', async () => {
    expect(cases).toHaveLength(123);
    const encoder = await encoderAt();
    const offenders: unknown[] = [];
    for (const one of cases) {
      const score = await encoder.bertScore([one.reference], one.hypothesis, num_layers);
      const close = (['precision', 'recall', 'f1'] as const).every((key) => Math.abs(score[key] - one[key]) <= 1e-5);
      if (!close) offenders.push({ ...one, score });
    }
    expect(offenders).toEqual([]);
  });

  test('several references give the best of each number; an empty text gives zeros; the label says whose they are', async () => {
    const encoder = await encoderAt();
    const [a, b] = [cases[0]!, cases[1]!];
    const alone = [
      await encoder.bertScore([a.reference], a.hypothesis, num_layers),
      await encoder.bertScore([b.reference], a.hypothesis, num_layers),
    ];
    const both = await encoder.bertScore([a.reference, b.reference], a.hypothesis, num_layers);
    for (const key of ['precision', 'recall', 'f1'] as const)
      expect(both[key]).toBeCloseTo(Math.max(...alone.map((score) => score[key])), 5);
    for (const [reference, hypothesis] of [
      ['', 'a'],
      ['a', ' \u2003\x1c'],
      ['', ''],
    ] as const)
      expect(await encoder.bertScore([reference], hypothesis, 2)).toMatchObject({ precision: 0, recall: 0, f1: 0 });
    expect(both).toMatchObject({ model: 'roberta', layer: num_layers, layers: 3 });
  });

  test('a sentence is stripped as Python does, begins with a space, and is cut to the tokenizer’s length', async () => {
    const { tokenizer } = await encoderAt();
    expect(tokenizer.encodeSentence('\x1c The cat\n')).toEqual(tokenizer.encode(' The cat'));
    expect(tokenizer.encodeSentence('')).toEqual([0, 2]);
    const long = tokenizer.encodeSentence('cat '.repeat(300));
    expect([long.length, long[0], long.at(-1)]).toEqual([128, 0, 2]);
    // bert_score goes by the id: an end spelt out in the text weighs nothing either.
    expect(tokenizer.encodeSentence('a</s>b').filter((id) => tokenizer.isEnd(id))).toEqual([0, 2, 2]);
  });

  test('a tokenizer that names neither class, ends nor length gets RoBERTa’s, and what the model can hold', async () => {
    const folder = copied();
    writeFileSync(path.join(folder, 'tokenizer_config.json'), '{}');
    const [bare, full] = [await encoderAt(folder), await encoderAt()];
    expect(bare.tokenizer.encodeSentence('the cat')).toEqual(full.tokenizer.encodeSentence('the cat'));
    expect(bare.tokenizer.encodeSentence('cat '.repeat(300))).toHaveLength(bare.window);
    changeJson(path.join(folder, 'tokenizer_config.json'), (json) => {
      json.tokenizer_class = 'XLMRobertaTokenizer';
    });
    const { tokenizer } = await encoderAt(folder);
    expect(tokenizer.encodeSentence('the cat')).toEqual(tokenizer.encode('the cat'));
  });

  test('a BERT with nothing but its vocabulary is read between [CLS] and [SEP], without a leading space', async () => {
    const folder = copied();
    changeJson(path.join(folder, 'config.json'), (json) =>
      Object.assign(json, { model_type: 'bert', pad_token_id: 0 }),
    );
    const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'the', 'cat', '##s', '.'];
    const special = { special: true, single_word: false, lstrip: false, rstrip: false, normalized: false };
    const tokenizer = {
      added_tokens: vocabulary.slice(0, 4).map((content, id) => ({ id, content, ...special })),
      normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, lowercase: false },
      pre_tokenizer: { type: 'BertPreTokenizer' },
      post_processor: null,
      decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
      model: {
        ...{ type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', max_input_chars_per_word: 100 },
        vocab: Object.fromEntries(vocabulary.map((token, id) => [token, id])),
      },
    };
    writeFileSync(path.join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
    writeFileSync(path.join(folder, 'tokenizer_config.json'), '{"do_lower_case": false, "model_max_length": 6}');
    const bert = await encoderAt(folder);
    expect(bert.tokenizer.encodeSentence(' the cats. ')).toEqual([2, 4, 5, 6, 7, 3]);
    expect(bert.tokenizer.encodeSentence('the cats the cats.')).toEqual([2, 4, 5, 6, 4, 3]);
    expect((await bert.bertScore(['the cat'], 'the cat', 3)).f1).toBeCloseTo(1, 6);
    expect(await bert.bertScore([''], 'the cat', 3)).toMatchObject({ f1: 0 });
  });

  test('weights in half precision go through the cache, once', async () => {
    const folder = copied();
    const file = path.join(folder, 'model.safetensors');
    const halves = [...readSafetensors(file).tensors].map(([name, tensor]) => {
      const data = Uint16Array.from(toFloat32(tensor), float32ToFloat16);
      return [name, { dtype: 'float16', shape: tensor.shape, data }] as const;
    });
    writeSafetensors(file, new Map(halves));
    const dataFolder = temporaryFolder();
    const half = await encoderAt(folder, dataFolder);
    const states = (await half.hiddenStates([0, 5, 6, 2])).at(-1)!;
    const exact = (await (await encoderAt()).hiddenStates([0, 5, 6, 2])).at(-1)!;
    expect(Math.max(...states.map((value, i) => Math.abs(value - exact[i]!)))).toBeLessThan(0.05);
    const again = await encoderAt(folder, dataFolder);
    expect((await again.hiddenStates([0, 5, 6, 2])).at(-1)).toEqual(states);
  });

  test('ids work without a tokenizer, text is refused with the folder’s name', async () => {
    const folder = copied();
    for (const name of ['tokenizer.json', 'vocab.json', 'merges.txt']) rmSync(path.join(folder, name));
    const encoder = await encoderAt(folder);
    expect(await encoder.hiddenStates([0, 2], 1)).toHaveLength(2);
    expect((await refusal(() => encoder.bertScore(['a'], 'b', 1))).identifier).toBe('tokenizer_missing');
  });

  test('a tokenizer without its ends is refused', async () => {
    const folder = copied();
    changeJson(path.join(folder, 'tokenizer_config.json'), (json) => {
      json.cls_token = '[CLS]';
    });
    expect(await refusal(() => encoderAt(folder))).toMatchObject({
      identifier: 'tokenizer_unreadable',
      context: { problem: 'cls_token: [CLS]' },
    });
  });

  test('ids, lengths and layers that cannot be are refused', async () => {
    const encoder = await encoderAt();
    const identifierOf = async (work: () => unknown) => (await refusal(work)).identifier;
    expect(await identifierOf(() => encoder.hiddenStates([]))).toBe('prompt_empty');
    expect(await identifierOf(() => encoder.hiddenStates([700]))).toBe('prompt_token_unknown');
    expect(await identifierOf(() => encoder.hiddenStates(Array(139).fill(5)))).toBe('sequence_too_long');
    expect(await identifierOf(() => encoder.bertScore(['a'], 'b', 4))).toBe('encoder_layer_missing');
  });

  test('info tells what the folder holds, and counts its parameters', async () => {
    const tensors = [...readSafetensors(path.join(roberta, 'model.safetensors')).tensors.values()];
    const parameters = tensors.reduce((sum, { data }) => sum + data.length, 0);
    const info = (await encoderAt()).info();
    expect(info).toMatchObject({ architecture: 'roberta', vocabulary: 700, window: 138, layers: 3, parameters });
    expect(info.memory.serving).toBeGreaterThan(4 * parameters);
  });

  test('whichever kind a folder holds is opened; an encoder is no brain', async () => {
    const options = { dataFolder: temporaryFolder(), threads: 1 };
    for (const [folder, kind] of [
      [roberta, 'encoder'],
      [tinyFolder(), 'brain'],
      ['sprout', 'brain'],
    ] as const) {
      const any = await openAnyModel(folder, options);
      expect(any.kind).toBe(kind);
      await any.model.dispose();
    }
    expect((await refusal(() => opened(roberta))).identifier).toBe('unsupported_architecture');
  });
});
