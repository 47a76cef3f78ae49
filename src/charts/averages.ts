/** Averages iteration by iteration: bars side by side while they are few, lines when they are many. */
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, LOOK, PLOT_WIDTH, renderSvg } from './render.ts';

export interface AveragePoint {
  readonly iteration: number;
  /** What was averaged, as the reader calls it: "before" and "after", or the names of metrics. */
  readonly series: string;
  readonly value: number;
}

export interface AveragesLabels {
  readonly title: string;
  /** Name of the horizontal axis. */
  readonly iteration: string;
  /** Name of the vertical axis. */
  readonly value: string;
  /** '.' unless given. */
  readonly decimalMark?: '.' | ',';
}

/** More bars than this would be too thin for a phone. */
const MOST_BARS = 16;

/** SVG of averages by iteration; series keep the order in which they first come. */
export function averagesChart(points: readonly AveragePoint[], labels: AveragesLabels): Promise<string> {
  const values = points.filter(({ value }) => Number.isFinite(value));
  const series = [...new Set(values.map((point) => point.series))];
  const x = {
    field: 'iteration',
    type: 'ordinal' as const,
    axis: { title: labels.iteration, labelAngle: 0, labelOverlap: true },
  };
  const y = { field: 'value', type: 'quantitative' as const, axis: { title: labels.value, format: '~r' } };
  const color = {
    field: 'series',
    type: 'nominal' as const,
    sort: series,
    scale: { domain: series, range: COLOURS.slice(0, Math.max(series.length, 1)) },
    legend: { title: null, labelLimit: 0 },
  };
  const description: TopLevelSpec = {
    ...LOOK,
    title: labels.title,
    data: { values },
    width: PLOT_WIDTH,
    height: 240,
    ...(values.length <= MOST_BARS
      ? { mark: 'bar', encoding: { x, y, color, xOffset: { field: 'series', sort: series } } }
      : { mark: { type: 'line', strokeWidth: 2.5, point: { size: 45 } }, encoding: { x, y, color } }),
  };
  return renderSvg(description, labels.decimalMark);
}
