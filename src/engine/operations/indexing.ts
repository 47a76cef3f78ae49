/** Picking rows and elements by index, and adding back to them. Scattered sums run in one fixed order: the same bytes every time. */
import { productOf, type Shape, ShapeError, sameShape } from '../dimensions.ts';
import type { Graph, Value } from '../graph.ts';
import type { Operation, Scattered } from './types.ts';

function zeros(g: Graph, shape: Shape): Value {
  return g.apply('Expand', [g.constant(0)], { shape });
}

/** Rows to be added at `indices` of a table of `shape`. @param distinct no index comes twice. */
function scatteredRows(g: Graph, shape: Shape, indices: Value, rows: Value, distinct: boolean): Scattered {
  return {
    sparse: { indices, rows },
    addTo: (sum) => g.apply('ScatterRows', [sum ?? zeros(g, shape), indices, rows], { distinct }),
  };
}

/**
 * table [V, C], indices [...] → [..., C]. dtable: each row gets the sum of the gradients of the places that used it.
 * `distinct` promises that no index comes twice, which lets rows be added in parallel.
 */
export const Gather: Operation<'Gather'> = {
  types: ([table, indices]) => {
    if (table!.shape.length !== 2)
      throw new ShapeError('Gather', 'needs a table of rows', table!.shape, indices!.shape);
    return [{ shape: [...indices!.shape, table!.shape[1]!], dtype: table!.dtype }];
  },
  emit: (onnx, inputs, outputs) => onnx.node('Gather', inputs, outputs, { axis: { int: 0 } }),
  gradient: (g, { inputs, attributes }, [dy]) => [
    () => {
      const [table, indices] = [inputs[0]!, inputs[1]!];
      const count = productOf(indices.shape);
      const flat = g.reshape(indices, [count]);
      const rows = g.reshape(dy!, [count, table.shape[1]!]);
      return scatteredRows(g, table.shape, flat, rows, attributes.distinct);
    },
    null,
  ],
};

/** data [V, C], indices [K], rows [K, C] → data with the rows added. ddata = dy, drows = the rows of dy. */
export const ScatterRows: Operation<'ScatterRows'> = {
  types: ([data, indices, rows]) => {
    if (!sameShape(rows!.shape, [indices!.shape[0]!, data!.shape[1]!])) {
      throw new ShapeError('ScatterRows', 'rows do not fit', data!.shape, indices!.shape, rows!.shape);
    }
    return [{ shape: data!.shape, dtype: 'float32' }];
  },
  emit: (onnx, [data, indices, rows], outputs, { attributes }) => {
    const column = onnx.node1('Unsqueeze', [indices!, onnx.ints([1])]);
    const reduction = { reduction: { string: 'add' } };
    if (attributes.distinct) {
      onnx.node('ScatterND', [data!, column, rows!], outputs, reduction);
    } else {
      // ScatterND adds rows in parallel and loses some when an index repeats; ScatterElements is serial.
      const everywhere = onnx.node1('Expand', [column, onnx.node1('Shape', [rows!])]);
      onnx.node('ScatterElements', [data!, everywhere, rows!], outputs, { axis: { int: 0 }, ...reduction });
    }
  },
  gradient: (g, { inputs, attributes }, [dy]) => [
    () => dy!,
    null,
    () => g.apply('Gather', [dy!, inputs[1]!], attributes),
  ],
};

/** y[i][j] = x[i][index[i][j]] (for axis 1). dx: the gradients added where they were read. */
export const GatherElements: Operation<'GatherElements'> = {
  types: ([x, indices], { axis }) => {
    if (
      x!.shape.length !== indices!.shape.length ||
      x!.shape.some((size, a) => a !== axis && size !== indices!.shape[a])
    ) {
      throw new ShapeError('GatherElements', `may differ along axis ${axis} alone`, x!.shape, indices!.shape);
    }
    return [{ shape: indices!.shape, dtype: x!.dtype }];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('GatherElements', inputs, outputs, { axis: { int: attributes.axis } }),
  gradient: (g, { inputs, attributes }, [dy]) => [
    () => ({
      addTo: (sum) => g.apply('ScatterElements', [sum ?? zeros(g, inputs[0]!.shape), inputs[1]!, dy!], attributes),
    }),
    null,
  ],
};

/** x with `updates` added at `indices` along `axis`. dx = dy, dupdates = dy read at the indices. */
export const ScatterElements: Operation<'ScatterElements'> = {
  types: ([x, indices, updates]) => {
    if (!sameShape(indices!.shape, updates!.shape)) {
      throw new ShapeError('ScatterElements', 'needs one index an update', indices!.shape, updates!.shape);
    }
    return [{ shape: x!.shape, dtype: x!.dtype }];
  },
  emit: (onnx, inputs, outputs, { attributes }) =>
    onnx.node('ScatterElements', inputs, outputs, { axis: { int: attributes.axis }, reduction: { string: 'add' } }),
  gradient: (g, { inputs, attributes }, [dy]) => [
    () => dy!,
    null,
    () => g.apply('GatherElements', [dy!, inputs[1]!], attributes),
  ],
};
