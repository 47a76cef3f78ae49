/** The arrays of a training, laid out in memory that the optimiser's kernels and its threads reach. */
import { LANES } from './adamw-kernels.ts';
import { MOST_PAGES } from './wasm.ts';

/** What is asked of a tensor's arrays. */
export interface WantedTensor {
  readonly count: number;
  /** Whether weight decay applies. */
  readonly decays: boolean;
  /** AdamW unless said; Muon keeps its momentum in `expAvg` and leaves `expAvgSq` zero. */
  readonly optimizer?: 'adamw' | 'muon';
}

/** A parameter with all that its optimiser keeps of it: arrays of equal length in one memory. */
export interface OptimizedTensor {
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  /** Where a further micro-batch's gradient is written before it is added. */
  readonly scratch: Float32Array;
  readonly expAvg: Float32Array;
  readonly expAvgSq: Float32Array;
  readonly decays: boolean;
  readonly optimizer: 'adamw' | 'muon';
  /** Which memory the arrays are in. */
  readonly memory: number;
}

/** The arrays of a tensor. */
const ARRAYS = 5;
const PAGE_BYTES = 65_536;
const MOST_BYTES = PAGE_BYTES * MOST_PAGES;

/** Bytes of an array of `count` numbers with the zeros that fill its last vector. */
export function paddedBytes(count: number): number {
  return 4 * LANES * Math.ceil(count / LANES);
}

export interface OptimizerMemory {
  readonly memories: readonly WebAssembly.Memory[];
  /** In the order asked for, all zero. */
  readonly tensors: readonly OptimizedTensor[];
}

/**
 * Arrays for tensors of these sizes, in as few memories (4 GiB each) as hold them. What is never touched takes no room.
 * @throws RangeError for a tensor of more than 200 million numbers.
 */
export function allocateTensors(wanted: readonly WantedTensor[]): OptimizerMemory {
  const groups: WantedTensor[][] = [];
  let free = 0;
  for (const tensor of wanted) {
    const bytes = ARRAYS * paddedBytes(tensor.count);
    if (bytes > MOST_BYTES) throw new RangeError(`a tensor of ${tensor.count} numbers is too large to be trained`);
    if (bytes > free || groups.length === 0) {
      groups.push([]);
      free = MOST_BYTES;
    }
    groups.at(-1)!.push(tensor);
    free -= bytes;
  }
  const memories: WebAssembly.Memory[] = [];
  const tensors = groups.flatMap((group, index) => {
    const total = group.reduce((sum, { count }) => sum + ARRAYS * paddedBytes(count), 0);
    const initial = Math.max(1, Math.ceil(total / PAGE_BYTES));
    const memory = new WebAssembly.Memory({ initial, maximum: initial, shared: true });
    memories.push(memory);
    let offset = 0;
    return group.map(({ count, decays, optimizer = 'adamw' }): OptimizedTensor => {
      const array = () => {
        const values = new Float32Array(memory.buffer, offset, count);
        offset += paddedBytes(count);
        return values;
      };
      const [parameter, gradient, scratch, expAvg, expAvgSq] = [array(), array(), array(), array(), array()];
      return { parameter, gradient, scratch, expAvg, expAvgSq, decays, optimizer, memory: index };
    });
  });
  return { memories, tensors };
}
