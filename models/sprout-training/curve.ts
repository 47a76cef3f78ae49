/** The learning curve: what the training logged, and its picture. */
import { existsSync, readFileSync } from 'node:fs';
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, LOOK, PLOT_WIDTH, renderSvg } from '../../src/charts/render.ts';
import type { Validation } from './evaluate.ts';

export interface CurveEntry {
  step: number;
  tokens?: number;
  loss?: number;
  learning_rate?: number;
  validation?: Record<string, Validation>;
}

/** The held-out sets that are looked at between steps, as people call them. */
export const CURVE_SETS = {
  en: 'English chit-chat',
  'tatoeba-pt': "Tatoeba's Portuguese",
  'own-pt': "the corpus's Portuguese",
} as const;

export function readCurve(file: string): CurveEntry[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line): CurveEntry => JSON.parse(line));
}

/** SVG: the loss of the rows as they came, and held-out bits a character. */
export function curveChart(curve: readonly CurveEntry[]): Promise<string> {
  const losses = curve.filter(({ loss }) => loss !== undefined).map(({ step, loss }) => ({ step, loss }));
  const heldOut = curve.flatMap(({ step, validation }) =>
    Object.entries(CURVE_SETS).flatMap(([name, set]) => {
      const bits = validation?.[name]?.bits_per_character;
      return bits === undefined ? [] : [{ step, set, bits }];
    }),
  );
  const domain = [0, curve.at(-1)?.step ?? 0];
  const x = { field: 'step', type: 'quantitative', scale: { domain, nice: false } } as const;
  const panel = (text: string, values: object[]) => ({
    ...{ width: 1.5 * PLOT_WIDTH, height: 150, data: { values } },
    title: { text, fontSize: 14, fontWeight: 'normal', offset: 6 } as const,
  });
  const free = { type: 'quantitative', scale: { zero: false }, axis: { title: null } } as const;
  const description: TopLevelSpec = {
    ...LOOK,
    spacing: 18,
    vconcat: [
      {
        ...panel('training loss, nats a token', losses),
        mark: { type: 'line', strokeWidth: 1.5, color: COLOURS[0] },
        encoding: { x: { ...x, axis: { title: null } }, y: { field: 'loss', ...free } },
      },
      {
        ...panel('held out, bits a character', heldOut),
        mark: { type: 'line', strokeWidth: 2.5, point: { filled: true, size: 45 } },
        encoding: {
          x,
          y: { field: 'bits', ...free },
          color: {
            field: 'set',
            scale: { domain: Object.values(CURVE_SETS), range: COLOURS.slice(0, 3) },
            legend: { title: null, labelLimit: 0 },
          },
        },
      },
    ],
  };
  return renderSvg(description);
}
