/** A vega-lite description to SVG, and SVG to PNG. */
import type { TopLevelSpec } from 'vega-lite';

/** Width of what the axes frame: with them a chart is about as wide as a phone, and is rendered at twice that size. */
export const PLOT_WIDTH = 340;
const PIXELS_PER_UNIT = 2;

/** Okabe and Ito's colours, told apart by colour-blind readers too. */
export const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const;

const INK = '#1f2328';
const FAINT = '#d8dee4';
const FONT = 'DejaVu Sans, Segoe UI, Helvetica, Arial, sans-serif';

/** The look all charts share. The card is opaque: it reads the same in a dark and in a light chat. */
export const LOOK = {
  background: '#ffffff',
  padding: 14,
  config: {
    // vega describes its marks in English alone.
    aria: false,
    font: FONT,
    title: { fontSize: 17, color: INK, anchor: 'start', offset: 12 },
    axis: {
      labelFontSize: 13,
      titleFontSize: 14,
      labelColor: INK,
      titleColor: INK,
      gridColor: FAINT,
      domainColor: INK,
      tickColor: INK,
      tickCount: 4,
    },
    legend: { labelFontSize: 14, titleFontSize: 14, labelColor: INK, orient: 'bottom', columns: 1, symbolSize: 160 },
    view: { stroke: FAINT },
  },
} as const;

/** Mean width of a letter of DejaVu Sans, in ems, and a little more. */
const LETTER = 0.62;

/** Without a canvas vega takes a letter to be 0.8 em wide, and widens the card for words that fit: a fifth would be empty. */
function measureWords(vega: object): void {
  const metrics: unknown = Reflect.get(vega, 'textMetrics');
  if (typeof metrics !== 'object' || metrics === null) throw new Error('vega no longer measures text with textMetrics');
  Reflect.set(metrics, 'width', (item: { fontSize?: number; text?: unknown }, text: unknown) => {
    return LETTER * String(text ?? item.text ?? '').length * (item.fontSize ?? 11);
  });
}

/** @param decimalMark what separates the decimals of the numbers on the axes. */
export async function renderSvg(description: TopLevelSpec, decimalMark: '.' | ',' = '.'): Promise<string> {
  const [{ compile }, vega] = await Promise.all([import('vega-lite'), import('vega')]);
  const { parse, View } = vega;
  measureWords(vega);
  const locale = { number: { decimal: decimalMark, thousands: '', grouping: [3], currency: ['', ''] } };
  const { spec } = compile(description, { config: { locale } as object });
  const view = new View(parse(spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
}

/** PNG bytes of an SVG chart, at twice its size. Letters are drawn with the fonts of the machine. */
export async function svgToPng(svg: string): Promise<Uint8Array> {
  const { Resvg } = await import('@resvg/resvg-js');
  return new Resvg(svg, { fitTo: { mode: 'zoom', value: PIXELS_PER_UNIT } }).render().asPng();
}
