/** What scoring a reply costs, and what WordNet and a chart take of memory. `npm run bench -- scoring` */
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { meteor, rouge, sentenceBleu, tokenReport } from '../src/scoring/index.ts';
import type { BenchTable } from './table.ts';

const REFERENCE = 'I really enjoyed the movie, but the last scene was a little too long for the children.';
const HYPOTHESIS = 'The film was great and my kids liked it, although its final scenes went on for too long.';
const SHORT_TIMES = 300;
const LONG_TIMES = 20;
const LONG_WORDS = 600;

export default function measure(): Promise<BenchTable[]> {
  return Promise.resolve([timeTable(), memoryTable()]);
}

function timeTable(): BenchTable {
  const long = (text: string) => Array.from({ length: LONG_WORDS }, (_, at) => text.split(' ')[at % 17]).join(' ');
  const metrics: Record<string, (a: string, b: string) => unknown> = {
    'token table': tokenReport,
    'ROUGE-1, -2, -L': rouge,
    BLEU: sentenceBleu,
    'METEOR (English)': (a, b) => meteor(a, b, 'en'),
    'METEOR (Portuguese)': (a, b) => meteor(a, b, 'pt'),
  };
  const rows = Object.entries(metrics).map(([metric, score]) => ({
    metric,
    'ms, 17 words': milliseconds(() => score(REFERENCE, HYPOTHESIS), SHORT_TIMES),
    [`ms, ${LONG_WORDS} words`]: milliseconds(() => score(long(REFERENCE), long(HYPOTHESIS)), LONG_TIMES),
  }));
  return { title: 'Scoring a reply', note: 'Mean of repeated calls, after a first one.', rows };
}

function milliseconds(work: () => unknown, times: number): string {
  work();
  const began = performance.now();
  for (let time = 0; time < times; time += 1) work();
  return ((performance.now() - began) / times).toFixed(3);
}

/** Each row in a process of its own: memory that was taken once would not be seen again. */
function memoryTable(): BenchTable {
  const scoring = pathToFileURL(`${import.meta.dirname}/../src/scoring/index.ts`).href;
  const charts = pathToFileURL(`${import.meta.dirname}/../src/charts/index.ts`).href;
  const steps =
    'Array.from({ length: 60 }, (_, i) => ({ step: i + 1, loss: 5 - i / 20, gradNorm: 2, learningRate: 5e-5 }))';
  const labels = "{ title: 'a', step: 'b', loss: 'c', gradNorm: 'd', learningRate: 'e' }";
  const rows = [
    grown('scoring loaded', `await import('${scoring}')`),
    grown(
      'first METEOR, WordNet opened',
      `const s = await import('${scoring}'); begin(); s.meteor('the car', 'an automobile')`,
    ),
    grown(
      'first Portuguese METEOR',
      `const s = await import('${scoring}'); begin(); s.meteor('gosto', 'gostei', 'pt')`,
    ),
    grown('charts loaded', `await import('${charts}')`),
    grown(
      'chart of 60 steps, vega loaded',
      `const c = await import('${charts}'); begin(); await c.lossChart(${steps}, ${labels})`,
    ),
    grown(
      'and as PNG',
      `const c = await import('${charts}'); begin(); await c.svgToPng(await c.lossChart(${steps}, ${labels}))`,
    ),
  ];
  return { title: 'Memory of scoring and charts', note: 'Resident memory that a fresh process grew by.', rows };
}

function grown(what: string, work: string) {
  const program = `
    let memory, time;
    // Node's own means of reading TypeScript are paid for first.
    await import('${pathToFileURL(`${import.meta.dirname}/table.ts`).href}');
    const begin = () => { memory = process.memoryUsage().rss; time = performance.now(); };
    begin();
    ${work};
    console.log(JSON.stringify([process.memoryUsage().rss - memory, performance.now() - time]));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  const [bytes = 0, ms = 0]: number[] = JSON.parse(output);
  return { what, MB: Math.round(bytes / 1024 / 1024), ms: Math.round(ms) };
}
