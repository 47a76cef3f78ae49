/** Where a model's graph takes its weights from: inputs, float32 in a file, or half precision in a file, cast at each use. */
import type { AdapterValues, Parts } from './architectures/types.ts';
import type { FileRange, Graph, Value } from './graph.ts';
import { elementCount } from './tensor.ts';

/** Rows of a table that are float32 at a time (25 MB of GPT-2's), and scores of a token. */
const TABLE_ROWS = 8192;

/**
 * @param shapes of all weights. @param given weights that are values already (inputs of the graph).
 * @param mapped where the others lie. @param adapters by the linear layer they sit on.
 */
export function partsOf(
  g: Graph,
  shapes: ReadonlyMap<string, readonly number[]>,
  given: ReadonlyMap<string, Value>,
  mapped: ReadonlyMap<string, FileRange> | undefined,
  adapters: ReadonlyMap<string, AdapterValues>,
): Parts {
  const stored = (name: string): Value =>
    given.get(name) ?? g.mappedWeight(name, shapes.get(name)!, mapped!.get(name)!);
  const asFloat32 = (value: Value): Value => (value.dtype === 'float32' ? value : g.apply('Cast', [value], {}));
  return {
    weight: (name) => asFloat32(stored(name)),
    rows: (name, indices, distinct) => asFloat32(g.apply('Gather', [stored(name), indices], { distinct })),
    table(name) {
      const range = mapped?.get(name);
      if (given.has(name) || range === undefined) return [stored(name)];
      return cut(name, shapes.get(name)!, range).map(([part, shape, place]) =>
        asFloat32(g.mappedWeight(part, shape, place)),
      );
    },
    adapter: (layer) => adapters.get(layer),
  };
}

/** A table in its file, cut into parts of its rows. */
function cut(
  name: string,
  [rows = 0, ...rest]: readonly number[],
  range: FileRange,
): [part: string, shape: readonly number[], range: FileRange][] {
  const rowBytes = (range.dtype === undefined ? 4 : 2) * elementCount(rest);
  return Array.from({ length: Math.ceil(rows / TABLE_ROWS) }, (_, i) => {
    const first = i * TABLE_ROWS;
    const count = Math.min(TABLE_ROWS, rows - first);
    const place = { ...range, offset: range.offset + first * rowBytes, length: count * rowBytes };
    return [`${name}, rows from ${first}`, [count, ...rest], place];
  });
}
