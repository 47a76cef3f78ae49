/** Where a model's graph takes its weights from: inputs, float32 in a file, or half precision or panels in a file, made plain at each use. */
import type { AdapterValues, Parts } from './architectures/types.ts';
import type { FileRange, Graph, Value } from './graph.ts';
import { panelShape } from './packing.ts';
import type { PanelRange } from './serving-weights.ts';
import { elementCount } from './tensor.ts';

/** Rows of a table that are float32 at a time (13 MB of GPT-2's), and scores of a token. */
const TABLE_ROWS = 4096;

/**
 * @param shapes of all weights. @param given weights that are values already (inputs of the graph).
 * @param mapped where the others lie. @param adapters by the linear layer they sit on.
 * @param panels weights that are multiplied by, where they lie in panels.
 */
export function partsOf(
  g: Graph,
  shapes: ReadonlyMap<string, readonly number[]>,
  given: ReadonlyMap<string, Value>,
  mapped: ReadonlyMap<string, FileRange> | undefined,
  adapters: ReadonlyMap<string, AdapterValues>,
  panels: ReadonlyMap<string, PanelRange> = new Map(),
): Parts {
  const stored = (name: string): Value =>
    given.get(name) ?? g.mappedWeight(name, shapes.get(name)!, mapped!.get(name)!);
  const asFloat32 = (value: Value): Value => (value.dtype === 'float32' ? value : g.apply('Cast', [value], {}));
  return {
    weight(name) {
      const panel = panels.get(name);
      return panel ? unpacked(g, name, panel) : asFloat32(stored(name));
    },
    rows: (name, indices, distinct) => asFloat32(g.apply('Gather', [stored(name), indices], { distinct })),
    table(name) {
      const panel = panels.get(name);
      if (panel) return cutPanels(panel).map((part, i) => unpacked(g, `${name}, part ${i}`, part));
      const range = mapped?.get(name);
      if (given.has(name) || range === undefined) return [stored(name)];
      return cut(name, shapes.get(name)!, range).map(([part, shape, place]) =>
        asFloat32(g.mappedWeight(part, shape, place)),
      );
    },
    adapter: (layer) => adapters.get(layer),
  };
}

/** The plain matrix that was packed, made again: [out, in], or [in, out] with `fanInFanOut`. */
function unpacked(g: Graph, name: string, { range, ...matrix }: PanelRange): Value {
  const { inFeatures, outFeatures, fanInFanOut } = matrix;
  const panels = g.mappedWeight(`${name}, panels`, panelShape(matrix), range);
  return fanInFanOut
    ? g.reshape(g.transpose(panels, [1, 0, 2]), [inFeatures, outFeatures])
    : g.reshape(g.transpose(panels, [0, 2, 1]), [outFeatures, inFeatures]);
}

/** A table's panels, some at a time. */
function cutPanels({ range, outFeatures, ...matrix }: PanelRange): PanelRange[] {
  return Array.from({ length: Math.ceil(outFeatures / TABLE_ROWS) }, (_, i) => {
    const first = i * TABLE_ROWS;
    const count = Math.min(TABLE_ROWS, outFeatures - first);
    const rowBytes = 4 * matrix.inFeatures;
    return {
      ...matrix,
      outFeatures: count,
      range: { ...range, offset: range.offset + first * rowBytes, length: count * rowBytes },
    };
  });
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
