/**
 * What the pickle of a state dict means: names, and for each name a view (offset, shape, strides) into a storage, a flat run
 * of numbers that lies elsewhere in the file. Several tensors may view one storage (a tied head, slices of one buffer). The
 * allow-list stands here: these classes, and for each what calling it gives.
 */
import type { DataType } from '../engine/index.ts';
import { UserError } from '../errors.ts';
import { RANK_LIMIT, TENSOR_LIMIT } from './safetensors-header.ts';
import {
  PickledClass,
  PickledDict,
  PickledList,
  PickledObject,
  PickledTuple,
  type PickleRules,
  type PickleValue,
  readPickle,
} from './torch-pickle.ts';

/** How a storage's numbers lie in the file; float64, which the engine has no use for, is read as float32. */
export type StorageType = DataType | 'float64';

interface StorageKind {
  readonly type: StorageType;
  readonly bytes: number;
}

const STORAGES: ReadonlyMap<string, StorageKind> = new Map([
  ['torch.FloatStorage', { type: 'float32', bytes: 4 }],
  ['torch.DoubleStorage', { type: 'float64', bytes: 8 }],
  ['torch.HalfStorage', { type: 'float16', bytes: 2 }],
  ['torch.BFloat16Storage', { type: 'bfloat16', bytes: 2 }],
  ['torch.LongStorage', { type: 'int64', bytes: 8 }],
  ['torch.IntStorage', { type: 'int32', bytes: 4 }],
  ['torch.CharStorage', { type: 'int8', bytes: 1 }],
  ['torch.ByteStorage', { type: 'uint8', bytes: 1 }],
  ['torch.BoolStorage', { type: 'bool', bytes: 1 }],
]);

const ORDERED_DICT = 'collections.OrderedDict';
const REBUILD_TENSOR = 'torch._utils._rebuild_tensor_v2';
const REBUILD_PARAMETER = 'torch._utils._rebuild_parameter';
const CALLABLE: ReadonlySet<string> = new Set([ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER]);

/** A flat run of numbers somewhere in the file. */
export interface TorchStorage extends StorageKind {
  readonly key: string;
  /** How many numbers. */
  readonly count: number;
}

class StorageView extends PickledObject {
  readonly storage: TorchStorage;
  /** Both counted in numbers; the part of the storage that a tensor may reach. */
  readonly offset: number;
  readonly count: number;
  constructor(storage: TorchStorage, offset: number, count: number) {
    super('a storage');
    this.storage = storage;
    this.offset = offset;
    this.count = count;
  }
}

export class TorchTensor extends PickledObject {
  readonly storage: TorchStorage;
  /** All counted in numbers. */
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: TorchStorage, offset: number, shape: readonly number[], strides: readonly number[]) {
    super('a tensor');
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }

  /** How many numbers of the storage lie from the tensor's first to its last. */
  get span(): number {
    if (this.shape.includes(0)) return 0;
    return this.shape.reduce((last, size, axis) => last + (size - 1) * this.strides[axis]!, 1);
  }
}

export interface TorchState {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  readonly storages: ReadonlyMap<string, TorchStorage>;
  /** Where the next byte after the pickle lies. */
  readonly end: number;
}

/**
 * Reads the pickle of a state dict that begins at `start` of `bytes`. @throws UserError torch_refused, torch_damaged,
 * torch_too_large, torch_dtype, torch_not_weights, torch_tensor_range.
 */
export function readState(bytes: Buffer, start: number, file: string): TorchState {
  const rules = new StateRules(file);
  const { value, end } = readPickle(bytes, start, rules, file);
  return { tensors: nameTensors(value, file), storages: rules.storages, end };
}

/** The rules of pickles that hold no tensors: those around the state in the older layout. */
export const PLAIN_RULES: PickleRules = { knows: () => false, call: () => null, persistent: () => null };

function nameTensors(state: PickleValue, file: string): Map<string, TorchTensor> {
  if (!(state instanceof PickledDict)) throw new UserError('torch_not_weights', { file, entry: '.' });
  if (state.items.length / 2 > TENSOR_LIMIT)
    throw new UserError('torch_too_large', { file, what: 'tensors', limit: TENSOR_LIMIT });
  const tensors = new Map<string, TorchTensor>();
  for (let i = 0; i < state.items.length; i += 2) {
    const [name, tensor] = state.items.slice(i, i + 2);
    if (typeof name !== 'string' || !(tensor instanceof TorchTensor))
      throw new UserError('torch_not_weights', {
        file,
        entry: typeof name === 'string' ? name.slice(0, 120) : `${i / 2}`,
      });
    if (tensors.has(name)) throw new UserError('safetensors_duplicate', { file, tensor: name.slice(0, 120) });
    checkReach(name, tensor, file);
    tensors.set(name, tensor);
  }
  return tensors;
}

/**
 * torch also allows a tensor that repeats numbers (stride 0) and so is larger than what it views; here it may not be, so that
 * no tensor takes more memory than the file has bytes.
 */
function checkReach(name: string, tensor: TorchTensor, file: string): void {
  const { shape, offset, span, storage } = tensor;
  const numbers = shape.reduce((product, size) => product * size, 1);
  if (offset + span <= storage.count && numbers <= storage.count) return;
  throw new UserError('torch_tensor_range', {
    file,
    tensor: name.slice(0, 120),
    shape: `[${shape}]`,
    begin: offset,
    end: offset + Math.max(span, numbers),
    size: storage.count,
  });
}

class StateRules implements PickleRules {
  readonly storages = new Map<string, TorchStorage>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  knows(className: string): boolean {
    if (CALLABLE.has(className) || STORAGES.has(className)) return true;
    const [, dtype] = /^torch\.(?:cuda\.)?(\w+)Storage$/.exec(className) ?? [];
    if (dtype === undefined) return false;
    const supported = [...STORAGES.keys()].map((name) => name.slice('torch.'.length, -'Storage'.length)).join(', ');
    throw new UserError('torch_dtype', { file: this.#file, dtype: dtype.slice(0, 40), supported });
  }

  call(className: string, args: readonly PickleValue[]): PickleValue {
    switch (className) {
      case ORDERED_DICT:
        return orderedDict(args);
      case REBUILD_TENSOR:
        return rebuildTensor(args);
      case REBUILD_PARAMETER:
        return args[0] instanceof TorchTensor ? args[0] : null;
      default:
        // A storage's class is a name for its type; it is never called.
        return null;
    }
  }

  /** ('storage', class, key, device, count), and in the older layout a sixth: null, or (key, offset, count) of a part. */
  persistent(id: PickleValue): PickledObject | null {
    if (!(id instanceof PickledTuple)) return null;
    const [tag, type, key, , count, view = null] = id.items;
    if (tag !== 'storage' || !(type instanceof PickledClass) || typeof key !== 'string' || !isCount(count)) return null;
    const kind = STORAGES.get(type.name);
    if (kind === undefined) return null;
    const known = this.storages.get(key);
    if (known !== undefined && (known.count !== count || known.type !== kind.type)) return null;
    const storage = known ?? { ...kind, key, count };
    this.storages.set(key, storage);
    if (view === null) return new StorageView(storage, 0, count);
    const [, offset, viewCount] = view instanceof PickledTuple ? view.items : [];
    if (!isCount(offset) || !isCount(viewCount) || offset + viewCount > count) return null;
    return new StorageView(storage, offset, viewCount);
  }
}

/** Python 2 wrote the entries as a list of pairs, later ones put them in afterwards. */
function orderedDict(args: readonly PickleValue[]): PickledDict | null {
  const dict = new PickledDict();
  const [entries] = args;
  if (entries === undefined) return dict;
  if (!(entries instanceof PickledList) || args.length > 1) return null;
  for (const entry of entries.items) {
    const pair = entry instanceof PickledTuple || entry instanceof PickledList ? entry.items : [];
    if (pair.length !== 2) return null;
    dict.items.push(...pair);
  }
  return dict;
}

/** (storage, offset, shape, strides, requires_grad, hooks[, metadata]) */
function rebuildTensor([view, offset, shape, strides]: readonly PickleValue[]): TorchTensor | null {
  if (!(view instanceof StorageView) || !isCount(offset)) return null;
  const sizes = counts(shape);
  const steps = counts(strides);
  if (sizes === null || steps === null || sizes.length !== steps.length) return null;
  const tensor = new TorchTensor(view.storage, view.offset + offset, sizes, steps);
  // The storage's own end is checked where the tensor's name is known.
  return view.count === view.storage.count || offset + tensor.span <= view.count ? tensor : null;
}

function counts(value: PickleValue | undefined): number[] | null {
  if (!(value instanceof PickledTuple) || value.items.length > RANK_LIMIT) return null;
  return value.items.every(isCount) ? [...value.items] : null;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === 'number' && value >= 0;
}
