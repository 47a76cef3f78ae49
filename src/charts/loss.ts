/** One training run as three small charts over the same steps: loss, gradient norm, learning rate. */
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, LOOK, PLOT_WIDTH, renderSvg } from './render.ts';

/** What a chart needs of a step's log. */
export interface TrainingPoint {
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
  readonly learningRate: number;
}

export interface LossChartLabels {
  readonly title: string;
  /** Name of the horizontal axis. */
  readonly step: string;
  readonly loss: string;
  readonly gradNorm: string;
  readonly learningRate: string;
  /** '.' unless given. */
  readonly decimalMark?: '.' | ',';
}

const PANELS = [
  { field: 'loss', height: 130, labels: "format(datum.value, '~r')" },
  { field: 'gradNorm', height: 90, labels: "format(datum.value, '~r')" },
  { field: 'learningRate', height: 90, labels: "datum.value === 0 ? '0' : format(datum.value, '~e')" },
] as const;

/** Up to this many steps each is a dot on the line: fewer than two would show no line at all. */
const MOST_DOTS = 40;

/** SVG of a run. A step whose value is no finite number (a diverged run) leaves a gap. */
export function lossChart(steps: readonly TrainingPoint[], labels: LossChartLabels): Promise<string> {
  const description: TopLevelSpec = {
    ...LOOK,
    title: labels.title,
    data: { values: steps.map(withGaps) },
    spacing: 18,
    vconcat: PANELS.map(({ field, height, labels: labelExpr }, index) => ({
      width: PLOT_WIDTH,
      height,
      mark: { type: 'line', strokeWidth: 2.5, color: COLOURS[index], point: dots(steps.length, COLOURS[index]) },
      encoding: {
        x: {
          field: 'step',
          type: 'quantitative',
          scale: { nice: false, zero: false, padding: 8 },
          axis: { title: index === PANELS.length - 1 ? labels.step : null, format: 'd', tickMinStep: 1 },
        },
        y: {
          field,
          type: 'quantitative',
          scale: { zero: field === 'learningRate' },
          axis: { title: null, labelExpr, minExtent: 52 },
        },
      },
      title: { text: labels[field], fontSize: 14, fontWeight: 'normal', offset: 6 },
    })),
  };
  return renderSvg(description, labels.decimalMark);
}

function dots(count: number, color: string | undefined) {
  return count <= MOST_DOTS && { filled: true, size: 45, color };
}

function withGaps(point: TrainingPoint) {
  const finite = (value: number) => (Number.isFinite(value) ? value : null);
  return {
    step: point.step,
    loss: finite(point.loss),
    gradNorm: finite(point.gradNorm),
    learningRate: finite(point.learningRate),
  };
}
