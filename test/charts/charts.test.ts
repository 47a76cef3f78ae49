import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { averagesChart, lossChart, svgToPng } from '../../src/charts/index.ts';

const LABELS = {
  title: 'Treino do cérebro v3',
  step: 'passo',
  loss: 'perda',
  gradNorm: 'gradiente',
  learningRate: 'taxa',
};

function createSteps(count: number, changes: Partial<{ loss: number }> = {}) {
  return Array.from({ length: count }, (_, index) => ({
    step: index + 1,
    loss: 5 / (index + 1),
    gradNorm: 2,
    learningRate: 5e-5 * (1 - index / count),
    ...changes,
  }));
}

/** The shapes of each mark of one kind: the `d` of its paths. */
function marks(svg: string, kind: 'line' | 'rect' | 'symbol'): string[][] {
  const groups = svg.matchAll(new RegExp(`<g class="mark-${kind} role-mark[^"]*"[^>]*?(?:/>|>(.*?)</g>)`, 'g'));
  return [...groups].map(([, inside = '']) => [...inside.matchAll(/ d="([^"]*)"/g)].map(([, shape = '']) => shape));
}

/** Number of points that each line goes through. */
function points(svg: string): number[] {
  return marks(svg, 'line').flatMap((shapes) => shapes.map((shape) => (shape.match(/[ML]/g) ?? []).length));
}

describe('the chart of a training run', () => {
  test('draws every step of the three series, with the words it was given', async () => {
    const svg = await lossChart(createSteps(24), LABELS);
    for (const label of Object.values(LABELS)) expect(svg).toContain(label);
    expect(points(svg)).toEqual([24, 24, 24]);
  });

  test('writes the learning rate as 5e-5 and zero as 0', async () => {
    const svg = await lossChart(createSteps(5), LABELS);
    expect(svg).toMatch(/>4e-5<\/text>/);
    expect(svg).toMatch(/>0<\/text>/);
  });

  test('is as wide as its plot and axes, whatever the length of our labels: no part of the card stays empty', async () => {
    const width = async (labels: typeof LABELS) =>
      Number(/ width="(\d+)"/.exec(await lossChart(createSteps(3), labels))?.[1]);
    const long = {
      loss: 'loss (o quanto o cérebro se surpreendeu)',
      gradNorm: 'norma do gradiente (o quanto ele queria mudar)',
    };
    expect((await width({ ...LABELS, ...long })) - (await width(LABELS))).toBeLessThan(10);
  });

  test('uses the decimal mark of the reader', async () => {
    const small = createSteps(5).map((step) => ({ ...step, loss: step.loss / 5 }));
    expect(await lossChart(small, { ...LABELS, decimalMark: ',' })).toMatch(/>0,\d<\/text>/);
    expect(await lossChart(small, LABELS)).toMatch(/>0\.\d<\/text>/);
  });

  test('shows one step as a dot, none as empty axes, and leaves a gap where a value is no number', async () => {
    expect(marks(await lossChart(createSteps(1), LABELS), 'symbol').map((dots) => dots.length)).toEqual([1, 1, 1]);
    expect(await lossChart([], LABELS)).toContain('passo');
    const diverged = await lossChart([...createSteps(4), ...createSteps(1, { loss: Number.NaN })], LABELS);
    expect(points(diverged)).toEqual([4, 5, 5]);
    expect(diverged).not.toMatch(/NaN|Infinity/);
  });

  test('has an opaque background, so that it reads in a dark chat too', async () => {
    expect(await lossChart(createSteps(3), LABELS)).toMatch(/<rect width="[\d.]+" height="[\d.]+" fill="#ffffff"/);
  });

  test('escapes what would be markup', async () => {
    const svg = await lossChart(createSteps(2), { ...LABELS, title: '<script>&"' });
    expect(svg).not.toContain('<script>');
    expect((await svgToPng(svg)).length).toBeGreaterThan(1000);
  });
});

describe('the chart of averages', () => {
  const labels = { title: 'Averages', iteration: 'iteration', value: 'score' };
  const averages = (iterations: number) =>
    Array.from({ length: iterations }, (_, index) => index + 1).flatMap((iteration) => [
      { iteration, series: 'before the training', value: 0.2 },
      { iteration, series: 'after the training', value: 0.3 },
    ]);

  test('has a bar a value while they are few and a line a series when they are many', async () => {
    const few = await averagesChart(averages(3), labels);
    expect(marks(few, 'rect').flat()).toHaveLength(6);
    expect(few).toContain('before the training');
    expect(points(await averagesChart(averages(20), labels))).toEqual([20, 20]);
  });

  test('draws nothing for a value that is no number, and empty axes for no value', async () => {
    const svg = await averagesChart(
      [...averages(1), { iteration: 2, series: 'after the training', value: Number.NaN }],
      labels,
    );
    expect(marks(svg, 'rect').flat()).toHaveLength(2);
    expect(await averagesChart([], labels)).toContain('iteration');
  });
});

test('a PNG is twice the size of its SVG, and letters leave a mark', async () => {
  const svg = await lossChart(createSteps(3), LABELS);
  const png = Buffer.from(await svgToPng(svg));
  expect(png.subarray(1, 4).toString('latin1')).toBe('PNG');
  const width = Number(/<svg[^>]* width="([\d.]+)"/.exec(svg)?.[1]);
  expect(Math.abs(png.readUInt32BE(16) - 2 * width)).toBeLessThanOrEqual(2);
  const wordless = await svgToPng(svg.replace(/<text[^>]*>[^<]*<\/text>/g, ''));
  expect(png.length).toBeGreaterThan(wordless.length);
});

test('the drawing libraries are loaded with the first chart, not with the room', () => {
  const room = pathToFileURL(`${import.meta.dirname}/../../src/charts/index.ts`).href;
  const program = `
    import { registerHooks } from 'node:module';
    const asked = [];
    registerHooks({ resolve: (name, context, next) => (asked.push(name), next(name, context)) });
    const { lossChart } = await import('${room}');
    const before = asked.filter((name) => /vega|resvg/.test(name)).length;
    await lossChart([], { title: '', step: '', loss: '', gradNorm: '', learningRate: '' });
    console.log(JSON.stringify([before, asked.includes('vega-lite')]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(JSON.parse(output)).toEqual([0, true]);
});
