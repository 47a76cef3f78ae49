/** Every reader of files as the fuzz sees it. A new one is a line: a name, whole files to start from, and how all is read. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openTokenizer } from '../../src/brain/tokenizer.ts';
import { elementCount, initLora, parseModelConfig } from '../../src/engine/index.ts';
import {
  decodeAdapter,
  encodeAdapter,
  encodeSafetensors,
  openModelFolder,
  openSafetensors,
  openTorch,
  readAdapterFolder,
  type StoredTensor,
  writeAdapterFolder,
} from '../../src/formats/index.ts';
import { everyType } from './bytes.ts';
import type { FuzzedFormat } from './fuzz.ts';
import { encodeGguf, tinyLlama } from './gguf-builder.ts';
import { encode, encodeTokenizer, PIECES } from './llama2c-builder.ts';
import { PUBLISHED } from './patterns.ts';
import { readWholeModel } from './read-whole-model.ts';
import { everyKind, legacyCheckpoint, statePickle, storagesOf, zip, zipCheckpoint, zipMembers } from './torch-files.ts';

const golden = resolve('..', 'shared', 'golden');
/** Nothing where the reference files are not there: the seeds made here are enough. */
const goldenFile = (...names: string[]): Uint8Array[] =>
  existsSync(join(golden, ...names)) ? [readFileSync(join(golden, ...names))] : [];

/** A reader that takes a path: the bytes are written to `name` in the folder first. */
function fromFile(name: string, read: (path: string, folder: string) => void): FuzzedFormat['read'] {
  return (bytes, folder) => {
    writeFileSync(join(folder, name), bytes);
    read(join(folder, name), folder);
  };
}

function readAll(tensors: ReadonlyMap<string, StoredTensor>): void {
  for (const [name, tensor] of tensors) {
    const { data, dtype, shape } = tensor.read();
    if (data.length !== elementCount(shape) || dtype !== tensor.dtype || `${shape}` !== `${tensor.shape}`)
      throw new Error(
        `${name}: ${data.length} numbers of ${dtype} in [${shape}], promised ${tensor.dtype} [${tensor.shape}]`,
      );
  }
}

/** Opens the model in `folder` and does with its tokenizer what a turn does. */
function useTokenizer(folder: string): void {
  const source = openModelFolder(folder);
  const tokenizer = openTokenizer(source, 0);
  if (!tokenizer.known) return;
  const ids = tokenizer.encode('Olá, the cat 😀 sat<|endoftext|>!');
  if (!ids.every(Number.isInteger)) throw new Error(`tokens of no number: ${ids}`);
  tokenizer.decode(ids);
  // What a pattern without end would never come back from.
  tokenizer.encode(`${'a'.repeat(300)}!${' '.repeat(300)}.${'1'.repeat(300)}x`);
}

const readTorch = fromFile('pytorch_model.bin', (path) => readAll(openTorch(path)));

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const config = {
  model_type: 'gpt2',
  vocab_size: 11,
  n_positions: 8,
  n_embd: 4,
  n_layer: 1,
  n_head: 2,
  activation_function: 'gelu_new',
  layer_norm_epsilon: 1e-5,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 0,
};
const lora = { r: 2, loraAlpha: 4, targetModules: ['c_attn', 'c_proj', 'c_fc'] };
const adapter = () => initLora(parseModelConfig(config), lora, 3);

/** GPT-2's alphabet and a few merges, so that a tokenizer opens in no time. */
const bytePieces = Array.from({ length: 256 }, (_, byte) => byte)
  .filter((byte) => (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad))
  .map((byte) => String.fromCharCode(byte));
const otherPieces = Array.from({ length: 256 - bytePieces.length }, (_, i) => String.fromCharCode(0x100 + i));
const merges = ['t h', 'th e', 'Ġ the', 'c a', 'ca t', 'Ġ cat'];
const vocabulary = Object.fromEntries(
  ['<|endoftext|>', ...bytePieces, ...otherPieces, ...merges.map((line) => line.replace(' ', ''))].map((piece, id) => [
    piece,
    id,
  ]),
);

function prepareModel(files: Record<string, Uint8Array | string>): (folder: string) => void {
  return (folder) => {
    const all = { 'config.json': json(config), 'model.safetensors': encodeSafetensors(new Map()), ...files };
    for (const [name, bytes] of Object.entries(all)) writeFileSync(join(folder, name), bytes);
  };
}

/** tokenizer.json itself is made from vocabulary and merges by the reader. */
function tokenizerJson(patterns: readonly string[] = []): Buffer {
  const special = {
    id: 0,
    content: '<|endoftext|>',
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
  const cuts = patterns.map((Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }));
  const model = { type: 'BPE', unk_token: null, vocab: vocabulary, merges };
  return json({
    version: '1.0',
    added_tokens: [special],
    normalizer: null,
    pre_tokenizer: cuts.length === 0 ? byteLevel : { type: 'Sequence', pretokenizers: [...cuts, byteLevel] },
    post_processor: null,
    decoder: byteLevel,
    model,
  });
}

const shard = 'model-00001-of-00001.safetensors';
const index = {
  metadata: { total_size: 96 },
  weight_map: Object.fromEntries([...everyType().keys()].map((name) => [name, shard])),
};

export const FUZZED_FORMATS: readonly FuzzedFormat[] = [
  {
    name: 'safetensors',
    seeds: () => [
      encodeSafetensors(everyType(), { format: 'pt' }),
      ...goldenFile('gpt2', 'lora-init', 'adapter_model.safetensors'),
    ],
    read: fromFile('model.safetensors', (path) => readAll(openSafetensors(path).tensors)),
  },
  {
    name: 'gguf',
    seeds: () => [encodeGguf(tinyLlama())],
    read: fromFile('model.gguf', readWholeModel),
  },
  {
    name: 'llama2c',
    prepare: (folder) => writeFileSync(join(folder, 'tokenizer.bin'), encodeTokenizer(PIECES)),
    seeds: () => [encode()],
    read: fromFile('model.bin', readWholeModel),
  },
  {
    name: 'llama2c-tokenizer',
    prepare: (folder) => writeFileSync(join(folder, 'model.bin'), encode()),
    seeds: () => [encodeTokenizer(PIECES)],
    read: fromFile('tokenizer.bin', (_, folder) => readWholeModel(join(folder, 'model.bin'))),
  },
  {
    name: 'torch-zip',
    seeds: () => [
      zipCheckpoint(everyKind()),
      zipCheckpoint(everyKind(), { zip64: true }),
      ...goldenFile('gpt2', 'pytorch_model.bin'),
    ],
    read: readTorch,
  },
  {
    // In a zip that is whole, so that nothing but the pickle can be at fault.
    name: 'torch-pickle',
    seeds: () => [statePickle(everyKind())],
    read: (bytes, folder) => readTorch(zip(zipMembers(Buffer.from(bytes), storagesOf(everyKind()))), folder),
  },
  {
    name: 'torch-legacy',
    seeds: () => [legacyCheckpoint(everyKind()), ...goldenFile('gpt2', 'legacy-half.bin')],
    read: readTorch,
  },
  { name: 'adapter-blob', seeds: () => [encodeAdapter(lora, adapter())], read: (bytes) => void decodeAdapter(bytes) },
  {
    name: 'adapter-weights',
    prepare: (folder) =>
      writeAdapterFolder(folder, { lora, tensors: adapter() }, { baseModel: null, fanInFanOut: true }),
    seeds: () => [encodeSafetensors(adapter(), { format: 'pt' })],
    read: fromFile('adapter_model.safetensors', (_, folder) => void readAdapterFolder(folder)),
  },
  {
    name: 'adapter-config',
    prepare: (folder) =>
      writeAdapterFolder(folder, { lora, tensors: adapter() }, { baseModel: null, fanInFanOut: true }),
    seeds: () => [
      json({
        peft_type: 'LORA',
        r: 2,
        lora_alpha: 4,
        target_modules: lora.targetModules,
        bias: 'none',
        use_dora: false,
      }),
    ],
    read: fromFile('adapter_config.json', (_, folder) => void readAdapterFolder(folder)),
  },
  {
    name: 'config',
    prepare: prepareModel({}),
    seeds: () => [json(config)],
    read: fromFile('config.json', (_, folder) => void parseModelConfig(openModelFolder(folder).config)),
  },
  {
    name: 'index',
    prepare: (folder) => {
      writeFileSync(join(folder, 'config.json'), json(config));
      writeFileSync(join(folder, shard), encodeSafetensors(everyType()));
    },
    seeds: () => [json(index)],
    read: fromFile('model.safetensors.index.json', (_, folder) => readAll(openModelFolder(folder).stored())),
  },
  {
    name: 'tokenizer',
    prepare: prepareModel({}),
    seeds: () => [tokenizerJson(), ...Object.values(PUBLISHED).map((pattern) => tokenizerJson([pattern]))],
    read: fromFile('tokenizer.json', (_, folder) => useTokenizer(folder)),
  },
  {
    name: 'tokenizer-config',
    prepare: prepareModel({ 'tokenizer.json': tokenizerJson() }),
    seeds: () => [
      json({
        bos_token: '<|endoftext|>',
        eos_token: { __type: 'AddedToken', content: '<|endoftext|>' },
        model_max_length: 8,
        chat_template: '{{ 1 }}',
      }),
    ],
    read: fromFile('tokenizer_config.json', (_, folder) => useTokenizer(folder)),
  },
  {
    name: 'vocabulary',
    prepare: prepareModel({ 'merges.txt': merges.join('\n') }),
    seeds: () => [json(vocabulary)],
    read: fromFile('vocab.json', (_, folder) => useTokenizer(folder)),
  },
  {
    name: 'merges',
    prepare: prepareModel({ 'vocab.json': json(vocabulary) }),
    seeds: () => [Buffer.from(`#version: 0.2\n${merges.join('\n')}\n`)],
    read: fromFile('merges.txt', (_, folder) => useTokenizer(folder)),
  },
  {
    name: 'words',
    prepare: prepareModel({ 'config.json': json({ ...config, model_type: 'bert' }) }),
    seeds: () => [
      Buffer.from(`${['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'cat', '##s', 'ol', '##a'].join('\n')}\n`),
    ],
    read: fromFile('vocab.txt', (_, folder) => useTokenizer(folder)),
  },
];
