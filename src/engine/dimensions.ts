/**
 * Sizes known only when a graph runs. A dimension is a number, or a sum of products of names: 'B', 'B*T', 'P+T', '2*B*T'.
 * Text in one canonical order, so that equal sizes are equal strings.
 */

export type Dimension = number | string;
export type Shape = readonly Dimension[];

type Polynomial = Map<string, number>; // product of names, sorted and joined by '*' → coefficient; '' is the constant

function parse(dimension: Dimension): Polynomial {
  if (typeof dimension === 'number') return new Map([['', dimension]]);
  const terms: Polynomial = new Map();
  for (const term of dimension.split('+')) {
    const factors = term.split('*');
    const names = factors.filter((factor) => Number.isNaN(Number(factor))).sort();
    const coefficient = factors.filter((factor) => !Number.isNaN(Number(factor))).reduce((a, f) => a * Number(f), 1);
    addTerm(terms, names.join('*'), coefficient);
  }
  return terms;
}

function addTerm(terms: Polynomial, names: string, coefficient: number): void {
  terms.set(names, (terms.get(names) ?? 0) + coefficient);
}

function print(terms: Polynomial): Dimension {
  const present = [...terms].filter(([, coefficient]) => coefficient !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (present.length === 0) return 0;
  if (present.length === 1 && present[0]![0] === '') return present[0]![1];
  return present
    .map(([names, coefficient]) =>
      names === '' ? `${coefficient}` : coefficient === 1 ? names : `${coefficient}*${names}`,
    )
    .join('+');
}

/** The size of `dimensions` laid end to end. */
export function sumOf(dimensions: Shape): Dimension {
  const sum: Polynomial = new Map();
  for (const dimension of dimensions) for (const [names, c] of parse(dimension)) addTerm(sum, names, c);
  return print(sum);
}

/** How many elements a shape holds. */
export function productOf(dimensions: Shape): Dimension {
  let product = parse(1);
  for (const dimension of dimensions) {
    const next: Polynomial = new Map();
    for (const [left, a] of product) {
      for (const [right, b] of parse(dimension)) {
        const names = [...left.split('*'), ...right.split('*')].filter((name) => name !== '').sort();
        addTerm(next, names.join('*'), a * b);
      }
    }
    product = next;
  }
  return print(product);
}

/** The terms of a dimension, to compute it at run time: names to multiply, and how often. */
export function termsOf(dimension: Dimension): { names: string[]; coefficient: number }[] {
  return [...parse(dimension)].map(([names, coefficient]) => ({
    names: names === '' ? [] : names.split('*'),
    coefficient,
  }));
}

/** The number a dimension comes to where its names have these sizes. */
export function sizeOf(dimension: Dimension, sizes: Readonly<Record<string, number>>): number {
  return termsOf(dimension).reduce(
    (sum, { names, coefficient }) => sum + names.reduce((product, name) => product * sizes[name]!, coefficient),
    0,
  );
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Two shapes that do not go together in an operation: a mistake in an architecture, so an ordinary error. */
export class ShapeError extends Error {
  constructor(operation: string, problem: string, ...shapes: Shape[]) {
    super(`${operation}: ${problem}: ${shapes.map(showShape).join(' and ')}`);
    this.name = 'ShapeError';
  }
}

/** The shape two shapes broadcast to by NumPy's rule: aligned at the end, a 1 stretches. */
export function broadcast(operation: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new ShapeError(operation, 'shapes do not broadcast', a, b);
  });
}
